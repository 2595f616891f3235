"""What has to be taken back when a return that was carried out is decided the other way: goods by us, money by nobody."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from retour.core.effect import EffectKind, Restock
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
    count,
)

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
    rejected = {line.line_ref: {i.batch_id for i in line.inspections} for line in lines}
    found = []
    for settlement in ret.settlements:
        refs = tuple(ref for ref, batches in rejected.items() if _pays_for(settlement, ref, batches))
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
            if i.restocked and ret.effect(EffectKind.RESTOCK, f"unrestock:{i.id}") is None:
                yield i, _undo(ret, order, own, i)


def _undo(ret: Return, order: Order, own: Ownership, i: Inspection) -> Due | None:
    sold = order.line(i.line_ref)
    if sold is None or sold.inventory_ref is None or own.restocks != "retour":
        return None
    shipped_from = next((at for _, at, _ in fulfilled_spans(order, i.line_ref, (i.span,))), None)
    location = i.location_ref or ret.location_ref or own.location_ref or shipped_from
    if location is None or EffectKind.RESTOCK not in own.capable_of:
        return None
    return Due(EffectKind.RESTOCK, f"unrestock:{i.id}", Restock(sold.inventory_ref, location, -count((i.span,))))


def _pays_for(settlement: SettlementView, ref: str, batches: Collection[uuid.UUID]) -> bool:
    return settlement.batch_id in batches or any(one == ref for one, _, _ in settlement.units)
