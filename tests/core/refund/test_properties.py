"""What holds for every order and every mixture of steps."""

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import Order
from retour.core.refund import (
    ChargeMode,
    FeeTerm,
    Ledger,
    LedgerLine,
    MoneyBasis,
    MoneyStep,
    Override,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    ShippingWish,
    UnitRange,
    booked,
    explain,
    quote,
)
from retour.core.refund.booking import added as plus
from tests.core.builders import a_ledger, free, orders, randoms

pytestmark = pytest.mark.property

MODES = tuple(ChargeMode)
RETURNABLE = (ChargeMode.ALL, ChargeMode.ON_FULL_RETURN, ChargeMode.PROPORTIONAL)


def positive(order: Order) -> bool:
    return all(line.gross.presentment >= 0 and line.gross.shop >= 0 for line in order.lines)


def ranges(ordinals: list[int]) -> tuple[UnitRange, ...]:
    return tuple(UnitRange(u, u) for u in sorted(ordinals))


def closing_terms(rng: random.Random) -> RefundTerms:
    shipping, duties, fees = rng.choices(RETURNABLE, k=3)
    return RefundTerms(shipping=shipping, duties=duties, sale_fees=fees)


def return_all(rng: random.Random, order: Order, ledger: Ledger, terms: RefundTerms) -> Ledger:
    """Return every unit in random portions of random lines."""
    while True:
        left = {line.ref: units for line in order.lines if (units := free(line, ledger))}
        if not left:
            return ledger
        asked = []
        for ref in rng.sample(sorted(left), rng.randint(1, min(3, len(left)))):
            portion = rng.sample(left[ref], rng.randint(1, len(left[ref])))
            asked.append(RequestedLine(ref, ranges(portion)))
        ledger = booked(ledger, quote(order, ledger, RefundRequest(tuple(asked)), terms))


def the_line(ledger: Ledger, ref: str) -> LedgerLine:
    return next(line for line in ledger.lines if line.line_ref == ref)


@given(orders().filter(positive), randoms())
def test_every_unit_returned_pays_back_each_line_each_bucket_and_the_order(order: Order, rng: random.Random) -> None:
    ledger = return_all(rng, order, a_ledger(order), closing_terms(rng))

    for line in order.lines:
        past = the_line(ledger, line.ref)
        assert past.paid == line.gross
        assert past.taxes_paid == line.taxes
    assert ledger.paid_back == order.total
    settled = plus((), (*(t for x in order.lines for t in x.taxes), *(t for x in order.charges for t in x.taxes)))
    assert {t.bucket: t.amount for t in ledger.taxes_paid_back if t.amount} == {
        t.bucket: t.amount for t in settled if t.amount
    }
    assert sum(t.rest for t in ledger.tenders) == 0


@given(orders())
def test_one_full_return_pays_back_the_whole_order_with_its_discount_lines(order: Order) -> None:
    assume(order.total.presentment >= 0 and order.total.shop >= 0)
    asked = tuple(RequestedLine(line.ref, (UnitRange(1, line.quantity),)) for line in order.lines)
    full = ChargeMode.ON_FULL_RETURN

    plan = quote(order, a_ledger(order), RefundRequest(asked), RefundTerms(shipping=full, duties=full, sale_fees=full))

    assert plan.total == order.total
    assert plan.unallocated == 0


@given(orders().filter(positive), randoms())
def test_any_order_of_the_same_units_gives_the_same_running_total(order: Order, rng: random.Random) -> None:
    line = rng.choice(order.lines)
    cuts = sorted({*rng.choices(range(1, line.quantity + 1), k=4), line.quantity})

    ledger, reached = a_ledger(order), 0
    for cut in cuts:
        asked = RequestedLine(line.ref, (UnitRange(reached + 1, cut),))
        ledger = booked(ledger, quote(order, ledger, RefundRequest((asked,)), RefundTerms()))
        at_once = RequestedLine(line.ref, (UnitRange(1, cut),))
        whole = quote(order, a_ledger(order), RefundRequest((at_once,)), RefundTerms())
        assert ledger.paid_back == whole.total
        reached = cut


