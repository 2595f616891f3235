"""How long returns of a store may wait, who is told, and which waits were escalated, as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db

LIMITS: Final = """
SELECT code, hours, tell_staff_id FROM blocker_limit WHERE tenant_id = current_tenant() AND store_id = $1 ORDER BY code
"""
SAVE: Final = """
INSERT INTO blocker_limit (tenant_id, store_id, code, hours, tell_staff_id)
VALUES (current_tenant(), $1, $2, $3, $4)
ON CONFLICT (tenant_id, store_id, code) DO UPDATE SET hours = excluded.hours, tell_staff_id = excluded.tell_staff_id
"""
DROP: Final = (
    "DELETE FROM blocker_limit WHERE tenant_id = current_tenant() AND store_id = $1 AND code = ANY ($2::text[])"
)
BLOCKED: Final = """
SELECT store_id, number, blocked_actor, blocked_code, blocked_since
  FROM rma WHERE tenant_id = current_tenant() AND id = $1 AND blocked_code IS NOT NULL
"""
ESCALATE: Final = """
UPDATE rma SET escalated_code = blocked_code, escalated_since = blocked_since, escalated_at = $4
 WHERE tenant_id = current_tenant() AND id = $1 AND blocked_code = $2 AND blocked_since = $3
   AND (escalated_code, escalated_since) IS DISTINCT FROM (blocked_code, blocked_since)
RETURNING id
"""
LATE: Final = """
SELECT count(*) FROM rma
 WHERE tenant_id = current_tenant() AND store_id = $1 AND blocked_code = $2 AND blocked_since <= $3
"""


@dataclass(frozen=True, slots=True)
class OwnLimit:
    """A store's own limit of a blocker in hours, none: for ever; and who is told, none: the owners."""

    hours: int | None
    tell_staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """What a return waits for now."""

    store_id: UUID
    number: int
    actor: str
    code: str
    since: datetime


async def limits(db: Db, store_id: UUID) -> dict[str, OwnLimit]:
    """Return a store's own limits by blocker."""
    rows = await db.fetch(LIMITS, store_id)
    return {row["code"]: OwnLimit(row["hours"], row["tell_staff_id"]) for row in rows}


async def save_limits(db: Db, store_id: UUID, own: Mapping[str, OwnLimit], *, usual: list[str]) -> None:
    """Write a store's own limits; `usual` are the blockers that go back to the usual one."""
    await db.execute(DROP, store_id, usual)
    for code in sorted(own):
        await db.execute(SAVE, store_id, code, own[code].hours, own[code].tell_staff_id)


async def wait_of(db: Db, rma_id: UUID) -> Wait | None:
    """Return what a return waits for, or nothing."""
    row = await db.fetchrow(BLOCKED, rma_id)
    if row is None:
        return None
    return Wait(row["store_id"], row["number"], row["blocked_actor"], row["blocked_code"], row["blocked_since"])


async def escalate(db: Db, rma_id: UUID, wait: Wait, *, at: datetime) -> bool:
    """Write that this wait of a return was escalated; False if it was before, or has ended."""
    return await db.fetchval(ESCALATE, rma_id, wait.code, wait.since, at) is not None


async def late(db: Db, store_id: UUID, code: str, *, before: datetime) -> int:
    """Return how many returns of a store have waited for that reason since `before` or longer."""
    count: int = await db.fetchval(LATE, store_id, code, before)
    return count
