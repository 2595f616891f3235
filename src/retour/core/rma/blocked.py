"""Whom or what an open return waits for, since when, on which evidence, and what would unblock it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from retour.core.effect import CARD_KINDS, EXCHANGE_KINDS, OPEN_STATES, STOPPED_KINDS, EffectKind, EffectState
from retour.core.errors import Scalar
from retour.core.rma.charging import awaits_fee
from retour.core.rma.exchange import ExchangeState, ExchangeView
from retour.core.rma.fee import FeeState
from retour.core.rma.hold import HoldState, Owes
from retour.core.rma.label import LabelState
from retour.core.rma.moves import OPEN, UNDECIDED, Decision
from retour.core.rma.native import is_made_up_for
from retour.core.rma.state import (
    IN_STORE,
    Disposition,
    EffectView,
    Ownership,
    Return,
    ReturnLine,
    SettlementState,
    SettlementView,
    ShipmentStatus,
    count,
    minus,
)
from retour.core.rma.steps import Steps

# What only tells people where a return is: no open return waits for it.
_MARKS: Final = frozenset({EffectKind.TAG, EffectKind.UNTAG, EffectKind.NOTE, EffectKind.PUSH_RETURN})
# What no longer matters, once a return is closed, if it is known not to have happened.
_MOOT: Final = frozenset(
    {EffectKind.OPEN_RETURN, EffectKind.REMOVE_FROM_RETURN, EffectKind.TAG, EffectKind.NOTE, EffectKind.PUSH_RETURN}
)
# What holds no open return up, not even while nobody can tell whether it happened.
_BESIDE: Final = frozenset({EffectKind.REQUEST_RETURN, EffectKind.PUSH_RETURN})
# What a carrier says of a parcel that will not arrive by itself.
_TROUBLE: Final = frozenset({ShipmentStatus.EXCEPTION, ShipmentStatus.RETURNED_TO_SENDER, ShipmentStatus.LOST})
# What whoever carries a kind of resolution out has to do.
_OUTSIDE: Final[Mapping[str, str]] = {
    "refund_original": "refund the original payment",
    "refund_service": "pay through the refund service",
    "gift_card": "issue the gift card",
    "store_credit": "issue the store credit",
    "exchange": "send the other item",
    "keep_item": "pay what was agreed",
    "repair": "repair the item and send it back",
    "replacement": "send another one",
}


@dataclass(frozen=True, slots=True)
class Blocked:
    """The next one to act and why.

    One of `shopper`, `agent`, `warehouse`, `finance`, `operator`, `carrier`, `platform`, `retour`.
    """

    actor: str
    code: str
    since: datetime
    unblocks: str
    evidence: Mapping[str, Scalar] = field(default_factory=dict)


def blocked_by(ret: Return, own: Ownership, steps: Steps, *, now: datetime) -> Blocked | None:
    """Return whom an open return waits for, people before machines; once it is closed, only trouble it left behind."""
    if all(line.decision not in OPEN or line.id in steps.resolve for line in ret.lines):
        left = _trouble(ret, ret.standing(), _MOOT, now) or _fee_to_give_back(ret) or _unreported(ret, now)
        return left or _taken_back(ret) or _card(ret) or (_stopped(ret, now) if own.paused else None)
    return (
        _trouble(ret, _awaited(ret), _MARKS, now)
        or _decision(ret, now)
        or _fee(ret)
        or _money(ret, own, now)
        or _people(ret, own, now, _card(ret))
        or _machines(ret, own, steps, now)
    )


def _awaited(ret: Return) -> tuple[EffectView, ...]:
    """Return the effects that an open return may wait for: a request nobody can tell about is opened once decided."""
    return tuple(e for e in ret.standing() if not (e.parked and e.kind in _BESIDE))


def _trouble(
    ret: Return, effects: Iterable[EffectView], ignored: frozenset[EffectKind], now: datetime
) -> Blocked | None:
    """Return the first effect whose outcome a person must find out, or that failed and is not of an ignored kind."""
    for effect in effects:
        since = effect.created_at or now
        if effect.parked and effect.state in OPEN_STATES:
            return Blocked("finance", "effect_unknown", since, "look at the far side and decide", _facts(effect))
        if effect.state is not EffectState.FAILED or effect.kind in ignored or is_made_up_for(ret, effect):
            continue
        if effect.kind in EXCHANGE_KINDS | CARD_KINDS:  # the exchange itself says what is to be done about it
            continue
        if not _is_paid_otherwise(ret, effect):
            return Blocked("finance", "effect_failed", since, "correct the cause and try again", _facts(effect))
    return None


def _is_paid_otherwise(ret: Return, effect: EffectView) -> bool:
    """Return whether money that failed to move is no longer owed this way: no settlement of the return has failed."""
    return effect.settlement and not any(s.state is SettlementState.FAILED for s in ret.settlements)


def _facts(effect: EffectView) -> dict[str, Scalar]:
    return {"effect": str(effect.id), "kind": effect.kind.value, "far_code": effect.far_code}


def _decision(ret: Return, now: datetime) -> Blocked | None:
    if ret.held:
        return Blocked("agent", "held", now, "release the hold")
    if ret.asked is not None:
        until: dict[str, Scalar] = {"answer_by": ret.asked.answer_by.isoformat()} if ret.asked.answer_by else {}
        return Blocked("shopper", "info_needed", ret.asked.asked_at, "answer the question of the shop", until)
    undecided = {line.decision for line in ret.lines if line.decision in UNDECIDED}
    if undecided == {Decision.REQUESTED} and ret.approve_at is not None:
        facts: dict[str, Scalar] = {"at": ret.approve_at.isoformat()}
        return Blocked("retour", "approves_later", ret.requested_at, "nothing to do", facts)
    if undecided:
        if ret.fraud_review:
            return Blocked("agent", "fraud_review", ret.requested_at, "look at the signs, then approve or reject")
        return Blocked("agent", "decision_needed", ret.requested_at, "approve or reject the return")
    return None


def _fee(ret: Return) -> Blocked | None:
    """Return whom the fee that is paid beforehand waits for; what lies here to be inspected waits for that first."""
    fee = ret.fee
    if fee is None or not awaits_fee(ret) or any(minus(line.received, line.inspected) for line in ret.lines):
        return None
    if fee.state is FeeState.STUCK:
        unblocks = "try again, waive the fee, or let the refund bear it"
        return Blocked("agent", "fee_stuck", fee.since, unblocks, {"problem": fee.problem})
    if fee.state is not FeeState.UNPAID:
        return Blocked("retour", "work_in_progress", fee.since, "nothing to do")
    facts: dict[str, Scalar] = {"amount_minor": str(fee.total)}
    if fee.expires_at is not None:
        facts["pay_by"] = fee.expires_at.isoformat()
    return Blocked("shopper", "fee_unpaid", fee.since, "pay the fee by the invoice", facts)


def _fee_to_give_back(ret: Return) -> Blocked | None:
    """Return a fee that was paid for a return that came to nothing and could not be paid back by us."""
    if ret.fee is None or ret.fee.state is not FeeState.UNREFUNDED:
        return None
    facts: dict[str, Scalar] = {"problem": ret.fee.problem}
    return Blocked("agent", "fee_stuck", ret.fee.since, "give the fee back on the platform, or try again", facts)


def _money(ret: Return, own: Ownership, now: datetime) -> Blocked | None:
    unreported = _unreported(ret, now)
    if unreported is not None:
        return unreported
    for settlement in ret.settlements:
        facts: dict[str, Scalar] = {"settlement": str(settlement.id), "total_minor": str(settlement.total_minor)}
        since = ret.inspected_at or now
        if settlement.second_at is not None and settlement.state is SettlementState.QUOTED:
            facts |= {"because": settlement.second_because}
            return Blocked("finance", "second_approval", settlement.second_at, "let a second person approve it", facts)
        if settlement.comparison == "differs" and settlement.state is SettlementState.QUOTED:
            return Blocked("finance", "platform_disagrees", since, "compare both computations and decide", facts)
        if settlement.state in (SettlementState.QUOTED, SettlementState.DUE) and own.paused:
            return Blocked("finance", "payments_paused", since, "resume payments", facts)
    return _stopped(ret, now) if own.paused else None


def _stopped(ret: Return, now: datetime) -> Blocked | None:
    """Return since when a call waits that stops with the payments: a refund, a charge, an order completed for nothing."""
    waiting = [e for e in ret.effects if e.kind in STOPPED_KINDS and e.state is EffectState.INTENT]
    if not waiting:
        return None
    since, kind = min((e.created_at or now, e.kind.value) for e in waiting)
    return Blocked("finance", "payments_paused", since, "resume payments", {"kind": kind})


def _unreported(ret: Return, now: datetime) -> Blocked | None:
    """Return what the merchant has to do outside and to report: since it was handed over, or since it failed there."""
    awaited = [s for s in ret.settlements if s.awaits_report]
    for one in awaited:
        if one.exchange is not None and (waiting := _exchange(one, one.exchange)) is not None:
            return waiting
    settlement = next((s for s in awaited if s.exchange is None or not s.exchange.is_under_way), None)
    if settlement is None:
        return None
    facts = {
        "settlement": str(settlement.id), "total_minor": str(settlement.total_minor),
        "resolution": settlement.resolution,
    }  # fmt: skip
    task = _OUTSIDE.get(settlement.resolution, "carry it out")
    if settlement.resolution in ("repair", "replacement"):
        return _repair(settlement, facts, now)
    if settlement.state is SettlementState.DUE:
        since = settlement.reported_at or now
        return Blocked("finance", "payout_failed", since, f"{task} by another way, then report it as done", facts)
    return Blocked("finance", "awaiting_payout", settlement.handed_at or now, f"{task}, then report it as done", facts)


def _repair(settlement: SettlementView, facts: Mapping[str, Scalar], now: datetime) -> Blocked:
    """Return whom a repair waits for: somebody who begins, then somebody who sends it back; a replacement is sent."""
    if settlement.resolution == "replacement":
        since = settlement.handed_at or now
        return Blocked("warehouse", "awaiting_replacement", since, "send another one, or refund it instead", facts)
    if settlement.begun_at is None:
        since = settlement.handed_at or now
        return Blocked("warehouse", "awaiting_repair", since, "begin the repair, or say that it cannot be done", facts)
    unblocks = "send it back, or say that it cannot be repaired"
    return Blocked("warehouse", "in_repair", settlement.begun_at, unblocks, facts)


def _exchange(settlement: SettlementView, new: ExchangeView) -> Blocked | None:
    """Return whom the new order of an exchange waits for, if that is a person."""
    facts: dict[str, Scalar] = {"settlement": str(settlement.id)}
    if new.state is ExchangeState.UNPAID:
        facts["amount_minor"] = str(new.collect_minor)
        if new.expires_at is not None:
            facts["pay_by"] = new.expires_at.isoformat()
        return Blocked("shopper", "exchange_unpaid", new.since, "pay the difference by the invoice", facts)
    if new.state is ExchangeState.STUCK:
        facts["problem"] = new.problem
        unblocks = "name another article, try again, pay otherwise, or carry it out by hand"
        return Blocked("agent", "exchange_stuck", new.since, unblocks, facts)
    return None


def _card(ret: Return) -> Blocked | None:
    """Return whom a card waits for that refused what an instant exchange stands on."""
    hold = ret.card
    if hold is None or hold.state not in (HoldState.DUNNING, HoldState.FAILED):
        return None
    pays = hold.owes is Owes.PAY
    facts: dict[str, Scalar] = {"amount_minor": str(hold.owed_minor if pays else hold.amount_minor)}
    facts |= {"problem": hold.problem, "owes": hold.owes.value if hold.owes else None}
    if hold.lapses_at is not None and not pays:
        facts["held_until"] = hold.lapses_at.isoformat()
    if hold.state is HoldState.FAILED:
        return Blocked("agent", "card_failed", hold.since, "settle it with the shopper, then capture or release", facts)
    unblocks = "pay the amount" if pays else "confirm the amount with a card"
    return Blocked("shopper", "card_refused", hold.since, unblocks, facts)


def _taken_back(ret: Return) -> Blocked | None:
    """Return since when a new order is being taken back, whatever became of its settlement."""
    for one in ret.settlements:
        if one.exchange is not None and one.exchange.state is ExchangeState.DROPPING:
            facts: dict[str, Scalar] = {"settlement": str(one.id)}
            return Blocked("platform", "effect_in_flight", one.exchange.since, "nothing to do", facts)
    return None


def _people(ret: Return, own: Ownership, now: datetime, card: Blocked | None) -> Blocked | None:
    facts, rest = _counted(ret)
    open_lines = [line for line in ret.lines if line.decision in OPEN and not line.kept]
    if any(minus(line.received, line.inspected) for line in open_lines):
        return Blocked("warehouse", "awaiting_inspection", ret.received_at or now, "inspect the units received", facts)
    if card is not None:
        return card
    units = _not_restocked(ret)
    if units and own.restocks == "warehouse":
        since = ret.inspected_at or now
        return Blocked("warehouse", "awaiting_restock", since, "report the restock", {"units": units})
    if not open_lines:
        return None
    if any(line.received for line in open_lines):
        if not rest:
            return None
        return Blocked("shopper", "awaiting_rest", ret.received_at or now, "send the rest, or cancel it", facts)
    if ret.delivered_at is not None:
        return Blocked("warehouse", "awaiting_receipt", ret.delivered_at, "receive the parcel", facts)
    if any(s.status in _TROUBLE for s in ret.shipments):
        unblocks = "ask the carrier, or treat the parcel as lost"
        return Blocked("agent", "parcel_exception", ret.in_transit_at or now, unblocks, facts)
    if ret.in_transit_at is None:
        unlabelled = _label(ret, open_lines)
        if unlabelled is not None:
            return unlabelled
        if ret.send_by is not None:
            facts = {**facts, "send_by": ret.send_by.isoformat()}
        if all(line.method == IN_STORE for line in open_lines):
            since = ret.decided_at or ret.requested_at
            return Blocked("shopper", "awaiting_visit", since, "bring the items to the counter", facts)
        return Blocked("shopper", "awaiting_shipment", ret.decided_at or ret.requested_at, "send the parcel", facts)
    return None


def _label(ret: Return, lines: Iterable[ReturnLine]) -> Blocked | None:
    """Return what keeps the shopper from sending a parcel whose label is not made: it failed, or it is being made."""
    ways = {(line.id, line.method, line.destination) for line in lines}
    for label in ret.labels:
        if not any((line_id, label.method, label.destination) in ways for line_id in label.line_ids):
            continue
        if label.state is LabelState.FAILED:
            facts: dict[str, Scalar] = {
                "problem": label.problem,
                "destination": label.destination,
                "parcel": label.parcel,
            }
            unblocks = "give the label what it lacks and try again, or go on without it"
            return Blocked("agent", "label_failed", label.at, unblocks, facts)
        if label.state is LabelState.DUE:
            return Blocked("retour", "work_in_progress", label.at, "nothing to do")
    return None


def _machines(ret: Return, own: Ownership, steps: Steps, now: datetime) -> Blocked:
    facts, rest = _counted(ret)
    in_flight = [e for e in _awaited(ret) if e.state in OPEN_STATES and e.kind not in _MARKS]
    settling = steps.settle or any(s.state is SettlementState.QUOTED for s in ret.settlements)
    if not ret.connected and (in_flight or settling):
        return Blocked("operator", "needs_reconnect", now, "connect the platform again")
    later = {s.id: s.not_before for s in ret.settlements if s.not_before is not None and s.not_before > now}
    for effect in in_flight:
        since = effect.created_at or now
        return Blocked("platform", "effect_in_flight", since, "nothing to do", {"kind": effect.kind.value})
    if (dropping := _taken_back(ret)) is not None:
        return dropping
    if any(due.kind not in _MARKS for due in steps.effects) or set(steps.settle + steps.hand_over) - later.keys():
        return Blocked("retour", "work_in_progress", now, "nothing to do")
    if rest and ret.in_transit_at is not None:
        return Blocked("carrier", "in_transit", ret.in_transit_at, "nothing to do", facts)
    units = _not_restocked(ret)
    if units and own.restocks == "retour":
        unblocks = "name a location and an article that can be restocked, or report the restock"
        return Blocked("warehouse", "nowhere_to_restock", ret.inspected_at or now, unblocks, {"units": units})
    if later:
        since = ret.inspected_at or now
        return Blocked("retour", "settles_later", since, "nothing to do", {"at": min(later.values()).isoformat()})
    return Blocked("retour", "work_in_progress", ret.inspected_at or now, "nothing to do", facts)


def _not_restocked(ret: Return) -> int:
    judged = (i for i in ret.inspections() if i.disposition is Disposition.RESTOCK and not i.restocked)
    return count(i.span for i in judged)


def _counted(ret: Return) -> tuple[dict[str, Scalar], int]:
    """Return the quantities people see of the lines still open, and how many of the units claimed are still out."""
    lines = [line for line in ret.lines if line.decision in OPEN and not line.kept]
    facts: dict[str, Scalar] = {
        "approved": sum(line.quantity for line in lines),
        "received": sum(count(line.received) for line in lines),
        "inspected": sum(count(line.inspected) for line in lines),
    }
    return facts, sum(count(minus(line.claimed, line.received)) for line in lines)
