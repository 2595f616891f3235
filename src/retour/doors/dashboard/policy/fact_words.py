"""What the facts and comparisons of a policy are called, and a condition as a clause of a sentence."""

from collections.abc import Mapping
from typing import Final

from retour.core.policy.document import Op
from retour.core.policy.facts import FACTS, Fact, FactType, Level
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


LEVELS: Final[Mapping[Level, str]] = {
    Level.ORDER: _("Order"),
    Level.CUSTOMER: _("Customer"),
    Level.LINE: _("Item"),
    Level.PRODUCT: _("Product"),
    Level.RETURN: _("Request"),
}
# Each is the subject of a clause: "the total of the order is more than €100".
NAMES: Final[Mapping[str, str]] = {
    "order.country": _("the country the order went to"),
    "order.currency": _("the currency of the order"),
    "order.tags": _("the tags of the order"),
    "order.discount_codes": _("the discount codes of the order"),
    "order.paid_with": _("the ways the order was paid"),
    "order.total": _("the total of the order"),
    "order.placed_on": _("the day of the order"),
    "order.days_since_ordered": _("the number of days since the order"),
    "order.earlier_returns": _("the number of returns of this order"),
    "customer.tags": _("the tags of the customer"),
    "customer.earlier_returns": _("the number of earlier returns of the customer"),
    "line.sku": _("the SKU"),
    "line.title": _("the title of the item"),
    "line.quantity": _("the number of units asked for"),
    "line.ordered_quantity": _("the number of units ordered"),
    "line.shipped_quantity": _("the number of units sent"),
    "line.units_left": _("the number of units that can still come back"),
    "line.price_paid": _("the price paid for one unit"),
    "line.discount_bp": _("the discount on the item"),
    "line.earlier_returned": _("the number of units in other returns"),
    "line.requires_shipping": _("whether the item is shipped"),
    "line.fulfilled_on": _("the day of dispatch"),
    "line.delivered_on": _("the day of delivery"),
    "line.days_since_fulfilled": _("the number of days since dispatch"),
    "line.days_since_delivered": _("the number of days since delivery"),
    "line.reason": _("the reason"),
    "product.ref": _("the platform’s id of the product"),
    "product.type": _("the type of the product"),
    "product.vendor": _("the vendor"),
    "product.tags": _("the tags of the product"),
    "product.collections": _("the collections of the product"),
    "product.gift_card": _("whether the product is a gift card"),
    "return.kind": _("the kind of request"),
    "return.channel": _("the channel of the request"),
    "return.item_count": _("the number of units in the request"),
    "return.value": _("the value of the request"),
}
# A yes or no is a clause of its own.
FLAGS: Final[Mapping[str, tuple[str, str]]] = {
    "line.requires_shipping": (_("the item is shipped"), _("the item is not shipped")),
    "product.gift_card": (_("the product is a gift card"), _("the product is not a gift card")),
}
# Where the description in the menu says more than the name.
HINTS: Final[Mapping[str, str]] = {
    "order.total": _("With tax and shipping, in the currency of the books."),
    "order.earlier_returns": _("Returns already asked for on this order."),
    "line.price_paid": _("After discounts, with tax, in the currency of the books."),
    "line.discount_bp": _("The share of the list price that was taken off."),
    "line.delivered_on": _("Of the last parcel of the item, once all have arrived."),
    "line.days_since_delivered": _("Not known until the last parcel of the item has arrived."),
    "line.fulfilled_on": _("Of the last parcel of the item."),
    "return.value": _("What was paid for all units of the request, with tax."),
}
# The comparisons as they stand in a menu.
OPS: Final[Mapping[Op, str]] = {
    Op.EQ: _("is"),
    Op.NE: _("is not"),
    Op.LT: _("is less than"),
    Op.LTE: _("is at most"),
    Op.GT: _("is more than"),
    Op.GTE: _("is at least"),
    Op.IN: _("is one of"),
    Op.NOT_IN: _("is none of"),
    Op.STARTS_WITH: _("starts with"),
    Op.HAS_ANY: _("include one of"),
    Op.HAS_ALL: _("include all of"),
    Op.HAS_NONE: _("include none of"),
    Op.KNOWN: _("is known"),
}
OPS_OF_DAYS: Final[Mapping[Op, str]] = {
    Op.LT: _("is before"),
    Op.LTE: _("is on or before"),
    Op.GT: _("is after"),
    Op.GTE: _("is on or after"),
}
_CLAUSES: Final[Mapping[Op, str]] = {
    Op.EQ: _("%(fact)s is %(value)s"),
    Op.NE: _("%(fact)s is not %(value)s"),
    Op.LT: _("%(fact)s is less than %(value)s"),
    Op.LTE: _("%(fact)s is at most %(value)s"),
    Op.GT: _("%(fact)s is more than %(value)s"),
    Op.GTE: _("%(fact)s is at least %(value)s"),
    Op.IN: _("%(fact)s is %(value)s"),
    Op.NOT_IN: _("%(fact)s is none of %(value)s"),
    Op.STARTS_WITH: _("%(fact)s starts with %(value)s"),
    Op.HAS_ANY: _("%(fact)s include %(value)s"),
    Op.HAS_ALL: _("%(fact)s include %(value)s"),
    Op.HAS_NONE: _("%(fact)s include none of %(value)s"),
}
_CLAUSES_OF_DAYS: Final[Mapping[Op, str]] = {
    Op.LT: _("%(fact)s is before %(value)s"),
    Op.LTE: _("%(fact)s is on or before %(value)s"),
    Op.GT: _("%(fact)s is after %(value)s"),
    Op.GTE: _("%(fact)s is on or after %(value)s"),
}
_ALTERNATIVES: Final = frozenset({Op.IN, Op.NOT_IN, Op.HAS_ANY, Op.HAS_NONE})
_KNOWN: Final = (_("%(fact)s is known"), _("%(fact)s is not known"))
_KNOWN_OF_TEXTS: Final = (_("%(fact)s are known"), _("%(fact)s are not known"))


