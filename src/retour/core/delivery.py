"""Deliveries: telling a receiver what happened, at least once under one id, for three days and a bit.

Message, headers and schedule follow Standard Webhooks 1.0.0 (https://www.standardwebhooks.com).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.ports import Silence, WireAnswer

# How long after the try before it each try comes: ten tries over 75 hours and a half.
SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER_PERCENT: Final = 20  # at most this much is added to each pause, so that receivers are not asked all at once
LONGEST_WAIT: Final = timedelta(hours=24)  # a receiver may ask for more time, but not for more than this
BODY_LIMIT: Final = 20_000  # bytes of a message
GONE: Final = 410


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Move(StrEnum):
    """What can happen to a delivery."""

    CLAIM = "claim"  # a worker takes it, or takes it over when the other's lease is over
    DELIVER = "deliver"  # the receiver answered 2xx
    RETRY = "retry"
    GIVE_UP = "give_up"
    REPLAY = "replay"  # somebody asks for it again


MOVES: Final[Mapping[tuple[DeliveryState, Move], DeliveryState]] = {
    (DeliveryState.DUE, Move.CLAIM): DeliveryState.SENDING,
    (DeliveryState.SENDING, Move.CLAIM): DeliveryState.SENDING,
    (DeliveryState.SENDING, Move.DELIVER): DeliveryState.DELIVERED,
    (DeliveryState.SENDING, Move.RETRY): DeliveryState.DUE,
    (DeliveryState.SENDING, Move.GIVE_UP): DeliveryState.FAILED,
    (DeliveryState.DUE, Move.GIVE_UP): DeliveryState.FAILED,
    (DeliveryState.DELIVERED, Move.REPLAY): DeliveryState.DUE,
    (DeliveryState.FAILED, Move.REPLAY): DeliveryState.DUE,
}


@dataclass(frozen=True, slots=True)
class Message:
    """An event as a receiver is told of it: ids and figures, no personal values; `timestamp` is aware UTC."""

    id: UUID
    type: str
    timestamp: datetime
    sequence: int
    resource_kind: str
    resource_id: UUID
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one try came to; `due_at` is set for another try, `disable` when the receiver wants nothing any more."""

    move: Move
    status: int | None = None
    problem: str | None = None
    due_at: datetime | None = None
    disable: bool = False


def moved(state: DeliveryState, move: Move) -> DeliveryState:
    """Return the state after a move; raise Refused(move_not_allowed)."""
    to = MOVES.get((state, move))
    if to is None:
        raise Refused(
            "move_not_allowed",
            f"a delivery that is {state.value} does not allow {move.value}",
            facts={"state": state.value},
        )
    return to


def next_due(
    *, tries: int, now: datetime, jitter_permille: int, schedule: Sequence[timedelta] = SCHEDULE
) -> datetime | None:
    """Return when to try again after so many tries, or nothing after the last of the schedule.

    `jitter_permille`, from 0 to 1,000, says how much of the jitter is added.
    """
    if tries >= len(schedule):
        return None
    pause = schedule[tries]
    return now + pause + pause * JITTER_PERCENT * jitter_permille // 100_000


def judge(answer: WireAnswer, *, tries: int, now: datetime, jitter_permille: int) -> Judgement:
    """Return what an answer means after so many tries: only 2xx is success, 410 ends it, a redirect is a failure."""
    if answer.silence is None and 200 <= answer.status < 300:
        return Judgement(Move.DELIVER, answer.status)
    status = None if answer.silence else answer.status
    if status == GONE:
        return Judgement(Move.GIVE_UP, GONE, "the receiver wants no more events (410)", disable=True)
    return stumbled(
        _problem(answer),
        tries=tries,
        now=now,
        jitter_permille=jitter_permille,
        status=status,
        asked=_asked_wait(answer, now),
    )


def stumbled(
    problem: str,
    *,
    tries: int,
    now: datetime,
    jitter_permille: int,
    status: int | None = None,
    asked: timedelta | None = None,
) -> Judgement:
    """Return the judgement on a try that failed: again by the schedule, not before the wait asked for, else given up."""
    due_at = next_due(tries=tries, now=now, jitter_permille=jitter_permille)
    if due_at is None:
        return Judgement(Move.GIVE_UP, status, problem)
    if asked is not None:
        due_at = max(due_at, now + asked)
    return Judgement(Move.RETRY, status, problem, due_at)


def body_of(message: Message) -> bytes:
    """Return the message as JSON; one that would reach 20,000 bytes goes without its data and says `data_omitted`."""
    facts: dict[str, object] = {
        "id": str(message.id),
        "type": message.type,
        "timestamp": message.timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "sequence": message.sequence,
        "resource": {"kind": message.resource_kind, "id": str(message.resource_id)},
    }
    whole = _json(facts | {"data": message.data})
    return whole if len(whole) < BODY_LIMIT else _json(facts | {"data": {}, "data_omitted": True})


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _problem(answer: WireAnswer) -> str:
    if answer.silence is Silence.NOT_SENT:
        if "x-not-sent" in answer.headers:
            return "the address may not be called"
        return "the receiver could not be reached"
    if answer.silence is Silence.LOST:
        return "the receiver did not answer in time"
    if 300 <= answer.status < 400:
        return f"the receiver answered {answer.status}; redirects are not followed"
    return f"the receiver answered {answer.status}"


def _asked_wait(answer: WireAnswer, now: datetime) -> timedelta | None:
    """Return the wait that Retry-After asks for (RFC 9110, section 10.2.3: seconds or a date), at most a day."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said[:9])), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return max(timedelta(0), min(wait, LONGEST_WAIT))
