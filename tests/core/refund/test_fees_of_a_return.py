"""Fees over several refunds of one return: charged once, capped once, and waived with a reason."""

from dataclasses import replace

import pytest

from retour.core.money import NOTHING
from retour.core.refund import (
    FeeKind,
    FeeOf,
    FeePer,
    FeeTax,
    FeeTerm,
    LedgerFee,
    MoneyStep,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    Shortfall,
    Waiver,
    booked,
    of_this_return,
)
from tests.core.builders import a_ledger, a_line, a_tax, an_order, both
from tests.core.refund.charging import ORDER, charged, told, units

# --- once a return ---


def test_a_cap_holds_for_the_return_and_a_share_is_cumulative() -> None:
    ledger = a_ledger(ORDER)
    seen = []
    for asked in (units("B", 1, 1), units("A", 1, 1), units("A", 2, 2)):
        plan = charged(FeeTerm(bp=1_000, at_most_minor=350), asked=(asked,), ledger=ledger)
        ledger = booked(ledger, plan)
        seen.append(sum(row.payable.presentment for row in plan.adjustments))

    assert seen == [-100, -200, -50]


def test_a_share_of_several_steps_is_the_share_of_their_sum() -> None:
    order = an_order(a_line("A", q=3, gross=1005))
    ledger, seen = a_ledger(order), []
    for unit in (1, 2, 3):
        plan = charged(FeeTerm(bp=1_000), asked=(units("A", unit, unit),), ledger=ledger, order=order)
        ledger = booked(ledger, plan)
        seen.append(plan.adjustments[0].payable.presentment)

    assert seen == [-34, -33, -34]  # 33.5, 67.0, 100.5: each alone would be 34


def test_a_fee_per_parcel_is_charged_for_the_parcels_that_were_not_charged_before() -> None:
    fee = FeeTerm(FeeKind.LABEL, fixed_minor=100, per=FeePer.PARCEL)
    first = charged(fee, request=RefundRequest(parcels=2))
    ledger = booked(a_ledger(ORDER), first)

    same = charged(fee, asked=(units("A", 2, 2),), ledger=ledger, request=RefundRequest(parcels=2))
    more = charged(fee, asked=(units("A", 2, 2),), ledger=ledger, request=RefundRequest(parcels=3))
    fewer = charged(fee, asked=(units("A", 2, 2),), ledger=ledger, request=RefundRequest(parcels=1))

    assert told(first.adjustments) == [(RowKind.LABEL_FEE, -200)]
    assert told(more.adjustments) == [(RowKind.LABEL_FEE, -100)]
    assert same.adjustments == fewer.adjustments == ()
    assert (same.fees[0].parcels, more.fees[0].parcels, fewer.fees[0].parcels) == (0, 1, 0)


def test_a_fee_per_line_counts_a_line_once_and_a_cost_is_the_return_s() -> None:
    per_line = FeeTerm(fixed_minor=100, per=FeePer.LINE)
    ledger = booked(a_ledger(ORDER), charged(per_line, FeeTerm(FeeKind.LABEL, cost_minor=520)))

    plan = charged(
        per_line,
        FeeTerm(FeeKind.LABEL, cost_minor=980),
        asked=(units("A", 2, 2), units("B", 1, 1)),
        ledger=ledger,
    )

    assert told(plan.adjustments) == [(RowKind.RESTOCKING_FEE, -100), (RowKind.LABEL_FEE, -460)]


def test_of_two_fees_per_return_of_one_kind_the_higher_counts() -> None:
    low, high = FeeTerm(FeeKind.RETURN, fixed_minor=500), FeeTerm(FeeKind.RETURN, fixed_minor=700)

    together = charged(low, high)
    first = booked(a_ledger(ORDER), charged(low))
    then_high = charged(high, asked=(units("A", 2, 2),), ledger=first)
    other_way = charged(low, asked=(units("A", 2, 2),), ledger=booked(a_ledger(ORDER), charged(high)))

    assert told(together.adjustments) == [(RowKind.RETURN_FEE, -500), (RowKind.RETURN_FEE, -200)]
    assert told(then_high.adjustments) == [(RowKind.RETURN_FEE, -200)]
    assert other_way.adjustments == ()


@pytest.mark.parametrize(
    "other",
    [
        FeeTerm(FeeKind.RETURN, fixed_minor=700, per=FeePer.UNIT),
        FeeTerm(FeeKind.RETURN, bp=3_500),
        FeeTerm(FeeKind.LABEL, fixed_minor=700),
    ],
)
def test_fees_of_another_kind_or_of_a_share_are_fees_of_their_own(other: FeeTerm) -> None:
    plan = charged(FeeTerm(FeeKind.RETURN, fixed_minor=500), other)

    assert sum(row.payable.presentment for row in plan.adjustments) == -1200


