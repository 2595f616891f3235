"""Repairs as rows: begun, ended by a parcel to the shopper, or given up for a refund."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.refund import Plan
from retour.store.db import Db

# A repair takes its time: the limit of its wait is the store's, not the reminder of a payment.
BEGIN: Final = """
UPDATE settlement SET begun_at = $2, report_due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND begun_at IS NULL AND handed_to = 'merchant'
   AND state IN ('handed_over', 'due') RETURNING id
"""
SENT: Final = """
UPDATE settlement SET outcome = $2, sent_carrier = $3, sent_number = $4
 WHERE tenant_id = current_tenant() AND id = $1 AND outcome IS NULL
"""
GIVE_UP: Final = """
UPDATE settlement SET state = 'reversed', outcome = 'refunded', plan = $2, plan_hash = $3, total_minor = 0,
       report_note = $4, reported_by = $5, reported_at = $6, report_due_at = NULL, settled_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND handed_to = 'merchant' AND state IN ('handed_over', 'due')
RETURNING id
"""
INSTEAD: Final = """
UPDATE return_line SET resolution = 'refund_original', resolution_ref = NULL
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND line_ref = ANY ($2::text[])
"""
LAST_PART: Final = """
SELECT max(part) FROM settlement WHERE tenant_id = current_tenant() AND rma_id = $1 AND batch_id = $2
"""


async def begin(db: Db, settlement_id: UUID, *, at: datetime) -> bool:
    """Write that a repair has begun; return whether it had not."""
    return await db.fetchval(BEGIN, settlement_id, at) is not None


async def sent(db: Db, settlement_id: UUID, *, outcome: str, carrier: str | None, number: str | None) -> None:
    """Write how a repair ended, and by which parcel the goods are on their way to the shopper."""
    await db.execute(SENT, settlement_id, outcome, carrier, number)


async def give_up(db: Db, settlement_id: UUID, *, plan: Plan, reason: str, by: str, at: datetime) -> bool:
    """Write that a repair is given up for a refund; return whether it was still open."""
    return await db.fetchval(GIVE_UP, settlement_id, plan, plan.hash, reason, by, at) is not None


async def refund_lines(db: Db, rma_id: UUID, line_refs: Sequence[str]) -> None:
    """Let lines be refunded that were to be repaired."""
    await db.execute(INSTEAD, rma_id, list(line_refs))


async def next_part(db: Db, rma_id: UUID, batch_id: UUID) -> int:
    """Return the number of the next settlement of a batch."""
    last: int | None = await db.fetchval(LAST_PART, rma_id, batch_id)
    return (last or 0) + 1
