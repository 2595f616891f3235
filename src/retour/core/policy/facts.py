"""The facts a policy may ask about: the catalogue an editor lists, and the frozen facts of one line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from retour.core.fraud import Sign
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
OPENERS: Final = ("shopper", "staff", "api")
TENDERS: Final = ("card", "gift_card", "store_credit", "other")
FULFILMENTS: Final = ("none", "partly", "fully")
RISKS: Final = ("none", "low", "medium", "high")


class Unit(StrEnum):
    """What a number counts; money is always in minor units of the store's books currency."""

    DAYS = "days"
    UNITS = "units"
    GRAMS = "grams"
    BASIS_POINTS = "basis points"


class Stage(StrEnum):
    """How far a request must be before a fact can be known; before that it is not known, and what is known stays."""

    OPENED = "opened"  # the order is open before somebody
    CHOSEN = "chosen"  # the articles, their units and reasons are chosen
    SUBMITTED = "submitted"  # what the shopper gets and how the goods travel is chosen


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of the catalogue; `choices` lists its only values, if it has a closed list.

    `since` is the earliest moment of a request at which it can be known; whether it then is depends on what the
    platform and the history tell.
    """

    name: str
    type: FactType
    description: str
    choices: tuple[str, ...] = ()
    unit: Unit | None = None
    since: Stage = Stage.OPENED

    @property
    def level(self) -> Level:
        """Return what the fact is about."""
        return Level(self.name.partition(".")[0])

    @property
    def ops(self) -> tuple[Op, ...]:
        """Return the comparisons that are allowed on this fact."""
        return OPS[self.type]


def _text(name: str, description: str, *choices: str, since: Stage = Stage.OPENED) -> Fact:
    return Fact(name, FactType.TEXT, description, choices, since=since)


def _texts(name: str, description: str, *choices: str, since: Stage = Stage.OPENED) -> Fact:
    return Fact(name, FactType.TEXTS, description, choices, since=since)


def _number(name: str, description: str, unit: Unit | None = None, since: Stage = Stage.OPENED) -> Fact:
    return Fact(name, FactType.NUMBER, description, unit=unit, since=since)


def _money(name: str, description: str, since: Stage = Stage.OPENED) -> Fact:
    return Fact(name, FactType.MONEY, description, since=since)


def _day(name: str, description: str) -> Fact:
    return Fact(name, FactType.DATE, description)


def _flag(name: str, description: str, since: Stage = Stage.OPENED) -> Fact:
    return Fact(name, FactType.FLAG, description, since=since)


_DAYS, _UNITS, _BP = Unit.DAYS, Unit.UNITS, Unit.BASIS_POINTS

_ORDER: Final = (
    _text("order.country", "Country the order was shipped to (ISO 3166 alpha-2)"),
    _text("order.province", "Code of the state, province or region the order was shipped to"),
    _text("order.postcode_prefix", "First four letters and digits of the postcode the order was shipped to"),
    _text("order.zone", "Zone of the policy that the country of the order belongs to"),
    _text("order.currency", "Currency the shopper paid in (ISO 4217)"),
    _texts("order.tags", "Tags of the order"),
    _text("order.channel", "Where the order was bought, as the platform calls it"),
    _text("order.app", "Name of the application that brought the order in"),
    _texts("order.discount_codes", "Discount codes used on the order"),
    _money("order.discount", "What discounts took off the articles of the order"),
    _number("order.discount_bp", "Share of the list value of all articles taken off", _BP),
    _texts("order.paid_with", "Kinds of money the order was paid with", *TENDERS),
    _texts("order.gateways", "Payment gateways that took money for the order"),
    _flag("order.gift_card_paid", "Some of the order was paid with a gift card"),
    _number("order.failed_payments", "How often somebody tried in vain to pay the order"),
    _money("order.total", "Total of the order"),
    _money("order.shipping_paid", "What was paid for shipping, with tax"),
    _money("order.refunded", "What the platform says has been paid back on the order"),
    _number("order.item_count", "Units ordered and not cancelled", _UNITS),
    _number("order.line_count", "Lines of the order"),
    _text("order.fulfilment", "How much of the order has been shipped", *FULFILMENTS),
    _flag("order.test", "The order is a test"),
    _flag("order.cancelled", "The order was cancelled"),
    _text("order.risk", "How likely the platform thinks the order to be fraudulent", *RISKS),
    _day("order.placed_on", "Day the order was placed"),
    _day("order.fulfilled_on", "Day the last parcel of the order left, so far"),
    _day("order.delivered_on", "Day the last parcel of the order arrived, once all have"),
    _number("order.days_since_ordered", "Days since the order was placed", _DAYS),
    _number("order.days_since_fulfilled", "Days since the last parcel of the order left", _DAYS),
    _number("order.days_since_delivered", "Days since the last parcel of the order arrived", _DAYS),
    _number("order.earlier_returns", "Returns already asked for on this order"),
)
_CUSTOMER: Final = (
    _texts("customer.tags", "Tags of the customer"),
    _text("customer.country", "Country of the customer's own address (ISO 3166 alpha-2)"),
    _text("customer.type", "Whether a person or a company bought the order", "person", "company"),
    _text("customer.email_domain", "Domain of the customer's e-mail address"),
    _number("customer.orders_placed", "Orders of the customer, as the platform counts them"),
    _money("customer.total_spent", "What the customer has spent so far, as the platform counts it"),
    _number(
        "customer.days_since_first_order",
        "Days since the first order, known once all orders of the customer were read",
        _DAYS,
    ),
    _number("customer.days_known", "Days since the customer was first known to the shop", _DAYS),
    _number("customer.earlier_returns", "Returns the customer asked for before"),
    _number("customer.units_bought", "Units the customer has bought in the orders that were read", _UNITS),
    _number("customer.units_returned", "Units the customer has returned before, those on their way included", _UNITS),
    _number("customer.return_share_bp", "Share of the units bought that was returned before", _BP),
    _number("customer.exchanges", "Lines the customer has exchanged before"),
    _number("customer.kept_items", "Lines for which the customer got something and kept the article"),
    _number("customer.partial_credits", "Times the customer was paid for an article that was kept"),
    _money("customer.bonus_credit", "Bonus the customer has been given on top of refunds"),
    _number("customer.rejected_returns", "Returns of the customer that were rejected"),
    _number("customer.returns_not_accepted", "Returns of which the inspection did not accept a unit"),
    _number("customer.returns_with_wrong_items", "Returns whose parcel lacked units or held something else"),
    _number("customer.risk_score", "Score of the signs of abuse seen of the customer, 0 to 100", since=Stage.SUBMITTED),
    _number("customer.failed_payments", "How often the customer tried in vain to pay, in all orders that were read"),
)
_LINE: Final = (
    _text("line.sku", "SKU of the line"),
    _text("line.variant", "The platform's id of the variant"),
    _text("line.title", "Title of the line"),
    _number("line.quantity", "Units asked to come back", _UNITS, since=Stage.CHOSEN),
    _number("line.ordered_quantity", "Units ordered", _UNITS),
    _number("line.shipped_quantity", "Units shipped", _UNITS),
    _number("line.units_left", "Shipped units that are in no return and not refunded", _UNITS),
    _money("line.list_price", "List price of one unit, before discounts"),
    _money("line.price_paid", "What was paid for one unit, after discounts, with tax"),
    _money("line.discount", "What discounts took off one unit"),
    _number("line.discount_bp", "Share of the list value taken off", _BP),
    _texts("line.discount_codes", "Discount codes that took something off the line"),
    _texts("line.promotions", "Names of everything that took something off the line, codes and automatic discounts"),
    _number("line.weight_g", "What one unit weighs", Unit.GRAMS),
    _number("line.earlier_returned", "Units of the line already in other returns", _UNITS),
    _number("line.times_returned", "Returns the line was in before, rejected and cancelled ones not counted"),
    _number("line.times_exchanged", "Times the line was exchanged before"),
    _flag("line.requires_shipping", "The article is shipped, not downloaded"),
    _flag("line.bundled", "The line is a component of a bundle"),
    _text("line.bundle", "Title of the bundle the line is a component of"),
    _flag("line.customised", "The shopper filled in something for the article, such as an engraving"),
    _texts("line.properties", "Names of what the shopper filled in for the article"),
    _texts("line.shipped_from", "Locations the line was shipped from"),
    _day("line.fulfilled_on", "Day the last parcel of the line left"),
    _day("line.delivered_on", "Day the last parcel of the line arrived, once all have"),
    _number("line.days_since_fulfilled", "Days since the last parcel of the line left", _DAYS),
    _number("line.days_since_delivered", "Days since the last parcel of the line arrived", _DAYS),
    _text("line.reason", "Code of the reason the shopper gave", since=Stage.CHOSEN),
    _text(
        "line.reason_group", "Group the reason belongs to: fit, quality, mistake, preference, other", since=Stage.CHOSEN
    ),
    _text("line.resolution", "What the shopper chose to get for the line", since=Stage.SUBMITTED),
)
_PRODUCT: Final = (
    _text("product.ref", "The platform's id of the product"),
    _text("product.type", "Type of the product"),
    _text("product.vendor", "Vendor of the product"),
    _texts("product.tags", "Tags of the product"),
    _texts("product.collections", "Collections the product belongs to, by their handles"),
    _flag("product.gift_card", "The product is a gift card"),
)
_RETURN: Final = (
    _text("return.kind", "What kind of request this is", *KINDS),
    _text("return.channel", "Where the request came from"),
    _text("return.opened_by", "Who opened the request", *OPENERS),
    _number("return.item_count", "Units in the whole request", _UNITS, since=Stage.CHOSEN),
    _money("return.value", "What was paid for all units of the request, with tax", since=Stage.CHOSEN),
    _number("return.weight_g", "What all units of the request weigh", Unit.GRAMS, since=Stage.CHOSEN),
    _flag(
        "return.whole_order",
        "Every unit of the order that was not cancelled comes back with this request",
        since=Stage.CHOSEN,
    ),
    _texts("return.reasons", "Codes of all reasons given in the request", since=Stage.CHOSEN),
    _text("return.method", "How the goods travel back", since=Stage.SUBMITTED),
    _text("return.destination", "Location the goods travel to", since=Stage.SUBMITTED),
    _texts("return.resolutions", "What the shopper chose to get for the lines of the request", since=Stage.SUBMITTED),
    _number("return.risk_score", "Score of all signs of abuse, lists included, 0 to 100", since=Stage.SUBMITTED),
    _texts("return.flags", "Signs of abuse that were seen", *(sign.value for sign in Sign), since=Stage.SUBMITTED),
    _text(
        "return.risk",
        "How likely the request is thought to be fraudulent, once it was scored",
        *RISKS,
        since=Stage.SUBMITTED,
    ),
)
_CATALOGUE: Final = (*_ORDER, *_CUSTOMER, *_LINE, *_PRODUCT, *_RETURN)

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for fact in _CATALOGUE}


@dataclass(frozen=True, slots=True)
class ParcelDays:
    """The merchant-local days one parcel of the line left and, if known, arrived."""

    fulfilled_on: date
    delivered_on: date | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """Everything a decision about one line rests on, frozen with it: decided again, it gives the same answer.

    `today` is the merchant-local day of the request; `values` holds one entry per fact of the catalogue. What is known
    of the order, the customer and the return is the same object for all lines that were gathered together.
    """

    line_ref: str
    today: date
    books_currency: str
    values: Mapping[str, FactValue]
    parcels: tuple[ParcelDays, ...] = ()
