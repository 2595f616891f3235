"""Builders of orders, facts and policies for the policy tests; every default is a plain 100.00 EUR case."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from retour.core.money import Sides
from retour.core.order import DiscountShare, FulfilledUnits, Fulfilment, Order, OrderLine, Person, Product
from retour.core.policy import Asked, History, LineFacts, PolicyDocument, Request, Rule, gather, template, time_zone
from retour.core.policy.document import ALWAYS, Condition, FactValue
from retour.core.policy.facts import ParcelDays
from retour.core.policy.outcome import Anchor, Eligibility, Mode, NeverBecause, Outcomes, Start

PLACED = datetime(2026, 3, 1, 10, tzinfo=UTC)
SHIPPED = datetime(2026, 3, 2, 10, tzinfo=UTC)
DELIVERED = datetime(2026, 3, 5, 10, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 10, tzinfo=UTC)
NEVER = Outcomes(Eligibility(Mode.NEVER, because=NeverBecause.FINAL_SALE))
ALWAYS_OPEN = Outcomes(Eligibility(Mode.ALWAYS))


def a_line(ref: str = "L1", **changes: Any) -> OrderLine:
    """Return a line of two units at 50.00 each that had 25.00 taken off."""
    line = OrderLine(
        ref=ref,
        position=1,
        title="Linen shirt",
        quantity=2,
        gross=Sides(10_000, 10_000),
        list_value=Sides(12_500, 12_500),
        discounts=(DiscountShare("SPRING", Sides(2_500, 2_500)),),
        sku="SHIRT-1",
        product=Product(ref="P1", type="Shirt", vendor="Loom", tags=("linen",), collections=("spring",)),
    )
    return replace(line, **changes)


def a_parcel(
    *line_refs: str,
    quantity: int = 2,
    shipped: datetime = SHIPPED,
    delivered: datetime | None = DELIVERED,
    ref: str = "F",
) -> Fulfilment:
    """Return one parcel with some units of each line."""
    units = tuple(FulfilledUnits(f"{ref}-{line}", line, quantity) for line in line_refs or ("L1",))
    return Fulfilment(ref, shipped, delivered, units=units)


def an_order(*lines: OrderLine, **changes: Any) -> Order:
    """Return an order whose lines were all shipped in one delivered parcel."""
    lines = lines or (a_line(),)
    order = Order(
        ref="O1",
        name="#1001",
        currency="EUR",
        shop_currency="EUR",
        placed_at=PLACED,
        updated_at=NOW,
        total=Sides(10_000, 10_000),
        lines=lines,
        fulfilments=(a_parcel(*(line.ref for line in lines)),),
        country="DE",
    )
    return replace(order, **changes)


def facts_of(
    order: Order | None = None,
    *asked: Asked,
    now: datetime = NOW,
    zone: str = "Europe/Berlin",
    kind: str = "return",
    history: History | None = None,
    person: Person | None = None,
) -> tuple[LineFacts, ...]:
    """Return the facts of a request for one unit of each line, unless asked otherwise."""
    order = order or an_order()
    lines = asked or tuple(Asked(line.ref, 1, "too_small") for line in order.lines)
    request = Request(lines, kind, "portal")
    return gather(
        order, person=person or Person(), request=request, history=history or History(), now=now, zone=time_zone(zone)
    )


def bare_facts(today: date = date(2026, 3, 10), **changes: Any) -> LineFacts:
    """Return facts of one delivered line without gathering them from an order."""
    values: dict[str, FactValue] = {
        "return.kind": "return",
        "order.placed_on": date(2026, 3, 1),
        "line.quantity": 1,
        "line.shipped_quantity": 2,
        "line.earlier_returned": 0,
        "line.units_left": 2,
    }
    facts = LineFacts("L1", today, "EUR", values, (ParcelDays(date(2026, 3, 2), date(2026, 3, 5)),))
    return replace(facts, **changes)


def knowing(**values: FactValue) -> LineFacts:
    """Return bare facts with some values set; `order_country` stands for `order.country`."""
    facts = bare_facts()
    return replace(facts, values={**facts.values, **{name.replace("_", ".", 1): v for name, v in values.items()}})


def a_rule(rule_id: str, then: Outcomes, when: Condition = ALWAYS, **changes: Any) -> Rule:
    """Return a rule."""
    return replace(Rule(rule_id, rule_id, then, when), **changes)


def a_policy(*rules: Rule, **changes: Any) -> PolicyDocument:
    """Return the template's defaults with these rules instead of its own."""
    return replace(template(), rules=rules, **changes)


def a_window(days: int, *anchors: Anchor | Start) -> Eligibility:
    """Return a window of days counted from the first known of these."""
    starts = tuple(a if isinstance(a, Start) else Start(a) for a in anchors or (Anchor.DELIVERED,))
    return Eligibility(Mode.WINDOW, days, starts)


def with_default(eligibility: Eligibility, *rules: Rule) -> PolicyDocument:
    """Return a policy whose declared default is this eligibility."""
    policy = a_policy(*rules)
    return replace(policy, defaults=replace(policy.defaults, eligibility=eligibility))
