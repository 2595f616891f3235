"""Reversing: a plan taken back row by row, never edited."""

from dataclasses import replace

from retour.core.order import Tax
from retour.core.refund.ledger import LedgerCredit, LedgerFee
from retour.core.refund.plan import Plan, PlannedLeg, Row

_MARK = "reversed:"


def reverse(plan: Plan) -> Plan:
    """Return the plan that takes this one back: every amount with the other sign, the same units, its own hash.

    Booking a plan and then its reversal leaves the ledger where it was. A reversal taken back is the plan again.
    """
    is_back = plan.hash.startswith(_MARK)
    return replace(
        plan,
        rows=tuple(_mirrored(row) for row in plan.rows),
        adjustments=tuple(_mirrored(row) for row in plan.adjustments),
        total=-plan.total,
        taxes=_taken(plan.taxes),
        legs=tuple(_leg(leg) for leg in plan.legs),
        unallocated=-plan.unallocated,
        hash=plan.hash.removeprefix(_MARK) if is_back else _MARK + plan.hash,
        billed=-plan.billed,
        bonus=-plan.bonus,
        bonus_shop=-plan.bonus_shop,
        fees=tuple(_fee(fee) for fee in plan.fees),
        credited=plan.credited and LedgerCredit(plan.credited.term, -plan.credited.amount),
        reversal=not plan.reversal,
    )


def _mirrored(row: Row) -> Row:
    return replace(
        row,
        payable=-row.payable,
        net=-row.net,
        taxes=_taken(row.taxes),
        entitlement=-row.entitlement,
        entitled_tax=-row.entitled_tax,
        withheld=-row.withheld,
        basis_points=None if row.basis_points is None else -row.basis_points,
        waived=-row.waived,
        ahead=-row.ahead,
    )


def _taken(taxes: tuple[Tax, ...]) -> tuple[Tax, ...]:
    return tuple(Tax(tax.bucket, -tax.amount) for tax in taxes)


def _leg(leg: PlannedLeg) -> PlannedLeg:
    return replace(leg, amount_minor=-leg.amount_minor, bonus_minor=-leg.bonus_minor)


def _fee(fee: LedgerFee) -> LedgerFee:
    return replace(
        fee,
        value=-fee.value,
        listed=-fee.listed,
        lines=tuple((ref, -units) for ref, units in fee.lines),
        parcels=-fee.parcels,
        charged=-fee.charged,
        billed=-fee.billed,
        waived=-fee.waived,
        ahead=-fee.ahead,
    )
