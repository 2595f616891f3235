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
    "order.province": _("the region the order went to"),
    "order.postcode_prefix": _("the beginning of the postcode"),
    "order.zone": _("the zone of the order"),
    "order.currency": _("the currency of the order"),
    "order.tags": _("the tags of the order"),
    "order.channel": _("the sales channel"),
    "order.app": _("the app that brought the order"),
    "order.discount_codes": _("the discount codes of the order"),
    "order.discount": _("the discount on the order, as an amount"),
    "order.discount_bp": _("the discount on the order"),
    "order.paid_with": _("the ways the order was paid"),
    "order.gateways": _("the payment providers of the order"),
    "order.gift_card_paid": _("whether a gift card paid for some of it"),
    "order.failed_payments": _("the number of failed payments of the order"),
    "order.total": _("the total of the order"),
    "order.shipping_paid": _("the shipping paid"),
    "order.refunded": _("what was refunded on the order already"),
    "order.item_count": _("the number of units in the order"),
    "order.line_count": _("the number of items in the order"),
    "order.fulfilment": _("how much of the order was sent"),
    "order.test": _("whether the order is a test"),
    "order.cancelled": _("whether the order was cancelled"),
    "order.risk": _("the fraud risk of the order"),
    "order.placed_on": _("the day of the order"),
    "order.fulfilled_on": _("the day the order was sent"),
    "order.delivered_on": _("the day the order was delivered"),
    "order.days_since_ordered": _("the number of days since the order"),
    "order.days_since_fulfilled": _("the number of days since the order was sent"),
    "order.days_since_delivered": _("the number of days since the order was delivered"),
    "order.earlier_returns": _("the number of returns of this order"),
    "customer.risk_score": _("the score of the signs of abuse of the customer"),
    "customer.tags": _("the tags of the customer"),
    "customer.country": _("the country of the customer"),
    "customer.type": _("the kind of customer"),
    "customer.email_domain": _("the domain of the customer’s e-mail address"),
    "customer.orders_placed": _("the number of orders of the customer"),
    "customer.total_spent": _("what the customer has spent so far"),
    "customer.days_since_first_order": _("the number of days since the customer’s first order"),
    "customer.days_known": _("the number of days the customer has been known"),
    "customer.earlier_returns": _("the number of earlier returns of the customer"),
    "customer.units_bought": _("the number of units the customer bought"),
    "customer.units_returned": _("the number of units the customer returned"),
    "customer.return_share_bp": _("the share of units the customer returned"),
    "customer.exchanges": _("the number of the customer’s exchanges"),
    "customer.kept_items": _("the number of items the customer was paid for and kept"),
    "customer.partial_credits": _("the number of part payments to the customer"),
    "customer.bonus_credit": _("the bonus the customer was given so far"),
    "customer.rejected_returns": _("the number of the customer’s rejected returns"),
    "customer.returns_not_accepted": _("the number of the customer’s returns that failed inspection"),
    "customer.returns_with_wrong_items": _("the number of the customer’s returns with wrong or missing items"),
    "customer.failed_payments": _("the number of the customer’s failed payments"),
    "line.sku": _("the SKU"),
    "line.variant": _("the platform’s id of the variant"),
    "line.title": _("the title of the item"),
    "line.quantity": _("the number of units asked for"),
    "line.ordered_quantity": _("the number of units ordered"),
    "line.shipped_quantity": _("the number of units sent"),
    "line.units_left": _("the number of units that can still come back"),
    "line.list_price": _("the list price of one unit"),
    "line.price_paid": _("the price paid for one unit"),
    "line.discount": _("the discount on one unit, as an amount"),
    "line.discount_bp": _("the discount on the item"),
    "line.discount_codes": _("the discount codes of the item"),
    "line.promotions": _("the promotions on the item"),
    "line.weight_g": _("the weight of one unit"),
    "line.earlier_returned": _("the number of units in other returns"),
    "line.times_returned": _("the number of times the item was returned"),
    "line.times_exchanged": _("the number of times the item was exchanged"),
    "line.requires_shipping": _("whether the item is shipped"),
    "line.bundled": _("whether the item is part of a bundle"),
    "line.bundle": _("the bundle the item is part of"),
    "line.customised": _("whether the item was made to order"),
    "line.properties": _("the details the shopper filled in"),
    "line.shipped_from": _("the locations the item was sent from"),
    "line.fulfilled_on": _("the day of dispatch"),
    "line.delivered_on": _("the day of delivery"),
    "line.days_since_fulfilled": _("the number of days since dispatch"),
    "line.days_since_delivered": _("the number of days since delivery"),
    "line.reason": _("the reason"),
    "line.reason_group": _("the group of the reason"),
    "line.resolution": _("what the shopper chose for the item"),
    "product.ref": _("the platform’s id of the product"),
    "product.type": _("the type of the product"),
    "product.vendor": _("the vendor"),
    "product.tags": _("the tags of the product"),
    "product.collections": _("the collections of the product"),
    "product.gift_card": _("whether the product is a gift card"),
    "return.kind": _("the kind of request"),
    "return.channel": _("the channel of the request"),
    "return.opened_by": _("who opened the request"),
    "return.item_count": _("the number of units in the request"),
    "return.value": _("the value of the request"),
    "return.weight_g": _("the weight of the request"),
    "return.whole_order": _("whether the whole order comes back"),
    "return.reasons": _("the reasons of the request"),
    "return.method": _("the way back that was chosen"),
    "return.destination": _("the place the goods go to"),
    "return.resolutions": _("what the shopper chose in the request"),
    "return.risk": _("the fraud risk of the request"),
    "return.risk_score": _("the score of all signs of abuse"),
    "return.flags": _("the signs of abuse that were seen"),
}
# A yes or no is a clause of its own.
FLAGS: Final[Mapping[str, tuple[str, str]]] = {
    "order.gift_card_paid": (
        _("a gift card paid for some of the order"), _("no gift card paid for the order"),
    ),
    "order.test": (_("the order is a test"), _("the order is not a test")),
    "order.cancelled": (_("the order was cancelled"), _("the order was not cancelled")),
    "line.requires_shipping": (_("the item is shipped"), _("the item is not shipped")),
    "line.bundled": (_("the item is part of a bundle"), _("the item is not part of a bundle")),
    "line.customised": (_("the item was made to order"), _("the item was not made to order")),
    "product.gift_card": (_("the product is a gift card"), _("the product is not a gift card")),
    "return.whole_order": (_("the whole order comes back"), _("only a part of the order comes back")),
}  # fmt: skip
# Where the description under the menu says more than the name.
HINTS: Final[Mapping[str, str]] = {
    "order.province": _("The platform’s code of the state, province or region."),
    "order.postcode_prefix": _("Up to four letters and digits."),
    "order.zone": _("One of the zones of this policy, by the country of the order."),
    "order.channel": _("As the platform calls it."),
    "order.total": _("In the currency of the books."),
    "order.discount_bp": _("The share of the list value of all items that was taken off."),
    "order.failed_payments": _("How often somebody tried in vain to pay."),
    "order.risk": _("As the platform sees it."),
    "order.delivered_on": _("Known once every parcel of the order has arrived."),
    "order.days_since_delivered": _("Known once every parcel of the order has arrived."),
    "customer.orders_placed": _("As the platform counts them."),
    "customer.total_spent": _("As the platform counts it."),
    "customer.days_since_first_order": _("Known once all orders of the customer were read."),
    "customer.units_returned": _("With those on their way."),
    "customer.return_share_bp": _("Of the units the customer bought."),
    "customer.kept_items": _("The customer got something and kept the item."),
    "line.price_paid": _("After discounts, with tax, in the currency of the books."),
    "line.discount_bp": _("The share of the list price that was taken off."),
    "line.promotions": _("Codes and automatic discounts, by their names."),
    "line.weight_g": _("In grams."),
    "line.customised": _("The shopper filled in something, such as an engraving."),
    "line.delivered_on": _("Of the last parcel of the item, once all have arrived."),
    "line.days_since_delivered": _("Known once the last parcel of the item has arrived."),
    "line.fulfilled_on": _("Of the last parcel of the item."),
    "line.reason": _("Known once the shopper has chosen it."),
    "line.quantity": _("Known once the shopper has chosen it."),
    "line.resolution": _("Known when the request is sent."),
    "product.collections": _("By their handles."),
    "return.value": _("What was paid for all units of the request, with tax."),
    "return.weight_g": _("In grams."),
    "return.method": _("Known when the request is sent."),
    "return.destination": _("Known when the request is sent."),
    "return.resolutions": _("Known when the request is sent."),
    "return.risk": _("Known once the request was scored."),
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


def comparison(name: str, op: Op, value: object, told: str, reader: Reader) -> str:
    """Return one comparison as it stands alone in a list; `told` is its value in words."""
    fact, label = FACTS.get(name), fact_name(name, reader)
    label = label[:1].upper() + label[1:]
    if op is Op.KNOWN or fact is None:
        return reader.say("%(fact)s: known", fact=label) if value else reader.say("%(fact)s: not known", fact=label)
    return reader.say("%(fact)s: %(op)s %(value)s", fact=label, op=op_name(op, fact, reader), value=told)


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


def strung(clauses: list[str], reader: Reader, *, alternatives: bool) -> str:
    """Return clauses with "and" or "or" between each two of them, so that commas inside them mislead nobody."""
    if not clauses:
        return ""
    told, *rest = clauses
    for clause_ in rest:
        text = _("%(first)s or %(last)s") if alternatives else _("%(first)s and %(last)s")
        told = reader.say(text, first=told, last=clause_)
    return told


def are_alternatives(op: Op) -> bool:
    """Return whether the values of a comparison are told with "or"."""
    return op in _ALTERNATIVES
