"""New orders that nobody hands anything in for any more: they are asked back, whole or not at all."""

from collections.abc import Sequence
from datetime import datetime

from retour.core.exchange_order import Back, handed_in
from retour.core.rma import Span, count, minus
from retour.store import discrepancy
from retour.store import exchange_order as rows
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.rma import ReturnRecord


async def ask_back(db: Db, record: ReturnRecord, units: Sequence[tuple[str, Span]], now: datetime) -> None:
    """Ask for the new orders back of which all units are among these: (order line, span) each.

    One that is there and that a card was charged for stands: it was bought. What was charged for one that is not there
    is shown, to be paid back.
    """
    if not any(s.exchange is not None for s in record.rma.settlements):
        return
    card = record.rma.card
    is_charged = card is not None and card.is_charged
    for order in await rows.list_of_rma(db, record.rma.id):
        row = await refunds.get(db, order.settlement_id)
        assert row is not None, "a new order has its settlement"
        held = handed_in(row.plan)
        left = (minus(spans, [span for ref, span in units if ref == line]) for line, spans in held.items())
        if not held or any(count(spans) for spans in left) or (is_charged and order.order_ref is not None):
            continue
        await rows.ask_back(db, order.settlement_id, back=Back.REVERSE, at=now)
        if is_charged:
            await _show(db, record, now)


async def _show(db: Db, record: ReturnRecord, now: datetime) -> None:
    card = record.rma.card
    assert card is not None, "it was charged"
    await discrepancy.open_(
        db, "charged_and_not_sent", resource_kind="return", resource_id=record.rma.id, store_id=record.store_id,
        owner=discrepancy.Owner.FINANCE, at=now, next_step="pay back what was charged for the new item",
        details={"amount_minor": card.captured_minor or card.owed_minor, "currency": record.rma.currency},
    )  # fmt: skip
