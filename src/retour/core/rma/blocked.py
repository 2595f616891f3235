"""Whom or what an open return waits for, since when, on which evidence, and what would unblock it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from retour.core.effect import OPEN_STATES, EffectState
from retour.core.errors import Scalar
from retour.core.rma.moves import OPEN, UNDECIDED
from retour.core.rma.state import (
    Disposition,
    Ownership,
    Return,
    SettlementState,
    ShipmentStatus,
    count,
)
from retour.core.rma.steps import Steps


@dataclass(frozen=True, slots=True)
class Blocked:
    """The next one to act (`shopper`, `agent`, `warehouse`, `finance`, `carrier`, `platform`, `retour`) and why."""

    actor: str
    code: str
    since: datetime
    unblocks: str
    evidence: Mapping[str, Scalar] = field(default_factory=dict)


def blocked_by(ret: Return, own: Ownership, steps: Steps, *, now: datetime) -> Blocked | None:
    """Return whom an open return waits for; nothing once it is closed. People come before machines."""
    if ret.status not in OPEN or (
        steps.resolve and len(steps.resolve) == sum(1 for x in ret.lines if x.decision in OPEN)
    ):
        return _unfinished_business(ret, now)
    if ret.held:
        return Blocked("agent", "held", now, "release the hold")
    if any(line.decision in UNDECIDED for line in ret.lines):
        return Blocked("agent", "decision_needed", ret.requested_at, "approve or reject the return")
    return _money_or_platform(ret, own, steps, now) or _goods(ret, own, now)


def _unfinished_business(ret: Return, now: datetime) -> Blocked | None:
    """Return trouble that outlives the return: marks and closings that did not come through."""
    for effect in ret.effects:
        if effect.parked:
            since = effect.created_at or now
            return Blocked(
                "finance", "effect_unknown", since, "look at the far side and decide", {"kind": effect.kind.value}
            )
    return None


def _money_or_platform(ret: Return, own: Ownership, steps: Steps, now: datetime) -> Blocked | None:
    for effect in ret.effects:
        since = effect.created_at or now
        facts = {"effect": str(effect.id), "kind": effect.kind.value, "far_code": effect.far_code}
        if effect.parked:
            return Blocked("finance", "effect_unknown", since, "look at the far side and decide", facts)
        if effect.state is EffectState.FAILED:
            return Blocked("finance", "effect_failed", since, "correct the cause and try again", facts)
    for settlement in ret.settlements:
        facts = {"settlement": str(settlement.id), "total_minor": str(settlement.total_minor)}
        since = ret.inspected_at or now
        if settlement.comparison == "differs" and settlement.state is SettlementState.QUOTED:
            return Blocked("finance", "platform_disagrees", since, "compare both computations and decide", facts)
        if settlement.state is SettlementState.QUOTED and own.paused:
            return Blocked("finance", "payments_paused", since, "resume payments", facts)
    for effect in ret.effects:
        if effect.state in OPEN_STATES:
            since = effect.created_at or now
            return Blocked("platform", "effect_in_flight", since, "nothing to do", {"kind": effect.kind.value})
    if steps.effects or steps.settle or steps.hand_over:
        return Blocked("retour", "work_in_progress", now, "nothing to do")
    return None


def _goods(ret: Return, own: Ownership, now: datetime) -> Blocked:
    open_lines = [line for line in ret.lines if line.decision in OPEN]
    claimed = sum(line.quantity for line in open_lines)
    received = sum(count(line.received) for line in open_lines)
    inspected = sum(count(line.inspected) for line in open_lines)
    facts: dict[str, Scalar] = {"approved": claimed, "received": received, "inspected": inspected}
    if inspected < received:
        return Blocked("warehouse", "awaiting_inspection", ret.received_at or now, "inspect the units received", facts)
    waiting = [i for i in ret.inspections() if i.disposition is Disposition.RESTOCK and not i.restocked]
    if waiting and own.restocks == "warehouse":
        since = ret.inspected_at or now
        return Blocked(
            "warehouse", "awaiting_restock", since, "report the restock", {"units": count(i.span for i in waiting)}
        )
    if received:
        if received == claimed:
            return Blocked("retour", "work_in_progress", ret.inspected_at or now, "nothing to do", facts)
        return Blocked("shopper", "awaiting_rest", ret.received_at or now, "send the rest, or cancel it", facts)
    if ret.delivered_at is not None:
        return Blocked("warehouse", "awaiting_receipt", ret.delivered_at, "receive the parcel", facts)
    if any(s.status in (ShipmentStatus.EXCEPTION, ShipmentStatus.RETURNED_TO_SENDER) for s in ret.shipments):
        return Blocked("agent", "parcel_exception", ret.in_transit_at or now, "ask the carrier", facts)
    if ret.in_transit_at is not None:
        return Blocked("carrier", "in_transit", ret.in_transit_at, "nothing to do", facts)
    return Blocked("shopper", "awaiting_shipment", ret.decided_at or ret.requested_at, "send the parcel", facts)
