"""An order line as plain as can be, with the facts that show a finding."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from retour.core.policy.conflicts.space import COUNTRY, Space
from retour.core.policy.document import FactValue
from retour.core.policy.facts import FACTS, FactType, LineFacts, ParcelDays, Unit
from retour.core.policy.zone import ZONE

_REF: Final = "example"
_PLACED, _LEFT, _ARRIVED = 10, 8, 5  # days ago
_PLAIN: Final[Mapping[str, FactValue]] = {
    COUNTRY: "DE", "order.currency": "EUR", "order.total": 10_000, "order.paid_with": ("card",),
    "order.fulfilment": "fully", "line.sku": "SKU-1", "line.title": "An article", "line.price_paid": 5_000,
    "line.list_price": 5_000, "line.quantity": 1, "line.ordered_quantity": 1, "line.shipped_quantity": 1,
    "line.units_left": 1, "line.requires_shipping": True, "line.reason": "other", "product.ref": "product-1",
    "return.kind": "return", "return.channel": "portal", "return.item_count": 1, "return.value": 5_000,
    "order.item_count": 1, "order.line_count": 1,
}  # fmt: skip
_DAYS: Final = {
    "order.placed_on": ("order.days_since_ordered", _PLACED),
    "order.fulfilled_on": ("order.days_since_fulfilled", _LEFT),
    "order.delivered_on": ("order.days_since_delivered", _ARRIVED),
    "line.fulfilled_on": ("line.days_since_fulfilled", _LEFT),
    "line.delivered_on": ("line.days_since_delivered", _ARRIVED),
}
_UNITS: Final = ("line.shipped_quantity", "line.units_left", "line.ordered_quantity", "return.item_count")


def example(space: Space, wanted: Mapping[str, FactValue], *, today: date, currency: str) -> LineFacts:
    """Return the facts of a line with the wanted values and, around them, values that go with them."""
    values: dict[str, FactValue] = {name: _PLAIN.get(name, _empty(name)) for name in FACTS}
    values |= {"order.currency": currency, **wanted}
    if COUNTRY not in wanted:
        values[ZONE] = space.zone(values[COUNTRY])
    for day, (since, ago) in _DAYS.items():
        _set_day(values, wanted, day, since, today, ago)
    quantity = values["line.quantity"]
    for name in _UNITS:
        most = values[name]
        if name not in wanted and isinstance(quantity, int) and isinstance(most, int):
            values[name] = max(most, quantity)
    left, arrived = values["line.fulfilled_on"], values["line.delivered_on"]
    parcel = ParcelDays(left, arrived if isinstance(arrived, date) else None) if isinstance(left, date) else None
    return LineFacts(_REF, today, currency, values, () if parcel is None else (parcel,))


def _empty(name: str) -> FactValue:
    """Return the value of a fact about which there is nothing to say."""
    fact = FACTS[name]
    if fact.type is FactType.TEXTS:
        return ()
    if fact.type is FactType.FLAG:
        return False
    return 0 if fact.type is FactType.NUMBER and fact.unit is not Unit.DAYS else None


def _set_day(
    values: dict[str, FactValue], wanted: Mapping[str, FactValue], day: str, since: str, today: date, ago: int
) -> None:
    """Make a day and the days since then agree, unless both are wanted."""
    if day in wanted and since in wanted:
        return
    on, days = wanted.get(day), wanted.get(since)
    if day in wanted:
        values[since] = (today - on).days if isinstance(on, date) else None
    elif since in wanted:
        values[day] = _before(today, days) if isinstance(days, int) else None
    else:
        values[day], values[since] = today - timedelta(ago), ago


def _before(today: date, days: int) -> date:
    """Return the day so many days ago; the calendar has a first and a last one."""
    return date.fromordinal(min(max(today.toordinal() - days, 1), date.max.toordinal()))
