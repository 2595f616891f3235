"""What a plan paid for some of its lines alone: their units, what was taken off them, and their part of the bonus."""

from collections.abc import Collection
from typing import Final

from retour.core.money import half_up
from retour.core.refund.plan import Plan, RowKind

# Rows that are about the goods of a line; fees, shipping and the like are of the whole.
_OF_GOODS: Final = frozenset({RowKind.UNITS, RowKind.MONEY, RowKind.DAMAGE, RowKind.SHARE, RowKind.PLATFORM_ROUNDING})


def paid_for(plan: Plan, refs: Collection[str]) -> int | None:
    """Return what a plan paid for these lines in presentment minor units, or nothing if it paid for none of them.

    All of it where it paid for no other line; else without what is of the whole, and with the bonus in proportion.
    """
    units = {row.ref for row in plan.rows if row.kind is RowKind.UNITS}
    if not units & set(refs):
        return None
    if units <= set(refs):
        return plan.total.presentment + plan.bonus
    rows = [row for row in (*plan.rows, *plan.adjustments) if row.kind in _OF_GOODS]
    every = sum(row.payable.presentment for row in rows)
    mine = sum(row.payable.presentment for row in rows if row.ref in refs)
    return mine + (half_up(plan.bonus * mine, every) if every > 0 else 0)
