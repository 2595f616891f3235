"""Mail: telling one person, again only when it is known that the far side did not accept it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from retour.core.delivery import next_due
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.ports import MailAnswer, MailVerdict


class MailKind(StrEnum):
    """What a mail tells."""

    RETURN_REQUESTED = "return_requested"
    RETURN_APPROVED = "return_approved"
    RETURN_REJECTED = "return_rejected"
    RETURN_RECEIVED = "return_received"
    RETURN_REFUNDED = "return_refunded"
    RETURN_INFO_NEEDED = "return_info_needed"
    RETURN_REMINDER = "return_reminder"
    RETURN_EXPIRED = "return_expired"
    RETURN_EDITED = "return_edited"
    RETURN_MESSAGE = "return_message"
    ONE_TIME_CODE = "one_time_code"
    STAFF_INVITED = "staff_invited"
    STORE_ALARM = "store_alarm"
    STAFF_NOTICE = "staff_notice"
    WITHDRAWAL_RECEIVED = "withdrawal_received"
    WITHDRAWAL_ANSWERED = "withdrawal_answered"


# A store may keep these to itself; codes and invitations are asked for by the one who gets them.
OPTIONAL: Final = frozenset(
    {
        MailKind.RETURN_REQUESTED,
        MailKind.RETURN_APPROVED,
        MailKind.RETURN_REJECTED,
        MailKind.RETURN_RECEIVED,
        MailKind.RETURN_REFUNDED,
        MailKind.RETURN_INFO_NEEDED,
        MailKind.RETURN_REMINDER,
        MailKind.RETURN_EXPIRED,
        MailKind.RETURN_EDITED,
        MailKind.RETURN_MESSAGE,
    }
)
_OF_EVENT: Final[Mapping[EventType, MailKind]] = {
    EventType.RETURN_REQUESTED: MailKind.RETURN_REQUESTED,
    EventType.RETURN_APPROVED: MailKind.RETURN_APPROVED,
    EventType.RETURN_REJECTED: MailKind.RETURN_REJECTED,
    EventType.RETURN_RECEIVED: MailKind.RETURN_RECEIVED,
    EventType.SETTLEMENT_SETTLED: MailKind.RETURN_REFUNDED,
    EventType.RETURN_INFO_ASKED: MailKind.RETURN_INFO_NEEDED,
    EventType.RETURN_REMINDED: MailKind.RETURN_REMINDER,
    EventType.INSTANT_CHARGED: MailKind.RETURN_REMINDER,
    EventType.FEE_UNPAID: MailKind.RETURN_REMINDER,
    EventType.RETURN_EXPIRED: MailKind.RETURN_EXPIRED,
    EventType.RETURN_EDITED: MailKind.RETURN_EDITED,
    EventType.RETURN_MOVED: MailKind.RETURN_APPROVED,  # once more, with the new label
    EventType.RETURN_NOTED: MailKind.RETURN_MESSAGE,
}
# How long after the try before it each try comes: nine tries over two days. Many servers turn a first try away and want
# a second after some minutes (RFC 6647).
SCHEDULE: Final = (
    timedelta(0),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
# Somebody waits in front of the screen for a code, and it is worth nothing after its ten minutes.
CODE_SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(seconds=20),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=3),
    timedelta(minutes=3),
)
CODE_LIFE: Final = timedelta(minutes=10)
LIFE: Final = timedelta(hours=72)


class MailState(StrEnum):
    """Where a mail stands; `unknown`: it left, and whether it was accepted is not known."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Move(StrEnum):
    """What can happen to a mail."""

    CLAIM = "claim"  # a worker takes it, or takes it over before anything has left
    DELIVER = "deliver"  # the server took it on
    RETRY = "retry"  # it was not accepted, later it may be
    GIVE_UP = "give_up"
    LOSE = "lose"  # it left, and nobody knows whether it was accepted
    AGAIN = "again"  # a person asks for it once more


MOVES: Final[Mapping[tuple[MailState, Move], MailState]] = {
    (MailState.DUE, Move.CLAIM): MailState.SENDING,
    (MailState.SENDING, Move.CLAIM): MailState.SENDING,
    (MailState.SENDING, Move.DELIVER): MailState.DELIVERED,
    (MailState.SENDING, Move.RETRY): MailState.DUE,
    (MailState.SENDING, Move.GIVE_UP): MailState.FAILED,
    (MailState.SENDING, Move.LOSE): MailState.UNKNOWN,
    (MailState.UNKNOWN, Move.DELIVER): MailState.DELIVERED,  # the answer came late
    (MailState.FAILED, Move.AGAIN): MailState.DUE,
    (MailState.UNKNOWN, Move.AGAIN): MailState.DUE,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one try came to; `due_at` is set for another try, `code` is the server's answer, if it gave one."""

    move: Move
    code: int | None = None
    problem: str | None = None
    due_at: datetime | None = None


def moved(state: MailState, move: Move) -> MailState:
    """Return the state after a move; raise Refused(move_not_allowed)."""
    to = MOVES.get((state, move))
    if to is None:
        raise Refused(
            "move_not_allowed",
            f"a mail that is {state.value} does not allow {move.value}",
            facts={"state": state.value},
        )
    return to


def life_of(kind: MailKind) -> timedelta:
    """Return how long after it was planned a mail is still worth sending."""
    return CODE_LIFE if kind is MailKind.ONE_TIME_CODE else LIFE


def kinds_of(told: Sequence[EventType], data: Mapping[str, object]) -> list[MailKind | None]:
    """Return what each of the events told in one breath mails: the shopper hears the last that says something.

    `data` are the facts of the events; a settlement that pays nothing is not mailed, no note among staff, and no
    new address unless the shopper has a label with the one before (`label_mailed`).
    """
    kinds = [None if data.get("amount_minor") == 0 else _OF_EVENT.get(what) for what in told]
    if data.get("label_mailed") is not True:
        kinds = [None if what is EventType.RETURN_MOVED else kind for what, kind in zip(told, kinds, strict=True)]
    if data.get("shown") is not True:
        kinds = [None if kind is MailKind.RETURN_MESSAGE else kind for kind in kinds]
    last = max((n for n, kind in enumerate(kinds) if kind), default=None)
    return [kind if n == last else None for n, kind in enumerate(kinds)]


def judge(
    answer: MailAnswer, *, kind: MailKind, tries: int, expires_at: datetime, now: datetime, jitter_permille: int
) -> Judgement:
    """Return what a server's answer means after so many tries; what may have been accepted is never tried again."""
    if answer.verdict is MailVerdict.ACCEPTED:
        return Judgement(Move.DELIVER, answer.code)
    if answer.verdict is MailVerdict.UNKNOWN:
        return Judgement(Move.LOSE, answer.code, answer.message)
    if answer.verdict is MailVerdict.REFUSED:
        return Judgement(Move.GIVE_UP, answer.code, answer.message)
    schedule = CODE_SCHEDULE if kind is MailKind.ONE_TIME_CODE else SCHEDULE
    due_at = next_due(tries=tries, now=now, jitter_permille=jitter_permille, schedule=schedule)
    if due_at is None or due_at >= expires_at:
        return Judgement(Move.GIVE_UP, answer.code, answer.message)
    return Judgement(Move.RETRY, answer.code, answer.message, due_at)
