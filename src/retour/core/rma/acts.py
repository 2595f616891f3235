"""Every act on a return and every stage it may be in: what the act leads to, or the code it is refused with.

What depends on more than the stage (quantities, money already paid, the policy's word) is refused further on.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused
from retour.core.rma.moves import Decision, derive_status
from retour.core.rma.state import Return, minus


class Stage(StrEnum):
    """Where a return as a whole is: its decision, and once that is approved how far its goods are."""

    REQUESTED = "requested"
    ASKED = "asked"
    IN_REVIEW = "in_review"
    REOPENED = "reopened"
    APPROVED = "approved"
    IN_TRANSIT = "in_transit"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    INSPECTED = "inspected"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RESOLVED = "resolved"


class Act(StrEnum):
    """What somebody does to a return, or what it does by itself."""

    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    CANCEL_AS_SHOPPER = "cancel_as_shopper"
    ASK = "ask"
    ANSWER = "answer"
    EDIT = "edit"
    CHANGE_ADDRESS = "change_address"  # where the shopper is: the sender of its labels, and where goods are sent
    HOLD = "hold"
    RELEASE = "release"
    NOTE = "note"
    WAIVE_FEES = "waive_fees"
    ANNOUNCE_PARCEL = "announce_parcel"
    RECEIVE = "receive"
    INSPECT = "inspect"
    LOSE = "lose"  # what is on its way counts as here although it is lost
    TAKE_IN = "take_in"  # received and inspected at the counter in one step
    EXPIRE = "expire"
    RESOLVE = "resolve"
    REOPEN = "reopen"


# What happens by itself: elsewhere nothing is refused, there is only nothing to do.
BY_ITSELF: Final = frozenset({Act.EXPIRE, Act.RESOLVE})
NOTHING_DUE: Final = "nothing_due"

_UNDECIDED: Final = (Stage.REQUESTED, Stage.ASKED, Stage.IN_REVIEW, Stage.REOPENED)
_GRANTED: Final = (Stage.APPROVED, Stage.IN_TRANSIT, Stage.PARTLY_RECEIVED, Stage.RECEIVED, Stage.INSPECTED)
CLOSED: Final = (Stage.REJECTED, Stage.CANCELLED, Stage.EXPIRED, Stage.RESOLVED)
_OPEN: Final = (*_UNDECIDED, *_GRANTED)
_EVERYWHERE: Final = (*_OPEN, *CLOSED)
_PRESENT: Final = (Stage.RECEIVED, Stage.INSPECTED)

Outcome = Stage | str
Row = Mapping[Stage, Outcome]


def _all(stages: tuple[Stage, ...], outcome: Outcome) -> dict[Stage, Outcome]:
    return dict.fromkeys(stages, outcome)


def _stay(stages: tuple[Stage, ...]) -> dict[Stage, Outcome]:
    return {stage: stage for stage in stages}


# Both maps are read as "in this stage it leads there"; a text is the code of the refusal.
TABLE: Final[Mapping[Act, Row]] = {
    Act.APPROVE: _all(_EVERYWHERE, "already_decided") | _all(_UNDECIDED, Stage.APPROVED),
    Act.REJECT: _all(_EVERYWHERE, "already_decided") | _all(_UNDECIDED, Stage.REJECTED),
    Act.CANCEL: _all(CLOSED, "already_decided")
    | _all((*_UNDECIDED, Stage.APPROVED, Stage.IN_TRANSIT), Stage.CANCELLED)
    | {Stage.PARTLY_RECEIVED: Stage.RECEIVED}
    | _all(_PRESENT, "already_received"),
    Act.CANCEL_AS_SHOPPER: _all(_EVERYWHERE, "handed_over") | _all((*_UNDECIDED, Stage.APPROVED), Stage.CANCELLED),
    Act.ASK: _all(_EVERYWHERE, "already_decided") | _all(_UNDECIDED, Stage.ASKED) | {Stage.ASKED: "already_asked"},
    Act.ANSWER: _all(_EVERYWHERE, "nothing_asked") | {Stage.ASKED: Stage.REQUESTED},
    # A policy that approves the new content by itself leads straight to approved.
    Act.EDIT: _all(CLOSED, "already_decided")
    | _all(_OPEN, "handed_over")
    | {Stage.ASKED: Stage.ASKED}
    | _all((Stage.REQUESTED, Stage.IN_REVIEW, Stage.APPROVED), Stage.REQUESTED),
    Act.CHANGE_ADDRESS: _all(CLOSED, "already_decided")
    | _all(_OPEN, "handed_over")
    | _stay((*_UNDECIDED, Stage.APPROVED)),
    Act.HOLD: _all(CLOSED, "already_decided") | _stay(_OPEN),
    Act.RELEASE: _stay(_EVERYWHERE),
    Act.NOTE: _stay(_EVERYWHERE),
    Act.WAIVE_FEES: _all(CLOSED, "already_decided") | _stay(_OPEN),
    Act.ANNOUNCE_PARCEL: _all(_EVERYWHERE, "not_approved") | _stay(_GRANTED),
    # What arrives and nobody approved is seen and kept as a difference, never refused.
    Act.RECEIVE: _stay((*_UNDECIDED, *CLOSED)) | _all(_GRANTED, Stage.RECEIVED) | _all(_PRESENT, "already_received"),
    Act.INSPECT: _all(_EVERYWHERE, "not_approved")
    | _all(_GRANTED, "more_than_received")
    | {Stage.PARTLY_RECEIVED: Stage.PARTLY_RECEIVED, Stage.RECEIVED: Stage.INSPECTED},
    Act.TAKE_IN: _all(_EVERYWHERE, "not_approved")
    | _all(_GRANTED, Stage.INSPECTED)
    | {Stage.INSPECTED: "already_inspected"},
    Act.LOSE: _all(CLOSED, "already_decided")
    | _all(_UNDECIDED, "not_approved")
    | {Stage.APPROVED: "not_sent", Stage.IN_TRANSIT: Stage.IN_TRANSIT, Stage.PARTLY_RECEIVED: Stage.RECEIVED}
    | _all(_PRESENT, "already_received"),
    Act.EXPIRE: _all(_EVERYWHERE, NOTHING_DUE) | _all((Stage.ASKED, Stage.APPROVED), Stage.EXPIRED),
    # What was cancelled was given up by whoever asked: they ask anew.
    Act.REOPEN: _all(_OPEN, "not_closed") | _all(CLOSED, Stage.REOPENED) | {Stage.CANCELLED: "move_not_allowed"},
    Act.RESOLVE: _all(_EVERYWHERE, NOTHING_DUE) | {Stage.INSPECTED: Stage.RESOLVED},
}
_SAID: Final[Mapping[str, str]] = {
    "already_asked": "a question waits for the shopper's answer; one at a time",
    "nothing_asked": "nobody asked the shopper anything, or it was answered",
    "not_closed": "the return is open; decide it as it is",
    "move_not_allowed": "what was cancelled is asked for anew, not reopened",
    "already_received": "everything has arrived; nothing is on its way",
    "not_sent": "no carrier has the parcel; what was not sent is cancelled",
    "already_inspected": "everything that was approved is here and has a verdict",
    "handed_over": "the parcel is on its way, the money is paid, or the return is closed",
}


def stage_of(ret: Return) -> Stage:
    """Return the stage of a return as it is now."""
    status = derive_status(line.decision for line in ret.lines)
    if status is not Decision.APPROVED:
        return Stage.ASKED if ret.asked is not None else Stage(status.value)
    lines = [line for line in ret.lines if line.decision is Decision.APPROVED and not line.kept]
    if any(line.received for line in lines):
        if any(minus(line.claimed, line.received) for line in lines):
            return Stage.PARTLY_RECEIVED
        waits = any(minus(line.received, line.inspected) for line in lines)
        return Stage.RECEIVED if waits else Stage.INSPECTED
    return Stage.IN_TRANSIT if ret.in_transit_at is not None or ret.delivered_at is not None else Stage.APPROVED


def allow(act: Act, ret: Return, *, version: int) -> Stage:
    """Return the stage that an act leads to; raise Refused with its code and what the return is now."""
    outcome = TABLE[act][stage_of(ret)]
    if isinstance(outcome, Stage):
        return outcome
    status = derive_status(line.decision for line in ret.lines).value
    said = _SAID.get(outcome, f"the return is already {status}")
    raise Refused(outcome, said, facts={"status": status, "version": version})
