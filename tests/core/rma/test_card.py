"""The card that an instant exchange stands on: whom a return waits for once it refuses."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from retour.core.rma import NO_STEPS, Decision, Return, blocked_by
from retour.core.rma.deadline import deadline
from retour.core.rma.hold import HoldState, HoldView, Owes
from tests.core.rma import builders as b

S = HoldState
SINCE = b.DECIDED_AT + timedelta(days=3)
LAPSES = SINCE + timedelta(days=1)


def on_a_card(decision: Decision = Decision.APPROVED, **card: Any) -> Return:
    return b.a_return(b.a_line(decision=decision), card=HoldView(since=SINCE, amount_minor=1999, **card))


def waits(ret: Return) -> tuple[str, str, dict[str, object]] | None:
    found = blocked_by(ret, b.a_store(), NO_STEPS, now=b.NOW)
    return None if found is None else (found.actor, found.code, dict(found.evidence))


@pytest.mark.parametrize("state", [state for state in S if state not in (S.DUNNING, S.FAILED)])
def test_a_card_that_did_not_refuse_holds_nothing_up(state: HoldState) -> None:
    assert waits(on_a_card(state=state)) == waits(b.a_return(b.a_line()))
    assert waits(on_a_card(Decision.RESOLVED, state=state)) is None


def test_a_card_that_refused_is_confirmed_anew_or_the_amount_is_paid_by_the_shopper() -> None:
    confirms = on_a_card(state=S.DUNNING, owes=Owes.CONFIRM, problem="card_declined", lapses_at=LAPSES)
    pays = on_a_card(state=S.DUNNING, owes=Owes.PAY, owed_minor=600, problem="expired_card", lapses_at=LAPSES)
    said = {"amount_minor": "1999", "problem": "card_declined", "owes": "confirm", "held_until": LAPSES.isoformat()}

    assert waits(confirms) == ("shopper", "card_refused", said)
    assert waits(pays) == ("shopper", "card_refused", {"amount_minor": "600", "problem": "expired_card", "owes": "pay"})


def test_when_nobody_answers_a_person_decides_even_once_the_return_is_closed() -> None:
    said = {"amount_minor": "1999", "problem": None, "owes": None}

    for decision in (Decision.APPROVED, Decision.RESOLVED):
        assert waits(on_a_card(decision, state=S.FAILED)) == ("agent", "card_failed", said)


def test_what_is_here_and_uninspected_comes_before_the_card() -> None:
    line = b.a_line(received=1)
    ret = b.a_return(line, card=HoldView(S.FAILED, SINCE, 1999), received_at=b.NOW)

    found = waits(ret)
    assert found is not None
    assert found[:2] == ("warehouse", "awaiting_inspection")


def test_the_day_the_shopper_was_told_comes_before_the_shops_own_deadline() -> None:
    unsent = b.a_return(b.a_line(), send_by=SINCE + timedelta(days=4))
    told = SINCE + timedelta(days=11)

    def until(state: HoldState, send_by: datetime | None = told) -> datetime | None:
        found = deadline(replace(unsent, card=HoldView(state, SINCE, 1999, send_by=send_by)))
        return found and found.at

    assert until(S.AUTHORISED) == told + timedelta(days=1)
    assert until(S.AUTHORISED, None) == until(S.CAPTURED) == SINCE + timedelta(days=4)


def test_nobody_relies_on_a_card_that_refused() -> None:
    assert {state for state in S if HoldView(state, SINCE).is_refused} == {S.DUNNING, S.FAILED}
    assert {state for state in S if not HoldView(state, SINCE).is_open} == {S.CAPTURED, S.RELEASED, S.LAPSED}


def test_money_was_taken_once_a_capture_is_under_way() -> None:
    charged = {state for state in S if HoldView(state, SINCE).is_charged}

    assert charged == {S.CAPTURING, S.CAPTURED}
