"""Where a return stands on its three axes, for eyes: how far each has come, and whether somebody must act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

from retour.core.account import Role
from retour.core.rma.moves import OPEN, UNDECIDED, Decision
from retour.core.rma.state import SETTLED, SettlementState

# Whom a return may wait for: people of the shop, and everybody and everything else.
PEOPLE: Final = ("agent", "warehouse", "finance", "operator")
OTHERS: Final = ("shopper", "carrier", "platform", "retour")
# What stopped and will not go on without a person, in the order in which it is shown; the rest only waits.
STOPPED: Final = ("effect_unknown", "effect_failed", "payout_failed", "needs_reconnect", "effects_stopped")
_ANSWERS_FOR: Final = {
    Role.OWNER: PEOPLE,
    Role.AGENT: ("agent", "warehouse", "finance"),
    Role.WAREHOUSE: ("warehouse",),
}


class Fill(IntEnum):
    """How far an axis has come."""

    EMPTY = 0
    HALF = 1
    FULL = 2


class Tone(StrEnum):
    """What an axis asks of the reader; `stopped` takes another shape, whatever its fill."""

    QUIET = "quiet"
    MOVING = "moving"
    NEEDS_YOU = "needs_you"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: a stable code for its words, its fill and its tone."""

    code: str
    fill: Fill
    tone: Tone


@dataclass(frozen=True, slots=True)
class Standing:
    """What the axes are read from; `settlements` are (state, comparison) of each settlement."""

    status: Decision
    blocked_actor: str | None
    blocked_code: str | None
    parcels: int
    in_transit_at: datetime | None
    delivered_at: datetime | None
    received_at: datetime | None
    inspected_at: datetime | None
    settlements: Sequence[tuple[SettlementState, str | None]] = ()


@dataclass(frozen=True, slots=True)
class Axes:
    """The three axes of a return, never one overloaded status."""

    decision: Axis
    goods: Axis
    money: Axis


def axes(at: Standing) -> Axes:
    """Return where a return stands on each axis."""
    return Axes(_decision(at), _goods(at), _money(at))


def answers_for(role: Role) -> tuple[str, ...]:
    """Return the actors in whose place somebody of that role may act."""
    return _ANSWERS_FOR[role]


def urgency(code: str) -> tuple[int, str]:
    """Return the place of a blocker in a queue: what stopped comes before what waits."""
    return (STOPPED.index(code), code) if code in STOPPED else (len(STOPPED), code)


def _decision(at: Standing) -> Axis:
    status = at.status
    if status in UNDECIDED:
        held = at.blocked_code == "held"
        if at.blocked_code in ("approves_later", "info_needed"):
            return Axis(status.value, Fill.HALF, Tone.MOVING)
        return Axis("held" if held else status.value, Fill.HALF, Tone.NEEDS_YOU)
    if status is Decision.APPROVED and at.blocked_code == "held":
        return Axis("held", Fill.HALF, Tone.NEEDS_YOU)
    if status in (Decision.APPROVED, Decision.RESOLVED):
        return Axis(status.value, Fill.FULL, Tone.DONE)
    return Axis(status.value, Fill.FULL, Tone.QUIET)


def _goods(at: Standing) -> Axis:
    code = at.blocked_code
    if at.inspected_at is not None and code != "awaiting_inspection":
        waits = code in ("awaiting_restock", "nowhere_to_restock")
        return Axis("inspected", Fill.FULL, Tone.NEEDS_YOU if waits else Tone.DONE)
    if at.received_at is not None:
        return Axis("received", Fill.HALF, Tone.NEEDS_YOU if code == "awaiting_inspection" else Tone.MOVING)
    if at.delivered_at is not None:
        return Axis("delivered", Fill.HALF, Tone.NEEDS_YOU if code == "awaiting_receipt" else Tone.MOVING)
    if code == "parcel_exception":
        return Axis("parcel_exception", Fill.HALF, Tone.STOPPED)
    if at.in_transit_at is not None:
        return Axis("in_transit", Fill.HALF, Tone.MOVING if at.status in OPEN else Tone.QUIET)
    return Axis("label" if at.parcels else "not_sent", Fill.EMPTY, Tone.QUIET)


def _money(at: Standing) -> Axis:
    states = [state for state, _ in at.settlements]
    if at.blocked_code == "payments_paused":
        return Axis("paused", Fill.EMPTY, Tone.NEEDS_YOU)
    if at.blocked_code == "second_approval":
        return Axis("second_approval", Fill.HALF, Tone.NEEDS_YOU)
    if at.blocked_code in ("exchange_unpaid", "exchange_stuck"):
        stuck = at.blocked_code == "exchange_stuck"
        return Axis(at.blocked_code, Fill.HALF, Tone.NEEDS_YOU if stuck else Tone.MOVING)
    if at.blocked_code in ("card_failed", "card_refused"):
        return Axis(at.blocked_code, Fill.HALF, Tone.STOPPED if at.blocked_code == "card_failed" else Tone.MOVING)
    if at.blocked_code in ("awaiting_payout", "payout_failed"):
        stopped = at.blocked_code == "payout_failed"
        return Axis(at.blocked_code, Fill.HALF, Tone.STOPPED if stopped else Tone.NEEDS_YOU)
    if SettlementState.FAILED in states:
        return Axis("failed", Fill.HALF, Tone.STOPPED)
    if SettlementState.UNKNOWN in states:
        return Axis("unknown", Fill.HALF, Tone.STOPPED)
    if any(state is SettlementState.QUOTED and comparison == "differs" for state, comparison in at.settlements):
        return Axis("differs", Fill.HALF, Tone.NEEDS_YOU)
    if any(state not in SETTLED for state in states):
        return Axis("sending", Fill.HALF, Tone.MOVING)
    if states and at.status not in OPEN:
        handed_over = all(state is SettlementState.HANDED_OVER for state in states)
        return Axis("handed_over" if handed_over else "settled", Fill.FULL, Tone.DONE)
    if states:
        return Axis("partly_settled", Fill.HALF, Tone.MOVING)
    return Axis("due" if at.status in OPEN else "nothing_due", Fill.EMPTY, Tone.QUIET)
