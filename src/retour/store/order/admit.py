"""How much of what the platform shows fits under the counters: pure arithmetic, so that no CHECK ever meets a fact.

What does not fit is not lost: it comes back as the excess, for a discrepancy with the true figures.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from retour.core.order import Order, OrderLine, PlatformRefund

FAILED: Final = frozenset({"failed", "failure", "error", "voided", "cancelled"})
DEAD: Final = frozenset({"failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """A capture as the database counts it, in presentment minor units."""

    ref: str
    captured: int
    reserved: int = 0
    refunded: int = 0
    external: int = 0

    @property
    def held(self) -> int:
        """Return what is reserved or refunded by us."""
        return self.reserved + self.refunded


@dataclass(frozen=True, slots=True)
class CounterRow:
    """An order line's quantities as the database counts them, in units."""

    line_ref: str
    ordered: int
    fulfilled: int
    cancelled: int
    in_return: int = 0
    outside: int = 0


@dataclass(frozen=True, slots=True)
class OwnRefund:
    """One of our refund effects on the order; legs are minor units by capture."""

    effect_id: UUID
    reference: str
    far_id: str | None
    state: str
    legs: Mapping[str, int] = field(default_factory=dict)


def recognise(refunds: Sequence[PlatformRefund], own: Sequence[OwnRefund]) -> dict[str, OwnRefund]:
    """Return which refund (by ref) is which effect of ours: by the far id, else by our reference in the note.

    One effect is one refund: a second one under the same reference is not ours to explain and counts as made outside.
    """
    by_far_id = {effect.far_id: effect for effect in own if effect.far_id}
    found = {refund.ref: by_far_id[refund.ref] for refund in refunds if refund.ref in by_far_id}
    taken = {effect.effect_id for effect in found.values()}
    for refund in sorted(refunds, key=lambda refund: (refund.created_at, refund.ref)):
        if refund.ref in found or not refund.note:
            continue
        for effect in own:
            if effect.effect_id not in taken and effect.far_id is None and mentions(refund.note, effect.reference):
                found[refund.ref] = effect
                taken.add(effect.effect_id)
                break
    return found


def mentions(note: str, reference: str) -> bool:
    """Return whether a note carries a whole reference of ours, whatever people wrote around it."""
    return re.search(rf"(?<![\w-]){re.escape(reference)}(?![\w-])", note) is not None


def refunded_outside(order: Order, ours: Mapping[str, OwnRefund], captures: Sequence[CaptureRow]) -> dict[str, int]:
    """Return the minor units per capture that went back without us, pending ones included, failed ones not.

    Of our own refunds only what exceeds the effect's leg counts. A movement that names no known capture is laid on
    the captures in ref order where there is room, the rest on the last one.
    """
    outside, own_seen = Counter[str](), Counter[str]()
    for refund in order.refunds:
        effect = ours.get(refund.ref)
        alive = effect is not None and effect.state not in DEAD
        seen = Counter[str]()
        for movement in refund.movements:
            if movement.status.casefold() not in FAILED:
                seen[movement.capture_ref or ""] += movement.amount
        for ref, amount in seen.items():
            mine = min(amount, effect.legs.get(ref, 0)) if effect is not None and alive else 0
            own_seen[ref] += mine
            outside[ref] += amount - mine
    for capture in order.captures:
        outside[capture.ref] = max(outside[capture.ref], capture.refunded + capture.pending - own_seen[capture.ref])
    known = {row.ref for row in captures}
    astray = sum(amount for ref, amount in outside.items() if ref not in known)
    result = {row.ref: outside[row.ref] for row in captures}
    for row in sorted(captures, key=lambda row: row.ref):
        laid = min(astray, max(0, row.captured - row.held - result[row.ref]))
        result[row.ref] += laid
        astray -= laid
    if astray and result:
        result[max(result)] += astray
    return result


def captured(order: Order, row: CaptureRow) -> int:
    """Return what the platform says was captured; nothing for a capture it no longer shows."""
    return next((capture.captured for capture in order.captures if capture.ref == row.ref), 0)


def withdraw(
    captures: Sequence[CaptureRow], outside: Mapping[str, int], own: Sequence[OwnRefund], seen: frozenset[UUID]
) -> tuple[OwnRefund, ...]:
    """Return our unsent refunds that must give way to what went back outside, newest (last) first and no more."""
    missing = {row.ref: row.held + outside.get(row.ref, 0) - row.captured for row in captures}
    chosen: list[OwnRefund] = []
    for effect in reversed(own):
        if effect.state != "intent" or effect.effect_id in seen:
            continue
        if any(missing.get(ref, 0) > 0 for ref in effect.legs):
            chosen.append(effect)
            for ref, amount in effect.legs.items():
                missing[ref] = missing.get(ref, 0) - amount
    return tuple(chosen)


def admit_capture(row: CaptureRow, outside: int) -> tuple[CaptureRow, int]:
    """Return the row that the CHECK accepts and the minor units that went back beyond it."""
    allowed = max(row.captured, row.held)
    admitted = min(outside, allowed - row.held)
    excess = row.held + outside - row.captured
    return CaptureRow(row.ref, allowed, row.reserved, row.refunded, admitted), max(0, excess)


def wanted_counter(order: Order, line: OrderLine, ours: Mapping[str, OwnRefund], in_return: int) -> CounterRow:
    """Return a line's quantities as the platform shows them.

    Units refunded outside count as refunded without return, apart from those that left the order unshipped: they were
    paid back with their cancellation and can never be returned anyway.
    """
    refunded = sum(
        refunded.quantity
        for refund in order.refunds
        if (effect := ours.get(refund.ref)) is None or (effect.state in DEAD and not _came_to_nothing(refund))
        for refunded in refund.lines
        if refunded.line_ref == line.ref
    )
    return CounterRow(
        line_ref=line.ref,
        ordered=line.quantity,
        fulfilled=order.fulfilled(line.ref),
        cancelled=line.cancelled,
        in_return=in_return,
        outside=max(0, refunded - line.cancelled),
    )


def _came_to_nothing(refund: PlatformRefund) -> bool:
    """Return whether every movement of the refund failed, so that its units were not paid for."""
    return bool(refund.movements) and all(m.status.casefold() in FAILED for m in refund.movements)


def admit_counter(wanted: CounterRow) -> CounterRow:
    """Return the nearest quantities that the CHECKs accept; units already in a return are never pushed out."""
    ordered = max(wanted.ordered, wanted.in_return, 0)
    fulfilled = min(max(wanted.fulfilled, wanted.in_return), ordered)
    return CounterRow(
        line_ref=wanted.line_ref,
        ordered=ordered,
        fulfilled=fulfilled,
        cancelled=min(max(wanted.cancelled, 0), ordered - fulfilled),
        in_return=wanted.in_return,
        outside=min(wanted.outside, fulfilled - wanted.in_return),
    )
