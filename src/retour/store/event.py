"""The event log: one row for every change, gap-free per resource, and a delivery for everyone who listens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.store.db import Db
from retour.store.ids import new_id

# The sequence is safe because the caller holds the lock of the resource; the primary key refuses the rest.
PUT: Final = """
WITH added AS (
  INSERT INTO event (tenant_id, resource_kind, resource_id, seq, id, store_id, type, actor, cause, data, at)
  SELECT current_tenant(), $1, $2,
         1 + coalesce((SELECT max(seq) FROM event
                        WHERE tenant_id = current_tenant() AND resource_kind = $1 AND resource_id = $2), 0),
         $3, $4, $5, $6, $7, $8, $9
  RETURNING seq)
INSERT INTO delivery (tenant_id, id, endpoint_id, event_id, due_at)
SELECT current_tenant(), gen_random_uuid(), w.id, $3, $9
  FROM added, webhook_endpoint w
 WHERE w.tenant_id = current_tenant() AND w.active AND (w.topics = '{}' OR $5 = ANY (w.topics))
RETURNING id
"""

LIST_OF_RESOURCE: Final = """
SELECT id, resource_kind, resource_id, seq, store_id, type, actor, cause, data, at, xact::text AS xact
  FROM event WHERE tenant_id = current_tenant() AND resource_kind = $1 AND resource_id = $2 ORDER BY seq
"""

# A row becomes visible to the feed once no older transaction can still commit, so that a reader never skips one.
FEED: Final = """
SELECT id, resource_kind, resource_id, seq, store_id, type, actor, cause, data, at, xact::text AS xact
  FROM event
 WHERE tenant_id = current_tenant() AND (xact, id) > ($1::text::xid8, $2::uuid)
   AND xact < pg_snapshot_xmin(pg_current_snapshot())
 ORDER BY xact, id LIMIT $3
"""

GET: Final = """
SELECT id, resource_kind, resource_id, seq, store_id, type, actor, cause, data, at, xact::text AS xact
  FROM event WHERE tenant_id = current_tenant() AND id = $1
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the log; `data` holds ids and figures, never personal values; `at` is aware UTC."""

    id: UUID
    resource_kind: str
    resource_id: UUID
    seq: int
    store_id: UUID | None
    type: str
    actor: str
    cause: str | None
    data: Mapping[str, object]
    at: datetime
    xact: str


async def put(
    db: Db,
    what: EventType,
    *,
    resource_kind: str,
    resource_id: UUID,
    actor: str,
    at: datetime,
    store_id: UUID | None = None,
    cause: str | None = None,
    data: Mapping[str, object] | None = None,
) -> list[UUID]:
    """Append an event and return the deliveries made for it; the caller holds the resource's lock."""
    rows = await db.fetch(PUT, resource_kind, resource_id, new_id(), store_id, what.value, actor, cause, data or {}, at)
    return [row["id"] for row in rows]


async def of_resource(db: Db, *, resource_kind: str, resource_id: UUID) -> list[Event]:
    """Return the events of one resource, oldest first."""
    return [Event(**row) for row in await db.fetch(LIST_OF_RESOURCE, resource_kind, resource_id)]


async def feed(db: Db, *, after_xact: str, after_id: UUID, limit: int) -> list[Event]:
    """Return the account's events after a position, in an order in which nothing appears late."""
    return [Event(**row) for row in await db.fetch(FEED, after_xact, after_id, limit)]


async def get(db: Db, event_id: UUID) -> Event | None:
    """Return one event, or nothing."""
    row = await db.fetchrow(GET, event_id)
    return Event(**row) if row else None
