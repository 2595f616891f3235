"""Random orders, terms and steps: a seed makes each, so that thousands are cheap and each can be made again."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from retour.core.money import NOTHING, Sides, half_up, spread
from retour.core.order import BundlePart, Capture, Charge, ChargeKind, DiscountShare, Order, OrderLine, Tax, TenderKind
from retour.core.refund import (
    BonusTerm,
    CaptureOrder,
    ChargeMode,
    FeeKind,
    FeeOf,
    FeePer,
    FeeTax,
    FeeTerm,
    Goodwill,
    Ledger,
    MoneyBasis,
    MoneyStep,
    OrderDiscount,
    Override,
    PromotionMode,
    PromotionTerm,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    ShippingWish,
    Shortfall,
    UnitRange,
    Waiver,
    components,
    shared,
)
from retour.core.refund.units import merged
from tests.core.builders import PLACED, a_charge, a_line, an_order, free

# Currency paid in and currency of the books (exponents 0, 2 and 3), and how many of the latter's minor units there are
# to how many of the former's.
CURRENCIES = (
    ("EUR", "EUR", 1, 1), ("EUR", "EUR", 1, 1), ("JPY", "JPY", 1, 1), ("KWD", "KWD", 1, 1),
    ("EUR", "JPY", 150, 1), ("EUR", "KWD", 7, 1), ("JPY", "EUR", 1, 160),
)  # fmt: skip
MODES = tuple(ChargeMode)
RETURNABLE = (ChargeMode.ALL, ChargeMode.ON_FULL_RETURN, ChargeMode.PROPORTIONAL)
CODE = "SPRING"


def orders() -> st.SearchStrategy[Order]:
    """Return random orders: 1-12 lines, tiny, free and negative ones, kits, tax inside or on top, discounts, charges."""
    return st.builds(an_order_of, st.integers(0, 2**32), st.integers(1, 12))


def randoms() -> st.SearchStrategy[random.Random]:
    """Return seeded sources of chance for the steps on an order."""
    return st.builds(random.Random, st.integers(0, 2**32))


# --- orders ---


def an_order_of(seed: int, count: int) -> Order:
    """Return the order of `count` lines that the seed makes."""
    rng = random.Random(seed)
    currency, books, up, down = rng.choice(CURRENCIES)
    rate = (up, down)
    on_top = rng.random() < 0.5
    listed = [rng.choice((rng.randint(0, 200_000), rng.randint(0, 5_000), rng.randint(1, 9), 0)) for _ in range(count)]
    shares = [0] * count
    if sum(listed) and rng.random() < 0.5:
        shares = spread(rng.randint(0, sum(listed)), listed)
    lines = [
        line
        for i, (value, share) in enumerate(zip(listed, shares, strict=True))
        for line in _kit(rng, _line(rng, f"L{i}", value, share, rate=rate, on_top=on_top))
    ]
    if rng.random() < 0.1:
        lines.append(_line(rng, "LN", -rng.randint(1, 500), 0, rate=rate, on_top=on_top))
    order = an_order(*lines, charges=_charges(rng, rate, sum(listed)), currency=currency, shop_currency=books)
    order = _discounted(rng, order)
    return replace(order, captures=_captures(rng, order.total.presentment))


def _line(rng: random.Random, ref: str, listed: int, share: int, *, rate: tuple[int, int], on_top: bool) -> OrderLine:
    gross, discount = _side(rng, listed - share, rate), _side(rng, share, rate)
    taxes = _taxes(rng, gross, ("vat", "state", "city")[: rng.randint(0, 3)], rate=rate)
    if on_top:
        for tax in taxes:
            gross += tax.amount
    line = a_line(ref, q=rng.choice((1, 2, 3, rng.randint(1, 40))), gross=gross, tax=taxes)
    return replace(line, list_value=gross + discount, discounts=(DiscountShare(CODE, discount),) if share else ())


def _kit(rng: random.Random, line: OrderLine) -> tuple[OrderLine, ...]:
    if rng.random() < 0.9 or line.gross.presentment < 0:
        return (line,)
    parts = tuple(
        BundlePart(f"p{i}", f"Part {i}", _both(rng.choice((0, rng.randint(1, 9_000)))), quantity=rng.randint(1, 3))
        for i in range(rng.randint(1, 3))
    )
    return components(replace(line, components=parts))


def _charges(rng: random.Random, rate: tuple[int, int], goods: int) -> tuple[Charge, ...]:
    charges = [a_charge(f"S{i}", gross=_side(rng, rng.randint(0, 3_000), rate)) for i in range(rng.randint(0, 3))]
    charges += [
        a_charge(f"X{kind}", gross=_side(rng, rng.randint(1, 900), rate), kind=kind)
        for kind in (ChargeKind.DUTY, ChargeKind.FEE, ChargeKind.TIP)
        if rng.random() < 0.4
    ]
    if rng.random() < 0.2:
        wrapping = a_charge("XW", gross=_side(rng, rng.randint(1, 900), rate), kind=ChargeKind.GIFT_WRAPPING)
        charges.append(replace(wrapping, line_ref="L0"))
    charges = [replace(charge, taxes=_taxes(rng, charge.gross, ("vat",), rate=rate)) for charge in charges]
    if goods > 100 and rng.random() < 0.2:
        charges.append(a_charge("XR", gross=_side(rng, rng.choice((-1, 1)), rate), kind=ChargeKind.ORDER_ROUNDING))
    return tuple(charges)


def _discounted(rng: random.Random, order: Order) -> Order:
    """Return the order less a discount that its platform did not share, with or without minimum prices."""
    goods = sum(max(0, line.gross.presentment) for line in order.lines)
    if goods == 0 or rng.random() < 0.8:
        return order
    mine = rng.randint(0, goods)
    off = Sides(mine, half_up(mine * max(0, order.total.shop), max(1, order.total.presentment)))
    off = Sides(off.presentment, min(off.shop, sum(max(0, line.gross.shop) for line in order.lines)))
    minimums = {line.ref: _part(line.gross, rng.choice((0, 0, 3_000))) for line in order.lines}
    less = replace(order, total=order.total - off)
    return shared(less, [OrderDiscount("EVERYTHING", off, minimums=minimums, is_taxed=True)])


def _part(amount: Sides, bp: int) -> Sides:
    return Sides(max(0, amount.presentment) * bp // 10_000, max(0, amount.shop) * bp // 10_000)


def _both(minor: int) -> Sides:
    return Sides(minor, minor)


def _side(rng: random.Random, value: int, rate: tuple[int, int]) -> Sides:
    up, down = rate
    drift = 0 if up == 1 or value == 0 else rng.randrange(up)
    return Sides(value, half_up(value * up, down) + (drift if value > 0 else -drift))


def _taxes(rng: random.Random, gross: Sides, buckets: tuple[str, ...], *, rate: tuple[int, int]) -> tuple[Tax, ...]:
    taxes = []
    for bucket in buckets:
        bp = rng.choice((0, 150, 700, 825, 1_900))
        mine = half_up(gross.presentment * bp, 10_000 + bp)
        taxes.append(Tax(bucket, Sides(mine, mine if rate == (1, 1) else half_up(gross.shop * bp, 10_000 + bp))))
    return tuple(taxes)


def _captures(rng: random.Random, total: int) -> tuple[Capture, ...]:
    kinds = rng.choices(list(TenderKind), k=rng.randint(1, 4))
    shares = spread(max(0, total), [rng.randint(0, 9) for _ in kinds])
    return tuple(
        Capture(f"C{i}", kind, "stripe", share, PLACED + timedelta(days=i))
        for i, (kind, share) in enumerate(zip(kinds, shares, strict=True))
    )


# --- terms ---


def closing_terms(rng: random.Random) -> RefundTerms:
    """Return terms under which everything comes back with the last unit: no fee, and every charge at last."""
    shipping, duties, sale_fees, tips, wrapping = rng.choices(RETURNABLE, k=5)
    return RefundTerms(
        shipping=shipping,
        duties=duties,
        sale_fees=sale_fees,
        tips=tips,
        gift_wrapping=wrapping,
        promotions=_promotions(rng),
    )


def a_fee(rng: random.Random, currency: str | None = None, *, waivable: bool = True) -> FeeTerm:
    """Return a fee of any kind."""
    return FeeTerm(
        rng.choice(tuple(FeeKind)),
        bp=rng.choice((0, 0, rng.randint(0, 10_000), 1_500)),
        of=rng.choice(tuple(FeeOf)),
        fixed_minor=rng.choice((0, rng.randint(0, 3_000))),
        cost_minor=rng.choice((None, None, rng.randint(0, 900))),
        currency=currency,
        per=rng.choice(tuple(FeePer)),
        tax=rng.choice(tuple(FeeTax)),
        tax_bp=rng.choice((0, 700, 1_900)),
        tax_included=rng.random() < 0.7,
        at_most_minor=rng.choice((None, None, rng.randint(0, 2_000))),
    )


def some_terms(rng: random.Random, order: Order) -> RefundTerms:
    """Return any terms."""
    shipping, duties, sale_fees, tips, wrapping = rng.choices(MODES, k=5)
    bonus = BonusTerm(rng.randint(0, 2_000), rng.choice((0, 500)), rng.choice((None, 900)))
    return RefundTerms(
        shipping=shipping,
        duties=duties,
        sale_fees=sale_fees,
        tips=tips,
        gift_wrapping=wrapping,
        tender_order=tuple(rng.sample(list(TenderKind), rng.randint(1, 4))),
        capture_order=rng.choice(tuple(CaptureOrder)),
        fees=tuple(
            a_fee(rng, rng.choice((None, order.currency, order.shop_currency))) for _ in range(rng.choice((0, 0, 1, 3)))
        ),
        waivers=rng.choice(((), (), (Waiver(rng.choice((None, *FeeKind)), "fault of ours"),))),
        shortfall=rng.choice(tuple(Shortfall)),
        promotions=_promotions(rng),
        legal_floor=rng.random() < 0.1,
        bonus=rng.choice((None, None, bonus)),
        share_bp=rng.choice((10_000, 10_000, 10_000, rng.randint(0, 10_000))),
    )


def _promotions(rng: random.Random) -> tuple[PromotionTerm, ...]:
    minimum = rng.choice((None, rng.randint(0, 300_000)))
    least = rng.choice((None, rng.randint(1, 40)))
    clawback = PromotionTerm(CODE, PromotionMode.CLAWBACK, minimum, least)
    keep = PromotionTerm(CODE, PromotionMode.KEEP, minimum, least)
    return rng.choice(((), (clawback,), (clawback,), (keep,)))


# --- steps ---


def ranges(ordinals: Iterable[int]) -> tuple[UnitRange, ...]:
    """Return the units as few ranges."""
    return tuple(UnitRange(lo, hi) for lo, hi in merged((u, u) for u in ordinals))


def a_portion(
    rng: random.Random, order: Order, ledger: Ledger, *, all_of_it: bool = False
) -> tuple[RequestedLine, ...]:
    """Return some (or all) of the units that are not paid for yet, of some lines; nothing if there is none left."""
    left = {line.ref: units for line in order.lines if (units := free(line, ledger))}
    refs = sorted(left) if all_of_it else rng.sample(sorted(left), rng.randint(min(1, len(left)), len(left)))
    return tuple(
        RequestedLine(ref, ranges(left[ref] if all_of_it else rng.sample(left[ref], rng.randint(1, len(left[ref])))))
        for ref in refs
    )


def portions(rng: random.Random, order: Order) -> Iterator[Callable[[Ledger], tuple[RequestedLine, ...]]]:
    """Yield, step by step, what comes back next, until with the last step everything is back."""
    for _ in range(rng.randint(0, 3)):
        yield lambda ledger: a_portion(rng, order, ledger)
    yield lambda ledger: a_portion(rng, order, ledger, all_of_it=True)


def a_step(rng: random.Random, order: Order, ledger: Ledger) -> RefundRequest:
    """Draw any request: units with verdicts, overrides, money in every basis, goodwill, shipping, clamped or not."""
    asked = []
    for line in rng.sample(order.lines, rng.randint(1, min(3, len(order.lines)))):
        open_units = free(line, ledger)
        units = tuple(
            UnitRange(u, u, rng.random() < 0.8, rng.choice((0, 0, 2_500, 10_000)))
            for u in sorted(rng.sample(open_units, rng.randint(0, min(8, len(open_units)))))
        )
        sign = -1 if line.gross.presentment < 0 else 1
        override = None
        if any(u.accepted for u in units) and rng.random() < 0.25:
            override = Override(sign * rng.randint(0, rng.choice((9, 20_000))), "agent", "why")
        money = None
        if rng.random() < 0.3:
            basis, amount = rng.choice(tuple(MoneyBasis)), rng.randint(1, rng.choice((9, 4_000)))
            money = MoneyStep(amount if basis is MoneyBasis.PERCENT else sign * amount, "agent", "why", basis)
        asked.append(RequestedLine(line.ref, units, override, money))
    amount_minor = rng.choice((None, rng.randint(0, 2_000)))
    return RefundRequest(
        tuple(asked),
        rng.choice((None, ShippingWish(rng.choice(MODES), amount_minor))),
        clamp=rng.random() < 0.8,
        parcels=rng.randint(0, 3),
        waivers=rng.choice(((), (), (Waiver(None, "kind", "agent"),))),
        goodwill=rng.choice((None, None, None, Goodwill(rng.randint(1, 3_000), "agent", "sorry"))),
    )


def total_of(amounts: list[Sides]) -> Sides:
    """Return the sum of the amounts."""
    total = NOTHING
    for amount in amounts:
        total += amount
    return total
