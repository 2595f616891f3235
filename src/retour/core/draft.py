"""The order of fees alone that a platform drafts: what is paid before the goods are sent."""

from dataclasses import dataclass
from typing import Final

FEE_TAG: Final = "retour-fee"  # of the order that a fee is paid with: nothing of it comes back as goods


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A line of an invoice: minor units, without its tax where tax comes on top of prices there."""

    title: str
    price_minor: int
    taxable: bool


@dataclass(frozen=True, slots=True)
class DraftFee:
    """Draft an order of fees alone for whoever placed `order_ref`."""

    order_ref: str
    lines: tuple[FeeLine, ...]
    currency: str
