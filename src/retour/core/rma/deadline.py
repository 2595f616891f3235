"""What happens to a return by time alone: a reminder of a deadline, then the end of what nobody sent or answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from retour.core.rma.charging import awaits_fee, is_lapsed
from retour.core.rma.moves import UNDECIDED, Decision
from retour.core.rma.reversal import owed_back
from retour.core.rma.state import Return, ReturnLine, count, minus


class Because(StrEnum):
    """Why a return expires."""

    NOT_SENT = "parcel_not_sent"
    NOT_ANSWERED = "no_answer"
    NOT_PAID = "fee_unpaid"


class Turn(StrEnum):
    """What time does to a return."""

    REMIND = "remind"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a return is over if nothing comes, since when it waits, and when its shopper was last reminded."""

    because: Because
    at: datetime
    since: datetime
    reminded_at: datetime | None = None


def deadline(ret: Return) -> Deadline | None:
    """Return the deadline that runs, or nothing; none runs while the return is held."""
    if ret.held:
        return None
    if ret.asked is not None:
        until, asked = ret.asked.answer_by, ret.asked
        return None if until is None else Deadline(Because.NOT_ANSWERED, until, asked.asked_at, asked.reminded_at)
    if ret.fee is not None and awaits_fee(ret):  # its own deadline runs with the invoice
        since = ret.fee.since
        return Deadline(Because.NOT_PAID, since, since) if is_lapsed(ret) and unsent(ret) else None
    if ret.send_by is None or not unsent(ret):
        return None
    until, card = ret.send_by, ret.card
    if card is not None and card.is_open and card.send_by is not None:
        until = max(until, card.send_by + timedelta(days=1))  # the shopper was told that day: the card ends it first
    return Deadline(Because.NOT_SENT, until, _decided(ret), ret.reminded_at)


def sends_by(ret: Return) -> datetime | None:
    """Return by when the parcel of a return has to be sent, once it waits for that alone and the store limits it."""
    if ret.patience.unsent_days is None or awaits_fee(ret) or not unsent(ret):
        return None
    return _decided(ret) + timedelta(days=ret.patience.unsent_days)


def unsent(ret: Return) -> tuple[ReturnLine, ...]:
    """Return the approved lines whose goods have still to be sent, if nothing of the whole return is on its way."""
    moving = ret.in_transit_at or ret.delivered_at or ret.received_at
    if moving is not None or any(line.decision in UNDECIDED for line in ret.lines):
        return ()
    return tuple(
        line
        for line in ret.lines
        if line.decision is Decision.APPROVED and not line.kept and count(minus(line.claimed, line.received))
    )


def expiring(ret: Return) -> tuple[ReturnLine, ...]:
    """Return the lines that expire with the deadline that runs: none of those that were carried out before."""
    if ret.asked is not None:
        return tuple(line for line in ret.lines if line.decision in UNDECIDED and not _was_carried_out(ret, line))
    return unsent(ret)


def _was_carried_out(ret: Return, line: ReturnLine) -> bool:
    """Return whether the goods of a reopened line are here or its money is out: only a person can undo or confirm that."""
    return line.decision is Decision.REOPENED and (bool(line.received) or bool(owed_back(ret, [line])))


def turn_due(ret: Return, *, now: datetime) -> Turn | None:
    """Return what time does to the return now, or nothing; of several reminders missed only the last is sent."""
    runs = deadline(ret)
    if runs is None:
        return None
    if runs.at <= now:
        return Turn.EXPIRE
    past = [moment for moment in _reminders(ret, runs) if moment <= now]
    return Turn.REMIND if past else None


def next_turn(ret: Return) -> datetime | None:
    """Return when time does something to the return next, or nothing; a moment that has passed is due now."""
    runs = deadline(ret)
    if runs is None:
        return None
    return min((*_reminders(ret, runs), runs.at))


def _reminders(ret: Return, runs: Deadline) -> Iterator[datetime]:
    """Yield the reminders still to be sent; one that would come with the beginning is none."""
    for days in ret.patience.remind_days:
        moment = runs.at - timedelta(days=days)
        if moment > (runs.reminded_at or runs.since):
            yield moment


def _decided(ret: Return) -> datetime:
    moments = [line.decided_at for line in ret.lines if line.decided_at]
    if ret.fee is not None:  # once it is paid, or no longer asked for
        moments.append(ret.fee.since)
    return max(moments, default=ret.requested_at)
