"""What a policy charges and gives on top: fees, bonuses, and the terms of an exchange."""

from dataclasses import dataclass
from enum import StrEnum

from retour.core.refund.terms import FeeOf, FeePer, FeeTax


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee: basis points of the value, a fixed amount in minor units of the document's currency, or both.

    `actual_cost` adds what the carrier charged for the label. `tax_bp` is the rate of a supply in basis points, in the
    amount already if `tax_included`, else on top of it. `at_most_minor` caps the whole fee.
    """

    bp: int = 0
    fixed_minor: int = 0
    per: FeePer = FeePer.UNIT
    tax: FeeTax = FeeTax.REDUCTION
    tax_bp: int = 0
    of: FeeOf = FeeOf.PAID
    actual_cost: bool = False
    tax_included: bool = True
    at_most_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Bonus:
    """What is given on top, funded apart from the refund: basis points of the value, and a fixed amount per return."""

    bp: int = 0
    fixed_minor: int = 0
    at_most_minor: int | None = None


class ExchangeItems(StrEnum):
    """What may be had in exchange: another variant of the same product, or any product."""

    VARIANT = "variant"
    ANY_PRODUCT = "any_product"


class ExchangePrice(StrEnum):
    """What the returned article counts for: the price that was paid, or its price in the catalogue."""

    PAID = "paid"
    LISTED = "listed"


class UpCharge(StrEnum):
    """How a dearer article is paid for: by an invoice, before the exchange is sent, or not at all."""

    INVOICE = "invoice"
    CHECKOUT = "checkout"
    WAIVE = "waive"


class DownCharge(StrEnum):
    """What becomes of the difference to a cheaper article."""

    REFUND = "refund"
    CREDIT = "credit"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class InstantTerms:
    """The new article is sent at once against an authorisation of the shopper's card for what it is worth.

    The goods are handed over within `days` of the new order, and arrive within `arrive_days` more.
    """

    days: int = 14
    arrive_days: int = 14


@dataclass(frozen=True, slots=True)
class ExchangeTerms:
    """The terms of an exchange; a new price from `free_from_bp` to `free_to_bp` of the reference price is even."""

    items: ExchangeItems = ExchangeItems.VARIANT
    price: ExchangePrice = ExchangePrice.PAID
    free_from_bp: int = 10_000
    free_to_bp: int = 10_000
    up: UpCharge = UpCharge.INVOICE
    down: DownCharge = DownCharge.REFUND
    out_of_stock: bool = False
    instant: InstantTerms | None = None
