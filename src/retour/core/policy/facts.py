"""The facts a policy may ask about: the catalogue an editor lists, and the frozen facts of one line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from retour.core.policy.document import FactValue, Op


class FactType(StrEnum):
    """The type of a fact; money is whole minor units of the store's books currency."""

    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    FLAG = "flag"


class Level(StrEnum):
    """What a fact is about."""

    ORDER = "order"
    CUSTOMER = "customer"
    LINE = "line"
    PRODUCT = "product"
    RETURN = "return"


_COMPARING: Final = (Op.EQ, Op.NE, Op.LT, Op.LTE, Op.GT, Op.GTE)

OPS: Final[Mapping[FactType, tuple[Op, ...]]] = {
    FactType.TEXT: (Op.EQ, Op.NE, Op.IN, Op.NOT_IN, Op.STARTS_WITH, Op.KNOWN),
    FactType.TEXTS: (Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE, Op.KNOWN),
    FactType.NUMBER: (*_COMPARING, Op.KNOWN),
    FactType.MONEY: (*_COMPARING, Op.KNOWN),
    FactType.DATE: (*_COMPARING, Op.KNOWN),
    FactType.FLAG: (Op.EQ, Op.KNOWN),
}

KINDS: Final = ("return", "claim", "withdrawal", "cancellation")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of the catalogue; `choices` lists its only values, if it has a closed list."""

    name: str
    type: FactType
    level: Level
    description: str
    choices: tuple[str, ...] = ()

    @property
    def ops(self) -> tuple[Op, ...]:
        """Return the comparisons that are allowed on this fact."""
        return OPS[self.type]


_CATALOGUE: Final = (
    Fact("order.country", FactType.TEXT, Level.ORDER, "Country the order was shipped to (ISO 3166 alpha-2)"),
    Fact("order.zone", FactType.TEXT, Level.ORDER, "Zone of the policy that the country of the order belongs to"),
    Fact("order.currency", FactType.TEXT, Level.ORDER, "Currency the shopper paid in (ISO 4217)"),
    Fact("order.tags", FactType.TEXTS, Level.ORDER, "Tags of the order"),
    Fact("order.discount_codes", FactType.TEXTS, Level.ORDER, "Discount codes used on the order"),
    Fact("order.paid_with", FactType.TEXTS, Level.ORDER, "Kinds of money the order was paid with"),
    Fact("order.total", FactType.MONEY, Level.ORDER, "Total of the order"),
    Fact("order.placed_on", FactType.DATE, Level.ORDER, "Day the order was placed"),
    Fact("order.days_since_ordered", FactType.NUMBER, Level.ORDER, "Days since the order was placed"),
    Fact("order.earlier_returns", FactType.NUMBER, Level.ORDER, "Returns already asked for on this order"),
    Fact("customer.tags", FactType.TEXTS, Level.CUSTOMER, "Tags of the customer"),
    Fact("customer.earlier_returns", FactType.NUMBER, Level.CUSTOMER, "Returns the customer asked for before"),
    Fact("line.sku", FactType.TEXT, Level.LINE, "SKU of the line"),
    Fact("line.title", FactType.TEXT, Level.LINE, "Title of the line"),
    Fact("line.quantity", FactType.NUMBER, Level.LINE, "Units asked to come back"),
    Fact("line.ordered_quantity", FactType.NUMBER, Level.LINE, "Units ordered"),
    Fact("line.shipped_quantity", FactType.NUMBER, Level.LINE, "Units shipped"),
    Fact("line.units_left", FactType.NUMBER, Level.LINE, "Shipped units that are in no return and not refunded"),
    Fact("line.price_paid", FactType.MONEY, Level.LINE, "What was paid for one unit, after discounts, with tax"),
    Fact("line.discount_bp", FactType.NUMBER, Level.LINE, "Share of the list value taken off, in basis points"),
    Fact("line.earlier_returned", FactType.NUMBER, Level.LINE, "Units of the line already in other returns"),
    Fact("line.requires_shipping", FactType.FLAG, Level.LINE, "The article is shipped, not downloaded"),
    Fact("line.fulfilled_on", FactType.DATE, Level.LINE, "Day the last parcel of the line left"),
    Fact("line.delivered_on", FactType.DATE, Level.LINE, "Day the last parcel of the line arrived, once all have"),
    Fact("line.days_since_fulfilled", FactType.NUMBER, Level.LINE, "Days since the last parcel of the line left"),
    Fact("line.days_since_delivered", FactType.NUMBER, Level.LINE, "Days since the last parcel of the line arrived"),
    Fact("line.reason", FactType.TEXT, Level.LINE, "Code of the reason the shopper gave"),
    Fact("product.ref", FactType.TEXT, Level.PRODUCT, "The platform's id of the product"),
    Fact("product.type", FactType.TEXT, Level.PRODUCT, "Type of the product"),
    Fact("product.vendor", FactType.TEXT, Level.PRODUCT, "Vendor of the product"),
    Fact("product.tags", FactType.TEXTS, Level.PRODUCT, "Tags of the product"),
    Fact("product.collections", FactType.TEXTS, Level.PRODUCT, "Collections the product belongs to"),
    Fact("product.gift_card", FactType.FLAG, Level.PRODUCT, "The product is a gift card"),
    Fact("return.kind", FactType.TEXT, Level.RETURN, "What kind of request this is", KINDS),
    Fact("return.channel", FactType.TEXT, Level.RETURN, "Where the request came from"),
    Fact("return.item_count", FactType.NUMBER, Level.RETURN, "Units in the whole request"),
    Fact("return.value", FactType.MONEY, Level.RETURN, "What was paid for all units of the request, with tax"),
)

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for fact in _CATALOGUE}


@dataclass(frozen=True, slots=True)
class ParcelDays:
    """The merchant-local days one parcel of the line left and, if known, arrived."""

    fulfilled_on: date
    delivered_on: date | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """Everything a decision about one line rests on, frozen with it: decided again, it gives the same answer.

    `today` is the merchant-local day of the request; `values` holds one entry per fact of the catalogue.
    """

    line_ref: str
    today: date
    books_currency: str
    values: Mapping[str, FactValue]
    parcels: tuple[ParcelDays, ...] = ()
