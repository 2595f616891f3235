"""What has to be taken back when a return that was carried out is decided the other way: goods by us, money by nobody."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from retour.core.effect import EffectKind, EffectState, Restock
from retour.core.order import Order
from retour.core.rma.due import Due, fulfilled_spans
from retour.core.rma.moves import Decision
from retour.core.rma.state import (
    Inspection,
    Ownership,
    Return,
    ReturnLine,
    SettlementState,
    SettlementView,
    common,
    count,
)

# The two ways of an adjustment, as its business reference begins.
_OUT_AGAIN: Final = "unrestock"
_IN_AGAIN: Final = "restock_again"
# Money that is out, or may be.
_OUT = frozenset(
    {SettlementState.SETTLED, SettlementState.SENDING, SettlementState.PENDING, SettlementState.UNKNOWN,
     SettlementState.HANDED_OVER, SettlementState.DUE}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Owed:
    """A settlement whose units are wanted back no more: `by_payer` if somebody else issued it and can take it back."""

    settlement: SettlementView
    line_refs: tuple[str, ...]
    by_payer: bool


def owed_back(ret: Return, lines: Iterable[ReturnLine]) -> tuple[Owed, ...]:
    """Return the settlements that paid for these lines, each with the lines it paid for."""
    rejected, found = tuple(lines), []
    for settlement in ret.settlements:
        refs = tuple(dict.fromkeys(line.line_ref for line in rejected if _pays_for(settlement, line)))
        if refs and settlement.state in _OUT:
            found.append(Owed(settlement, refs, by_payer=settlement.handed_to == "merchant"))
    return tuple(found)


def stock_to_undo(ret: Return, order: Order, own: Ownership) -> Iterator[tuple[Inspection, Due | None]]:
    """Yield the restocks of rejected lines that stand, each with the adjustment that takes its units out again.

    Nothing for the latter where the platform cannot adjust stock, or nobody knows where the units lie.
    """
    for line in ret.lines:
        if line.decision is not Decision.REJECTED:
            continue
        for i in line.inspections:
            undone = _times(ret, _OUT_AGAIN, i)
            if i.restocked and undone == _times(ret, _IN_AGAIN, i):
                yield i, _adjusted(ret, order, own, i, _ref(_OUT_AGAIN, i, undone), -count((i.span,)))


def stock_to_redo(ret: Return, order: Order, own: Ownership) -> Iterator[Due]:
    """Yield the adjustments that put back what was taken out when a line was rejected that is approved after all."""
    for line in ret.lines:
        if line.decision not in (Decision.APPROVED, Decision.RESOLVED):
            continue
        for i in line.inspections:
            redone = _times(ret, _IN_AGAIN, i)
            out = ret.effect(EffectKind.RESTOCK, _ref(_OUT_AGAIN, i, redone))
            if out is None or out.state in (EffectState.FAILED, EffectState.CANCELLED):
                continue  # nothing was taken out, or it could not be
            due = _adjusted(ret, order, own, i, _ref(_IN_AGAIN, i, redone), count((i.span,)))
            if due is not None:
                yield due


def _times(ret: Return, word: str, i: Inspection) -> int:
    """Return how often units were adjusted one way."""
    n = 0
    while ret.effect(EffectKind.RESTOCK, _ref(word, i, n)) is not None:
        n += 1
    return n


def _ref(word: str, i: Inspection, before: int) -> str:
    """Return the business reference of an adjustment that was made so often before; the first has no number."""
    return f"{word}:{i.id}" if not before else f"{word}:{i.id}:{before + 1}"


def _adjusted(ret: Return, order: Order, own: Ownership, i: Inspection, ref: str, units: int) -> Due | None:
    sold = order.line(i.line_ref)
    if sold is None or sold.inventory_ref is None or own.restocks != "retour":
        return None
    shipped_from = next((at for _, at, _ in fulfilled_spans(order, i.line_ref, (i.span,))), None)
    location = i.location_ref or ret.location_ref or own.location_ref or shipped_from
    if location is None or EffectKind.RESTOCK not in own.capable_of:
        return None
    return Due(EffectKind.RESTOCK, ref, Restock(sold.inventory_ref, location, units))


def _pays_for(settlement: SettlementView, line: ReturnLine) -> bool:
    early = ((lo, hi) for ref, lo, hi in settlement.units if ref == line.line_ref)
    return any(i.batch_id == settlement.batch_id for i in line.inspections) or bool(common(early, line.claimed))
