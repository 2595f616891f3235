"""The explanation: every minor unit from the order line to the payout, as rows for people and programs."""

from typing import Final

from retour.core.money import NOTHING, Sides
from retour.core.refund.plan import ExplainedRow, Plan, Row, RowKind

LABELS: Final = {
    "listed": "Price before discounts",
    "discounts": "Discounts",
    "settled": "Paid for the line",
    "paid_before": "Already refunded",
    "units": "Returned units",
    "rejected_units": "Units not accepted",
    "withheld": "Not refunded",
    "money": "Refund without return",
    "shipping": "Shipping",
    "duty": "Duty",
    "tip": "Tip",
    "fee": "Fee",
    "gift_wrapping": "Gift wrapping",
    "order_rounding": "Rounding of the order",
    "damage": "Deduction for condition",
    "share": "Part that is not paid",
    "clawback": "Discount that is no longer earned",
    "clawback_released": "Discount charged before, given back",
    "restocking_fee": "Restocking fee",
    "label_fee": "Fee for the return label",
    "return_fee": "Fee for the return",
    "cancellation_fee": "Fee for the cancellation",
    "waived": "Fee that is not charged",
    "ahead": "Fee that is paid beforehand",
    "cap_order": "Limit: what is left on the order",
    "cap_tax": "Limit: what is left of a tax",
    "platform_rounding": "Rounding of the shop platform",
    "total": "Refund",
    "tax": "Tax inside the refund",
    "leg": "To payment",
    "unallocated": "Without a payment to go back to",
    "billed": "Still owed by the shopper",
    "bonus": "Bonus on top, from the shop",
}


def explain(plan: Plan) -> tuple[ExplainedRow, ...]:
    """Return the explanation of a plan: the rows that `add` sum up to `total`, its legs and rest say where it goes."""
    out: list[ExplainedRow] = []
    for row in plan.rows:
        out += _facts(row)
        out += _paying(row)
    for row in plan.adjustments:
        out += _paying(row)
    tax = Sides(sum(t.amount.presentment for t in plan.taxes), sum(t.amount.shop for t in plan.taxes))
    out.append(_row("total", None, plan.total, tax=tax))
    out += [_row("tax", t.bucket, t.amount) for t in plan.taxes]
    out += [_row("leg", leg.capture_ref, Sides(leg.amount_minor, 0)) for leg in plan.legs]
    if plan.unallocated:
        out.append(_row("unallocated", None, Sides(plan.unallocated, 0)))
    if plan.billed:
        out.append(_row("billed", None, plan.billed))
    if plan.bonus or plan.bonus_shop:
        out.append(_row("bonus", None, Sides(plan.bonus, plan.bonus_shop)))
    return tuple(out)


def _facts(row: Row) -> list[ExplainedRow]:
    out: list[ExplainedRow] = []
    if row.listed and row.listed != row.settled:
        out.append(_row("listed", row.ref, row.listed))
        out.append(_row("discounts", row.ref, row.settled - row.listed))
    out.append(_row("settled", row.ref, row.settled))
    if row.paid_before:
        out.append(_row("paid_before", row.ref, row.paid_before))
    return out


def _paying(row: Row) -> list[ExplainedRow]:
    """Return the row, units at what they are worth and what is withheld of it as a row of its own."""
    tax = Sides(sum(t.amount.presentment for t in row.taxes), sum(t.amount.shop for t in row.taxes))
    quantity = row.quantity or None
    if row.waived:
        return [
            _row(row.kind.value, None, row.payable, adds=True, reason=row.reason),
            _row("waived", row.kind.value, row.waived, reason=row.reason),
        ]
    if row.ahead:
        return [
            _row(row.kind.value, None, row.payable, adds=True, reason=row.reason),
            _row("ahead", row.kind.value, row.ahead),
        ]
    if row.kind is RowKind.CLAWBACK and row.reason is not None:
        return [_row("clawback_released", row.ref, row.payable, tax=tax, adds=True)]
    if row.kind is not RowKind.UNITS or row.payable == row.entitlement:
        return [_row(row.kind.value, row.ref, row.payable, tax=tax, quantity=quantity, adds=True, reason=row.reason)]
    return [
        _row("units", row.ref, row.entitlement, tax=row.entitled_tax, quantity=quantity, adds=True),
        _row(
            "withheld",
            row.ref,
            row.payable - row.entitlement,
            tax=tax - row.entitled_tax,
            adds=True,
            reason=row.reason,
        ),
    ]


def _row(
    code: str,
    ref: str | None,
    amount: Sides,
    *,
    tax: Sides = NOTHING,
    quantity: int | None = None,
    adds: bool = False,
    reason: str | None = None,
) -> ExplainedRow:
    return ExplainedRow(code, LABELS[code], ref, amount, tax, quantity, adds, reason)
