"""What the platform's own return holds: which goods go back through it, and which units it has to let go of."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping

from retour.core.effect import OPEN_STATES, EffectKind, EffectState, OnReturn
from retour.core.order import Order
from retour.core.removal import RemoveFromReturn, StayingUnits
from retour.core.rma.due import Due, fulfilled_spans
from retour.core.rma.native import is_ours, is_over_there, opening
from retour.core.rma.state import EffectView, Inspection, Ownership, Return, minus

# What changes how much of a unit the platform's return holds, or still may.
_MOVING = frozenset({EffectKind.PROCESS_RETURN, EffectKind.REMOVE_FROM_RETURN})


def native_rows(opened: EffectView | None) -> Mapping[str, Mapping[str, object]]:
    """Return the lines of the platform's return by fulfilled ref, as opening it answered.

    Each is {fulfilled_ref, return_line_ref, reverse_ref, quantity}; what was taken out since is not taken off.
    """
    if opened is None or opened.state is not EffectState.CONFIRMED:
        return {}
    rows = opened.result["lines"]
    assert isinstance(rows, list | tuple), "the platform's return has no lines"
    return {str(row["fulfilled_ref"]): row for row in rows}


def is_letting_go(ret: Return) -> bool:
    """Return whether units are being taken out of the platform's return: until then nobody knows what it holds."""
    return any(e.kind is EffectKind.REMOVE_FROM_RETURN and e.state in OPEN_STATES for e in ret.effects)


def carried(ret: Return, order: Order) -> frozenset[uuid.UUID]:
    """Return the inspections whose units go back through the platform's return: as many as it holds, oldest calls first.

    A line approved after it was opened is not in it, units that were taken out of it are not, and what comes after it
    was closed goes back without it. Once a call is planned either way, it stays so.
    """
    left = _held(ret)
    spans = {i.id: tuple(fulfilled_spans(order, i.line_ref, (i.span,))) for i in ret.inspections()}
    inside = [i for i in ret.inspections() if spans[i.id] and all(ref in left for ref, _, _ in spans[i.id])]
    found = {i.id for i in inside if _is_processed(ret, i)}
    for inspection_id in found:
        left.subtract({ref: quantity for ref, _, quantity in spans[inspection_id]})
    for i in inside:
        if i.id in found or is_over_there(ret) or ret.effect(EffectKind.RESTOCK, f"restock:{i.id}") is not None:
            continue
        if all(quantity <= left[ref] for ref, _, quantity in spans[i.id]):
            found.add(i.id)
            left.subtract({ref: quantity for ref, _, quantity in spans[i.id]})
    return frozenset(found)


def letting_go(ret: Return, order: Order, own: Ownership) -> Iterator[Due]:
    """Yield the call that takes given-up units out of the platform's open return, one at a time.

    Where nothing of it would stay, it is cancelled instead.
    """
    opened = opening(ret)
    if EffectKind.REMOVE_FROM_RETURN not in own.capable_of or not is_ours(own) or is_over_there(ret):
        return
    if opened is None or opened.state is not EffectState.CONFIRMED:
        return
    if any(e.kind in _MOVING and e.state in OPEN_STATES for e in ret.effects):
        return
    holds, wanted = _held(ret), _wanted(ret, order)
    if wanted is None or all(units <= wanted[ref] for ref, units in holds.items()):
        return
    ref, rows = str(opened.result["return_ref"]), native_rows(opened)
    if not any(min(units, wanted[fulfilled]) for fulfilled, units in holds.items()):
        due = Due(EffectKind.CANCEL_RETURN, f"finish:{ret.id}", OnReturn(ref))
    else:
        stay = tuple(
            StayingUnits(str(rows[fulfilled]["return_line_ref"]), wanted[fulfilled])
            for fulfilled, units in holds.items()
            if units > wanted[fulfilled]
        )
        due = Due(EffectKind.REMOVE_FROM_RETURN, f"remove:{ret.id}:{_times(ret) + 1}", RemoveFromReturn(ref, stay))
    if due.kind in own.capable_of and ret.effect(due.kind, due.business_ref) is None:
        yield due


def may_leave(ret: Return, order: Order, staying: Mapping[str, int]) -> bool:
    """Return whether a removal that was refused may be tried again; `staying` is what it leaves of its return lines.

    Not while units are processed, and not where it would take out what is wanted in there by now.
    """
    wanted, rows = _wanted(ret, order), native_rows(opening(ret))
    if wanted is None or any(e.kind in _MOVING and e.state in OPEN_STATES for e in ret.effects):
        return False
    left = {ref: staying.get(str(row["return_line_ref"])) for ref, row in rows.items()}
    return all(units is None or units >= wanted[ref] for ref, units in left.items())


def _held(ret: Return) -> Counter[str]:
    """Return how many units of each parcel row the platform's return holds, processed or not, as it said last."""
    rows = native_rows(opening(ret))
    told = [e for e in ret.effects if e.kind is EffectKind.REMOVE_FROM_RETURN and e.state is EffectState.CONFIRMED]
    if not told:
        return Counter({ref: _units(row["quantity"]) for ref, row in rows.items()})
    now = told[-1].result["quantities"]
    assert isinstance(now, Mapping), "the platform's return has no quantities"
    return Counter({ref: _units(now.get(row["return_line_ref"])) for ref, row in rows.items()})


def _units(number: object) -> int:
    return number if isinstance(number, int) else 0


def _is_processed(ret: Return, i: Inspection) -> bool:
    """Return whether a call confirms these units there; units of its batch that it did not hold were put back alone."""
    if ret.effect(EffectKind.PROCESS_RETURN, f"process:{i.batch_id}") is None:
        return False
    return ret.effect(EffectKind.RESTOCK, f"restock:{i.id}") is None


def _wanted(ret: Return, order: Order) -> Counter[str] | None:
    """Return the units of each parcel row that come back, or came, through it; nothing if the order misses one."""
    found, inside = Counter[str](), carried(ret, order)
    for line in (one for one in ret.lines if one.line_ref not in order.shares):
        units = minus(line.claimed, (i.span for i in line.inspections if i.id not in inside))
        sent = {ref: quantity for ref, _, quantity in fulfilled_spans(order, line.line_ref, units)}
        if sum(sent.values()) != sum(hi - lo + 1 for lo, hi in units):
            return None
        found.update(sent)
    return found


def _times(ret: Return) -> int:
    """Return how often units were taken out, or were to be until it was withdrawn."""
    over = (EffectState.CONFIRMED, EffectState.CANCELLED)
    return sum(e.kind is EffectKind.REMOVE_FROM_RETURN and e.state in over for e in ret.effects)
