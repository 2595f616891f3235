"""What must hold for any plan and any ledger."""

from dataclasses import replace

from retour.core.money import NOTHING, Sides
from retour.core.order import Order
from retour.core.refund import Ledger, Plan, RowKind, explain
from retour.core.refund.booking import added
from retour.core.refund.units import complement, worth


def holds(order: Order, before: Ledger, plan: Plan) -> None:
    """Assert what every plan must satisfy by itself."""
    total = NOTHING
    for row in (*plan.rows, *plan.adjustments):
        taxes = NOTHING
        for tax in row.taxes:
            taxes += tax.amount
        assert row.net + taxes == row.payable
        assert not (row.waived and row.payable)
        total += row.payable
    assert total == plan.total
    assert 0 <= plan.total.presentment <= plan.order_rest.presentment
    assert sum(leg.amount_minor for leg in plan.legs) + plan.unallocated == plan.total.presentment
    rests = {t.capture_ref: t.rest for t in before.tenders}
    assert all(0 < leg.amount_minor <= rests[leg.capture_ref] for leg in plan.legs)
    assert plan.bonus >= 0
    added_up = NOTHING
    for explained in explain(plan):
        if explained.adds:
            added_up += explained.amount
    assert added_up == plan.total
    of_goods = (RowKind.UNITS, RowKind.DAMAGE, RowKind.SHARE)
    rows = (*plan.rows, *plan.adjustments)
    goods = sum(row.payable.presentment for row in rows if row.kind in of_goods)
    charged = sum(row.payable.presentment for row in rows if row.kind is RowKind.CLAWBACK)
    assert -charged <= max(0, goods)


def never_too_much(order: Order, ledger: Ledger) -> None:
    """Assert that no line, charge, bucket or order has paid back more than was settled, on either side."""
    settled = {x.ref: (x.gross, x.taxes) for x in order.lines} | {x.ref: (x.gross, x.taxes) for x in order.charges}
    pasts = [(p.line_ref, p.paid, p.taxes_paid) for p in ledger.lines]
    pasts += [(p.charge_ref, p.paid, p.taxes_paid) for p in ledger.charges]
    for ref, paid, taxes_paid in pasts:
        gross, taxes = settled[ref]
        assert _reached(paid, gross)
        buckets = {t.bucket: t.amount for t in taxes}
        assert all(_reached(t.amount, buckets[t.bucket]) for t in taxes_paid)
        if paid == gross and gross.presentment:
            assert all(t.amount.presentment == buckets[t.bucket].presentment for t in taxes_paid)
    assert ledger.paid_back.presentment <= max(0, order.total.presentment)
    assert ledger.paid_back.shop <= max(0, order.total.shop)
    assert all(t.reserved <= t.captured for t in ledger.tenders)
    limits = added((), tuple(t for _, taxes in settled.values() for t in taxes))
    gone = {t.bucket: t.amount for t in ledger.taxes_paid_back}
    for limit in limits:
        assert gone.get(limit.bucket, NOTHING).presentment <= max(0, limit.amount.presentment)
        assert gone.get(limit.bucket, NOTHING).shop <= max(0, limit.amount.shop)
    _promotions(order, ledger)


def _promotions(order: Order, ledger: Ledger) -> None:
    """Assert that no more is charged of a promotion than the kept units still have of it."""
    paid = {line.line_ref: line.paid_units for line in ledger.lines}
    for promotion in ledger.promotions:
        kept = 0
        for line in order.lines:
            units = complement(line.quantity, paid.get(line.ref, ()))
            kept += sum(
                worth(share.amount.presentment, units, line.quantity)
                for share in line.discounts
                if share.promotion == promotion.promotion
            )
        assert 0 <= promotion.charged.presentment <= kept


def _reached(paid: Sides, settled: Sides) -> bool:
    return all(
        min(0, limit) <= amount <= max(0, limit)
        for amount, limit in ((paid.presentment, settled.presentment), (paid.shop, settled.shop))
    )


def canonical(ledger: Ledger) -> Ledger:
    """Return the ledger without what says nothing: entries that came and went, taxes of zero, the sequence."""
    return replace(
        ledger,
        sequence=0,
        lines=tuple(
            replace(
                line,
                taxes_paid=tuple(t for t in line.taxes_paid if t.amount),
                paid_units=tuple(sorted(line.paid_units)),
            )
            for line in sorted(ledger.lines, key=lambda line: line.line_ref)
            if line.paid_units
            or line.paid
            or line.withheld
            or line.granted_bp
            or any(t.amount for t in line.taxes_paid)
        ),
        charges=tuple(
            replace(charge, taxes_paid=tuple(t for t in charge.taxes_paid if t.amount))
            for charge in sorted(ledger.charges, key=lambda charge: charge.charge_ref)
            if charge.paid or any(t.amount for t in charge.taxes_paid)
        ),
        taxes_paid_back=tuple(t for t in sorted(ledger.taxes_paid_back, key=lambda t: t.bucket) if t.amount),
        promotions=tuple(
            replace(promotion, taxes=tuple(t for t in promotion.taxes if t.amount))
            for promotion in ledger.promotions
            if promotion.charged or any(t.amount for t in promotion.taxes)
        ),
        fees=tuple(fee for fee in ledger.fees if fee.lines or fee.charged or fee.billed or fee.waived or fee.parcels),
        credited=tuple(credit for credit in ledger.credited if credit.amount),
    )