def fact_name(name: str, reader: Reader) -> str:
    """Return what a fact is called inside a sentence; one without words is told by its own description."""
    if name in NAMES:
        return reader.say(NAMES[name])
    return FACTS[name].description if name in FACTS else name


def op_name(op: Op, fact: Fact, reader: Reader) -> str:
    """Return a comparison as it stands in the menu of a fact."""
    return reader.say(OPS_OF_DAYS.get(op, OPS[op]) if fact.type is FactType.DATE else OPS[op])


def clause(name: str, op: Op, value: object, told: str, reader: Reader) -> str:
    """Return one comparison as a clause; `told` is its value in words."""
    fact = FACTS.get(name)
    if op is Op.KNOWN:
        pair = _KNOWN_OF_TEXTS if fact is not None and fact.type is FactType.TEXTS else _KNOWN
        return reader.say(pair[0 if value else 1], fact=fact_name(name, reader))
    if name in FLAGS:
        return reader.say(FLAGS[name][0 if value else 1])
    days = fact is not None and fact.type is FactType.DATE
    text = _CLAUSES_OF_DAYS.get(op, _CLAUSES[op]) if days else _CLAUSES[op]
    return reader.say(text, fact=fact_name(name, reader), value=told)


def joined(items: list[str], reader: Reader, *, alternatives: bool, most: int = 8) -> str:
    """Return "a, b and c", or with "or"; of a long list its first ones and how many more there are."""
    more = len(items) - most
    if more > 1:
        items = [*items[:most], reader.say("%(n)s more", n=reader.number(more))]
    if len(items) < 2:
        return "".join(items)
    first, last = ", ".join(items[:-1]), items[-1]
    if alternatives:
        return reader.say("%(first)s or %(last)s", first=first, last=last)
    return reader.say("%(first)s and %(last)s", first=first, last=last)


def are_alternatives(op: Op) -> bool:
    """Return whether the values of a comparison are told with "or"."""
    return op in _ALTERNATIVES
