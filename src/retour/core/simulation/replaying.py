"""Returns that nobody asked Retour for, made into such: of orders nobody has returned, and of an imported file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from retour.core.eligibility import returnable
from retour.core.money import Sides
from retour.core.order import (
    Capture,
    Charge,
    ChargeKind,
    FulfilledUnits,
    Fulfilment,
    Order,
    OrderLine,
    Person,
    Product,
    TenderKind,
)
from retour.core.policy import Asked, History, LineFacts, Request, encode_facts, gather, time_zone
from retour.core.simulation.imported import ImportedLine
from retour.core.simulation.past import PastLine, PastReturn, Recorded

NOON = time(12)
CHANNEL = "import"


@dataclass(frozen=True, slots=True)
class Replay:
    """An order and the returns of it that are replayed, in their order."""

    order: Order
    returns: tuple[PastReturn, ...]


def replay_order(order: Order, tags: Sequence[str], *, on: date, zone_name: str) -> Replay:
    """Return the order as if everything that can come back were asked for on that merchant-local day, without a reason."""
    zone = time_zone(zone_name)
    refunded: dict[str, int] = {}
    for line in (line for seen in order.refunds for line in seen.lines):
        refunded[line.line_ref] = refunded.get(line.line_ref, 0) + line.quantity
    left = returnable(order, claimed={}, refunded_without_return=refunded)
    asked = tuple(Asked(line.ref, left[line.ref].left) for line in order.lines if left[line.ref].left)
    if not asked:
        return Replay(order, ())
    facts = gather(
        order,
        person=Person(tags=tuple(tags)),
        request=Request(asked),
        history=History(refunded_without_return=refunded),
        now=datetime.combine(on, NOON, zone),
        zone=zone,
    )
    past = PastReturn(order.ref, order.name, order.ref, order.name, on, _lines(facts, asked, {}))
    return Replay(order, (past,))


def replay_file(lines: Sequence[ImportedLine], *, currency: str) -> Replay:
    """Return the order that the lines of a file tell of, with its returns; the days of the file are taken as they are."""
    order = _order(lines, currency)
    returns: list[PastReturn] = []
    claimed: dict[str, int] = {}
    for day in sorted({line.requested_on for line in lines}):
        of_day = [line for line in lines if line.requested_on == day]
        asked = tuple(Asked(line.sku, line.quantity, line.reason) for line in of_day)
        first = of_day[0]
        facts = gather(
            order,
            person=Person(tags=first.customer_tags),
            request=Request(asked, first.kind, CHANNEL),
            history=History(
                claimed=dict(claimed),
                returns_of_order=len(returns),
                returns_of_customer=first.customer_earlier_returns,
            ),
            now=_noon(day),
            zone=time_zone("UTC"),
        )
        told = [line.refunded_minor for line in of_day if line.refunded_minor is not None]
        wishes = {line.sku: line.resolution for line in of_day}
        reference = first.order if not returns else f"{first.order} ({len(returns) + 1})"
        returns.append(
            PastReturn(
                key=f"{first.order} {day}",
                reference=reference,
                order_key=first.order,
                order_name=first.order,
                requested_on=day,
                lines=_lines(facts, asked, wishes),
                method=first.method,
                recorded=Recorded(sum(told)) if len(told) == len(of_day) else None,
            )
        )
        for line in of_day:
            claimed[line.sku] = claimed.get(line.sku, 0) + line.quantity
    return Replay(order, tuple(returns))


def _lines(facts: Sequence[LineFacts], asked: Sequence[Asked], wishes: dict[str, str | None]) -> tuple[PastLine, ...]:
    return tuple(
        PastLine(wish.line_ref, wish.quantity or 0, _kept(one), wishes.get(wish.line_ref))
        for one, wish in zip(facts, asked, strict=True)
    )


def _kept(facts: LineFacts) -> dict[str, object]:
    """Return facts as a page of returns brings them: plain, with tuples for lists."""
    values = {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.values.items()}
    return {**encode_facts(facts), "values": values}


def _order(lines: Sequence[ImportedLine], currency: str) -> Order:
    """Return an order whose lines are the articles of the file, paid by one card, each article in its own parcel."""
    first = lines[0]
    articles: dict[str, list[ImportedLine]] = {}
    for line in lines:
        articles.setdefault(line.sku, []).append(line)
    sold = [_article(position, of) for position, of in enumerate(articles.values(), 1)]
    shipping = Sides(first.shipping_minor, first.shipping_minor)
    charges = (Charge("shipping", ChargeKind.SHIPPING, "Shipping", shipping),) if shipping else ()
    total = sum(line.gross.shop for line in sold) + shipping.shop
    placed_at = _noon(first.placed_on)
    return Order(
        ref=first.order,
        name=first.order,
        currency=currency,
        shop_currency=currency,
        placed_at=placed_at,
        updated_at=placed_at,
        total=Sides(total, total),
        lines=tuple(sold),
        charges=charges,
        captures=(Capture("paid", TenderKind.CARD, "import", total, placed_at),),
        fulfilments=tuple(_parcel(line, articles[line.ref][0]) for line in sold),
        taxes_included=True,
        tags=first.order_tags,
        country=first.country,
        discount_codes=first.discount_codes,
    )


def _article(position: int, of: Sequence[ImportedLine]) -> OrderLine:
    first = of[0]
    quantity = max(first.ordered_quantity or 0, sum(line.quantity for line in of))
    gross, listed = first.price_minor * quantity, (first.list_price_minor or first.price_minor) * quantity
    return OrderLine(
        ref=first.sku,
        position=position,
        title=first.title or first.sku,
        quantity=quantity,
        gross=Sides(gross, gross),
        list_value=Sides(listed, listed),
        sku=first.sku,
        product=Product(
            first.sku, first.product_type, first.vendor, first.product_tags, first.collections, first.gift_card
        ),
    )


def _parcel(line: OrderLine, told: ImportedLine) -> Fulfilment:
    """Return the parcel of an article; a file that names no day it left has it leave on the day of the order."""
    delivered_at = None if told.delivered_on is None else _noon(told.delivered_on)
    shipped_at = _noon(told.shipped_on or told.placed_on)
    units = (FulfilledUnits(line.ref, line.ref, line.quantity),)
    return Fulfilment(f"parcel {line.ref}", shipped_at, delivered_at, units=units)


def _noon(day: date) -> datetime:
    return datetime.combine(day, NOON, UTC)
