"""New orders that nobody hands anything in for any more: they are asked back, whole or not at all."""

from collections.abc import Sequence
from datetime import datetime

from retour.core.exchange_order import Back, handed_in
from retour.core.rma import Span, count, minus
from retour.store import exchange_order as rows
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.rma import ReturnRecord


async def ask_back(db: Db, record: ReturnRecord, units: Sequence[tuple[str, Span]], now: datetime) -> None:
    """Ask for the new orders back of which all units are among these: (order line, span) each."""
    if not any(s.exchange is not None for s in record.rma.settlements):
        return
    for order in await rows.list_of_rma(db, record.rma.id):
        row = await refunds.get(db, order.settlement_id)
        assert row is not None, "a new order has its settlement"
        held = handed_in(row.plan)
        left = (minus(spans, [span for ref, span in units if ref == line]) for line, spans in held.items())
        if held and not any(count(spans) for spans in left):
            await rows.ask_back(db, order.settlement_id, back=Back.REVERSE, at=now)