@pytest.mark.parametrize("times", [(0, 1), (1, 0), (0, 1, 0), (1, 0, 1)])
def test_what_two_fees_fix_once_is_charged_once_and_the_share_of_each_is_its_own(times: tuple[int, ...]) -> None:
    order = an_order(a_line("A", q=2, gross=4_000), a_line("B", q=2, gross=8_000))
    fees = FeeTerm(FeeKind.RETURN, bp=1_000, fixed_minor=500), FeeTerm(FeeKind.RETURN, bp=500, fixed_minor=500)
    ledger, back, taken = a_ledger(order), [0, 0], 0
    for which in times:
        back[which] += 1
        asked = units("AB"[which], back[which], back[which])
        plan = charged(fees[which], asked=(asked,), ledger=ledger, order=order)
        ledger, taken = booked(ledger, plan), taken - sum(row.payable.presentment for row in plan.adjustments)

    assert taken == 500 + back[0] * 200 + back[1] * 200


def test_the_higher_of_what_fees_fix_beside_a_share_counts() -> None:
    low, high = FeeTerm(FeeKind.RETURN, bp=1_000, fixed_minor=500), FeeTerm(FeeKind.RETURN, fixed_minor=700)

    together = charged(low, high)
    later = charged(low, asked=(units("A", 2, 2),), ledger=booked(a_ledger(ORDER), charged(high)))

    assert told(together.adjustments) == [(RowKind.RETURN_FEE, -700), (RowKind.RETURN_FEE, -200)]
    assert told(later.adjustments) == [(RowKind.RETURN_FEE, -200)]


def test_a_fee_of_another_return_does_not_count() -> None:
    fee = FeeTerm(fixed_minor=500)
    ledger = replace(booked(a_ledger(ORDER), charged(fee)), fees=())

    assert told(charged(fee, asked=(units("A", 2, 2),), ledger=ledger).adjustments) == [(RowKind.RESTOCKING_FEE, -500)]


def test_the_fees_of_earlier_plans_of_a_return_are_added_up() -> None:
    fee = FeeTerm(bp=1_000, fixed_minor=100, per=FeePer.UNIT, of=FeeOf.LISTED)
    first = charged(fee)
    second = charged(fee, asked=(units("A", 2, 2), units("B", 1, 2)), ledger=booked(a_ledger(ORDER), first))

    ledger = of_this_return(a_ledger(ORDER), [first, second])

    assert ledger.fees == (LedgerFee(fee, both(6000), both(7000), (("A", 2), ("B", 2)), 1, both(1100)),)
    assert (ledger.lines, ledger.sequence) == ((), 0)


def test_without_a_unit_there_is_no_fee() -> None:
    goodwill = (RequestedLine("A", money=MoneyStep(100, "agent-7", "late")),)

    plan = charged(FeeTerm(fixed_minor=100), asked=goodwill)

    assert (plan.adjustments, plan.fees) == ((), ())


def test_units_that_are_worth_nothing_bear_no_fee_but_may_be_billed_one() -> None:
    order = an_order(a_line("A", gross=0), a_line("B", gross=500))

    floor = charged(FeeTerm(FeeKind.LABEL, fixed_minor=100), order=order)
    billed = charged(
        FeeTerm(FeeKind.LABEL, fixed_minor=100), order=order, terms=RefundTerms(shortfall=Shortfall.BILLED)
    )

    assert (floor.adjustments, floor.total, floor.billed) == ((), NOTHING, NOTHING)
    assert (billed.adjustments, billed.total, billed.billed) == ((), NOTHING, both(100))


# --- waived ---


def test_a_waived_fee_is_a_row_of_nothing_with_the_reason() -> None:
    rule = RefundTerms(waivers=(Waiver(FeeKind.LABEL, "faulty goods"),))

    plan = charged(FeeTerm(FeeKind.LABEL, fixed_minor=690), FeeTerm(fixed_minor=100), terms=rule)

    kept, waived = plan.adjustments
    assert (kept.kind, kept.payable) == (RowKind.RESTOCKING_FEE, both(-100))
    assert (waived.kind, waived.payable, waived.net, waived.taxes) == (RowKind.LABEL_FEE, NOTHING, NOTHING, ())
    assert (waived.reason, waived.actor, waived.waived) == ("faulty goods", None, both(690))
    assert plan.notes == ("fee_waived",)
    assert [(fee.charged, fee.waived) for fee in plan.fees] == [(both(100), NOTHING), (NOTHING, both(690))]


def test_a_person_s_waiver_comes_before_the_rule_s() -> None:
    rule = RefundTerms(waivers=(Waiver(None, "faulty goods"),))
    asked = RefundRequest(waivers=(Waiver(FeeKind.LABEL, "good customer", "agent-7"),))

    plan = charged(FeeTerm(FeeKind.LABEL, fixed_minor=690), FeeTerm(fixed_minor=100), terms=rule, request=asked)

    assert [(row.reason, row.actor) for row in plan.adjustments] == [
        ("faulty goods", None),
        ("good customer", "agent-7"),
    ]


