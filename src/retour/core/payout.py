"""What a platform is told of a refund: units of its own lines, and shipping as it counts it."""

from dataclasses import replace

from retour.core.effect import RefundedUnits
from retour.core.kind import Kind
from retour.core.order import Order
from retour.core.refund import Plan, RowKind


def plain_units(plan: Plan, of: Order) -> tuple[RefundedUnits, ...]:
    """Return the lines of a plan's units, one entry a line; shares of a line go back as an amount alone."""
    units: dict[str, int] = {}
    for row in plan.rows:
        if row.kind is RowKind.UNITS and row.ref is not None and row.ref not in of.shares:
            units[row.ref] = units.get(row.ref, 0) + row.quantity
    return tuple(RefundedUnits(ref, quantity) for ref, quantity in units.items())


def refunded_units(kind: str, plan: Plan, of: Order, location_ref: str | None) -> tuple[RefundedUnits, ...]:
    """Return the lines of a refund; units that were never sent are cancelled with it, back where they are kept."""
    units = plain_units(plan, of)
    if kind != Kind.CANCELLATION:
        return units
    sent_from = next((parcel.location_ref for parcel in of.fulfilments if parcel.location_ref), None)
    return tuple(replace(line, cancelled=True, location_ref=location_ref or sent_from) for line in units)


def refunded_shipping(plan: Plan, of: Order) -> int:
    """Return the shipping of a plan as platforms take it, in minor units: without tax where prices are without tax."""
    rows = [row for row in plan.rows if row.kind is RowKind.SHIPPING]
    return sum((row.payable if of.taxes_included else row.net).presentment for row in rows)
