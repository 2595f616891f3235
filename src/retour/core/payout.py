"""What a platform is told of a refund: units of its own lines, and shipping as it counts it."""

from retour.core.effect import RefundedUnits
from retour.core.order import Order
from retour.core.refund import Plan, RowKind


def plain_units(plan: Plan, of: Order) -> tuple[RefundedUnits, ...]:
    """Return the lines of a plan's units, one entry a line; shares of a line go back as an amount alone."""
    units: dict[str, int] = {}
    for row in plan.rows:
        if row.kind is RowKind.UNITS and row.ref is not None and row.ref not in of.shares:
            units[row.ref] = units.get(row.ref, 0) + row.quantity
    return tuple(RefundedUnits(ref, quantity) for ref, quantity in units.items())


def refunded_shipping(plan: Plan, of: Order) -> int:
    """Return the shipping of a plan as platforms take it, in minor units: without tax where prices are without tax."""
    rows = [row for row in plan.rows if row.kind is RowKind.SHIPPING]
    return sum((row.payable if of.taxes_included else row.net).presentment for row in rows)
