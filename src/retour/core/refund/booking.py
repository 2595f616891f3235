"""Booking: the ledger once a plan is reserved, and what earlier plans of one return mean for its next step."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from retour.core.money import NOTHING, Sides
from retour.core.order import Tax
from retour.core.refund.fees import merged
from retour.core.refund.ledger import (
    Ledger,
    LedgerCharge,
    LedgerCredit,
    LedgerFee,
    LedgerLine,
    LedgerPromotion,
    Ordinals,
)
from retour.core.refund.plan import Plan, Row, RowKind
from retour.core.refund.terms import FeeTerm
from retour.core.refund.units import without

OF_LINES: Final = frozenset({RowKind.UNITS, RowKind.MONEY})
OF_CHARGES: Final = frozenset(
    {RowKind.SHIPPING, RowKind.DUTY, RowKind.TIP, RowKind.FEE, RowKind.GIFT_WRAPPING, RowKind.ORDER_ROUNDING}
)


def booked(ledger: Ledger, plan: Plan) -> Ledger:
    """Return the ledger of the order once the plan is reserved; a reversal gives back what its plan had taken."""
    lines = {line.line_ref: line for line in ledger.lines}
    charges = {charge.charge_ref: charge for charge in ledger.charges}
    promotions = {promotion.promotion: promotion for promotion in ledger.promotions}
    of_charges = {row.ref for row in plan.rows if row.kind in OF_CHARGES}
    for row in (*plan.rows, *plan.adjustments):
        if row.ref is None:
            continue
        of_charge = row.kind in OF_CHARGES or (row.kind is RowKind.PLATFORM_ROUNDING and row.ref in of_charges)
        if of_charge:
            charges[row.ref] = _charge_after(charges.get(row.ref) or LedgerCharge(row.ref), row)
        elif row.kind in OF_LINES or row.kind is RowKind.PLATFORM_ROUNDING:
            past = lines.get(row.ref) or LedgerLine(row.ref)
            lines[row.ref] = _line_after(past, row, reversal=plan.reversal)
        elif row.kind is RowKind.CLAWBACK:
            promotions[row.ref] = _promotion_after(promotions.get(row.ref) or LedgerPromotion(row.ref), row)
    taken = {leg.capture_ref: leg.amount_minor for leg in plan.legs}
    ledger = replace(
        ledger,
        sequence=ledger.sequence + 1,
        lines=tuple(lines.values()),
        charges=tuple(charges.values()),
        tenders=tuple(replace(t, reserved=t.reserved + taken.get(t.capture_ref, 0)) for t in ledger.tenders),
        paid_back=ledger.paid_back + plan.total,
        taxes_paid_back=added(ledger.taxes_paid_back, plan.taxes),
        promotions=tuple(promotions.values()),
    )
    return of_this_return(ledger, (plan,))


def of_this_return(ledger: Ledger, earlier: Iterable[Plan]) -> Ledger:
    """Return the ledger with the fees charged and the amounts credited by earlier plans of the same return."""
    fees = {fee.term: fee for fee in ledger.fees}
    credited = {credit.term: credit for credit in ledger.credited}
    for plan in earlier:
        for fee in plan.fees or _earlier_release(plan):
            fees[fee.term] = merged(fees[fee.term], fee) if fee.term in fees else fee
        if plan.credited is not None:
            before = credited.get(plan.credited.term)
            amount = plan.credited.amount + (before.amount if before else NOTHING)
            credited[plan.credited.term] = LedgerCredit(plan.credited.term, amount)
    return replace(ledger, fees=tuple(fees.values()), credited=tuple(credited.values()))


def _earlier_release(plan: Plan) -> tuple[LedgerFee, ...]:
    """Return the fixed fee of a plan that was kept before plans said what their fees were computed from."""
    return tuple(
        LedgerFee(FeeTerm(fixed_minor=-row.payable.presentment), charged=-row.payable)
        for row in plan.adjustments
        if plan.maths_version == 1 and row.kind is RowKind.RESTOCKING_FEE and row.basis_points is None
    )


def added(taxes: tuple[Tax, ...], more: tuple[Tax, ...]) -> tuple[Tax, ...]:
    """Return the taxes of both, bucket by bucket, in the order in which they first appear."""
    sums: dict[str, Sides] = {}
    for tax in (*taxes, *more):
        sums[tax.bucket] = sums.get(tax.bucket, NOTHING) + tax.amount
    return tuple(Tax(bucket, amount) for bucket, amount in sums.items())


def _line_after(before: LedgerLine, row: Row, *, reversal: bool) -> LedgerLine:
    units: Ordinals = before.paid_units
    if row.kind is RowKind.UNITS:
        units = without(units, row.ordinals) if reversal else units + row.ordinals
    granted = row.basis_points or 0 if row.kind is RowKind.MONEY else 0
    return LedgerLine(
        before.line_ref,
        units,
        before.paid + row.payable,
        added(before.taxes_paid, row.taxes),
        before.withheld + row.withheld,
        before.granted_bp + granted,
    )


def _charge_after(before: LedgerCharge, row: Row) -> LedgerCharge:
    return replace(before, paid=before.paid + row.payable, taxes_paid=added(before.taxes_paid, row.taxes))


def _promotion_after(before: LedgerPromotion, row: Row) -> LedgerPromotion:
    taken = tuple(Tax(tax.bucket, -tax.amount) for tax in row.taxes)
    return replace(before, charged=before.charged - row.payable, taxes=added(before.taxes, taken))
