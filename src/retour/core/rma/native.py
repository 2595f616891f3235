"""The platform's own return: requested while a person decides, then approved or declined; or opened at once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from retour.core.effect import OPEN_STATES, EffectKind, EffectState, OnReturn, OpenReturn, ReturnedUnits
from retour.core.order import Order
from retour.core.rma.due import Due, fulfilled_spans
from retour.core.rma.moves import OPEN, UNDECIDED, Decision, derive_status
from retour.core.rma.state import EffectView, Ownership, Return

# A platform's own return is used only where it can also be processed; it then carries every disposition.
_OPENING: Final = frozenset({EffectKind.OPEN_RETURN, EffectKind.PROCESS_RETURN})
# It is requested only where the request can also be answered, either way.
_ASKING: Final = frozenset({EffectKind.REQUEST_RETURN, EffectKind.APPROVE_RETURN, EffectKind.DECLINE_RETURN})
_APART: Final = "the approved units come back in a return of their own"


def opening(ret: Return) -> EffectView | None:
    """Return the effect that opened the platform's return, or shall: the approval of its request, or the opening."""
    opened = ret.effect(EffectKind.OPEN_RETURN, f"open:{ret.id}")
    approved = ret.effect(EffectKind.APPROVE_RETURN, f"decide:{ret.id}")
    if approved is None or approved.state is EffectState.FAILED:
        return opened
    return approved if opened is None or opened.state is EffectState.FAILED else opened


def is_over_there(ret: Return) -> bool:
    """Return whether the platform's own return is closed or cancelled, or is about to be: it takes no more goods."""
    ends = (ret.effect(kind, f"finish:{ret.id}") for kind in (EffectKind.CLOSE_RETURN, EffectKind.CANCEL_RETURN))
    return any(end is not None and end.state not in (EffectState.FAILED, EffectState.CANCELLED) for end in ends)


def awaits_native(ret: Return, order: Order, own: Ownership) -> bool:
    """Return whether the platform's own return is still to be opened for units of this return."""
    if not is_ours(own) or opening(ret) is not None or _went_another_way(ret):
        return False
    return bool(_units(ret, order, UNDECIDED | {Decision.APPROVED}))


def native_steps(ret: Return, order: Order, own: Ownership) -> Iterator[Due]:
    """Yield what the platform's own return needs next, until it is open or declined; one step at a time."""
    undecided = [line.decision in UNDECIDED for line in ret.lines]
    if not is_ours(own) or (any(undecided) and not all(undecided)):
        return
    if all(undecided):
        yield from _request(ret, order, own)
    elif _is_unanswered(ret):
        yield from _answer(ret, order, own)
    elif awaits_native(ret, order, own) and _stands_aside(ret):
        units = _units(ret, order, {Decision.APPROVED})
        yield Due(EffectKind.OPEN_RETURN, f"open:{ret.id}", OpenReturn(ret.order_ref, tuple(units.values())))


def is_made_up_for(ret: Return, failed: EffectView) -> bool:
    """Return whether the return goes on without a failed effect: what a request lacks, opening it later makes good."""
    if failed.kind is EffectKind.OPEN_RETURN:
        return opening(ret) not in (None, failed)
    return failed.kind in (EffectKind.REQUEST_RETURN, EffectKind.APPROVE_RETURN)


def is_ours(own: Ownership) -> bool:
    """Return whether the platform's own returns are ours to open and to process."""
    return own.returns == "retour" and own.capable_of >= _OPENING


def _went_another_way(ret: Return) -> bool:
    """Return whether goods were put back without a platform's return, before the store changed."""
    return any(e.kind is EffectKind.RESTOCK for e in ret.effects)


def _requested(ret: Return) -> EffectView | None:
    return ret.effect(EffectKind.REQUEST_RETURN, f"open:{ret.id}")


def _answered(ret: Return) -> EffectView | None:
    declined = ret.effect(EffectKind.DECLINE_RETURN, f"decide:{ret.id}")
    return declined or ret.effect(EffectKind.APPROVE_RETURN, f"decide:{ret.id}")


