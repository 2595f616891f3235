"""Fees that are paid before the goods are sent: not withheld again, and never charged twice."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.money import NOTHING, Sides
from retour.core.refund import (
    Ahead,
    Beforehand,
    FeeKind,
    FeePer,
    FeeTax,
    FeeTerm,
    Plan,
    RefundRequest,
    RefundTerms,
    RowKind,
    Shortfall,
    Waiver,
    booked,
    explain,
    reverse,
)
from tests.core.builders import a_ledger, both
from tests.core.refund.charging import ORDER, charged, told, units
from tests.core.refund.generating import a_fee

FEE = FeeTerm(FeeKind.RETURN, fixed_minor=690, tax=FeeTax.SUPPLY, tax_bp=1_900, beforehand=Beforehand.REFUNDED)
NOT_PAID = RefundRequest(ahead=())


def paid(minor: int, kind: FeeKind = FeeKind.RETURN) -> RefundRequest:
    return RefundRequest(ahead=(Ahead(kind, both(minor)),))


def withheld(plan: Plan) -> int:
    return -sum(row.payable.presentment for row in plan.adjustments)


def ahead(plan: Plan) -> int:
    return sum(row.ahead.presentment for row in plan.adjustments)


def test_as_promised_the_refund_is_whole_and_the_fee_is_named() -> None:
    plan = charged(FEE)

    assert (plan.total, withheld(plan), ahead(plan)) == (both(2_000), 0, 690)
    assert [(row.kind, row.reason) for row in plan.adjustments] == [(RowKind.RETURN_FEE, "paid_beforehand")]
    assert "fee_beforehand" in plan.notes
    rows = {row.code: row for row in explain(plan)}
    assert (rows["return_fee"].amount, rows["ahead"].amount, rows["ahead"].adds) == (NOTHING, both(690), False)


@pytest.mark.parametrize(("minor", "kept"), [(0, 690), (500, 190), (690, 0), (691, 0)])
def test_what_was_not_paid_is_withheld(minor: int, kept: int) -> None:
    plan = charged(FEE, request=paid(minor) if minor else NOT_PAID)

    assert (withheld(plan), ahead(plan)) == (kept, 690 - kept)


def test_another_kind_of_fee_was_not_paid_with_it() -> None:
    label = FeeTerm(FeeKind.LABEL, fixed_minor=300)
    plan = charged(FEE, label, request=paid(690))

    assert told(plan.adjustments) == [(RowKind.LABEL_FEE, -300), (RowKind.RETURN_FEE, 0)]


def test_a_refund_that_bears_nothing_leaves_the_fee_as_it_was_paid() -> None:
    for shortfall in Shortfall:
        plan = charged(FEE, terms=RefundTerms(share_bp=0, shortfall=shortfall))
        assert (plan.total, plan.billed, ahead(plan)) == (NOTHING, NOTHING, 690)


def test_a_waived_fee_is_neither_paid_nor_withheld() -> None:
    plan = charged(FEE, request=RefundRequest(waivers=(Waiver(reason="ours"),)))

    assert (withheld(plan), ahead(plan), plan.adjustments[0].waived) == (0, 0, both(690))


def test_a_later_refund_of_the_return_finds_it_paid() -> None:
    first = charged(FEE, request=paid(690))
    again = charged(FEE, asked=(units("A", 2, 2),), ledger=booked(a_ledger(ORDER), first), request=paid(690))

    assert (ahead(first), ahead(again), withheld(again)) == (690, 0, 0)
    assert again.hash != first.hash


def test_a_fee_of_the_same_kind_with_other_terms_counts_what_was_paid() -> None:
    first = charged(FEE, request=paid(690))
    dearer = replace(FEE, fixed_minor=900, beforehand=None)
    again = charged(dearer, asked=(units("B", 1, 1),), ledger=booked(a_ledger(ORDER), first), request=paid(690))

    assert (ahead(again), withheld(again)) == (0, 210)  # the highest counts, and 6.90 of it is paid


def test_a_plan_taken_back_gives_back_what_it_counted_as_paid() -> None:
    plan = charged(FEE, request=paid(690))
    after = booked(booked(a_ledger(ORDER), plan), reverse(plan))

    assert [fee.ahead for fee in after.fees] == [NOTHING]
    assert ahead(charged(FEE, ledger=after, request=paid(690))) == 690


def test_the_hash_says_what_was_paid_and_nothing_where_no_fee_is() -> None:
    plain = FeeTerm(FeeKind.RETURN, fixed_minor=690)

    assert len({charged(FEE, request=r).hash for r in (RefundRequest(), NOT_PAID, paid(1), paid(2))}) == 4
    assert charged(plain, request=NOT_PAID).hash == charged(plain).hash
    assert charged(plain, request=paid(1)).hash != charged(plain).hash


@given(st.integers(0, 10_000), st.integers(0, 3_000), st.lists(st.sampled_from(["A1", "A2", "B1", "B2"]), unique=True))
def test_withheld_and_paid_beforehand_are_the_fee_however_the_return_is_split(
    seed: int, minor: int, order: list[str]
) -> None:
    """Without a limit of the refund, each kind comes to the same in all, and what was paid is used at most once."""
    rng = random.Random(seed)
    fees = tuple(
        replace(a_fee(rng), kind=kind, beforehand=rng.choice((None, Beforehand.KEPT)), bp=0, cost_minor=None)
        for kind in rng.sample(list(FeeKind), 2)
    )
    terms = RefundTerms(shortfall=Shortfall.BILLED)
    asks = [units(name[0], int(name[1]), int(name[1])) for name in order]
    sums = []
    for request in (NOT_PAID, RefundRequest(ahead=tuple(Ahead(fee.kind, Sides(minor, minor)) for fee in fees))):
        ledger = a_ledger(ORDER)
        for asked in asks:
            ledger = booked(ledger, charged(*fees, asked=(asked,), ledger=ledger, request=request, terms=terms))
        by_kind = {fee.term.kind: fee for fee in ledger.fees}
        assert all(fee.ahead.presentment <= minor for fee in ledger.fees)
        sums.append({kind: fee.charged + fee.billed + fee.ahead for kind, fee in by_kind.items()})

    assert sums[0] == sums[1]


@given(st.sampled_from(FeePer), st.integers(1, 500), st.integers(0, 2_000))
def test_what_was_paid_is_never_paid_back_beyond_the_goods(per: FeePer, minor: int, given_before: int) -> None:
    plan = charged(replace(FEE, fixed_minor=minor, per=per), request=paid(given_before))

    assert plan.total.presentment + withheld(plan) == 2_000
    assert withheld(plan) + ahead(plan) == minor