def a_step(rng: random.Random, order: Order, ledger: Ledger) -> RefundRequest:
    """Draw any request: units with verdicts, overrides, money in every basis, shipping, clamped or not."""
    asked = []
    for line in rng.sample(order.lines, rng.randint(1, min(3, len(order.lines)))):
        open_units = free(line, ledger)
        units = tuple(
            UnitRange(u, u, rng.random() < 0.8, rng.choice((0, 0, 2_500, 10_000)))
            for u in sorted(rng.sample(open_units, rng.randint(0, len(open_units))))
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
    wish = rng.choice((None, ShippingWish(rng.choice(MODES), amount_minor)))
    return RefundRequest(tuple(asked), wish, clamp=rng.random() < 0.8)


def some_terms(rng: random.Random) -> RefundTerms:
    fee = rng.choice((None, FeeTerm(bp=rng.randint(0, 10_000)), FeeTerm(fixed_minor=rng.randint(0, 3_000))))
    shipping, duties, fees = rng.choices(MODES, k=3)
    return RefundTerms(shipping=shipping, duties=duties, sale_fees=fees, fees=(fee,) if fee else ())


def holds(order: Order, before: Ledger, plan: Plan) -> None:
    """Assert what every plan must satisfy by itself."""
    total = NOTHING
    for row in (*plan.rows, *plan.adjustments):
        taxes = NOTHING
        for tax in row.taxes:
            taxes += tax.amount
        assert row.net + taxes == row.payable
        total += row.payable
    assert total == plan.total
    assert 0 <= plan.total.presentment <= plan.order_rest.presentment
    assert sum(leg.amount_minor for leg in plan.legs) + plan.unallocated == plan.total.presentment
    rests = {t.capture_ref: t.rest for t in before.tenders}
    assert all(0 < leg.amount_minor <= rests[leg.capture_ref] for leg in plan.legs)
    added = NOTHING
    for explained in explain(plan):
        if explained.adds:
            added += explained.amount
    assert added == plan.total


def never_too_much(order: Order, ledger: Ledger) -> None:
    """Assert that no line, charge, bucket or order has paid back more than was settled, on either side."""
    settled = {x.ref: (x.gross, x.taxes) for x in order.lines} | {x.ref: (x.gross, x.taxes) for x in order.charges}
    pasts = [(p.line_ref, p.paid, p.taxes_paid) for p in ledger.lines]
    pasts += [(p.charge_ref, p.paid, p.taxes_paid) for p in ledger.charges]
    for ref, paid, taxes_paid in pasts:
        gross, taxes = settled[ref]
        assert reached(paid, gross)
        buckets = {t.bucket: t.amount for t in taxes}
        assert all(reached(t.amount, buckets[t.bucket]) for t in taxes_paid)
        if paid == gross and gross.presentment:
            assert all(t.amount.presentment == buckets[t.bucket].presentment for t in taxes_paid)
    assert ledger.paid_back.presentment <= max(0, order.total.presentment)
    assert ledger.paid_back.shop <= max(0, order.total.shop)
    assert all(t.reserved <= t.captured for t in ledger.tenders)


def reached(paid: Sides, settled: Sides) -> bool:
    return all(
        min(0, limit) <= amount <= max(0, limit)
        for amount, limit in ((paid.presentment, settled.presentment), (paid.shop, settled.shop))
    )


@given(orders(), randoms())
def test_no_mixture_of_steps_ever_pays_too_much(order: Order, rng: random.Random) -> None:
    terms, ledger = some_terms(rng), a_ledger(order)
    for _ in range(rng.randint(1, 6)):
        request = a_step(rng, order, ledger)
        try:
            plan = quote(order, ledger, request, terms)
        except Refused:
            continue
        assert plan == quote(order, ledger, request, terms)
        holds(order, ledger, plan)
        if rng.random() < 0.8:  # else: voided before it was paid, which frees its units
            ledger = booked(ledger, plan)
            never_too_much(order, ledger)


@given(orders().filter(positive), randoms())
def test_money_and_units_together_close_the_line_on_both_sides(order: Order, rng: random.Random) -> None:
    line = rng.choice(order.lines)
    assume(line.gross.presentment)
    ledger = a_ledger(order)
    for _ in range(rng.randint(0, 4)):
        amount = rng.randint(1, line.gross.presentment)
        step = RequestedLine(line.ref, money=MoneyStep(amount, "agent", "why"))
        ledger = booked(ledger, quote(order, ledger, RefundRequest((step,), clamp=True), RefundTerms()))
    ledger = booked(
        ledger,
        quote(order, ledger, RefundRequest((RequestedLine(line.ref, (UnitRange(1, line.quantity),)),)), RefundTerms()),
    )

    past = the_line(ledger, line.ref)
    assert (past.paid, past.taxes_paid) == (line.gross, line.taxes)


@given(orders(), randoms())
def test_external_refunds_lower_what_is_left_of_the_order_and_its_tenders(order: Order, rng: random.Random) -> None:
    assume(positive(order) and order.total.presentment > 0)
    gone = rng.randint(0, order.total.presentment)
    ledger = replace(a_ledger(order), paid_back=Sides(gone, min(gone, order.total.shop)))
    asked = tuple(RequestedLine(line.ref, (UnitRange(1, line.quantity),)) for line in order.lines)

    plan = quote(order, ledger, RefundRequest(asked, clamp=True), RefundTerms(shipping=ChargeMode.ALL))

    holds(order, ledger, plan)
    capped = any(row.kind is RowKind.CAP_ORDER for row in plan.adjustments)
    assert plan.total.presentment == order.total.presentment - gone or not capped
