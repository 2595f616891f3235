"""Discrepancies: each difference between two systems, with owner and next step, open once per resource and kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.store import event, jobs
from retour.store.db import Db
from retour.store.ids import new_id

OPEN: Final = """
INSERT INTO discrepancy (tenant_id, id, store_id, kind, resource_kind, resource_id, owner, next_step, details,
                         opened_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, resource_kind, resource_id, kind) WHERE state = 'open'
DO UPDATE SET details = excluded.details, owner = excluded.owner, next_step = excluded.next_step
RETURNING id
"""
RESOLVE: Final = """
UPDATE discrepancy SET state = 'resolved', resolved_at = $4, resolved_by = $5
 WHERE tenant_id = current_tenant() AND resource_kind = $1 AND resource_id = $2 AND kind = ANY ($3::text[])
   AND state = 'open'
RETURNING id, kind, store_id
"""
RESOLVE_ONE: Final = """
UPDATE discrepancy SET state = 'resolved', resolved_at = $2, resolved_by = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'open' RETURNING id, kind, store_id
"""
GET: Final = "SELECT kind, state FROM discrepancy WHERE tenant_id = current_tenant() AND id = $1"
WAS_OPENED: Final = """
SELECT EXISTS (SELECT FROM discrepancy WHERE tenant_id = current_tenant() AND kind = $1 AND resource_id = $2
                                         AND ($3::timestamptz IS NULL OR opened_at >= $3))
"""
WAS_TOLD: Final = """
SELECT EXISTS (SELECT FROM discrepancy
                WHERE tenant_id = current_tenant() AND kind = $1 AND resource_id = $2 AND details @> $3)
"""
LIST_OPEN: Final = """
SELECT id, store_id, kind, resource_kind, resource_id, owner, next_step, details, opened_at FROM discrepancy
 WHERE tenant_id = current_tenant() AND state = 'open'
   AND ($1::text IS NULL OR resource_kind = $1) AND ($2::uuid IS NULL OR resource_id = $2)
   AND ($3::uuid IS NULL OR store_id = $3)
 ORDER BY opened_at, id LIMIT $4
"""


class Owner(StrEnum):
    """Who has to look at a discrepancy."""

    FINANCE = "finance"
    WAREHOUSE = "warehouse"
    AGENT = "agent"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """An open difference between two systems; `details` holds refs and figures, no personal data."""

    id: UUID
    store_id: UUID | None
    kind: str
    resource_kind: str
    resource_id: UUID
    owner: str
    next_step: str
    details: Mapping[str, object]
    opened_at: datetime


async def open_(
    db: Db,
    kind: str,
    *,
    resource_kind: str,
    resource_id: UUID,
    owner: Owner,
    next_step: str,
    at: datetime,
    details: Mapping[str, object] | None = None,
    store_id: UUID | None = None,
    actor: str = "system",
) -> UUID:
    """Open a discrepancy and append its event; while one of that kind is open, only bring its details up to date."""
    fresh = new_id()
    found: UUID = await db.fetchval(
        OPEN, fresh, store_id, kind, resource_kind, resource_id, owner.value, next_step, dict(details or {}), at
    )
    if found == fresh:
        data = {"kind": kind, "resource_kind": resource_kind, "resource_id": str(resource_id), "owner": owner.value}
        deliveries = await event.put(
            db, EventType.DISCREPANCY_OPENED, resource_kind="discrepancy", resource_id=found, actor=actor, at=at,
            store_id=store_id, data=data,
        )  # fmt: skip
        await jobs.defer(db, [jobs.Job(jobs.Task.DELIVER, delivery) for delivery in deliveries])
    return found


async def resolve(
    db: Db, kinds: str | frozenset[str], *, resource_kind: str, resource_id: UUID, by: str, at: datetime
) -> list[UUID]:
    """Resolve the open discrepancies of these kinds on a resource, with their events; return their ids."""
    wanted = [kinds] if isinstance(kinds, str) else sorted(kinds)
    rows = await db.fetch(RESOLVE, resource_kind, resource_id, wanted, at, by)
    for row in rows:
        await _tell(db, row["id"], row["kind"], row["store_id"], by=by, at=at)
    return [row["id"] for row in rows]


async def resolve_one(db: Db, discrepancy_id: UUID, *, by: str, at: datetime) -> bool:
    """Resolve one discrepancy with its event; False if it is not open."""
    row = await db.fetchrow(RESOLVE_ONE, discrepancy_id, at, by)
    if row is None:
        return False
    await _tell(db, row["id"], row["kind"], row["store_id"], by=by, at=at)
    return True


async def get(db: Db, discrepancy_id: UUID) -> tuple[str, str] | None:
    """Return (kind, state) of a discrepancy, or nothing."""
    row = await db.fetchrow(GET, discrepancy_id)
    return (row["kind"], row["state"]) if row else None


async def _tell(db: Db, discrepancy_id: UUID, kind: str, store_id: UUID | None, *, by: str, at: datetime) -> None:
    deliveries = await event.put(
        db, EventType.DISCREPANCY_RESOLVED, resource_kind="discrepancy", resource_id=discrepancy_id, actor=by, at=at,
        store_id=store_id, data={"kind": kind},
    )  # fmt: skip
    await jobs.defer(db, [jobs.Job(jobs.Task.DELIVER, delivery) for delivery in deliveries])


async def list_open(
    db: Db,
    *,
    resource_kind: str | None = None,
    resource_id: UUID | None = None,
    store_id: UUID | None = None,
    limit: int = 100,
) -> list[Discrepancy]:
    """Return open discrepancies, oldest first, of one resource or store if named."""
    return [Discrepancy(**row) for row in await db.fetch(LIST_OPEN, resource_kind, resource_id, store_id, limit)]


async def was_opened(db: Db, kind: str, *, resource_id: UUID, since: datetime | None = None) -> bool:
    """Return whether a difference of that kind was shown for a resource, since a time if one is named, open or settled."""
    found: bool = await db.fetchval(WAS_OPENED, kind, resource_id, since)
    return found


async def was_told(db: Db, kind: str, details: Mapping[str, object], *, resource_id: UUID) -> bool:
    """Return whether a difference of that kind with these details was shown for a resource, open or settled."""
    found: bool = await db.fetchval(WAS_TOLD, kind, resource_id, dict(details))
    return found
