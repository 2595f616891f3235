"""Plans taken back, and plans that were kept by an earlier release."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from retour.core.money import NOTHING, Sides
from retour.core.order import TenderKind
from retour.core.refund import (
    BonusTerm,
    ChargeMode,
    FeeKind,
    FeePer,
    FeeTerm,
    Ledger,
    LedgerCredit,
    LedgerFee,
    MoneyBasis,
    MoneyStep,
    Override,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    Row,
    RowKind,
    Tender,
    UnitRange,
    Waiver,
    booked,
    difference,
    explain,
    of_this_return,
    quote,
    reverse,
)
from retour.core.refund.units import complement, count, merged, without
from tests.core.builders import PLACED, a_charge, a_ledger, a_line, a_tax, an_order, both
from tests.core.refund.holding import canonical

KEPT = Path(__file__).parent / "kept" / "plan_of_version_1.json"
ORDER = an_order(
    a_line("A", q=3, gross=10_000, tax=1_597), a_line("B", gross=450, tax=72), charges=(a_charge(gross=995, tax=159),)
)
TERMS = RefundTerms(
    shipping=ChargeMode.PROPORTIONAL,
    fees=(FeeTerm(bp=1_000), FeeTerm(FeeKind.LABEL, fixed_minor=690), FeeTerm(FeeKind.RETURN, fixed_minor=50)),
    waivers=(Waiver(FeeKind.RETURN, "kind"),),
    bonus=BonusTerm(bp=500),
)


def a_plan(ledger: Ledger | None = None) -> Plan:
    asked = RequestedLine(
        "A",
        (UnitRange(1, 1), UnitRange(3, 3, deduction_bp=4_000, grade="damaged")),
        Override(5_000, "agent-7", "worn"),
        MoneyStep(500, "agent-7", "late", MoneyBasis.PERCENT),
    )
    return quote(ORDER, ledger or a_ledger(ORDER), RefundRequest((asked,), parcels=2), TERMS)


# --- taken back ---


def test_a_plan_taken_back_has_every_amount_with_the_other_sign() -> None:
    plan = a_plan()

    back = reverse(plan)

    for row, mirrored in zip((*plan.rows, *plan.adjustments), (*back.rows, *back.adjustments), strict=True):
        assert (mirrored.kind, mirrored.ref, mirrored.ordinals, mirrored.reason) == (
            row.kind,
            row.ref,
            row.ordinals,
            row.reason,
        )
        assert (mirrored.payable, mirrored.net, mirrored.waived) == (-row.payable, -row.net, -row.waived)
        assert [tax.amount for tax in mirrored.taxes] == [-tax.amount for tax in row.taxes]
        assert (mirrored.entitlement, mirrored.entitled_tax, mirrored.withheld) == (
            -row.entitlement,
            -row.entitled_tax,
            -row.withheld,
        )
        assert (mirrored.settled, mirrored.listed, mirrored.of) == (row.settled, row.listed, row.of)
        assert (mirrored.basis_points or 0) == -(row.basis_points or 0)
    assert (back.total, back.bonus, back.bonus_shop) == (-plan.total, -plan.bonus, -plan.bonus_shop)
    assert [leg.amount_minor for leg in back.legs] == [-leg.amount_minor for leg in plan.legs]
    assert [tax.amount for tax in back.taxes] == [-tax.amount for tax in plan.taxes]
    assert back.credited == LedgerCredit(BonusTerm(bp=500), -plan.total)
    assert (back.hash, back.reversal, plan.reversal) == (f"reversed:{plan.hash}", True, False)


def test_a_reversal_taken_back_is_the_plan_and_the_ledger_is_where_it_was() -> None:
    before = booked(
        a_ledger(ORDER), quote(ORDER, a_ledger(ORDER), RefundRequest((RequestedLine("B", (UnitRange(1, 1),)),)), TERMS)
    )
    plan = a_plan(before)
    after = booked(booked(before, plan), reverse(plan))

    assert reverse(reverse(plan)) == plan
    assert canonical(after) == canonical(before)
    assert after.sequence == before.sequence + 2
    assert after.paid_back == before.paid_back
    assert (after.tenders, after.credited) == (before.tenders, before.credited)
    assert booked(after, plan).paid_back == before.paid_back + plan.total


def test_what_nothing_paid_for_is_taken_back_as_nothing() -> None:
    credit = Tender("c", TenderKind.STORE_CREDIT, "store_credit", 1_000, 0, 0, 0, PLACED, bonus=100)
    order = an_order(a_line("A", gross=3_000))
    plan = quote(
        order, Ledger(tenders=(credit,)), RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),)), RefundTerms()
    )
    billed = replace(plan, billed=both(5), credited=None)

    assert (reverse(plan).unallocated, reverse(plan).legs[0].bonus_minor) == (-2_000, -100)
    assert (reverse(billed).billed, reverse(billed).credited) == (both(-5), None)


def test_the_fees_of_a_plan_are_taken_back_with_it() -> None:
    fee = LedgerFee(FeeTerm(), both(100), both(120), (("A", 2),), 1, both(10), both(3), both(2))

    assert reverse(replace(a_plan(), fees=(fee,))).fees == (
        LedgerFee(FeeTerm(), both(-100), both(-120), (("A", -2),), -1, both(-10), both(-3), both(-2)),
    )


# --- booked ---


def test_a_booked_plan_moves_its_lines_charges_tenders_and_the_order() -> None:
    plan = a_plan()

    ledger = booked(replace(a_ledger(ORDER), sequence=4), plan)

    (line,) = ledger.lines
    units, goodwill = plan.rows[0], plan.rows[1]
    assert line.paid_units == ((1, 1), (3, 3))
    assert line.paid == units.payable + goodwill.payable == both(5_500)
    assert line.taxes_paid == (a_tax(799 + 79),)
    assert (line.withheld, line.granted_bp) == (both(1_666), 500)
    assert [(charge.charge_ref, charge.paid) for charge in ledger.charges] == [("S1", both(635))]
    assert ledger.tenders[0].reserved == plan.legs[0].amount_minor == plan.total.presentment
    assert (ledger.sequence, ledger.paid_back, ledger.taxes_paid_back) == (5, plan.total, plan.taxes)


def test_a_rounding_of_the_platform_is_booked_where_its_row_is() -> None:
    plan = a_plan()
    rounding = Row(RowKind.PLATFORM_ROUNDING, "S1", both(-1), both(-1))
    of_line = Row(RowKind.PLATFORM_ROUNDING, "A", both(1), both(2), (a_tax(-1),))

    ledger = booked(a_ledger(ORDER), replace(plan, adjustments=(*plan.adjustments, rounding, of_line)))

    assert ledger.charges[0].paid == both(634)
    assert (ledger.lines[0].paid, ledger.lines[0].taxes_paid) == (both(5_501), (a_tax(877),))


# --- units ---


def test_units_are_joined_counted_and_taken_from_each_other() -> None:
    assert merged([(4, 4), (1, 2), (3, 3), (7, 9), (8, 8), (8, 10)]) == ((1, 4), (7, 10))
    assert merged([(1, 1), (3, 3)]) == ((1, 1), (3, 3))
    assert merged([]) == ()
    assert (count(((1, 4), (7, 10))), count(())) == (8, 0)
    assert complement(10, ((1, 2), (5, 5))) == ((3, 4), (6, 10))
    assert complement(10, ((9, 10), (2, 3), (2, 4))) == ((1, 1), (5, 8))
    assert (complement(3, ((1, 3),)), complement(3, ())) == ((), ((1, 3),))
    assert without(((1, 5), (8, 9)), ((2, 3), (9, 12))) == ((1, 1), (4, 5), (8, 8))
    assert without(((1, 5),), ((1, 5),)) == ()
    assert without(((1, 5),), ((7, 8),)) == ((1, 5),)
    assert without(((4, 5),), ((1, 2),)) == ((4, 5),)


# --- kept by an earlier release ---


def kept() -> Plan:
    return msgspec.convert(msgspec.json.decode(KEPT.read_bytes()), Plan)  # as a row of the database is read


def test_a_plan_kept_by_the_first_release_still_reads_as_it_was() -> None:
    plan = kept()

    assert (plan.maths_version, plan.total, plan.bonus) == (1, both(5_435), 0)
    assert [(row.kind, row.payable.presentment) for row in (*plan.rows, *plan.adjustments)] == [
        (RowKind.UNITS, 6_667),
        (RowKind.REJECTED_UNITS, 0),
        (RowKind.SHIPPING, 635),
        (RowKind.DAMAGE, -1_334),
        (RowKind.RESTOCKING_FEE, -533),
    ]
    assert (plan.fees, plan.credited, plan.reversal, plan.bonus_shop) == ((), None, False, 0)
    assert sum(row.amount.presentment for row in explain(plan) if row.adds) == 5_435
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def test_a_plan_kept_before_a_rule_s_waiver_was_a_fee_of_its_own_still_reads_and_counts() -> None:
    plan = msgspec.convert(msgspec.json.decode((KEPT.parent / "plan_of_version_2.json").read_bytes()), Plan)
    fees = [fee for fee in plan.fees if fee.term.kind is FeeKind.RETURN]

    assert (plan.maths_version, [fee.term.exempt for fee in fees], fees[0].waived) == (2, [False], both(50))
    ledger = of_this_return(booked(a_ledger(ORDER), replace(plan, fees=())), [plan])
    later = quote(ORDER, ledger, RefundRequest((RequestedLine("B", (UnitRange(1, 1),)),)), replace(TERMS, waivers=()))
    assert not [row for row in later.adjustments if row.kind is RowKind.RETURN_FEE]


def test_a_plan_of_today_reads_back_from_where_it_is_kept() -> None:
    plan = replace(a_plan(), credited=LedgerCredit(BonusTerm(bp=1), both(1)))

    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
    assert plan.maths_version == 4


def test_a_plan_of_the_first_release_can_be_compared_with_one_of_today() -> None:
    changed = difference([kept()], [a_plan()])

    total = NOTHING
    for part in changed:
        total += part.amount
    assert total == a_plan().total - kept().total


@pytest.mark.parametrize(("bp", "later"), [(None, [-157]), (1_000, [-690])])
def test_a_fixed_fee_that_an_earlier_release_charged_counts_for_its_return(bp: int | None, later: list[int]) -> None:
    old = kept()
    fee = replace(old.adjustments[1], basis_points=bp)
    old = replace(old, adjustments=(old.adjustments[0], fee))
    ledger = of_this_return(a_ledger(ORDER), [old])

    terms = RefundTerms(fees=(FeeTerm(fixed_minor=690, per=FeePer.RETURN),))
    plan = quote(ORDER, ledger, RefundRequest((RequestedLine("A", (UnitRange(3, 3),)),)), terms)

    assert [row.payable.presentment for row in plan.adjustments] == later
    assert of_this_return(a_ledger(ORDER), [replace(old, maths_version=2)]).fees == ()
    assert ledger.paid_back == Sides(0, 0)
