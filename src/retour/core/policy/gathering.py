"""Gathering the facts of a request: from the order, the shopper, earlier returns and the merchant's calendar.

A request is known bit by bit: first the order alone, then the units and reasons, at last what the shopper chose to
get. What is not known yet is nothing, and what is known never changes by knowing more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from retour.core.eligibility import Returnable, returnable
from retour.core.errors import Refused
from retour.core.money import first_units
from retour.core.order import Order, OrderLine, Person, PromotionKind, Risk
from retour.core.policy.document import FactValue
from retour.core.policy.facts import LineFacts, ParcelDays
from retour.core.policy.history import CustomerPast, History, LinePast
from retour.core.policy.order_facts import customer_facts, days_since, last_days, local_day, order_facts, share_bp
from retour.core.reason import GROUP_OF

__all__ = ["Asked", "CustomerPast", "History", "LinePast", "Request", "gather", "local_day", "time_zone"]

# Who opens the requests of a channel.
_OPENERS: Final = {"portal": "shopper", "dashboard": "staff", "warehouse": "staff", "api": "api"}
_NO_PAST: Final = LinePast()


@dataclass(frozen=True, slots=True)
class Asked:
    """Some units of one order line that are asked to come back; without a quantity they are not chosen yet.

    `reason` is the code of the reason and `reason_group` the group it belongs to, which follows from our own reasons if
    it is not given; `resolution` is what the shopper chose to get.
    """

    line_ref: str
    quantity: int | None = None
    reason: str | None = None
    resolution: str | None = None
    reason_group: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the policy sees it; `kind` is one of return, claim, withdrawal, cancellation.

    `opened_by` is shopper, staff or api and follows from the channel if it is not given; `method` and `destination` say
    how and where the goods travel, once that is chosen; `risk` what a score says, once there is one.
    """

    lines: tuple[Asked, ...]
    kind: str = "return"
    channel: str | None = None
    opened_by: str | None = None
    method: str | None = None
    destination: str | None = None
    risk: Risk | None = None
    risk_score: int | None = None
    customer_score: int | None = None
    flags: tuple[str, ...] | None = None


