"""Gathering the facts of a request: from the order, the shopper, earlier returns and the merchant's calendar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from retour.core.eligibility import Returnable, returnable
from retour.core.errors import Refused
from retour.core.money import first_units, half_up
from retour.core.order import Order, OrderLine, Person
from retour.core.policy.document import FactValue
from retour.core.policy.facts import LineFacts, ParcelDays


@dataclass(frozen=True, slots=True)
class Asked:
    """Some units of one order line that are asked to come back, with the code of the reason."""

    line_ref: str
    quantity: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the policy sees it; `kind` is one of return, claim, withdrawal, cancellation."""

    lines: tuple[Asked, ...]
    kind: str = "return"
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What happened before: units per line in live returns or refunded without one, and counts of earlier returns."""

    claimed: Mapping[str, int] = field(default_factory=dict)
    refunded_without_return: Mapping[str, int] = field(default_factory=dict)
    returns_of_order: int = 0
    returns_of_customer: int | None = None


def time_zone(name: str) -> ZoneInfo:
    """Return the merchant's time zone by its IANA name; raise Refused(unknown_time_zone)."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refused("unknown_time_zone", f"{name[:60]!r} is not a time zone", field="time_zone") from None


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the merchant-local calendar day of an aware instant."""
    return instant.astimezone(zone).date()


def gather(
    order: Order, *, person: Person, request: Request, history: History, now: datetime, zone: ZoneInfo
) -> tuple[LineFacts, ...]:
    """Return the frozen facts per asked line, in the order asked; raise Refused(line_not_found, duplicate_line)."""
    asked = _asked_lines(order, request)
    left = returnable(order, claimed=history.claimed, refunded_without_return=history.refunded_without_return)
    today = local_day(now, zone)
    shared = _shared_facts(order, person=person, request=request, history=history, today=today, zone=zone)
    shared["return.item_count"] = sum(a.quantity for a, _ in asked)
    shared["return.value"] = sum(_value(line, a.quantity) for a, line in asked)
    facts = []
    for wish, line in asked:
        parcels = _parcels(order, line.ref, zone)
        values = shared | _line_facts(line, wish, left[line.ref]) | _day_facts(parcels, today)
        facts.append(LineFacts(line.ref, today, order.shop_currency, values, parcels))
    return tuple(facts)


def _asked_lines(order: Order, request: Request) -> list[tuple[Asked, OrderLine]]:
    by_ref = {line.ref: line for line in order.lines}
    seen: set[str] = set()
    asked = []
    for at, wish in enumerate(request.lines):
        where = f"lines[{at}].line"
        if wish.line_ref not in by_ref:
            raise Refused("line_not_found", "The order has no such line.", field=where)
        if wish.line_ref in seen:
            raise Refused("duplicate_line", "The line is named twice.", field=where)
        seen.add(wish.line_ref)
        asked.append((wish, by_ref[wish.line_ref]))
    return asked


def _shared_facts(
    order: Order, *, person: Person, request: Request, history: History, today: date, zone: ZoneInfo
) -> dict[str, FactValue]:
    placed_on = local_day(order.placed_at, zone)
    return {
        "order.country": order.country,
        "order.zone": None,  # zones belong to a version of the policy, which puts the country into one
        "order.currency": order.currency,
        "order.tags": order.tags,
        "order.discount_codes": order.discount_codes,
        "order.paid_with": tuple(sorted({capture.kind.value for capture in order.captures})),
        "order.total": order.total.shop,
        "order.placed_on": placed_on,
        "order.days_since_ordered": (today - placed_on).days,
        "order.earlier_returns": history.returns_of_order,
        "customer.tags": person.tags,
        "customer.earlier_returns": history.returns_of_customer,
        "return.kind": request.kind,
        "return.channel": request.channel,
    }


def _line_facts(line: OrderLine, wish: Asked, units: Returnable) -> dict[str, FactValue]:
    taken_off = sum(share.amount.shop for share in line.discounts)
    return {
        "line.sku": line.sku,
        "line.title": line.title,
        "line.quantity": wish.quantity,
        "line.ordered_quantity": line.quantity,
        "line.shipped_quantity": units.shipped,
        "line.units_left": units.left,
        "line.price_paid": _value(line, 1),
        "line.discount_bp": half_up(taken_off * 10_000, line.list_value.shop) if line.list_value.shop else 0,
        "line.earlier_returned": units.claimed,
        "line.requires_shipping": line.requires_shipping,
        "line.reason": wish.reason,
        "product.ref": line.product.ref,
        "product.type": line.product.type,
        "product.vendor": line.product.vendor,
        "product.tags": line.product.tags,
        "product.collections": line.product.collections,
        "product.gift_card": line.product.gift_card,
    }


def _day_facts(parcels: Sequence[ParcelDays], today: date) -> dict[str, FactValue]:
    """Return the days of a line; its last parcel counts, and nothing is delivered while one is still on its way."""
    fulfilled_on = max((p.fulfilled_on for p in parcels), default=None)
    arrived = [p.delivered_on for p in parcels if p.delivered_on is not None]
    delivered_on = max(arrived) if arrived and len(arrived) == len(parcels) else None
    return {
        "line.fulfilled_on": fulfilled_on,
        "line.delivered_on": delivered_on,
        "line.days_since_fulfilled": None if fulfilled_on is None else (today - fulfilled_on).days,
        "line.days_since_delivered": None if delivered_on is None else (today - delivered_on).days,
    }


def _parcels(order: Order, line_ref: str, zone: ZoneInfo) -> tuple[ParcelDays, ...]:
    return tuple(
        ParcelDays(
            local_day(parcel.shipped_at, zone),
            None if parcel.delivered_at is None else local_day(parcel.delivered_at, zone),
        )
        for parcel in order.fulfilments
        if any(units.line_ref == line_ref for units in parcel.units)
    )


def _value(line: OrderLine, units: int) -> int:
    """Return what the first units of the line were paid, in shop minor units; a line of no units is worth nothing."""
    return first_units(line.gross.shop, units, line.quantity) if line.quantity else 0
