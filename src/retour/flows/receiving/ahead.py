"""Goods that were paid for before anybody saw them: what is worth less, or did not come, is shown to a person."""

from datetime import datetime

from retour.core.ahead import PaidAhead, not_deducted, not_here, worth_of
from retour.core.order import Order
from retour.core.rma import count
from retour.store import discrepancy
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.discrepancy import Owner
from retour.store.rma import ReturnRecord


async def show_worth_less(db: Db, *, record: ReturnRecord, order: Order, now: datetime) -> tuple[PaidAhead, ...]:
    """Open a discrepancy over what verdicts would have taken off units already paid, and return what that is."""
    found = not_deducted(record.rma, order, refunds.plans_of(await refunds.list_of_rma(db, record.rma.id)))
    if found:
        await discrepancy.open_(
            db, "paid_before_inspection", resource_kind="return", resource_id=record.rma.id, store_id=record.store_id,
            owner=Owner.FINANCE, next_step="decide whether the shopper is asked for the difference", at=now,
            details={
                "currency": order.currency,
                "amount_minor": sum(one.amount_minor for one in found),
                "units": [
                    {"line_ref": one.line_ref, "units": one.units, "grade": one.grade.value, "accepted": one.accepted,
                     "deduction_bp": one.deduction_bp, "amount_minor": one.amount_minor}
                    for one in found
                ],
            },
        )  # fmt: skip
    return found


async def show_missing(db: Db, *, record: ReturnRecord, order: Order, now: datetime) -> None:
    """Open a discrepancy over units paid for that are not here, or resolve it once they are."""
    units = not_here(record.rma)
    if units:
        await discrepancy.open_(
            db, "paid_not_received", resource_kind="return", resource_id=record.rma.id, store_id=record.store_id,
            owner=Owner.FINANCE, next_step="ask the shopper for the goods or the money", at=now,
            details={
                "units": count(span for _, span in units), "amount_minor": worth_of(order, units),
                "currency": order.currency,
            },
        )  # fmt: skip
    else:
        await discrepancy.resolve(
            db, "paid_not_received", resource_kind="return", resource_id=record.rma.id, by="retour", at=now
        )
