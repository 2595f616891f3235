"""What is due next on a return: a pure, repeatable reading of its state; asking twice plans nothing twice."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from retour.core.effect import (
    OPEN_STATES,
    STOCK_KINDS,
    Disposed,
    EffectKind,
    EffectState,
    Note,
    OnReturn,
    ProcessReturn,
    Restock,
    Tagging,
)
from retour.core.order import Order
from retour.core.rma.charging import awaits_fee
from retour.core.rma.due import Due, fulfilled_spans
from retour.core.rma.early import EarlyUnits, early_units, is_early, is_given_up, is_void, settled_early
from retour.core.rma.moves import OPEN, UNDECIDED, Decision
from retour.core.rma.native import awaits_native, native_steps, opening
from retour.core.rma.reversal import stock_to_redo, stock_to_undo
from retour.core.rma.state import (
    Disposition,
    EffectView,
    Inspection,
    Ownership,
    Return,
    ReturnLine,
    SettlementState,
    SettlementView,
    count,
    minus,
)
from retour.core.rma.there import carried, is_letting_go, letting_go, native_rows

IN_TRANSIT_TAG: Final = "return-in-transit"


@dataclass(frozen=True, slots=True)
class Steps:
    """What follows from the state of a return: effects to plan or withdraw, settlements to pay, lines that are done.

    `quote` are units whose money is due before their inspection and that no settlement answers for yet; `void` are
    settlements of which no unit is claimed any more.
    """

    effects: tuple[Due, ...] = ()
    withdraw: tuple[uuid.UUID, ...] = ()
    settle: tuple[uuid.UUID, ...] = ()
    hand_over: tuple[uuid.UUID, ...] = ()
    resolve: tuple[uuid.UUID, ...] = ()
    quote: tuple[EarlyUnits, ...] = ()
    void: tuple[uuid.UUID, ...] = ()

    def __bool__(self) -> bool:
        return self != NO_STEPS


NO_STEPS: Final = Steps()


def next_steps(ret: Return, order: Order, own: Ownership) -> Steps:
    """Return what is due now: goods before money, money only for inspected units, each step under its own reference."""
    if ret.held or awaits_fee(ret):
        return NO_STEPS
    resolve = tuple(line.id for line in ret.lines if _line_is_done(ret, order, own, line))
    finished = all(line.id in resolve or line.decision not in OPEN for line in ret.lines)
    goods = tuple(_goods(ret, order, own))
    effects = (
        *native_steps(ret, order, own),
        *_transit_marks(ret, order, own),
        *goods,
        *(due for _, due in stock_to_undo(ret, order, own) if due is not None),
        *stock_to_redo(ret, order, own),
        *(() if finished or goods else letting_go(ret, order, own)),
        *(_finish(ret, own, any_resolved=bool(resolve)) if finished and not goods else ()),
    )
    void = tuple(s.id for s in ret.settlements if is_void(ret, s))
    payable = [s for s in ret.settlements if s.id not in void and _is_payable(ret, order, own, s)]
    elsewhere = {s.id for s in payable if own.refunds != "retour" and own.pays(s.resolution)}
    return Steps(
        effects=effects,
        withdraw=_withdrawn(ret),
        settle=tuple(s.id for s in payable if s.id not in elsewhere),
        hand_over=tuple(s.id for s in payable if s.id in elsewhere),
        resolve=resolve,
        quote=tuple(early_units(ret)),
        void=void,
    )


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
    if tagged and EffectKind.UNTAG in own.capable_of and ret.effect(EffectKind.UNTAG, f"untag:{ret.id}") is None:
        yield Due(EffectKind.UNTAG, f"untag:{ret.id}", Tagging(str(on), IN_TRANSIT_TAG))


def _withdrawn(ret: Return) -> tuple[uuid.UUID, ...]:
    """Return what was planned but not sent before it lost its meaning.

    A request once decided, marks once received, what is taken out of the platform's return once that ends as a whole.
    """
    moot: set[EffectKind] = set()
    if all(line.decision not in UNDECIDED for line in ret.lines):
        moot.add(EffectKind.REQUEST_RETURN)
    if ret.received_at is not None or ret.status not in OPEN:
        moot |= {EffectKind.TAG, EffectKind.NOTE}
    if ret.status not in OPEN:
        moot.add(EffectKind.REMOVE_FROM_RETURN)
    return tuple(e.id for e in ret.effects if e.kind in moot and e.state is EffectState.INTENT)


def _goods(ret: Return, order: Order, own: Ownership) -> Iterator[Due]:
    if awaits_native(ret, order, own):
        return  # a restock now would be done again when the platform's return is processed
    opened = opening(ret)
    if opened is not None and opened.state is not EffectState.CONFIRMED:
        return
    if is_letting_go(ret):
        return
    inside = carried(ret, order)
    for batch_id in dict.fromkeys(i.batch_id for i in ret.inspections()):
        batch = [i for i in ret.inspections() if i.batch_id == batch_id]
        through = [i for i in batch if i.id in inside]
        if opened is not None and through and not ret.effect(EffectKind.PROCESS_RETURN, f"process:{batch_id}"):
            yield _process(ret, order, own, opened, through)
        for i in batch:
            target = None if i in through else _restock(ret, order, own, i)
            if target is not None and ret.effect(EffectKind.RESTOCK, f"restock:{i.id}") is None:
                yield Due(EffectKind.RESTOCK, f"restock:{i.id}", target, (i.id,))


def _process(ret: Return, order: Order, own: Ownership, opened: EffectView, batch: list[Inspection]) -> Due:
    rows = native_rows(opened)
    disposed, restocks = [], []
    for i in batch:
        restock = _restocks_here(i, own)
        if restock:
            restocks.append(i.id)
        for ref, shipped_from, quantity in fulfilled_spans(order, i.line_ref, (i.span,)):
            location = _location(i, ret, own, shipped_from) if restock else None
            reverse = rows[ref].get("reverse_ref")
            reverse_ref = None if reverse is None else str(reverse)
            disposed.append(
                Disposed(str(rows[ref]["return_line_ref"]), ref, quantity, restock, location, reverse_ref=reverse_ref)
            )
    target = ProcessReturn(ret.order_ref, str(opened.result["return_ref"]), tuple(disposed))
    return Due(EffectKind.PROCESS_RETURN, f"process:{batch[0].batch_id}", target, tuple(restocks))


def _restock(ret: Return, order: Order, own: Ownership, inspection: Inspection) -> Restock | None:
    """Return the restock that puts the inspected units back without a platform return, or nothing if none can."""
    line = order.line(inspection.line_ref)
    if line is None or line.inventory_ref is None or EffectKind.RESTOCK not in own.capable_of:
        return None
    spans = fulfilled_spans(order, inspection.line_ref, (inspection.span,))
    location = _location(inspection, ret, own, next((at for _, at, _ in spans), None))
    if location is None or not _restocks_here(inspection, own):
        return None
    return Restock(line.inventory_ref, location, count((inspection.span,)))


def _finish(ret: Return, own: Ownership, *, any_resolved: bool) -> Iterator[Due]:
    opened = opening(ret)
    if opened is None or opened.state is not EffectState.CONFIRMED:
        return
    if is_letting_go(ret) or any(e.kind in STOCK_KINDS and e.state in OPEN_STATES for e in ret.effects):
        return  # goods still on their way into it, or units out of it
    ends = (EffectKind.CLOSE_RETURN, EffectKind.CANCEL_RETURN)
    kind = ends[0] if any_resolved or ret.inspections() else ends[1]
    if kind in own.capable_of and not any(ret.effect(end, f"finish:{ret.id}") for end in ends):
        yield Due(kind, f"finish:{ret.id}", OnReturn(str(opened.result["return_ref"])))


def _restocks_here(inspection: Inspection, own: Ownership) -> bool:
    """Return whether it is ours to put these units back, and nobody has."""
    return inspection.disposition is Disposition.RESTOCK and own.restocks == "retour" and not inspection.restocked


def _location(inspection: Inspection, ret: Return, own: Ownership, shipped_from: str | None) -> str | None:
    return inspection.location_ref or ret.location_ref or own.location_ref or shipped_from


def _has_no_shelf(order: Order, line: ReturnLine) -> bool:
    """Return whether the units are a part of a kit whose stock nobody keeps."""
    sold = order.line(line.line_ref)
    return sold is not None and sold.part_of is not None and sold.inventory_ref is None


def _is_payable(ret: Return, order: Order, own: Ownership, settlement: SettlementView) -> bool:
    """Return whether the money may move; where the platform's figure differs a person decides first."""
    quoted = settlement.state is SettlementState.QUOTED and settlement.comparison != "differs"
    if settlement.second_at is not None:
        return False
    if is_early(settlement):  # no goods to wait for, but the platform must know of the return before its money
        return quoted and _is_open_there(ret, order, own)
    return quoted and _goods_done(ret, order, own, settlement.batch_id)


