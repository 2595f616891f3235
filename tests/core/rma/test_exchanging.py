"""A return whose exchange Retour carries out itself waits for the shopper or a person, never for a report."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retour.core.rma import Decision, Return, SettlementState, blocked_by, next_steps
from retour.core.rma.axes import Axis, Fill, Standing, Tone, axes
from retour.core.rma.exchange import ExchangeState, ExchangeView
from tests.core.rma import builders as b

S = ExchangeState
SINCE = b.INSPECTED_AT + timedelta(minutes=5)
PAY_BY = SINCE + timedelta(days=7)


def a_return(new: ExchangeView | None, *more: object) -> Return:
    settlements = tuple(
        b.a_settlement(n, SettlementState.HANDED_OVER, resolution="exchange", handed_to="merchant", exchange=view)
        for n, view in enumerate((new, *more), start=1)
    )  # fmt: skip
    line = b.a_line(inspected=1, verdicts={"restocked": True})
    return b.an_inspected_return(
        line, settlements=settlements, effects=(b.opened("L1/1", "L2/1", "L3/1"), b.processed())
    )


def waits_for(ret: Return) -> tuple[str, str] | None:
    found = blocked_by(ret, b.a_store(), next_steps(ret, b.an_order(), b.a_store()), now=b.NOW)
    return (found.actor, found.code) if found else None


def test_an_unpaid_difference_waits_for_the_shopper_with_its_amount_and_day() -> None:
    ret = a_return(ExchangeView(S.UNPAID, SINCE, collect_minor=5_141, expires_at=PAY_BY))

    found = blocked_by(ret, b.a_store(), next_steps(ret, b.an_order(), b.a_store()), now=b.NOW)

    assert found is not None
    assert (found.actor, found.code, found.since) == ("shopper", "exchange_unpaid", SINCE)
    assert found.evidence == {
        "settlement": str(ret.settlements[0].id), "amount_minor": "5141", "pay_by": PAY_BY.isoformat(),
    }  # fmt: skip


def test_without_an_end_no_day_is_told() -> None:
    ret = a_return(ExchangeView(S.UNPAID, SINCE, collect_minor=1))

    found = blocked_by(ret, b.a_store(), next_steps(ret, b.an_order(), b.a_store()), now=b.NOW)

    assert found is not None
    assert "pay_by" not in found.evidence


def test_a_stuck_order_waits_for_an_agent_with_its_problem() -> None:
    ret = a_return(ExchangeView(S.STUCK, SINCE, problem="out_of_stock"))

    found = blocked_by(ret, b.a_store(), next_steps(ret, b.an_order(), b.a_store()), now=b.NOW)

    assert found is not None
    assert (found.actor, found.code, found.evidence["problem"]) == ("agent", "exchange_stuck", "out_of_stock")


@pytest.mark.parametrize("state", list(S))
def test_nobody_is_asked_to_report_what_retour_still_carries_out(state: ExchangeState) -> None:
    view = ExchangeView(state, SINCE, problem="x", collect_minor=1)
    expected = {
        S.UNPAID: ("shopper", "exchange_unpaid"), S.STUCK: ("agent", "exchange_stuck"),
        S.DROPPING: ("platform", "effect_in_flight"),
    }  # fmt: skip
    at_rest = state in (S.MADE, S.CANCELLED, S.BY_HAND)

    wanted = ("finance", "awaiting_payout") if at_rest else expected.get(state, ("retour", "work_in_progress"))
    assert waits_for(a_return(view)) == wanted


def test_a_closed_return_tells_since_when_its_new_order_is_being_taken_back() -> None:
    view = ExchangeView(S.DROPPING, SINCE)
    settled = b.a_settlement(1, SettlementState.SETTLED, resolution="exchange", handed_to="merchant", exchange=view)
    ret = a_return(None)
    closed = replace(
        ret, settlements=(settled,), lines=tuple(replace(one, decision=Decision.CANCELLED) for one in ret.lines)
    )

    found = blocked_by(closed, b.a_store(), next_steps(closed, b.an_order(), b.a_store()), now=b.NOW)

    assert found is not None
    assert (found.actor, found.code, found.since) == ("platform", "effect_in_flight", SINCE)


def test_what_somebody_else_carries_out_is_still_asked_for_beside_it() -> None:
    working = ExchangeView(S.DRAFTING, SINCE)

    assert waits_for(a_return(working, None)) == ("finance", "awaiting_payout")


@pytest.mark.parametrize(("code", "tone"), [("exchange_unpaid", Tone.MOVING), ("exchange_stuck", Tone.NEEDS_YOU)])
def test_the_money_axis_says_so(code: str, tone: Tone) -> None:
    ret = a_return(ExchangeView(S.UNPAID, SINCE))
    stands = Standing(ret.status, "agent", code, 0, None, None, b.RECEIVED_AT, b.INSPECTED_AT, ())

    assert axes(stands).money == Axis(code, Fill.HALF, tone)
