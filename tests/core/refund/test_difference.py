"""Why another amount is paid than was promised: every minor unit has a reason, and the reasons sum exactly."""

from dataclasses import replace

import pytest

from retour.core.money import NOTHING, Sides
from retour.core.order import ChargeKind, DiscountShare, Order
from retour.core.refund import (
    Because,
    Changed,
    ChargeMode,
    FeeKind,
    FeeTerm,
    Goodwill,
    Ledger,
    LedgerLine,
    MoneyStep,
    Override,
    Plan,
    PromotionMode,
    PromotionTerm,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    Row,
    RowKind,
    UnitRange,
    booked,
    difference,
    quote,
)
from tests.core.builders import a_charge, a_ledger, a_line, an_order, both

ORDER = an_order(a_line("A", q=3, gross=1000), a_line("B", gross=2000), charges=(a_charge("S1", gross=500),))


def asking(ref: str, lo: int, hi: int, **more: object) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi, **more),))  # type: ignore[arg-type]


def plan(
    *lines: RequestedLine,
    terms: RefundTerms | None = None,
    ledger: Ledger | None = None,
    order: Order = ORDER,
    clamp: bool = False,
) -> Plan:
    return quote(order, ledger or a_ledger(order), RefundRequest(lines, clamp=clamp), terms or RefundTerms())


def why(promised: Plan, *paid: Plan) -> list[tuple[Because, str | None, int]]:
    parts = difference([promised], paid)
    total = NOTHING
    for part in parts:
        total += part.amount
    owed = NOTHING
    for each in paid:
        owed += each.total
    assert total == owed - promised.total
    return [(part.because, part.ref, part.amount.presentment) for part in parts]


def test_nothing_differs_where_the_same_is_paid_at_once_or_in_steps() -> None:
    promised = plan(asking("A", 1, 3))
    first = plan(asking("A", 1, 2))
    second = plan(asking("A", 3, 3), ledger=booked(a_ledger(ORDER), first))

    assert why(promised, promised) == []
    assert why(promised, first, second) == []


def test_units_that_were_refused_or_are_missing_are_told_apart_to_the_cent() -> None:
    promised = plan(asking("A", 1, 3), asking("B", 1, 1))
    paid = plan(RequestedLine("A", (UnitRange(1, 1), UnitRange(2, 2, accepted=False))))

    assert why(promised, paid) == [
        (Because.UNIT_REJECTED, "A", -334),
        (Because.UNIT_MISSING, "A", -333),
        (Because.UNIT_MISSING, "B", -2000),
    ]
    assert difference([promised], [paid])[0] == Changed(Because.UNIT_REJECTED, "A", both(-334), 1)
    assert [part.quantity for part in difference([promised], [paid])] == [1, 1, 1]


def test_a_unit_that_came_in_place_of_another_changes_the_value_by_itself() -> None:
    assert why(plan(asking("A", 1, 1)), plan(asking("A", 2, 3))) == [
        (Because.UNIT_MISSING, "A", -333),
        (Because.UNIT_ADDED, "A", 667),
    ]


def test_units_on_both_sides_of_two_currencies() -> None:
    order = an_order(a_line("A", q=3, gross=Sides(1000, 147_333)), shop_currency="JPY")

    parts = difference([plan(asking("A", 1, 3), order=order)], [plan(asking("A", 1, 2), order=order)])

    assert parts == (Changed(Because.UNIT_MISSING, "A", Sides(-333, -49_111), 1),)


def test_deductions_fees_charges_and_a_share_are_reasons_of_their_own() -> None:
    full = RefundTerms(shipping=ChargeMode.ALL, fees=(FeeTerm(FeeKind.RETURN, fixed_minor=100),))
    promised = plan(asking("A", 1, 1), terms=full)

    worn = plan(asking("A", 1, 1, deduction_bp=2_000), terms=full)
    waived = plan(asking("A", 1, 1), terms=replace(full, fees=(), shipping=ChargeMode.NONE))
    restocked = plan(asking("A", 1, 1), terms=replace(full, fees=(*full.fees, FeeTerm(bp=1_000))))
    part = plan(asking("A", 1, 1), terms=replace(full, share_bp=9_000))

    assert why(promised, worn) == [(Because.GRADE_DEDUCTION, "A", -67)]
    assert why(promised, waived) == [(Because.CHARGE, "S1", -500), (Because.FEE, "return_fee", 100)]
    assert why(promised, restocked) == [(Because.FEE, "restocking_fee", -33)]
    assert why(promised, part) == [(Because.SHARE, "A", -33)]


