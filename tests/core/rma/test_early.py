"""Money before the inspection: which units, since when, and what a line still waits for."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from retour.core.effect import EffectKind, EffectState
from retour.core.rma import Decision, Moment, Return, SettlementState, blocked_by, next_steps, shopper_may_cancel
from retour.core.rma.axes import Fill, Standing, Tone, axes
from retour.core.rma.early import came_at, early_units, is_void
from retour.core.rma.exchange import ExchangeState, ExchangeView
from retour.core.rma.state import SETTLED, common
from tests.core.rma import builders as b

EARLY = [moment for moment in Moment if moment is not Moment.INSPECTED]
TIMES = {
    Moment.APPROVED: b.DECIDED_AT,
    Moment.FIRST_SCAN: b.SCANNED_AT,
    Moment.DELIVERED: b.DELIVERED_AT,
    Moment.RECEIVED: b.RECEIVED_AT,
}
OPENED = b.opened("L1/1", "L2/1", "L3/1")


def an_early_line(moment: Moment, units: int = 2, **more: Any) -> Any:
    return b.a_line(units=units, settle_on=moment, decided_at=b.DECIDED_AT, **more)


def an_early_settlement(*units: tuple[str, int, int], **more: Any) -> Any:
    return b.a_settlement(**{"moment": Moment.RECEIVED, "units": units or (("L1", 1, 2),), **more})


def found(ret: Return) -> list[tuple[str, tuple[tuple[int, int], ...], datetime]]:
    return [(e.line_ref, e.spans, e.not_before) for e in early_units(ret)]


def a_return_at(moment: Moment, at: Moment | None, **more: Any) -> Return:
    """Return a return whose line settles on `moment` and at which everything up to `at` has happened."""
    reached = EARLY_ORDER[: EARLY_ORDER.index(at) + 1] if at else []
    arrived = Moment.RECEIVED in reached
    line = an_early_line(moment, received=2 if arrived else 0, arrived_at=b.RECEIVED_AT if arrived else None, **more)
    return b.a_return(
        line,
        in_transit_at=b.SCANNED_AT if Moment.FIRST_SCAN in reached else None,
        delivered_at=b.DELIVERED_AT if Moment.DELIVERED in reached else None,
        received_at=b.RECEIVED_AT if arrived else None,
    )


EARLY_ORDER = [Moment.APPROVED, Moment.FIRST_SCAN, Moment.DELIVERED, Moment.RECEIVED]


@pytest.mark.parametrize(("moment", "at"), list(product(Moment, [None, *EARLY_ORDER])))
def test_every_moment_at_every_station(moment: Moment, at: Moment | None) -> None:
    ret = a_return_at(moment, at)
    came = moment is Moment.APPROVED or (at is not None and moment in EARLY_ORDER[: EARLY_ORDER.index(at) + 1])

    expected = [("L1", ((1, 2),), TIMES[moment])] if moment is not Moment.INSPECTED and came else []

    assert found(ret) == expected
    assert len(next_steps(ret, b.an_order(), b.a_store()).quote) == len(expected)


@pytest.mark.parametrize("moment", EARLY)
@pytest.mark.parametrize("decision", list(Decision))
def test_only_an_approved_line_is_paid_before(moment: Moment, decision: Decision) -> None:
    ret = a_return_at(moment, Moment.RECEIVED, decision=decision)

    assert bool(found(ret)) == (decision is Decision.APPROVED)


def test_hours_are_counted_from_the_moment() -> None:
    ret = a_return_at(Moment.FIRST_SCAN, Moment.DELIVERED, settle_after_hours=48)

    assert found(ret) == [("L1", ((1, 2),), b.SCANNED_AT + timedelta(hours=48))]


@pytest.mark.parametrize("moment", [Moment.FIRST_SCAN, Moment.DELIVERED])
def test_goods_that_nobody_scanned_are_paid_when_they_are_here_and_only_those(moment: Moment) -> None:
    line = an_early_line(moment, units=3, received=1, arrived_at=b.RECEIVED_AT)

    assert found(b.a_return(line)) == [("L1", ((1, 1),), b.RECEIVED_AT)]


def test_a_delivery_counts_as_a_scan() -> None:
    ret = b.a_return(an_early_line(Moment.FIRST_SCAN), delivered_at=b.DELIVERED_AT)

    assert found(ret) == [("L1", ((1, 2),), b.DELIVERED_AT)]


def test_what_a_settlement_answers_for_or_somebody_judged_is_not_quoted_again() -> None:
    line = an_early_line(Moment.RECEIVED, units=4, inspected=1, arrived_at=b.RECEIVED_AT)
    line = replace(line, received=((1, 3),))

    ret = b.a_return(line, settlements=(an_early_settlement(("L1", 2, 2), ("L2", 3, 3)),))

    assert found(ret) == [("L1", ((3, 3),), b.RECEIVED_AT)]


def test_a_held_return_quotes_nothing() -> None:
    assert next_steps(replace(a_return_at(Moment.APPROVED, None), held=True), b.an_order(), b.a_store()).quote == ()


def test_no_moment_has_come_before_the_decision() -> None:
    assert came_at(b.a_return(), b.a_line(settle_on=Moment.APPROVED)) is None


# --- what is paid -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(EffectState))
def test_money_before_the_goods_waits_for_the_platforms_own_return(state: EffectState) -> None:
    opened = (
        b.opened("L1/1", state=state)
        if state is EffectState.CONFIRMED
        else b.an_effect(EffectKind.OPEN_RETURN, b.OPEN, state)
    )
    ret = b.a_return(an_early_line(Moment.APPROVED), settlements=(an_early_settlement(),), effects=(opened,))

    expected = (b.uid(701),) if state is EffectState.CONFIRMED else ()

    assert next_steps(ret, b.an_order(), b.a_store()).settle == expected


def test_money_before_the_goods_waits_for_nothing_on_a_platform_without_returns() -> None:
    ret = b.a_return(an_early_line(Moment.APPROVED), settlements=(an_early_settlement(),))

    assert next_steps(ret, b.an_order(), b.a_bare_store()).settle == (b.uid(701),)
    assert next_steps(ret, b.an_order(), b.a_store()).settle == ()


@pytest.mark.parametrize("state", list(SettlementState))
def test_a_line_paid_before_is_done_once_it_is_inspected_and_its_money_settled(state: SettlementState) -> None:
    line = replace(b.a_line(inspected=1, verdicts={"restocked": True}), settle_on=Moment.RECEIVED)
    early = an_early_settlement(("L1", 1, 1), state=state, batch_id=b.uid(900))
    ret = b.an_inspected_return(line, effects=(OPENED, b.processed()), settlements=(early,))

    steps = next_steps(ret, b.an_order(), b.a_store())

    # A settlement that was given up answers for no unit: what is here is owed anew.
    assert (line.id in steps.resolve) == (state in SETTLED - {SettlementState.REVERSED})


def test_units_paid_before_owe_no_settlement_of_their_inspection_but_others_of_the_line_do() -> None:
    line = replace(b.a_line(units=2, inspected=2, verdicts={"restocked": True}), settle_on=Moment.RECEIVED)
    early = an_early_settlement(("L1", 1, 1), state=SettlementState.SETTLED, batch_id=b.uid(900))
    ret = b.an_inspected_return(line, effects=(OPENED, b.processed()), settlements=(early,))

    assert next_steps(ret, b.an_order(), b.a_store()).resolve == ()


# --- what is given up ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(SettlementState))
def test_a_settlement_of_units_that_nobody_returns_any_more_is_void_while_nothing_is_paid(
    state: SettlementState,
) -> None:
    given_up = an_early_line(Moment.APPROVED, claimed=(), decision=Decision.CANCELLED)
    ret = b.a_return(given_up, settlements=(an_early_settlement(state=state),), effects=(OPENED,))

    steps = next_steps(ret, b.an_order(), b.a_store())

    assert steps.void == ((b.uid(701),) if state is SettlementState.QUOTED else ())
    assert steps.settle == ()


def test_a_settlement_is_not_void_while_one_of_its_units_is_claimed() -> None:
    ret = b.a_return(an_early_line(Moment.APPROVED, claimed=((2, 2),)), settlements=(an_early_settlement(),))

    assert not is_void(ret, ret.settlements[0])
    assert not is_void(ret, b.a_settlement())


def test_a_settlement_of_what_came_is_not_void_though_the_rest_of_the_order_line_was_lost_in_a_line_of_its_own() -> (
    None
):
    came = an_early_line(Moment.APPROVED, claimed=((1, 2),))
    rest = replace(came, id=b.uid(99), claimed=((3, 3),), lost_at=b.NOW)
    ret = b.a_return(came, rest, settlements=(an_early_settlement(),))

    assert not is_void(ret, ret.settlements[0])


def test_units_of_two_sets_of_spans() -> None:
    assert common(((1, 4), (7, 9)), ((3, 8),)) == ((3, 4), (7, 8))


# --- whom it waits for ----------------------------------------------------------------------------------------------------


def waits(ret: Return, store: Any = None) -> tuple[str, str] | None:
    store = store or b.a_store()
    found = blocked_by(ret, store, next_steps(ret, b.an_order(), store), now=b.NOW)
    return None if found is None else (found.actor, found.code)


def test_a_request_that_the_policy_approves_later_waits_for_the_time_until_somebody_reviews_it() -> None:
    line = b.a_line(decision=Decision.REQUESTED)
    ret = b.a_return(line, approve_at=b.NOW + timedelta(hours=1))

    assert waits(ret) == ("retour", "approves_later")
    assert waits(replace(ret, approve_at=None)) == ("agent", "decision_needed")
    reviewed = replace(ret, lines=(replace(line, decision=Decision.IN_REVIEW),))
    assert waits(reviewed) == ("agent", "decision_needed")
    assert waits(replace(ret, held=True)) == ("agent", "held")


def test_a_payment_that_waits_for_its_time_says_so() -> None:
    line = b.a_line(inspected=1, verdicts={"restocked": True})
    later = b.a_settlement(not_before=b.NOW + timedelta(hours=1))
    ret = b.an_inspected_return(line, effects=(OPENED, b.processed()), settlements=(later,))

    assert waits(ret) == ("retour", "settles_later")
    due = replace(ret, settlements=(replace(later, not_before=b.NOW),))
    assert waits(due) == ("retour", "work_in_progress")


def test_a_request_approved_later_moves_and_needs_nobody() -> None:
    at = Standing(Decision.REQUESTED, "retour", "approves_later", 0, None, None, None, None)

    assert axes(at).decision.tone is Tone.MOVING
    assert axes(at).decision.fill is Fill.HALF


@pytest.mark.parametrize("state", list(SettlementState))
def test_a_shopper_cancels_nothing_that_is_paid_or_about_to_be(state: SettlementState) -> None:
    ret = b.a_return(an_early_line(Moment.APPROVED), settlements=(an_early_settlement(state=state),))

    assert shopper_may_cancel(ret) == (state in (SettlementState.QUOTED, SettlementState.REVERSED))


def taken_back(early: bool, **more: Any) -> Any:
    """Return an exchange whose new order was taken back: of the first inspected batch, or from before it."""
    view = ExchangeView(ExchangeState.CANCELLED, b.DECIDED_AT)
    units: dict[str, Any] = (
        {"units": (("L1", 1, 1),), "moment": Moment.APPROVED, "batch_id": b.uid(900)} if early else {}
    )
    return b.a_settlement(
        state=SettlementState.REVERSED, exchange=view, resolution="exchange", total_minor=0, **units, **more
    )


@pytest.mark.parametrize("early", [True, False])
def test_goods_whose_exchange_was_taken_back_are_owed_anew_once_they_are_approved_again(early: bool) -> None:
    line = replace(b.a_line(units=1, inspected=1, verdicts={"restocked": True}), resolution="exchange")
    line = replace(line, decided_at=b.DECIDED_AT)
    ret = b.an_inspected_return(line, effects=(OPENED, b.processed()), settlements=(taken_back(early),))

    steps = next_steps(ret, b.an_order(), b.a_store())

    assert [(e.line_ref, e.spans, e.moment, e.not_before) for e in steps.quote] == [
        ("L1", ((1, 1),), Moment.RECEIVED, b.DECIDED_AT)
    ]
    assert steps.resolve == ()
    anew = b.a_settlement(2, units=(("L1", 1, 1),), moment=Moment.RECEIVED, resolution="exchange")
    assert next_steps(replace(ret, settlements=(*ret.settlements, anew)), b.an_order(), b.a_store()).quote == ()


@pytest.mark.parametrize("how", ["rejected", "not accepted", "paid otherwise", "another resolution"])
def test_goods_whose_exchange_was_taken_back_are_not_owed_where_they_are_paid_or_refused(how: str) -> None:
    line = replace(b.a_line(units=1, inspected=1), resolution="exchange")
    settlements = [taken_back(early=False)]
    if how == "rejected":
        line = replace(line, decision=Decision.REJECTED)
    elif how == "not accepted":
        line = replace(line, inspections=tuple(replace(i, accepted=False) for i in line.inspections))
    else:  # a second settlement of the same batch: of this line's resolution, or of another line's
        resolution = "exchange" if how == "paid otherwise" else "refund_original"
        settlements.append(b.a_settlement(2, batch_id=b.batch(1), state=SettlementState.SETTLED, resolution=resolution))
    ret = b.an_inspected_return(line, settlements=tuple(settlements))

    assert bool(list(early_units(ret))) == (how == "another resolution")


@pytest.mark.parametrize("moment", list(Moment))
def test_lost_goods_are_due_at_once_whatever_the_policy_waits_for(moment: Moment) -> None:
    line = an_early_line(moment, settle_after_hours=48, lost_at=b.SCANNED_AT)

    (due,) = early_units(b.a_return(line))

    assert (due.spans, due.moment, due.not_before) == (((1, 2),), Moment.RECEIVED, b.SCANNED_AT)
    assert line.kept
