"""Settlements that somebody else carries out: handed over, reported as done or failed, and late ones to be reminded of."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.refund import Plan
from retour.store.db import Db

REMIND_AFTER: Final = timedelta(days=3)

HAND_OVER: Final = """
UPDATE settlement SET state = $8, handed_to = 'merchant', handed_at = $2, plan = $3, plan_hash = $4, total_minor = $5,
       reasons = $6, due_at = NULL, report_due_at = $7, handed_shop_minor = $9,
       settled_at = CASE WHEN $8 = 'settled' THEN $2::timestamptz END
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'quoted' RETURNING id
"""
TO_PLATFORM: Final = """
UPDATE settlement SET handed_to = 'platform', handed_at = $2, plan = $3, plan_hash = $4, total_minor = $5, reasons = $6
 WHERE tenant_id = current_tenant() AND id = $1
"""
PAID: Final = """
UPDATE settlement SET state = 'settled', settled_at = $2, report_ref = $3, report_note = $4, reported_by = $5,
       reported_at = $2, report_due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND handed_to = 'merchant' AND state IN ('handed_over', 'due')
RETURNING id
"""
FAILED: Final = """
UPDATE settlement SET state = 'due', settled_at = NULL, report_note = $3, reported_by = $4, reported_at = $2,
       report_due_at = $5
 WHERE tenant_id = current_tenant() AND id = $1 AND handed_to = 'merchant' AND state = 'handed_over' RETURNING id
"""
REMINDED: Final = """
UPDATE settlement SET report_due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND report_due_at <= $2 RETURNING id
"""


async def hand_over(
    db: Db, settlement_id: UUID, *, plan: Plan, reasons: object, at: datetime, counted: int, is_nothing: bool = False
) -> bool:
    """Hand a quoted settlement over to the merchant as it is computed now; return whether it was still to be.

    One that comes to nothing is settled with that. `counted` is what the breaker counts, in the books' minor units.
    """
    due = None if is_nothing else at + REMIND_AFTER
    state = "settled" if is_nothing else "handed_over"
    return (
        await db.fetchval(
            HAND_OVER, settlement_id, at, plan, plan.hash, plan.total.presentment, reasons, due, state, counted
        )
        is not None
    )  # fmt: skip


async def to_platform(db: Db, settlement_id: UUID, *, plan: Plan, reasons: object, at: datetime) -> None:
    """Write what the platform, which masters refunds, was told to pay; nobody reports."""
    await db.execute(TO_PLATFORM, settlement_id, at, plan, plan.hash, plan.total.presentment, reasons)


async def report_paid(
    db: Db, settlement_id: UUID, *, reference: str | None, note: str | None, by: str, at: datetime
) -> bool:
    """Write that it was carried out; return whether that was still open."""
    return await db.fetchval(PAID, settlement_id, at, reference, note, by) is not None


async def report_failed(db: Db, settlement_id: UUID, *, note: str, by: str, at: datetime) -> bool:
    """Write that it was not carried out and is owed again; return whether it waited for a report."""
    return await db.fetchval(FAILED, settlement_id, at, note, by, at + REMIND_AFTER) is not None


async def reminded(db: Db, settlement_id: UUID, *, at: datetime) -> bool:
    """Take a reminder that is due; return whether there was one."""
    return await db.fetchval(REMINDED, settlement_id, at) is not None
