"""What was paid before its inspection, compared with what came."""

from dataclasses import replace

import pytest

from retour.core.ahead import PaidAhead, not_deducted, not_here, paid_ahead, worth_of
from retour.core.order import Order
from retour.core.refund import RefundRequest, RefundTerms, RequestedLine, UnitRange, quote
from retour.core.rma import Grade, Moment, Return, SettlementState
from tests.core.builders import a_ledger, an_order
from tests.core.builders import a_line as a_sold_line
from tests.core.rma import builders as b

GONE = {
    SettlementState.DUE, SettlementState.SENDING, SettlementState.PENDING, SettlementState.SETTLED,
    SettlementState.UNKNOWN, SettlementState.HANDED_OVER,
}  # fmt: skip


def the_order() -> Order:
    return an_order(a_sold_line("L1", q=3, gross=1_000))  # 3.33, 3.34, 3.33


def a_return(state: SettlementState = SettlementState.SETTLED, **line: object) -> Return:
    early = b.a_settlement(moment=Moment.RECEIVED, units=(("L1", 1, 3),), state=state)
    return b.a_return(replace(b.a_line(units=3, received=2), **line), settlements=(early,))  # type: ignore[arg-type]


@pytest.mark.parametrize("state", list(SettlementState))
def test_money_that_left_or_is_leaving_was_paid_ahead(state: SettlementState) -> None:
    assert paid_ahead(a_return(state), "L1") == (((1, 3),) if state in GONE else ())
    assert paid_ahead(a_return(state), "L2") == ()


def test_the_settlement_of_an_inspection_is_not_paid_ahead() -> None:
    ret = b.a_return(settlements=(b.a_settlement(state=SettlementState.SETTLED),))

    assert paid_ahead(ret, "L1") == ()


def test_what_is_lost_or_kept_is_not_missed() -> None:
    assert not_here(a_return(received=())) == (("L1", (1, 3)),)
    assert not_here(a_return(received=(), lost_at=b.SCANNED_AT)) == ()
    assert not_here(a_return(received=(), method="nothing")) == ()


def test_each_unit_is_deducted_by_its_own_value_half_up() -> None:
    damaged = b.an_inspection(1, (1, 2), grade=Grade.DAMAGED, deduction_basis_points=5_000)
    refused = b.an_inspection(2, (3, 3), grade=Grade.OPENED, accepted=False)
    ret = a_return(received=((1, 3),), inspections=(damaged, refused))

    assert not_deducted(ret, the_order()) == (
        PaidAhead("L1", 2, Grade.DAMAGED, accepted=True, deduction_bp=5_000, amount_minor=167 + 167),
        PaidAhead("L1", 1, Grade.OPENED, accepted=False, deduction_bp=10_000, amount_minor=333),
    )


def test_a_sound_unit_is_worth_what_was_paid() -> None:
    assert not_deducted(a_return(inspections=(b.an_inspection(1, (1, 1)),)), the_order()) == ()


def test_a_line_that_the_order_lost_is_worth_nothing() -> None:
    ret = a_return(inspections=(b.an_inspection(1, (1, 1), accepted=False),))

    assert not_deducted(ret, an_order(a_sold_line("other"))) == ()


def test_units_that_are_not_here_are_those_claimed_paid_and_not_received() -> None:
    ret = a_return()

    assert not_here(ret) == (("L1", (3, 3)),)
    assert worth_of(the_order(), not_here(ret)) == 333
    assert not_here(a_return(claimed=((1, 2),))) == ()


def test_a_verdict_that_the_payment_knew_of_is_no_difference() -> None:
    damaged = b.an_inspection(1, (1, 1), grade=Grade.DAMAGED, deduction_basis_points=5_000)
    refused = b.an_inspection(2, (2, 2), accepted=False)
    later = b.an_inspection(3, (3, 3), accepted=False)
    order = the_order()
    asked = RequestedLine("L1", (UnitRange(1, 1, deduction_bp=5_000), UnitRange(2, 2, accepted=False), UnitRange(3, 3)))
    plan = quote(order, a_ledger(order), RefundRequest((asked,), clamp=True), RefundTerms())
    ret = a_return(received=((1, 3),), inspections=(damaged, refused, later))

    assert [(p.units, p.amount_minor) for p in not_deducted(ret, order, [plan])] == [(1, 333)]
