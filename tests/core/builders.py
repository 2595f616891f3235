"""Builders of orders, ledgers and requests for tests, and the generator of random orders."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from retour.core.money import NOTHING, Sides, half_up, spread
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


# --- the generator: a seed makes an order, so that thousands are cheap and each can be made again ---

RATES = (1, 1, 1, 150, 7)  # shop minor units per presentment unit: mostly the same currency


def orders() -> st.SearchStrategy[Order]:
    """Return random orders: 1-12 lines, tiny and free and negative ones, tax inside or on top, discounts, charges."""
    return st.builds(an_order_of, st.integers(0, 2**32), st.integers(1, 12))


def randoms() -> st.SearchStrategy[random.Random]:
    """Return seeded sources of chance for the steps on an order."""
    return st.builds(random.Random, st.integers(0, 2**32))


def an_order_of(seed: int, count: int) -> Order:
    """Return the order of `count` lines that the seed makes."""
    rng = random.Random(seed)
    rate, on_top = rng.choice(RATES), rng.random() < 0.5
    values = [rng.choice((rng.randint(0, 200_000), rng.randint(0, 5_000), rng.randint(1, 9), 0)) for _ in range(count)]
    if sum(values) and rng.random() < 0.5:
        shares = spread(rng.randint(0, sum(values)), values)
        values = [value - share for value, share in zip(values, shares, strict=True)]
    lines = [_a_random_line(rng, f"L{i}", value, rate=rate, on_top=on_top) for i, value in enumerate(values)]
    if rng.random() < 0.1:
        lines.append(_a_random_line(rng, "LN", -rng.randint(1, 500), rate=rate, on_top=on_top))
    charges = [a_charge(f"S{i}", gross=_side(rng, rng.randint(0, 3_000), rate)) for i in range(rng.randint(0, 3))]
    charges += [
        a_charge(f"X{kind}", gross=_side(rng, rng.randint(1, 900), rate), kind=kind)
        for kind in (ChargeKind.DUTY, ChargeKind.FEE)
        if rng.random() < 0.4
    ]
    if sum(values) > 100 and rng.random() < 0.2:
        charges.append(a_charge("XR", gross=_side(rng, rng.choice((-1, 1)), rate), kind=ChargeKind.ORDER_ROUNDING))
    taxed = tuple(c if c.ref == "XR" else replace(c, taxes=_taxes(rng, c.gross, ("vat",), rate=rate)) for c in charges)
    order = an_order(*lines, charges=taxed, shop_currency="EUR" if rate == 1 else "JPY")
    return replace(order, captures=_captures(rng, order.total.presentment))


def _a_random_line(rng: random.Random, ref: str, value: int, *, rate: int, on_top: bool) -> OrderLine:
    gross = _side(rng, value, rate)
    taxes = _taxes(rng, gross, ("vat", "state", "city")[: rng.randint(0, 3)], rate=rate)
    if on_top:
        for tax in taxes:
            gross += tax.amount
    return a_line(ref, q=rng.choice((1, 2, 3, rng.randint(1, 40))), gross=gross, tax=taxes)


def _side(rng: random.Random, value: int, rate: int) -> Sides:
    drift = 0 if rate == 1 or value == 0 else rng.randrange(rate)
    return Sides(value, value * rate + (drift if value > 0 else -drift))


def _taxes(rng: random.Random, gross: Sides, buckets: tuple[str, ...], *, rate: int) -> tuple[Tax, ...]:
    taxes = []
    for bucket in buckets:
        bp = rng.choice((0, 150, 700, 825, 1_900))
        mine = half_up(gross.presentment * bp, 10_000 + bp)
        taxes.append(Tax(bucket, Sides(mine, mine if rate == 1 else half_up(gross.shop * bp, 10_000 + bp))))
    return tuple(taxes)


def _captures(rng: random.Random, total: int) -> tuple[Capture, ...]:
    kinds = rng.choices(list(TenderKind), k=rng.randint(1, 4))
    shares = spread(max(0, total), [rng.randint(0, 9) for _ in kinds])
    return tuple(
        Capture(f"C{i}", kind, "stripe", share, PLACED + timedelta(days=i))
        for i, (kind, share) in enumerate(zip(kinds, shares, strict=True))
    )