def _request(ret: Return, order: Order, own: Ownership) -> Iterator[Due]:
    """Show the merchant on the platform what waits for a decision, once."""
    units = _units(ret, order, UNDECIDED)
    if own.capable_of >= _ASKING and units and _requested(ret) is None and awaits_native(ret, order, own):
        yield Due(EffectKind.REQUEST_RETURN, f"open:{ret.id}", OpenReturn(ret.order_ref, tuple(units.values())))


def _is_unanswered(ret: Return) -> bool:
    request = _requested(ret)
    return request is not None and request.state is EffectState.CONFIRMED and _answered(ret) is None


def _answer(ret: Return, order: Order, own: Ownership) -> Iterator[Due]:
    """Approve the request if it holds just the approved units; else decline it, and what is approved is opened anew."""
    request, opened = _requested(ret), opening(ret)
    assert request is not None
    if opened is not None and opened.state in OPEN_STATES:
        return  # opened meanwhile without knowing of the request: which of them holds the units is not known yet
    taken = _went_another_way(ret) or (opened is not None and opened.state is not EffectState.FAILED)
    units = {} if taken else _units(ret, order, {Decision.APPROVED})
    held, wanted = _held(request), {ref: row.quantity for ref, row in units.items()}
    ref = str(request.result["return_ref"])
    if wanted and wanted == held:
        due = Due(EffectKind.APPROVE_RETURN, f"decide:{ret.id}", OnReturn(ref))
    else:
        due = Due(EffectKind.DECLINE_RETURN, f"decide:{ret.id}", OnReturn(ref, _why(ret)))
    if due.kind in own.capable_of:
        yield due


def _held(request: EffectView) -> Mapping[str, object]:
    rows = request.result["lines"]
    assert isinstance(rows, list | tuple), "the platform's request has no lines"
    return {str(row["fulfilled_ref"]): row["quantity"] for row in rows}


def _why(ret: Return) -> str:
    """Return what the platform shows as the reason of a declined request: our words to the shopper, or the state."""
    said = dict.fromkeys(line.message for line in ret.lines if line.decision is Decision.REJECTED and line.message)
    status = derive_status(line.decision for line in ret.lines)
    if status in OPEN or status is Decision.RESOLVED:
        said[_APART] = None
    return "; ".join(filter(None, said)) or status.value


def _stands_aside(ret: Return) -> bool:
    """Return whether no request is in the way: none was made, it came to nothing, or nobody knows what came of it."""
    request, answer = _requested(ret), _answered(ret)
    if request is None or request.state in (EffectState.FAILED, EffectState.CANCELLED):
        return True
    if answer is None:
        return request.parked  # else it is on its way
    over = EffectState.CONFIRMED if answer.kind is EffectKind.DECLINE_RETURN else EffectState.FAILED
    return answer.state is over


def _units(ret: Return, order: Order, decisions: frozenset[Decision] | set[Decision]) -> dict[str, ReturnedUnits]:
    """Return the shipped units of the lines so decided, by fulfilled ref; shares of a line are none of the platform's."""
    found: dict[str, ReturnedUnits] = {}
    for line in ret.lines:
        comes_back = ret.kind != "cancellation"  # of which nothing was sent
        if line.decision in decisions and comes_back and line.line_ref not in order.shares:
            for ref, _, quantity in fulfilled_spans(order, line.line_ref, line.claimed):
                reason = line.platform_reason or line.reason
                units = ReturnedUnits(line.line_ref, ref, quantity, reason, line.note)
                found[ref] = _together(found[ref], units) if ref in found else units
    return found


def _together(some: ReturnedUnits, more: ReturnedUnits) -> ReturnedUnits:
    """Return both as one line: inspected units are later told apart by their fulfilled ref alone."""
    reason = some.reason if some.reason == more.reason else "other"
    notes = dict.fromkeys(note for note in (some.note, more.note) if note)
    return replace(some, quantity=some.quantity + more.quantity, reason=reason, note="; ".join(notes) or None)
