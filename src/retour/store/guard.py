"""What guards the money of a store, as rows: when a second person is asked, and when the breaker stops."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.breaker import Limits
from retour.core.effect import STOPPED_KINDS
from retour.core.second import Second, SecondRule
from retour.store.db import Db, Record

GET: Final = """
SELECT second_above_minor, second_overrides, second_by, window_minutes, window_refunds, window_minor, day_minor, norm_times,
       counted_since, tripped_at, changed_at, changed_by
  FROM money_guard WHERE tenant_id = current_tenant() AND store_id = $1
"""
LOCK: Final = """
SELECT second_above_minor, second_overrides, second_by, window_minutes, window_refunds, window_minor, day_minor, norm_times,
       counted_since, tripped_at, changed_at, changed_by
  FROM money_guard WHERE tenant_id = current_tenant() AND store_id = $1 FOR UPDATE
"""
SAVE: Final = """
INSERT INTO money_guard (tenant_id, store_id, second_above_minor, second_overrides, second_by, window_minutes,
                         window_refunds, window_minor, day_minor, norm_times, changed_at, changed_by)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (tenant_id, store_id) DO UPDATE SET
  second_above_minor = excluded.second_above_minor, second_overrides = excluded.second_overrides,
  second_by = excluded.second_by, window_minutes = excluded.window_minutes, window_refunds = excluded.window_refunds,
  window_minor = excluded.window_minor, day_minor = excluded.day_minor, norm_times = excluded.norm_times,
  changed_at = excluded.changed_at, changed_by = excluded.changed_by
"""
TRIPPED: Final = """
UPDATE money_guard SET tripped_at = $2 WHERE tenant_id = current_tenant() AND store_id = $1 AND tripped_at IS NULL
RETURNING store_id
"""
RESUMED: Final = """
UPDATE money_guard SET tripped_at = NULL, counted_since = clock_timestamp()
 WHERE tenant_id = current_tenant() AND store_id = $1
"""
# Whose blocker names the pause, or will once it begins; `$2` are the kinds of effects that stop with the payments.
CONCERNED: Final = """
SELECT r.id FROM settlement s JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
 WHERE s.tenant_id = current_tenant() AND s.state IN ('quoted', 'due') AND ($1::uuid IS NULL OR r.store_id = $1)
 UNION
SELECT e.rma_id FROM effect e JOIN connection k ON k.tenant_id = e.tenant_id AND k.id = e.connection_id
 WHERE e.tenant_id = current_tenant() AND e.state = 'intent' AND e.kind = ANY ($2::text[]) AND e.rma_id IS NOT NULL
   AND ($1::uuid IS NULL OR k.store_id = $1)
 LIMIT 20000
"""
# Who paused the whole account last.
PAUSED_BY: Final = """
SELECT actor FROM event
 WHERE tenant_id = current_tenant() AND resource_kind = 'account' AND resource_id = $1 AND type = 'payments.paused'
 ORDER BY seq DESC LIMIT 1
"""
_STOPPED: Final = sorted(STOPPED_KINDS)


@dataclass(frozen=True, slots=True)
class Guard:
    """What guards a store's money; a store without a row has no guard."""

    second: SecondRule = field(default_factory=SecondRule)
    limits: Limits = field(default_factory=Limits)
    counted_since: datetime | None = None
    tripped_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None


async def get(db: Db, store_id: UUID) -> Guard:
    """Return what guards a store's money."""
    row = await db.fetchrow(GET, store_id)
    return _guard(row) if row else Guard()


async def lock(db: Db, store_id: UUID) -> Guard | None:
    """Return the same, locked until the transaction ends; nothing for a store that has no guard."""
    row = await db.fetchrow(LOCK, store_id)
    return _guard(row) if row else None


async def save(db: Db, store_id: UUID, *, second: SecondRule, limits: Limits, actor: str, at: datetime) -> None:
    """Write what guards a store's money from now on; what has tripped stays tripped."""
    await db.execute(
        SAVE, store_id, second.above_minor, second.overrides, second.by.value, limits.window_minutes,
        limits.window_refunds, limits.window_minor, limits.day_minor, limits.norm_times, at, actor,
    )  # fmt: skip


async def set_tripped(db: Db, store_id: UUID, *, at: datetime) -> bool:
    """Write that the breaker has stopped the store; return whether it had not before."""
    return await db.fetchval(TRIPPED, store_id, at) is not None


async def set_resumed(db: Db, store_id: UUID) -> None:
    """Write that a person let payments go on: counting begins anew."""
    await db.execute(RESUMED, store_id)


async def concerned(db: Db, store_id: UUID | None) -> list[UUID]:
    """Return the returns of a store, or of the account, whose money has not left."""
    return [row["id"] for row in await db.fetch(CONCERNED, store_id, _STOPPED)]


async def paused_by(db: Db, tenant_id: UUID) -> str | None:
    """Return who paused the payments of the whole account last, or nothing if nobody ever did."""
    actor: str | None = await db.fetchval(PAUSED_BY, tenant_id)
    return actor


def _guard(row: Record) -> Guard:
    return Guard(
        second=SecondRule(row["second_above_minor"], row["second_overrides"], Second(row["second_by"])),
        limits=Limits(
            row["window_minutes"], row["window_refunds"], row["window_minor"], row["day_minor"], row["norm_times"]
        ),
        counted_since=row["counted_since"],
        tripped_at=row["tripped_at"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )
