"""What is due next on a return: a pure, repeatable reading of its state; asking twice plans nothing twice."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from retour.core.effect import (
    Disposed,
    EffectKind,
    EffectState,
    Note,
    OnReturn,
    OpenReturn,
    ProcessReturn,
    Restock,
    ReturnedUnits,
    Tagging,
    Target,
)
from retour.core.order import Order
from retour.core.rma.moves import OPEN, UNDECIDED, Decision
from retour.core.rma.state import (
    SETTLED,
    Disposition,
    EffectView,
    Inspection,
    Ownership,
    Return,
    ReturnLine,
    SettlementState,
    Span,
    count,
)

IN_TRANSIT_TAG: Final = "return-in-transit"


@dataclass(frozen=True, slots=True)
class Due:
    """An effect that should exist; `restocks` are the inspections whose units it puts back."""

    kind: EffectKind
    business_ref: str
    target: Target
    restocks: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Steps:
    """What follows from the state of a return: effects to plan or withdraw, settlements to pay, lines that are done."""

    effects: tuple[Due, ...] = ()
    withdraw: tuple[uuid.UUID, ...] = ()
    settle: tuple[uuid.UUID, ...] = ()
    hand_over: tuple[uuid.UUID, ...] = ()
    resolve: tuple[uuid.UUID, ...] = ()

    def __bool__(self) -> bool:
        return self != NO_STEPS


NO_STEPS: Final = Steps()


def next_steps(ret: Return, order: Order, own: Ownership) -> Steps:
    """Return what is due now: goods before money, money only for inspected units, each step under its own reference."""
    if ret.held:
        return NO_STEPS
    resolve = tuple(line.id for line in ret.lines if _line_is_done(ret, line, own))
    finished = all(line.id in resolve or line.decision not in OPEN for line in ret.lines)
    effects = (
        *_open(ret, order, own),
        *_transit_marks(ret, order, own),
        *_goods(ret, order, own),
        *(_finish(ret, any_resolved=bool(resolve)) if finished else ()),
    )
    payable = tuple(s.id for s in ret.settlements if s.state is SettlementState.QUOTED and _goods_done(ret, s.batch_id))
    ours = own.refunds == "retour"
    return Steps(
        effects=effects,
        withdraw=_withdrawn(ret),
        settle=payable if ours else (),
        hand_over=() if ours else payable,
        resolve=resolve,
    )


def fulfilled_spans(order: Order, line_ref: str, spans: tuple[Span, ...]) -> Iterator[tuple[str, str | None, int]]:
    """Yield (fulfilled units' ref, location, quantity) for ordinals; unit n is the n-th unit shipped of its line."""
    first = 1
    for fulfilment in order.fulfilments:
        for units in fulfilment.units:
            if units.line_ref != line_ref:
                continue
            last = first + units.quantity - 1
            quantity = sum(max(0, min(hi, last) - max(lo, first) + 1) for lo, hi in spans)
            if quantity:
                yield units.ref, fulfilment.location_ref, quantity
            first = last + 1


def _open(ret: Return, order: Order, own: Ownership) -> Iterator[Due]:
    if own.returns != "retour" or EffectKind.OPEN_RETURN not in own.capable_of:
        return
    if any(line.decision in UNDECIDED for line in ret.lines) or ret.effect(EffectKind.OPEN_RETURN, f"open:{ret.id}"):
        return
    lines = tuple(
        ReturnedUnits(line.line_ref, ref, quantity, line.reason, line.note)
        for line in ret.lines
        if line.decision is Decision.APPROVED
        for ref, _, quantity in fulfilled_spans(order, line.line_ref, line.claimed)
    )
    if lines:
        yield Due(EffectKind.OPEN_RETURN, f"open:{ret.id}", OpenReturn(ret.order_ref, lines))


def _transit_marks(ret: Return, order: Order, own: Ownership) -> Iterator[Due]:
    if ret.in_transit_at is None:
        return
    on = ret.order_ref if own.tag_on == "order" else ret.person_ref if own.tag_on == "customer" else None
    tag = ret.effect(EffectKind.TAG, f"tag:{ret.id}")
    over = ret.received_at is not None or ret.status not in OPEN
    if not over:
        if on is not None and EffectKind.TAG in own.capable_of and tag is None:
            yield Due(EffectKind.TAG, f"tag:{ret.id}", Tagging(on, IN_TRANSIT_TAG))
        if EffectKind.NOTE in own.capable_of and ret.effect(EffectKind.NOTE, f"transit:{ret.id}") is None:
            text = (
                f"Return R-{ret.number} is on its way back (first carrier scan {ret.in_transit_at:%Y-%m-%d %H:%M} UTC)."
            )
            yield Due(EffectKind.NOTE, f"transit:{ret.id}", Note(order.ref, text))
        return
    tagged = tag is not None and tag.state is EffectState.CONFIRMED and on is not None and not ret.another_in_transit
    if tagged and ret.effect(EffectKind.UNTAG, f"untag:{ret.id}") is None:
        yield Due(EffectKind.UNTAG, f"untag:{ret.id}", Tagging(str(on), IN_TRANSIT_TAG))


def _withdrawn(ret: Return) -> tuple[uuid.UUID, ...]:
    """Return marks that were planned but not sent before they lost their meaning."""
    if ret.received_at is None and ret.status in OPEN:
        return ()
    marks = (EffectKind.TAG, EffectKind.NOTE)
    return tuple(e.id for e in ret.effects if e.kind in marks and e.state is EffectState.INTENT)


def _goods(ret: Return, order: Order, own: Ownership) -> Iterator[Due]:
    opened = ret.effect(EffectKind.OPEN_RETURN, f"open:{ret.id}")
    for batch_id in dict.fromkeys(i.batch_id for i in ret.inspections()):
        batch = [i for i in ret.inspections() if i.batch_id == batch_id]
        if opened is not None:
            if opened.state is EffectState.CONFIRMED and not ret.effect(
                EffectKind.PROCESS_RETURN, f"process:{batch_id}"
            ):
                yield _process(ret, order, own, opened, batch)
        elif own.restocks == "retour" and EffectKind.RESTOCK in own.capable_of:
            yield from _restocks(ret, order, own, batch)


def _process(ret: Return, order: Order, own: Ownership, opened: EffectView, batch: list[Inspection]) -> Due:
    line_refs = opened.result.get("lines")
    assert isinstance(line_refs, dict), "the platform's return has no lines"
    disposed, restocks = [], []
    for i in batch:
        restock = _restocks_here(i, own)
        if restock:
            restocks.append(i.id)
        for ref, shipped_from, quantity in fulfilled_spans(order, i.line_ref, (i.span,)):
            location = _location(i, ret, own, shipped_from) if restock else None
            disposed.append(Disposed(str(line_refs[ref]), ref, quantity, restock, location))
    target = ProcessReturn(ret.order_ref, str(opened.result["return_ref"]), tuple(disposed))
    return Due(EffectKind.PROCESS_RETURN, f"process:{batch[0].batch_id}", target, tuple(restocks))


def _restocks(ret: Return, order: Order, own: Ownership, batch: list[Inspection]) -> Iterator[Due]:
    for i in batch:
        line = order.line(i.line_ref)
        if not _restocks_here(i, own) or line is None or line.inventory_ref is None:
            continue
        if ret.effect(EffectKind.RESTOCK, f"restock:{i.id}") is None:
            shipped_from = next((at for _, at, _ in fulfilled_spans(order, i.line_ref, (i.span,))), None)
            location = _location(i, ret, own, shipped_from)
            if location is not None:
                target = Restock(line.inventory_ref, location, count((i.span,)))
                yield Due(EffectKind.RESTOCK, f"restock:{i.id}", target, (i.id,))


def _finish(ret: Return, *, any_resolved: bool) -> Iterator[Due]:
    opened = ret.effect(EffectKind.OPEN_RETURN, f"open:{ret.id}")
    if opened is None or opened.state is not EffectState.CONFIRMED:
        return
    kind = EffectKind.CLOSE_RETURN if any_resolved or ret.inspections() else EffectKind.CANCEL_RETURN
    if ret.effect(kind, f"finish:{ret.id}") is None:
        yield Due(kind, f"finish:{ret.id}", OnReturn(str(opened.result["return_ref"])))


def _restocks_here(inspection: Inspection, own: Ownership) -> bool:
    return inspection.disposition is Disposition.RESTOCK and own.restocks == "retour"


def _location(inspection: Inspection, ret: Return, own: Ownership, shipped_from: str | None) -> str | None:
    return inspection.location_ref or ret.location_ref or own.location_ref or shipped_from


def _goods_done(ret: Return, batch_id: uuid.UUID) -> bool:
    """Return whether the stock side of a batch is settled on the platform, so that its money may move."""
    opened = ret.effect(EffectKind.OPEN_RETURN, f"open:{ret.id}")
    if opened is None:
        return all(
            e.state is EffectState.CONFIRMED
            for e in ret.effects
            if e.kind is EffectKind.RESTOCK and e.business_ref in {f"restock:{i.id}" for i in ret.inspections()}
        )
    processed = ret.effect(EffectKind.PROCESS_RETURN, f"process:{batch_id}")
    return processed is not None and processed.state is EffectState.CONFIRMED


def _line_is_done(ret: Return, line: ReturnLine, own: Ownership) -> bool:
    """Return whether every unit of an approved line is judged, put where it belongs, and paid."""
    if line.decision is not Decision.APPROVED or not line.quantity or count(line.inspected) != line.quantity:
        return False
    if any(
        i.disposition is Disposition.RESTOCK and not i.restocked for i in line.inspections if own.restocks != "platform"
    ):
        return False
    batches = {i.batch_id for i in line.inspections}
    if not all(_goods_done(ret, batch) for batch in batches):
        return False
    return all(s.state in SETTLED for s in ret.settlements if s.batch_id in batches)
