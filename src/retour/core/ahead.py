"""What was paid before its inspection, compared with what came: shown to a person, never taken back by itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from retour.core.money import half_up
from retour.core.order import Order
from retour.core.refund.plan import Plan, RowKind
from retour.core.refund.units import worth
from retour.core.rma import Grade, Return, SettlementState, Span, count, is_early, minus
from retour.core.rma.state import common

_WHOLE_BP: Final = 10_000
# The money of such a settlement is gone or on its way: what is found later changes it no more.
_GONE: Final = frozenset(
    {
        SettlementState.DUE,
        SettlementState.SENDING,
        SettlementState.PENDING,
        SettlementState.SETTLED,
        SettlementState.UNKNOWN,
        SettlementState.HANDED_OVER,
    }
)


@dataclass(frozen=True, slots=True)
class PaidAhead:
    """Units paid before their inspection and what their verdict would have taken, in presentment minor units."""

    line_ref: str
    units: int
    grade: Grade
    accepted: bool
    deduction_bp: int
    amount_minor: int


def paid_ahead(ret: Return, line_ref: str) -> tuple[Span, ...]:
    """Return the units of an order line whose money left, or is leaving, before anybody judged them."""
    gone = (s for s in ret.settlements if is_early(s) and s.state in _GONE)
    return tuple((lo, hi) for s in gone for ref, lo, hi in s.units if ref == line_ref)


def not_deducted(ret: Return, order: Order, plans: Iterable[Plan] = ()) -> tuple[PaidAhead, ...]:
    """Return what the verdicts on units paid before would have taken off, where that is anything.

    `plans` are those that were paid: a verdict that came before the money left was deducted there.
    """
    found, deducted = [], tuple(_deducted(plans))
    for i in ret.inspections():
        known = (span for ref, span in deducted if ref == i.line_ref)
        spans = minus(common((i.span,), paid_ahead(ret, i.line_ref)), known)
        bp = i.deduction_basis_points if i.accepted else _WHOLE_BP
        amount = _share(order, i.line_ref, spans, bp)
        if amount:
            found.append(PaidAhead(i.line_ref, count(spans), i.grade, i.accepted, bp, amount))
    return tuple(found)


def _deducted(plans: Iterable[Plan]) -> Iterator[tuple[str, Span]]:
    """Yield the units whose verdict a plan knew of, by line ref: refused ones and ones that it took something off."""
    for plan in plans:
        for row in (*plan.rows, *plan.adjustments):
            if row.ref is not None and row.kind in (RowKind.DAMAGE, RowKind.REJECTED_UNITS):
                yield from ((row.ref, span) for span in row.ordinals)


def not_here(ret: Return) -> tuple[tuple[str, Span], ...]:
    """Return the units paid before, by line ref, that are to come back and have not arrived."""
    return tuple(
        (line.line_ref, span)
        for line in ret.lines
        if not line.kept
        for span in minus(common(line.claimed, paid_ahead(ret, line.line_ref)), line.received)
    )


def worth_of(order: Order, units: Iterable[tuple[str, Span]]) -> int:
    """Return what units of order lines are worth, in presentment minor units."""
    return sum(_share(order, ref, (span,), _WHOLE_BP) for ref, span in units)


def _share(order: Order, line_ref: str, spans: Iterable[Span], bp: int) -> int:
    line = order.line(line_ref)
    if line is None:
        return 0
    each = (u for lo, hi in spans for u in range(lo, hi + 1))
    return sum(half_up(worth(line.gross.presentment, ((u, u),), line.quantity) * bp, _WHOLE_BP) for u in each)
