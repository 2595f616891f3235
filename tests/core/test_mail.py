"""Mail as the core judges it: every move, what each event mails, and when a try is made again."""

from datetime import UTC, datetime, timedelta

import pytest

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.mail import (
    CODE_SCHEDULE,
    MOVES,
    SCHEDULE,
    Judgement,
    MailKind,
    MailState,
    Move,
    judge,
    kinds_of,
    life_of,
    moved,
)
from retour.core.ports import MailAnswer, MailVerdict

NOW = datetime(2026, 5, 19, 8, 30, tzinfo=UTC)
FAR = NOW + timedelta(hours=72)


@pytest.mark.parametrize("state", list(MailState))
@pytest.mark.parametrize("move", list(Move))
def test_every_move_is_in_the_table_or_refused(state: MailState, move: Move) -> None:
    if (state, move) in MOVES:
        assert moved(state, move) is MOVES[state, move]
        return
    with pytest.raises(Refused) as no:
        moved(state, move)
    assert (no.value.code, no.value.facts) == ("move_not_allowed", {"state": state.value})


def test_what_was_delivered_never_moves_again_and_what_is_unknown_only_by_a_person_or_a_proof() -> None:
    assert {move for state, move in MOVES if state is MailState.DELIVERED} == set()
    assert {move for state, move in MOVES if state is MailState.UNKNOWN} == {Move.AGAIN, Move.DELIVER}


@pytest.mark.parametrize(
    ("told", "data", "kinds"),
    [
        ([EventType.RETURN_REQUESTED], {}, [MailKind.RETURN_REQUESTED]),
        ([EventType.RETURN_REQUESTED, EventType.RETURN_APPROVED], {}, [None, MailKind.RETURN_APPROVED]),
        ([EventType.RETURN_APPROVED, EventType.RETURN_NOTED], {}, [MailKind.RETURN_APPROVED, None]),
        ([EventType.RETURN_REJECTED], {}, [MailKind.RETURN_REJECTED]),
        ([EventType.RETURN_RECEIVED], {}, [MailKind.RETURN_RECEIVED]),
        ([EventType.SETTLEMENT_SETTLED], {"amount_minor": 1}, [MailKind.RETURN_REFUNDED]),
        ([EventType.SETTLEMENT_SETTLED], {"amount_minor": 0}, [None]),
        ([EventType.RETURN_INSPECTED], {}, [None]),
        ([EventType.RETURN_NOTED], {"shown": True}, [MailKind.RETURN_MESSAGE]),
        ([EventType.RETURN_NOTED], {"shown": False}, [None]),
        ([EventType.RETURN_MOVED], {"label_mailed": True}, [MailKind.RETURN_APPROVED]),
        ([EventType.RETURN_MOVED], {"label_mailed": False}, [None]),
        ([], {}, []),
    ],
)
def test_of_what_is_told_in_one_breath_the_shopper_hears_the_last(
    told: list[EventType], data: dict[str, object], kinds: list[MailKind | None]
) -> None:
    assert kinds_of(told, data) == kinds


def judged(
    verdict: MailVerdict,
    *,
    kind: MailKind = MailKind.RETURN_REQUESTED,
    tries: int = 1,
    jitter: int = 0,
    until: datetime = FAR,
) -> Judgement:
    answer = MailAnswer(verdict, 451, "said so")
    return judge(answer, kind=kind, tries=tries, expires_at=until, now=NOW, jitter_permille=jitter)


def test_each_verdict_is_one_move() -> None:
    assert judged(MailVerdict.ACCEPTED) == Judgement(Move.DELIVER, 451)
    assert judged(MailVerdict.UNKNOWN) == Judgement(Move.LOSE, 451, "said so")
    assert judged(MailVerdict.REFUSED) == Judgement(Move.GIVE_UP, 451, "said so")
    assert judged(MailVerdict.NOT_YET) == Judgement(Move.RETRY, 451, "said so", NOW + timedelta(minutes=1))


def test_the_pauses_grow_and_end() -> None:
    pauses = [judged(MailVerdict.NOT_YET, tries=n).due_at for n in range(1, len(SCHEDULE))]

    assert [due - NOW for due in pauses if due] == list(SCHEDULE[1:])
    assert judged(MailVerdict.NOT_YET, tries=len(SCHEDULE)) == Judgement(Move.GIVE_UP, 451, "said so")


def test_jitter_adds_a_fifth_at_most() -> None:
    assert judged(MailVerdict.NOT_YET, tries=4, jitter=1000).due_at == NOW + timedelta(minutes=72)


def test_a_try_that_would_come_too_late_is_not_made() -> None:
    until = NOW + timedelta(minutes=1)

    assert judged(MailVerdict.NOT_YET, until=until).move is Move.GIVE_UP
    assert judged(MailVerdict.NOT_YET, until=until + timedelta(seconds=1)).move is Move.RETRY


def test_a_code_is_tried_quickly_and_only_in_its_ten_minutes() -> None:
    assert judged(MailVerdict.NOT_YET, kind=MailKind.ONE_TIME_CODE).due_at == NOW + timedelta(seconds=5)
    assert sum(CODE_SCHEDULE, start=timedelta(0)) < life_of(MailKind.ONE_TIME_CODE) == timedelta(minutes=10)
    assert life_of(MailKind.RETURN_REFUNDED) == timedelta(hours=72)
