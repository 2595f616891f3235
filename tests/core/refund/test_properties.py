"""What holds for every order however its return is split."""

import os
import random
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from retour.core.money import NOTHING, Sides
from retour.core.order import ChargeKind, Order
from retour.core.refund import (
    BonusTerm,
    ChargeMode,
    Ledger,
    LedgerCredit,
    LedgerLine,
    MoneyStep,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    UnitRange,
    bonus_step,
    booked,
    difference,
    quote,
    reverse,
)
from retour.core.refund.booking import added
from tests.core.builders import a_ledger, free
from tests.core.refund.generating import (
    a_fee,
    a_portion,
    a_step,
    closing_terms,
    orders,
    portions,
    randoms,
    ranges,
    some_terms,
    total_of,
)
from tests.core.refund.holding import canonical, holds

pytestmark = pytest.mark.property
fewer = settings(max_examples=max(1, int(os.environ.get("EXAMPLES", "200")) // 4))  # narrower, so sooner exhausted


def positive(order: Order) -> bool:
    return all(line.gross.presentment >= 0 and line.gross.shop >= 0 for line in order.lines) and (
        order.total.presentment >= 0 and order.total.shop >= 0
    )


def all_is_on_lines(order: Order) -> bool:
    """Return whether no discount of the order is left beside its lines."""
    rounding = (charge.gross for charge in order.charges if charge.kind is ChargeKind.ORDER_ROUNDING)
    return all(amount.presentment >= -1 and amount.shop >= -1 for amount in rounding)


def return_all(rng: random.Random, order: Order, ledger: Ledger, terms: RefundTerms) -> Ledger:
    """Return every unit in some steps of random portions."""
    for portion in portions(rng, order):
        ledger = booked(ledger, quote(order, ledger, RefundRequest(portion(ledger)), terms))
    return ledger


def the_line(ledger: Ledger, ref: str) -> LedgerLine:
    return next(line for line in ledger.lines if line.line_ref == ref)


def everything(order: Order) -> tuple[RequestedLine, ...]:
    return tuple(RequestedLine(line.ref, (UnitRange(1, line.quantity),)) for line in order.lines)


@given(orders().filter(positive), randoms())
def test_every_unit_returned_pays_back_each_line_each_bucket_and_the_order(order: Order, rng: random.Random) -> None:
    ledger = return_all(rng, order, a_ledger(order), closing_terms(rng))

    for line in order.lines:
        past = the_line(ledger, line.ref)
        assert past.paid == line.gross
        assert past.taxes_paid == line.taxes
    assert ledger.paid_back == order.total
    settled = added((), (*(t for x in order.lines for t in x.taxes), *(t for x in order.charges for t in x.taxes)))
    assert {t.bucket: t.amount for t in ledger.taxes_paid_back if t.amount} == {
        t.bucket: t.amount for t in settled if t.amount
    }
    assert all(promotion.charged == NOTHING for promotion in ledger.promotions)
    assert sum(t.rest for t in ledger.tenders) == 0


@fewer
@given(orders())
def test_one_full_return_pays_back_the_whole_order_with_its_discount_lines(order: Order) -> None:
    assume(order.total.presentment >= 0 and order.total.shop >= 0)
    full = ChargeMode.ON_FULL_RETURN
    terms = RefundTerms(shipping=full, duties=full, sale_fees=full, tips=full, gift_wrapping=full)

    plan = quote(order, a_ledger(order), RefundRequest(everything(order)), terms)

    assert plan.total == order.total
    assert plan.unallocated == 0


@fewer
@given(orders().filter(positive), randoms())
def test_any_order_of_the_same_units_gives_the_same_running_total(order: Order, rng: random.Random) -> None:
    line = rng.choice(order.lines)
    cuts = sorted({*rng.choices(range(1, line.quantity + 1), k=4), line.quantity})
    # A share of the value beside a discount that lies on no line meets the order's limit: what was paid is less.
    shares = (10_000, 7_500, 3_333) if all_is_on_lines(order) else (10_000,)
    terms = RefundTerms(share_bp=rng.choice(shares))

    ledger, reached = a_ledger(order), 0
    for cut in cuts:
        asked = RequestedLine(line.ref, (UnitRange(reached + 1, cut),))
        ledger = booked(ledger, quote(order, ledger, RefundRequest((asked,)), terms))
        at_once = RequestedLine(line.ref, (UnitRange(1, cut),))
        whole = quote(order, a_ledger(order), RefundRequest((at_once,)), terms)
        assert ledger.paid_back == whole.total
        reached = cut


@fewer
@given(orders().filter(positive), randoms())
def test_a_fee_comes_to_the_same_however_the_return_is_split(order: Order, rng: random.Random) -> None:
    terms = RefundTerms(fees=(a_fee(rng),))
    at_once = quote(order, a_ledger(order), RefundRequest(everything(order)), terms)
    assume("fee_reduced" not in at_once.notes)

    ledger, total = a_ledger(order), 0
    for portion in portions(rng, order):
        if asked := portion(ledger):
            plan = quote(order, ledger, RefundRequest(asked), terms)
            ledger, total = booked(ledger, plan), plan.total.presentment

    assume(total > 0)  # else the last refund may have been too small for what was left of the fee
    (fee,), (whole,) = ledger.fees, at_once.fees
    assert fee.charged.presentment == whole.charged.presentment
    assert ledger.paid_back.presentment == at_once.total.presentment


@given(orders().filter(positive), randoms())
def test_money_and_units_together_close_the_line_on_both_sides(order: Order, rng: random.Random) -> None:
    line = rng.choice(order.lines)
    assume(line.gross.presentment)
    ledger = a_ledger(order)
    terms = RefundTerms(rounding=ChargeMode.NONE)
    for _ in range(rng.randint(0, 4)):
        amount = rng.randint(1, line.gross.presentment)
        step = RequestedLine(line.ref, money=MoneyStep(amount, "agent", "why"))
        ledger = booked(ledger, quote(order, ledger, RefundRequest((step,), clamp=True), terms))
    rest = RequestedLine(line.ref, (UnitRange(1, line.quantity),))
    ledger = booked(ledger, quote(order, ledger, RefundRequest((rest,), clamp=True), terms))

    past = the_line(ledger, line.ref)
    assert (past.paid, past.taxes_paid) == (line.gross, line.taxes)


@fewer
@given(orders(), randoms())
def test_external_refunds_lower_what_is_left_of_the_order_and_its_tenders(order: Order, rng: random.Random) -> None:
    assume(positive(order) and order.total.presentment > 0)
    gone = rng.randint(0, order.total.presentment)
    ledger = replace(a_ledger(order), paid_back=Sides(gone, min(gone, order.total.shop)))

    plan = quote(order, ledger, RefundRequest(everything(order), clamp=True), RefundTerms(shipping=ChargeMode.ALL))

    holds(order, ledger, plan)
    capped = any(row.kind is RowKind.CAP_ORDER and row.payable.presentment for row in plan.adjustments)
    assert plan.total.presentment == order.total.presentment - gone or not capped


@given(orders().filter(positive), randoms())
def test_a_plan_taken_back_leaves_the_ledger_where_it_was(order: Order, rng: random.Random) -> None:
    terms = some_terms(rng, order)
    ledger = a_ledger(order)
    first = quote(order, ledger, RefundRequest(a_portion(rng, order, ledger), clamp=True), terms)
    ledger = booked(ledger, first)
    asked = RefundRequest(a_portion(rng, order, ledger), clamp=True)
    plan = quote(order, ledger, asked, terms)

    back = reverse(plan)
    after = booked(booked(ledger, plan), back)

    assert reverse(back) == plan
    assert back.total == -plan.total
    assert canonical(after) == canonical(ledger)
    again = quote(order, after, asked, terms)
    assert replace(again, hash="", ledger_sequence=0) == replace(plan, hash="", ledger_sequence=0)


@given(orders().filter(positive), randoms())
def test_what_is_paid_differs_from_what_was_promised_by_reasons_that_sum_exactly(
    order: Order, rng: random.Random
) -> None:
    promised, paid = some_plans(rng, order), some_plans(rng, order)

    parts = difference(promised, paid)

    owed, given_ = total_of([plan.total for plan in promised]), total_of([plan.total for plan in paid])
    assert total_of([part.amount for part in parts]) == given_ - owed


def some_plans(rng: random.Random, order: Order) -> list[Plan]:
    ledger, terms, plans = a_ledger(order), some_terms(rng, order), []
    for _ in range(rng.randint(1, 3)):
        asked = replace(a_step(rng, order, ledger), clamp=True, goodwill=None)
        asked = replace(asked, lines=tuple(replace(line, money=None, override=None) for line in asked.lines))
        plan = quote(order, ledger, asked, terms)
        ledger = booked(ledger, plan)
        plans.append(plan)
    return plans


@fewer
@given(orders(), randoms())
def test_the_steps_of_a_bonus_come_to_the_bonus_of_the_whole(order: Order, rng: random.Random) -> None:
    term = BonusTerm(rng.randint(0, 3_000), rng.choice((0, 500)), rng.choice((None, rng.randint(0, 2_000))))
    amounts = [Sides(rng.randint(1, 9_999), rng.randint(1, 9_999)) for _ in range(rng.randint(1, 6))]

    credited, given_ = NOTHING, NOTHING
    for amount in amounts:
        given_ += bonus_step(order, Ledger(credited=(LedgerCredit(term, credited),)), term, amount)
        credited += amount

    assert given_ == bonus_step(order, Ledger(), term, credited)
    assert bonus_step(order, Ledger(credited=(LedgerCredit(term, credited),)), term, -credited) == -given_


@fewer
@given(orders().filter(positive), randoms())
def test_the_currency_changes_nothing_but_the_digits(order: Order, rng: random.Random) -> None:
    assume(order.currency == order.shop_currency)
    seed, terms = rng.randint(0, 2**32), some_terms(rng, order)
    terms = replace(terms, fees=tuple(replace(fee, currency=None) for fee in terms.fees))
    asked = replace(a_step(random.Random(seed), order, a_ledger(order)), clamp=True)
    asked = replace(asked, lines=tuple(replace(line, money=None) for line in asked.lines))

    plans = [
        quote(replace(order, currency=currency, shop_currency=currency), a_ledger(order), asked, terms)
        for currency in ("JPY", "EUR", "KWD")
    ]

    assert len({(plan.rows, plan.adjustments, plan.total, plan.legs, plan.unallocated) for plan in plans}) == 1


@fewer
@given(orders().filter(positive), randoms())
def test_units_in_ranges_and_units_one_by_one_are_the_same(order: Order, rng: random.Random) -> None:
    line = rng.choice(order.lines)
    units = free(line, a_ledger(order))
    one = RefundRequest((RequestedLine(line.ref, (UnitRange(1, len(units)),)),))
    many = RefundRequest((RequestedLine(line.ref, ranges(units)),))

    plans = [quote(order, a_ledger(order), asked, RefundTerms()) for asked in (one, many)]

    assert plans[0].rows == plans[1].rows
