"""What time alone does to a return: deadlines run for what the shopper has still to do, reminders come before."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from retour.core.rma import (
    Deadline,
    Decision,
    Patience,
    Question,
    Return,
    Turn,
    deadline,
    expiring,
    next_turn,
    sends_by,
    turn_due,
)
from retour.core.rma.deadline import Because
from tests.core.rma import builders as b

D = Decision
DAY = timedelta(days=1)
END = b.REQUESTED_AT + 10 * DAY
PATIENT = Patience(unsent_days=10, unanswered_days=3, remind_days=(7, 2))
LINE = replace(b.a_line(), decided_at=b.DECIDED_AT)


def unsent(**different: object) -> Return:
    """Return an approved return that waits for its parcel until END."""
    return replace(b.a_return(LINE, send_by=END, patience=PATIENT), **different)  # type: ignore[arg-type]


def asked(**different: object) -> Return:
    """Return a requested return whose shopper was asked something and has until END."""
    question = replace(Question(b.uid(9), b.REQUESTED_AT, END), **different)  # type: ignore[arg-type]
    return b.a_return(b.a_line(decision=D.REQUESTED), asked=question, patience=PATIENT)


def test_an_approved_return_is_to_be_sent_so_many_days_after_its_last_decision() -> None:
    later = replace(b.a_line(2), decided_at=b.DECIDED_AT + DAY)

    assert sends_by(b.a_return(LINE, later, patience=PATIENT)) == b.DECIDED_AT + 11 * DAY
    assert sends_by(b.a_return(patience=PATIENT)) == b.REQUESTED_AT + 10 * DAY


@pytest.mark.parametrize(
    "ret",
    [
        b.a_return(LINE),
        unsent(in_transit_at=b.SCANNED_AT),
        unsent(delivered_at=b.DELIVERED_AT),
        unsent(received_at=b.RECEIVED_AT),
        unsent(lines=(replace(LINE, resolution="keep_item"),)),
        unsent(lines=(LINE, b.a_line(2, decision=D.REQUESTED))),
        unsent(lines=(b.a_line(decision=D.CANCELLED),)),
        unsent(lines=(b.a_line(inspected=1),)),
    ],
)
def test_nothing_is_to_be_sent_where_nothing_limits_it_or_nothing_is_missing(ret: Return) -> None:
    assert sends_by(ret) is None
    assert deadline(ret) is None
    assert next_turn(ret) is None
    assert turn_due(ret, now=END + DAY) is None


def test_a_deadline_says_why_and_since_when() -> None:
    assert deadline(unsent()) == Deadline(Because.NOT_SENT, END, b.DECIDED_AT)
    assert deadline(asked()) == Deadline(Because.NOT_ANSWERED, END, b.REQUESTED_AT)


@pytest.mark.parametrize("ret", [replace(unsent(), held=True), replace(asked(), held=True), asked(answer_by=None)])
def test_none_runs_while_the_return_is_held_or_nobody_set_one(ret: Return) -> None:
    assert deadline(ret) is None
    assert turn_due(ret, now=END + DAY) is None
    assert next_turn(ret) is None


@pytest.mark.parametrize(
    ("days_before", "turn"), [(8, None), (7, Turn.REMIND), (3, Turn.REMIND), (0, Turn.EXPIRE), (-1, Turn.EXPIRE)]
)
@pytest.mark.parametrize("ret", [unsent(), asked()])
def test_reminders_come_before_the_end(ret: Return, days_before: int, turn: Turn | None) -> None:
    assert turn_due(ret, now=END - days_before * DAY) is turn


@pytest.mark.parametrize(
    ("reminded", "next_at", "now_due"),
    [
        (None, END - 7 * DAY, Turn.REMIND),
        (END - 7 * DAY, END - 2 * DAY, None),
        (END - 2 * DAY, END, None),
    ],
)
def test_each_reminder_goes_out_once_and_of_several_missed_only_the_last(
    reminded: datetime | None, next_at: datetime, now_due: Turn | None
) -> None:
    for ret in (unsent(reminded_at=reminded), asked(reminded_at=reminded)):
        assert next_turn(ret) == next_at
        assert turn_due(ret, now=max(END - 7 * DAY, reminded or END - 7 * DAY)) is now_due


def test_a_reminder_that_would_come_with_the_beginning_is_none() -> None:
    short = unsent(send_by=b.DECIDED_AT + 5 * DAY)

    assert next_turn(short) == b.DECIDED_AT + 3 * DAY
    assert turn_due(short, now=b.DECIDED_AT + DAY) is None


def test_what_expires_is_what_waits() -> None:
    kept, rejected = replace(b.a_line(2), resolution="keep_item"), b.a_line(3, decision=D.REJECTED)
    undecided = b.a_line(2, decision=D.REQUESTED)

    assert expiring(unsent(lines=(LINE, kept, rejected))) == (LINE,)
    assert expiring(replace(asked(), lines=(LINE, undecided))) == (undecided,)


def test_of_reopened_lines_only_those_expire_of_which_nothing_came_and_nothing_was_paid() -> None:
    nothing = b.a_line(2, decision=D.REOPENED)
    here = replace(b.a_line(3, decision=D.REOPENED), received=((1, 1),))
    paid = b.a_paid_return()
    out = replace(paid.lines[0], decision=D.REOPENED, received=())

    assert expiring(replace(asked(), lines=(nothing, here))) == (nothing,)
    assert expiring(replace(asked(), lines=(out,), settlements=paid.settlements)) == ()
    assert expiring(replace(asked(), lines=(out,), settlements=())) == (out,)
