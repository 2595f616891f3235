"""Merging duplicates: whether one open return may go on as part of another of the same order."""

from retour.core.effect import OPEN_STATES, EffectKind, EffectState
from retour.core.errors import Objection
from retour.core.rma.fee import FeeState
from retour.core.rma.moves import OPEN
from retour.core.rma.native import opening
from retour.core.rma.state import Return


def merge_objection(source: Return, target: Return) -> Objection | None:
    """Return why `source` may not go on as part of `target`, both of one order; nothing if it may.

    Of the one that goes nothing has been sent, arrived, been paid or been decided against; so each of its units and the
    whole of what was promised for them go over.
    """
    if source.id == target.id:
        return Objection("merge_same_return", "a return is not merged into itself", "into")
    if source.gift or target.gift:
        return Objection("merge_of_a_gift", "a gift stays with whoever got it, and is told to nobody else", "into")
    if any(line.decision not in OPEN for line in source.lines):
        return Objection("merge_not_open", "part of the return is decided or closed; it stays what it is")
    if target.status not in OPEN:
        return Objection("merge_not_open", "the return that would take it over is closed", "into")
    if source.shipments or source.received_at is not None or any(line.received for line in source.lines):
        return Objection("merge_has_goods", "a parcel of the return is announced or here; it keeps its number")
    if source.settlements:
        return Objection("merge_has_money", "money of the return is computed or paid; it stays where it is")
    if source.fee is not None and source.fee.state not in (FeeState.DUE, FeeState.FREE):
        return Objection("merge_has_money", "a fee of the return is invoiced or paid; it stays where it is")
    if any(e.state in OPEN_STATES and not _is_withdrawn(e.kind, e.state) for e in source.effects):
        return Objection("merge_calls_running", "calls of the return are not done; try again once they are")
    opened = opening(target)
    held = {line.line_ref for line in target.lines}
    if opened is not None and opened.state is not EffectState.FAILED and any(x.line_ref in held for x in source.lines):
        said = "the platform's return of the other one is open and holds the same article without these units"
        return Objection("merge_opened_there", said, "into")
    return None


def _is_withdrawn(kind: EffectKind, state: EffectState) -> bool:
    """Return whether the call goes away by itself, unsent, once nothing of the return waits for a decision."""
    return kind is EffectKind.REQUEST_RETURN and state is EffectState.INTENT
