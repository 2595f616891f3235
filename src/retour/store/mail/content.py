"""What a mail about a return tells: the return, its order, what was promised and what is paid."""

from typing import Any, Final
from uuid import UUID

import msgspec

from retour.core.letter import ToldReturn
from retour.core.refund import Plan
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import resolution as resolutions
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import questions

PROMISED: Final = """
SELECT method, promised FROM rma WHERE tenant_id = current_tenant() AND id = $1
"""
# The note that a mail is about, by the event that it was planned with.
MESSAGE: Final = """
SELECT n.body, (SELECT count(*) FROM photo f WHERE f.tenant_id = n.tenant_id AND f.note_id = n.id)::int AS photos
  FROM mail m
  JOIN event e ON e.tenant_id = m.tenant_id AND e.id = m.event_id
  JOIN rma_note n ON n.tenant_id = m.tenant_id AND n.id = (e.data ->> 'note_id')::uuid AND n.shown_to_shopper
 WHERE m.tenant_id = current_tenant() AND m.id = $1
"""

RELABELLED: Final = """
SELECT EXISTS (SELECT FROM mail m JOIN event e ON e.tenant_id = m.tenant_id AND e.id = m.event_id
                WHERE m.tenant_id = current_tenant() AND m.id = $1 AND e.type = 'return.address_changed')
"""


async def brings_new_label(db: Db, mail_id: UUID) -> bool:
    """Return whether a mail was planned because the shopper has another address: the label it brings is a new one."""
    found: bool = await db.fetchval(RELABELLED, mail_id)
    return found


async def message_of(db: Db, mail_id: UUID) -> tuple[str, int] | None:
    """Return (text, how many files came with it) of the note for the shopper that a mail brings, or nothing."""
    row = await db.fetchrow(MESSAGE, mail_id)
    return (row["body"], row["photos"]) if row else None


async def told_return(db: Db, rma_id: UUID, *, settlement_id: UUID | None) -> ToldReturn | None:
    """Return what is told of a return, with the plan of a settlement if named; nothing if there is no such return."""
    record = await returns.load(db, rma_id)
    if record is None:
        return None
    order = await orders.load(db, record.order_id)
    row = await db.fetchrow(PROMISED, rma_id)
    assert order is not None
    assert row is not None
    promised: dict[str, Any] = row["promised"]
    asked = await questions.of_return(db, rma_id)
    settlement = await refunds.get(db, settlement_id) if settlement_id else None
    return ToldReturn(
        id=rma_id,
        order_id=record.order_id,
        method=row["method"],
        rma=record.rma,
        order=order.order,
        promised=tuple(msgspec.convert(promised["plans"], list[Plan])),
        paid=settlement.plan if settlement else None,
        paid_as=(settlement.resolution, settlement.resolution_ref) if settlement else None,
        sent=(settlement.sent_carrier or "", settlement.sent_number) if settlement and settlement.sent_number else None,
        replaced=settlement is not None and settlement.outcome == "replaced",
        resolutions=await resolutions.names(db, record.store_id),
        shop_language=await resolutions.default_language(db, record.store_id),
        question=asked[-1].question if asked else None,
        lapsed=bool(asked) and asked[-1].outcome == "expired",
    )
