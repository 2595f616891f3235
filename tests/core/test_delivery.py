"""When an event is sent again, what an answer means, and what a receiver reads."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from retour.core.delivery import (
    BODY_LIMIT,
    MOVES,
    SCHEDULE,
    DeliveryState,
    Judgement,
    Message,
    Move,
    body_of,
    judge,
    moved,
    next_due,
    stumbled,
)
from retour.core.errors import Refused
from retour.core.ports import Silence, WireAnswer

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVENT = UUID("01890000-0000-7000-8000-000000000001")
RMA = UUID("01890000-0000-7000-8000-000000000002")


def judged(answer: WireAnswer, *, tries: int = 1, jitter: int = 0) -> Judgement:
    return judge(answer, tries=tries, now=NOON, jitter_permille=jitter)


def a_message(**data: object) -> Message:
    return Message(EVENT, "return.requested", NOON, 1, "rma", RMA, data)


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("move", Move)
def test_every_pair_of_state_and_move_is_allowed_or_refused(state: DeliveryState, move: Move) -> None:
    if (state, move) in MOVES:
        assert moved(state, move) is MOVES[state, move]
        return

    with pytest.raises(Refused) as refused:
        moved(state, move)
    assert (refused.value.code, refused.value.status) == ("move_not_allowed", 409)
    assert refused.value.facts == {"state": state.value}


def test_there_are_eight_moves_and_only_a_replay_leaves_an_end() -> None:
    ends = {DeliveryState.DELIVERED, DeliveryState.FAILED}

    assert len(MOVES) == 8
    assert {move for (state, move) in MOVES if state in ends} == {Move.REPLAY}


def test_ten_tries_take_75_hours_35_minutes_and_5_seconds_without_jitter() -> None:
    at, tries = NOON, 0
    while (due := next_due(tries=tries, now=at, jitter_permille=0)) is not None:
        at, tries = due, tries + 1

    assert (tries, at - NOON) == (10, timedelta(hours=75, minutes=35, seconds=5))


@pytest.mark.parametrize(
    ("tries", "pause"),
    [(0, "0:00:00"), (1, "0:00:05"), (2, "0:05:00"), (3, "0:30:00"), (4, "2:00:00"), (5, "5:00:00"), (6, "10:00:00")],
)
def test_the_pause_grows_with_the_tries(tries: int, pause: str) -> None:
    due = next_due(tries=tries, now=NOON, jitter_permille=0)

    assert due is not None
    assert str(due - NOON) == pause


@given(tries=some.integers(0, 9), jitter=some.integers(0, 1_000))
def test_jitter_spreads_a_pause_over_a_fifth_and_never_shortens_it(tries: int, jitter: int) -> None:
    due = next_due(tries=tries, now=NOON, jitter_permille=jitter)

    assert due is not None
    assert SCHEDULE[tries] <= due - NOON <= SCHEDULE[tries] * 6 / 5


def test_full_jitter_adds_twenty_percent() -> None:
    assert next_due(tries=3, now=NOON, jitter_permille=1_000) == NOON + timedelta(minutes=36)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_only_2xx_is_success(status: int) -> None:
    assert judged(WireAnswer(status)) == Judgement(Move.DELIVER, status)


@pytest.mark.parametrize("status", [100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 502, 503, 599])
def test_anything_else_is_tried_again(status: int) -> None:
    judgement = judged(WireAnswer(status))

    assert (judgement.move, judgement.status, judgement.disable) == (Move.RETRY, status, False)
    assert judgement.due_at == NOON + timedelta(seconds=5)
    assert str(status) in (judgement.problem or "")


def test_a_redirect_says_that_it_is_not_followed() -> None:
    assert judged(WireAnswer(302)).problem == "the receiver answered 302; redirects are not followed"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (WireAnswer(silence=Silence.LOST), "the receiver did not answer in time"),
        (WireAnswer(silence=Silence.NOT_SENT), "the receiver could not be reached"),
        (WireAnswer(headers={"x-not-sent": "address"}, silence=Silence.NOT_SENT), "the address may not be called"),
    ],
)
def test_silence_is_tried_again_and_has_no_status(answer: WireAnswer, problem: str) -> None:
    assert judged(answer) == Judgement(Move.RETRY, None, problem, NOON + timedelta(seconds=5))


def test_a_silent_answer_is_no_success_whatever_status_it_carries() -> None:
    assert judged(WireAnswer(200, silence=Silence.LOST)).move is Move.RETRY
    assert judged(WireAnswer(410, silence=Silence.LOST)).disable is False


@pytest.mark.parametrize("tries", [1, 10])
def test_410_switches_the_receiver_off_at_once(tries: int) -> None:
    assert judged(WireAnswer(410), tries=tries) == Judgement(
        Move.GIVE_UP, 410, "the receiver wants no more events (410)", disable=True
    )


@pytest.mark.parametrize("tries", [10, 11])
def test_the_tenth_failure_is_the_last(tries: int) -> None:
    answer = WireAnswer(503, {"retry-after": "60"})

    assert judged(answer, tries=tries) == Judgement(Move.GIVE_UP, 503, "the receiver answered 503")


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("120", 120),
        ("2", 5),  # the schedule's own pause is longer
        (" 7 ", 7),
        ("0", 5),
        ("99999999999999999999", 86_400),
        ("Sun, 01 Mar 2026 12:10:00 GMT", 600),
        ("Sun, 01 Mar 2026 12:10:00 -0000", 600),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 5),
        ("Sun, 01 Mar 2099 12:00:00 GMT", 86_400),
        ("soon", 5),
        ("-3", 5),
        ("1.5", 5),
        ("٣", 5),
        ("", 5),
    ],
)
def test_retry_after_lengthens_the_pause_to_at_most_a_day(said: str, wait_s: int) -> None:
    judgement = judged(WireAnswer(429, {"retry-after": said}))

    assert judgement.due_at == NOON + timedelta(seconds=wait_s)


def test_a_try_that_failed_before_it_was_sent_follows_the_schedule() -> None:
    assert stumbled("no key", tries=2, now=NOON, jitter_permille=0) == Judgement(
        Move.RETRY, None, "no key", NOON + timedelta(minutes=5)
    )


def test_a_receiver_reads_ids_and_figures() -> None:
    message = a_message(number="R-10042", amount_minor=2_590, café="é")

    body = body_of(message)

    assert (
        body
        == (
            '{"id":"01890000-0000-7000-8000-000000000001","type":"return.requested","timestamp":"2026-03-01T12:00:00Z",'
            '"sequence":1,"resource":{"kind":"rma","id":"01890000-0000-7000-8000-000000000002"},'
            '"data":{"number":"R-10042","amount_minor":2590,"café":"é"}}'
        ).encode()
    )


def test_the_timestamp_is_told_in_utc() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=2)))

    body = body_of(Message(EVENT, "return.noted", local, 2, "rma", RMA, {}))

    assert json.loads(body)["timestamp"] == "2026-03-01T12:00:00Z"


def test_a_message_stays_under_twenty_thousand_bytes() -> None:
    frame = len(body_of(a_message(x="")))
    longest, too_long = a_message(x="a" * (BODY_LIMIT - frame - 1)), a_message(x="a" * (BODY_LIMIT - frame))

    assert len(body_of(longest)) == BODY_LIMIT - 1
    told = json.loads(body_of(too_long))
    assert (told["data"], told["data_omitted"], told["id"]) == ({}, True, str(EVENT))