def _goods_done(ret: Return, order: Order, own: Ownership, batch_id: uuid.UUID) -> bool:
    """Return whether the stock side of an inspected batch is settled on the platform, so that its money may move."""
    if not _is_open_there(ret, order, own):
        return False
    inside = carried(ret, order)
    batch = [i for i in ret.inspections() if i.batch_id == batch_id]
    for i in batch:
        if i.id in inside:
            carrier = ret.effect(EffectKind.PROCESS_RETURN, f"process:{batch_id}")
            if carrier is None:
                return False
        else:
            carrier = ret.effect(EffectKind.RESTOCK, f"restock:{i.id}")
            if carrier is None and _restock(ret, order, own, i) is not None:
                return False
        if carrier is not None and carrier.state is not EffectState.CONFIRMED:
            return False
    return bool(batch)


def _is_open_there(ret: Return, order: Order, own: Ownership) -> bool:
    """Return whether the platform's own return is open, or there is none to wait for."""
    opened = opening(ret)
    return not awaits_native(ret, order, own) and (opened is None or opened.state is EffectState.CONFIRMED)


def _line_is_done(ret: Return, order: Order, own: Ownership, line: ReturnLine) -> bool:
    """Return whether every unit of an approved line is judged, put where it belongs, and paid."""
    if line.decision is not Decision.APPROVED or not line.claimed:
        return False
    if line.kept:
        settled = (s for s in ret.settlements if s.is_done)
        return not minus(line.claimed, ((lo, hi) for s in settled for ref, lo, hi in s.units if ref == line.line_ref))
    if minus(line.claimed, line.inspected):
        return False
    waits_for_stock = own.restocks != "platform" and not (own.restocks == "retour" and _has_no_shelf(order, line))
    if waits_for_stock and any(i.disposition is Disposition.RESTOCK and not i.restocked for i in line.inspections):
        return False
    batches = {i.batch_id for i in line.inspections}
    if not all(_goods_done(ret, order, own, batch) for batch in batches):
        return False
    early = settled_early(ret, line.line_ref)
    owed = {i.batch_id for i in line.inspections if i.accepted and minus((i.span,), early)}
    quoted = {s.batch_id for s in ret.settlements if not is_given_up(s)}
    ours = [s for s in ret.settlements if s.batch_id in batches or any(ref == line.line_ref for ref, *_ in s.units)]
    return owed <= quoted and all(s.is_done for s in ours)