def time_zone(name: str) -> ZoneInfo:
    """Return the merchant's time zone by its IANA name; raise Refused(unknown_time_zone)."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refused("unknown_time_zone", f"{name[:60]!r} is not a time zone", field="time_zone") from None


def gather(
    order: Order, *, person: Person, request: Request, history: History, now: datetime, zone: ZoneInfo
) -> tuple[LineFacts, ...]:
    """Return the frozen facts per asked line, in the order asked; raise Refused(line_not_found, duplicate_line)."""
    asked = _asked_lines(order, request)
    left = returnable(order, claimed=history.claimed, refunded_without_return=history.refunded_without_return)
    today = local_day(now, zone)
    parcels, of_line = _parcels(order, zone)
    shipped = sum(units.shipped for units in left.values())
    shared = order_facts(
        order, person=person, history=history, shipped=shipped, parcels=parcels, today=today, zone=zone
    )
    shared |= customer_facts(order, person=person, history=history, today=today, zone=zone)
    shared |= _return_facts(order, request, asked)
    travelled: dict[tuple[int, ...], tuple[tuple[ParcelDays, ...], dict[str, FactValue]]] = {}
    facts = []
    for wish, line in asked:
        at = tuple(of_line.get(line.ref, ()))
        if at not in travelled:
            mine = tuple(parcels[number] for number in at)
            travelled[at] = mine, _parcel_facts(order, at, mine, today)
        days, journey = travelled[at]
        values = shared | journey
        _add_line(values, order, line, wish, left[line.ref])
        _add_past(values, history, line.ref)
        facts.append(LineFacts(line.ref, today, order.shop_currency, values, days))
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


def _return_facts(order: Order, request: Request, asked: Sequence[tuple[Asked, OrderLine]]) -> dict[str, FactValue]:
    """Return the facts of the whole request; what sums up its lines is known once all of them are chosen."""
    chosen = [(line, wish.quantity) for wish, line in asked if wish.quantity is not None]
    known = len(chosen) == len(asked)
    weights = [line.weight_g if line.requires_shipping else 0 for line, _ in chosen]
    weighed = [each for each in weights if each is not None]
    units = {line.ref: quantity for line, quantity in chosen}
    return {
        "return.kind": request.kind,
        "return.channel": request.channel,
        "return.opened_by": request.opened_by or _OPENERS.get(request.channel or ""),
        "return.item_count": sum(units.values()) if known else None,
        "return.value": sum([_part(line.gross.shop, quantity, line.quantity) for line, quantity in chosen])
        if known
        else None,
        "return.weight_g": sum(each * quantity for each, (_, quantity) in zip(weighed, chosen, strict=True))
        if known and len(weighed) == len(weights)
        else None,
        "return.whole_order": all(units.get(line.ref, 0) >= line.quantity - line.cancelled for line in order.lines)
        if known
        else None,
        "return.reasons": _all_known([wish.reason for wish, _ in asked]),
        "return.method": request.method,
        "return.destination": request.destination,
        "return.resolutions": _all_known([wish.resolution for wish, _ in asked]),
        "return.risk": None if request.risk is None else request.risk.value,
        "return.risk_score": request.risk_score,
        "return.flags": request.flags,
        "customer.risk_score": request.customer_score,
    }


def _all_known(given: Sequence[str | None]) -> tuple[str, ...] | None:
    """Return each value once, or nothing while one is missing."""
    known = [value for value in given if value is not None]
    return tuple(dict.fromkeys(known)) if len(known) == len(given) else None


def _add_line(values: dict[str, FactValue], order: Order, line: OrderLine, wish: Asked, units: Returnable) -> None:
    """Write down what is known about a line and its product."""
    quantity, listed, product = line.quantity, line.list_value.shop, line.product
    taken_off = sum([share.amount.shop for share in line.discounts])
    values["line.sku"] = line.sku
    values["line.variant"] = line.variant_ref
    values["line.title"] = line.title
    values["line.quantity"] = wish.quantity
    values["line.ordered_quantity"] = quantity
    values["line.shipped_quantity"] = units.shipped
    values["line.units_left"] = units.left
    values["line.list_price"] = _part(listed, 1, quantity)
    values["line.price_paid"] = _part(line.gross.shop, 1, quantity)
    values["line.discount"] = _part(taken_off, 1, quantity) if taken_off else 0
    values["line.discount_bp"] = share_bp(taken_off, listed) if taken_off else 0
    values["line.discount_codes"] = _codes(order, line) if line.discounts else ()
    values["line.promotions"] = tuple({share.promotion: None for share in line.discounts})
    values["line.weight_g"] = line.weight_g
    values["line.earlier_returned"] = units.claimed
    values["line.requires_shipping"] = line.requires_shipping
    values["line.bundled"] = line.bundle_ref is not None
    values["line.bundle"] = None if line.bundle is None else line.bundle.title
    values["line.customised"] = None if line.properties is None else bool(line.properties)
    values["line.properties"] = line.properties
    values["line.reason"] = wish.reason
    values["line.reason_group"] = wish.reason_group or GROUP_OF.get(wish.reason or "")
    values["line.resolution"] = wish.resolution
    values["product.ref"] = product.ref
    values["product.type"] = product.type
    values["product.vendor"] = product.vendor
    values["product.tags"] = product.tags
    values["product.collections"] = product.collections
    values["product.gift_card"] = product.gift_card


def _codes(order: Order, line: OrderLine) -> tuple[str, ...]:
    """Return the codes that took something off; where the kind of a promotion is not known, the order's codes tell."""
    codes = order.discount_codes
    return tuple(
        {
            share.promotion: None
            for share in line.discounts
            if share.kind is PromotionKind.CODE or (share.kind is None and share.promotion in codes)
        }
    )


def _add_past(values: dict[str, FactValue], history: History, line_ref: str) -> None:
    past = None if history.lines is None else history.lines.get(line_ref, _NO_PAST)
    values["line.times_returned"] = None if past is None else past.returned
    values["line.times_exchanged"] = None if past is None else past.exchanged


def _parcel_facts(order: Order, at: Sequence[int], parcels: Sequence[ParcelDays], today: date) -> dict[str, FactValue]:
    fulfilled_on, delivered_on = last_days(parcels)
    places = (order.fulfilments[each].location_ref for each in at)
    return {
        "line.shipped_from": tuple(dict.fromkeys(place for place in places if place is not None)),
        "line.fulfilled_on": fulfilled_on,
        "line.delivered_on": delivered_on,
        "line.days_since_fulfilled": days_since(fulfilled_on, today),
        "line.days_since_delivered": days_since(delivered_on, today),
    }


def _parcels(order: Order, zone: ZoneInfo) -> tuple[list[ParcelDays], Mapping[str, Sequence[int]]]:
    """Return the days of every parcel, and per line the numbers of the parcels that hold some of it."""
    parcels: list[ParcelDays] = []
    of_line: dict[str, list[int]] = {}
    for at, parcel in enumerate(order.fulfilments):
        delivered_at = parcel.delivered_at
        parcels.append(
            ParcelDays(
                local_day(parcel.shipped_at, zone), None if delivered_at is None else local_day(delivered_at, zone)
            )
        )
        for units in parcel.units:
            numbers = of_line.setdefault(units.line_ref, [])
            if at not in numbers:
                numbers.append(at)
    return parcels, of_line


def _part(amount: int, units: int, of: int) -> int:
    """Return what the first units of a line carry of an amount; a line of no units carries nothing."""
    return first_units(amount, units, of) if of else 0
