"""The FX difference: what a refund cost in the books, and what the provider settled for it."""

from dataclasses import dataclass
from typing import Final

from retour.core.errors import Refused
from retour.core.money import Money

MERCHANT_FX: Final = "merchant:fx"
MERCHANT_CLEARING: Final = "merchant:clearing"


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount above zero that moves from one account of the books to another."""

    source: str
    destination: str
    amount: Money


def fx_difference(shop: Money, settled: Money) -> Posting | None:
    """Return the posting of the difference between a refund's shop side and what the provider settled, or nothing.

    Both are in the settlement currency. A refund that was settled for more than the books say is a loss: it moves from
    `merchant:fx` to clearing; one that was settled for less is a gain and moves the other way. Raise
    Refused(currency_mismatch).
    """
    if shop.currency != settled.currency:
        raise Refused("currency_mismatch", f"{shop.currency} and {settled.currency} have no difference")
    difference = shop.minor - settled.minor
    if difference == 0:
        return None
    amount = Money(abs(difference), settled.currency)
    if difference < 0:
        return Posting(MERCHANT_FX, MERCHANT_CLEARING, amount)
    return Posting(MERCHANT_CLEARING, MERCHANT_FX, amount)