def test_what_was_waived_once_is_not_charged_with_the_next_refund() -> None:
    fee, kind = FeeTerm(FeeKind.RETURN, fixed_minor=690), RefundRequest(waivers=(Waiver(None, "kind", "agent-7"),))
    ledger = booked(a_ledger(ORDER), charged(fee, request=kind))

    later = charged(fee, asked=(units("A", 2, 2),), ledger=ledger)
    higher = charged(replace(fee, fixed_minor=700), asked=(units("A", 2, 2),), ledger=ledger)

    assert (later.adjustments, later.notes) == ((), ())
    assert told(higher.adjustments) == [(RowKind.RETURN_FEE, -10)]


def test_a_fee_of_nothing_is_neither_charged_nor_waived() -> None:
    plan = charged(FeeTerm(FeeKind.LABEL), terms=RefundTerms(waivers=(Waiver(None, "kind"),)))

    assert (plan.adjustments, plan.notes) == ((), ())


def test_a_withdrawal_is_charged_the_way_back_alone() -> None:
    fees = tuple(FeeTerm(kind, fixed_minor=100) for kind in FeeKind)

    plan = charged(*fees, terms=RefundTerms(legal_floor=True))

    assert [(row.kind, row.payable.presentment, row.reason) for row in plan.adjustments] == [
        (RowKind.RESTOCKING_FEE, 0, "legal_floor"),
        (RowKind.LABEL_FEE, -100, None),
        (RowKind.RETURN_FEE, 0, "legal_floor"),
        (RowKind.CANCELLATION_FEE, 0, "legal_floor"),
    ]
    assert plan.total == both(1900)


# --- waived by the rule of some lines ---


@pytest.mark.parametrize("per", [FeePer.RETURN, FeePer.PARCEL, FeePer.LINE, FeePer.UNIT])
@pytest.mark.parametrize("waived_first", [True, False])
def test_what_the_rule_of_one_line_waives_is_still_a_fee_of_the_others(per: FeePer, *, waived_first: bool) -> None:
    fee = FeeTerm(FeeKind.RETURN, fixed_minor=690, per=per)
    rule = RefundTerms(waivers=(Waiver(reason="faulty goods"),))
    steps = [(units("A", 1, 1), rule), (units("B", 1, 1), None)]
    ledger = a_ledger(ORDER)
    taken: list[int] = []
    for asked, terms in steps if waived_first else reversed(steps):
        plan = charged(fee, asked=(asked,), ledger=ledger, terms=terms)
        ledger, taken = booked(ledger, plan), [*taken, -sum(row.payable.presentment for row in plan.adjustments)]

    assert taken == ([0, 690] if waived_first else [690, 0])


def test_a_fee_that_the_rules_of_all_lines_waive_is_never_charged_and_told_once() -> None:
    fee, rule = FeeTerm(FeeKind.RETURN, fixed_minor=690), RefundTerms(waivers=(Waiver(reason="faulty goods"),))
    higher = replace(fee, fixed_minor=790)
    ledger = a_ledger(ORDER)
    told_of: list[object] = []
    for term, asked in ((fee, units("A", 1, 1)), (fee, units("A", 2, 2)), (higher, units("B", 1, 1))):
        plan = charged(term, asked=(asked,), ledger=ledger, terms=rule)
        ledger, told_of = booked(ledger, plan), [*told_of, [(row.payable, row.waived) for row in plan.adjustments]]

    assert told_of == [[(NOTHING, both(690))], [], [(NOTHING, both(100))]]


def test_what_a_rule_waives_after_the_fee_was_charged_is_told_of_nothing() -> None:
    fee, rule = FeeTerm(FeeKind.RETURN, fixed_minor=690), RefundTerms(waivers=(Waiver(reason="faulty goods"),))
    ledger = booked(a_ledger(ORDER), charged(fee))

    assert charged(fee, asked=(units("A", 2, 2),), ledger=ledger, terms=rule).adjustments == ()


def test_what_somebody_waives_counts_for_every_line_of_the_return() -> None:
    fee, kind = FeeTerm(FeeKind.RETURN, fixed_minor=690), RefundRequest(waivers=(Waiver(None, "kind", "agent-7"),))
    ledger = booked(a_ledger(ORDER), charged(fee, request=kind))

    assert charged(fee, asked=(units("B", 1, 1),), ledger=ledger).adjustments == ()


def test_the_tax_of_a_service_never_mixes_with_a_tax_of_the_order_of_the_same_name() -> None:
    order = an_order(a_line("A", q=2, gross=2_380, tax=(a_tax(380, bucket="supply:1900"),)))
    fee = FeeTerm(FeeKind.LABEL, fixed_minor=690, tax=FeeTax.SUPPLY, tax_bp=1_900)
    plan = charged(fee, order=order)

    assert [(tax.bucket, tax.amount.presentment) for tax in plan.taxes] == [
        ("supply:1900", 190),
        ("supply:1900+", -110),
    ]
    last = charged(fee, asked=(units("A", 2, 2),), order=order, ledger=booked(a_ledger(order), plan))
    assert [(tax.bucket, tax.amount.presentment) for tax in last.taxes] == [("supply:1900", 190)]
