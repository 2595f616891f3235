"""Units that nobody returns any more although their money was paid: shown to a person, taken back by nobody."""

from collections.abc import Sequence
from datetime import datetime

from retour.core.ahead import worth_of
from retour.core.rma import Span, count
from retour.flows.rma.exchanged import ask_back
from retour.store import discrepancy, order
from retour.store.db import Db
from retour.store.rma import ReturnRecord


async def show_paid_for(db: Db, record: ReturnRecord, units: Sequence[tuple[str, Span]], now: datetime) -> None:
    """Show that units were paid for and will not come: (order line, span) each."""
    await ask_back(db, record, units, now)
    found = await order.load(db, record.order_id)
    assert found is not None, "a return stands on its order"
    amount = worth_of(found.order, units)
    await discrepancy.open_(
        db, "paid_not_received", resource_kind="return", resource_id=record.rma.id, store_id=record.store_id,
        owner=discrepancy.Owner.FINANCE, next_step="ask the shopper for the goods or the money", at=now,
        details={"units": count(span for _, span in units), "amount_minor": amount, "currency": found.order.currency},
    )  # fmt: skip