def test_a_promotion_that_is_lost_after_all_is_a_reason() -> None:
    lines = (
        replace(a_line("A", gross=9000), list_value=both(10_000), discounts=(DiscountShare("TEN", both(1000)),)),
        a_line("B", gross=5000),
    )
    order = an_order(*lines)
    terms = RefundTerms(promotions=(PromotionTerm("TEN", PromotionMode.CLAWBACK, minimum_minor=12_000),))
    promised = plan(asking("A", 1, 1), asking("B", 1, 1), order=order, terms=terms)

    assert why(promised, plan(asking("B", 1, 1), order=order, terms=terms)) == [
        (Because.UNIT_MISSING, "A", -9000),
        (Because.CLAWBACK, "TEN", -1000),
    ]


def test_what_somebody_paid_meanwhile_and_what_a_person_decided_are_reasons() -> None:
    promised = plan(asking("A", 1, 3))
    paid_before = replace(a_ledger(ORDER), lines=(LedgerLine("A", (), both(400)),), paid_back=both(400))
    by_hand = RequestedLine("A", (UnitRange(1, 3),), Override(700, "agent-7", "worn"), MoneyStep(50, "agent-7", "kind"))

    assert why(promised, plan(asking("A", 1, 3), ledger=paid_before)) == [(Because.ALREADY_PAID, "A", -400)]
    assert why(promised, plan(by_hand)) == [(Because.AMOUNT_BY_HAND, "A", -300), (Because.GOODWILL, "A", 50)]


def test_limits_and_roundings_are_reasons() -> None:
    promised = plan(asking("B", 1, 1))
    little = replace(a_ledger(ORDER), paid_back=both(2000))
    rounding = Row(RowKind.PLATFORM_ROUNDING, "B", both(1), both(1))
    rounded = replace(promised, adjustments=(rounding,), total=both(2001))
    of_order = an_order(a_line("B", gross=2000), charges=(a_charge("R", gross=3, kind=ChargeKind.ORDER_ROUNDING),))

    assert why(promised, plan(asking("B", 1, 1), ledger=little, clamp=True)) == [(Because.CAP, None, -500)]
    assert why(promised, rounded) == [(Because.ROUNDING, "B", 1)]
    assert why(promised, plan(asking("B", 1, 1), order=of_order)) == [(Because.ROUNDING, "R", 3)]


def test_goodwill_on_the_order_is_told_where_it_went() -> None:
    promised = plan(asking("B", 1, 1))
    kind = RefundRequest((asking("B", 1, 1),), goodwill=Goodwill(300, "agent-7", "sorry"))
    paid = quote(ORDER, a_ledger(ORDER), kind, RefundTerms())

    assert why(promised, paid) == [(Because.GOODWILL, "A", 200), (Because.CHARGE, "S1", 100)]


@pytest.mark.parametrize("of", [0, 3])
def test_a_plan_of_an_earlier_release_that_does_not_say_how_many_units_a_line_has(of: int) -> None:
    promised, paid = plan(asking("A", 1, 3)), plan(asking("A", 1, 2))
    old, older = (replace(p, rows=tuple(replace(r, of=of) for r in p.rows)) for p in (promised, paid))

    expected = Because.UNIT_MISSING if of else Because.VALUE_CHANGED
    assert why(old, older) == [(expected, "A", -333)]


def test_a_value_that_another_computation_gives_is_told_as_such() -> None:
    promised = plan(asking("B", 1, 1))
    cheaper = an_order(a_line("A", q=3, gross=1000), a_line("B", gross=1900))

    assert why(promised, plan(asking("B", 1, 1), order=cheaper)) == [(Because.VALUE_CHANGED, "B", -100)]


def test_without_a_promise_everything_is_new_and_without_a_payment_everything_is_missing() -> None:
    paid = plan(asking("B", 1, 1))

    assert difference([], [paid]) == (Changed(Because.UNIT_ADDED, "B", both(2000), 1),)
    assert difference([paid], []) == (Changed(Because.UNIT_MISSING, "B", both(-2000), 1),)
    assert difference([], []) == ()
