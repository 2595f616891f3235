"""How the API tells money: integers in minor units, and the explanation row by row."""

from collections.abc import Sequence

from retour.core.refund import ExplainedRow, Plan, explain
from retour.doors.api.shapes import Told


class MoneyRow(Told):
    """One step from the price to the payout; the rows that `adds` sum up to the total, to the cent.

    `code` is stable, `label` its English words. `amount_minor` is in the currency that the shopper saw,
    `shop_amount_minor` in the shop's.
    """

    code: str
    label: str
    ref: str | None
    amount_minor: int
    shop_amount_minor: int
    tax_minor: int
    quantity: int | None
    adds: bool
    reason: str | None


class LegOut(Told):
    """A part of the money and the payment it goes back to."""

    capture_ref: str
    kind: str
    gateway: str
    amount_minor: int


class PlanOut(Told):
    """What would be, or is, paid for some units, with every row.

    `rows_total_minor` is the sum of the rows that `adds`: the total. `bonus_minor` comes on top, from the shop.
    """

    currency: str
    total_minor: int
    shop_currency: str
    shop_total_minor: int
    tax_minor: int
    unallocated_minor: int
    rows_total_minor: int
    bonus_minor: int
    billed_minor: int
    hash: str
    rows: list[MoneyRow]
    legs: list[LegOut]


def plan_out(plan: Plan) -> PlanOut:
    """Return a plan as the API tells it."""
    return PlanOut(
        currency=plan.currency,
        total_minor=plan.total.presentment,
        shop_currency=plan.shop_currency,
        shop_total_minor=plan.total.shop,
        tax_minor=sum(tax.amount.presentment for tax in plan.taxes),
        unallocated_minor=plan.unallocated,
        rows_total_minor=sum(row.amount.presentment for row in explain(plan) if row.adds),
        bonus_minor=plan.bonus,
        billed_minor=plan.billed.presentment,
        hash=plan.hash,
        rows=_rows(explain(plan)),
        legs=[
            LegOut(capture_ref=leg.capture_ref, kind=leg.kind.value, gateway=leg.gateway, amount_minor=leg.amount_minor)
            for leg in plan.legs
        ],
    )


def _rows(explained: Sequence[ExplainedRow]) -> list[MoneyRow]:
    return [
        MoneyRow(
            code=row.code, label=row.label, ref=row.ref, amount_minor=row.amount.presentment,
            shop_amount_minor=row.amount.shop, tax_minor=row.tax.presentment, quantity=row.quantity, adds=row.adds,
            reason=row.reason,
        )
        for row in explained
    ]  # fmt: skip
