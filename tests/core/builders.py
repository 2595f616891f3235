"""Builders of orders and ledgers for tests."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from retour.core.money import NOTHING, Sides
from retour.core.order import Capture, Charge, ChargeKind, Order, OrderLine, Tax, TenderKind
from retour.core.refund import Ledger, Ordinals, Tender

PLACED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def both(minor: int) -> Sides:
    """Return the amount on both sides."""
    return Sides(minor, minor)


def a_tax(amount: int | Sides, bucket: str = "vat") -> Tax:
    return Tax(bucket, both(amount) if isinstance(amount, int) else amount)


def a_line(
    ref: str = "L1", *, q: int = 1, gross: int | Sides = 1_000, tax: int | Iterable[Tax] = 0, position: int = 1
) -> OrderLine:
    """Return a line; `tax` is one bucket "vat" or a list of buckets."""
    total = both(gross) if isinstance(gross, int) else gross
    taxes = ((a_tax(tax),) if tax else ()) if isinstance(tax, int) else tuple(tax)
    return OrderLine(ref, position, f"Article {ref}", q, total, total, taxes, sku=f"SKU-{ref}")


def a_charge(
    ref: str = "S1", *, gross: int | Sides = 500, tax: int = 0, kind: ChargeKind = ChargeKind.SHIPPING, **more: str
) -> Charge:
    total = both(gross) if isinstance(gross, int) else gross
    return Charge(ref, kind, kind.value, total, (a_tax(tax),) if tax else (), **more)


def an_order(
    *lines: OrderLine,
    charges: tuple[Charge, ...] = (),
    captures: tuple[Capture, ...] | None = None,
    currency: str = "EUR",
    shop_currency: str | None = None,
) -> Order:
    """Return an order whose total is the sum of its parts, paid by one card unless captures are given."""
    lines = lines or (a_line(),)
    total = NOTHING
    for gross in (*(line.gross for line in lines), *(charge.gross for charge in charges)):
        total += gross
    if captures is None:
        captures = (Capture("C1", TenderKind.CARD, "stripe", max(0, total.presentment), PLACED),)
    return Order(
        ref="O1",
        name="#1001",
        currency=currency,
        shop_currency=shop_currency or currency,
        placed_at=PLACED,
        updated_at=PLACED,
        total=total,
        lines=tuple(replace(line, position=i) for i, line in enumerate(lines, 1)),
        charges=charges,
        captures=captures,
    )


def a_ledger(order: Order) -> Ledger:
    """Return the ledger of an order on which nothing has happened but what its captures say."""
    return Ledger(tenders=tuple(a_tender(c.ref, c.captured, kind=c.kind, external=c.refunded) for c in order.captures))


def a_tender(
    ref: str,
    captured: int,
    *,
    kind: TenderKind = TenderKind.CARD,
    refunded: int = 0,
    reserved: int = 0,
    external: int = 0,
    day: int = 0,
    blocked: bool = False,
) -> Tender:
    return Tender(ref, kind, "stripe", captured, refunded, reserved, external, PLACED + timedelta(days=day), blocked)


def free(line: OrderLine, ledger: Ledger) -> list[int]:
    """Return the ordinals of the line that are not paid for yet."""
    paid: Ordinals = next((past.paid_units for past in ledger.lines if past.line_ref == line.ref), ())
    return [u for u in range(1, line.quantity + 1) if not any(lo <= u <= hi for lo, hi in paid)]
