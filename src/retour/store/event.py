"""The event log: one row for every change, gap-free per resource, and a delivery for everyone who listens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core import mail
from retour.core.event import EventType
from retour.core.notice import news_of
from retour.store import notice
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.jobs import Job, columns

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

# The same for several events of one resource, together with what follows: deliveries, mail to the shopper of a return where
# its store has a sender, and the jobs that the caller wants. `$14` is what each event mails, once for its subject:
# the settlement, the return, or the event itself where the same may be told again.
TELL: Final = """
WITH added AS (
  INSERT INTO event (tenant_id, resource_kind, resource_id, seq, id, store_id, type, actor, cause, data, at)
  SELECT current_tenant(), $1, $2,
         n + coalesce((SELECT max(seq) FROM event
                        WHERE tenant_id = current_tenant() AND resource_kind = $1 AND resource_id = $2), 0),
         id, $3, type, actor, $4, $5, $6
    FROM unnest($7::uuid[], $8::text[], $9::text[]) WITH ORDINALITY AS said (id, type, actor, n)
  RETURNING id, type),
listened AS (
  INSERT INTO delivery (tenant_id, id, endpoint_id, event_id, due_at)
  SELECT current_tenant(), gen_random_uuid(), w.id, added.id, $6
    FROM added, webhook_endpoint w
   WHERE w.tenant_id = current_tenant() AND w.active AND (w.topics = '{}' OR added.type = ANY (w.topics))
  RETURNING id),
mailed AS (
  INSERT INTO mail (tenant_id, id, store_id, kind, resource_kind, resource_id, subject_id, event_id, person_id, due_at,
                    expires_at)
  SELECT current_tenant(), gen_random_uuid(), $3, said.kind, $1, $2,
         CASE WHEN said.kind = 'return_refunded' THEN ($5->>'settlement_id')::uuid
              WHEN said.kind IN ('return_info_needed', 'return_reminder', 'return_message') OR r.turn > 0
                OR said.type = 'return.address_changed' THEN said.id ELSE $2 END,
         said.id, r.person_id, $6, $6 + $15::interval
    FROM unnest($7::uuid[], $14::text[], $8::text[]) AS said (id, kind, type)
    JOIN mail_sender s ON s.tenant_id = current_tenant() AND s.store_id = $3 AND s.active AND said.kind <> ALL (s.silent)
    JOIN rma r ON r.tenant_id = current_tenant() AND r.id = $2
    JOIN person p ON p.tenant_id = current_tenant() AND p.id = r.person_id AND p.email IS NOT NULL
   WHERE said.kind IS NOT NULL
  ON CONFLICT (tenant_id, kind, subject_id) DO NOTHING
  RETURNING id),
wanted AS (
  SELECT 'work' AS queue, 'delivery.deliver' AS task, 0 AS priority, id FROM listened
  UNION ALL SELECT 'work', 'mail.deliver', 0, id FROM mailed
  UNION ALL SELECT * FROM unnest($10::text[], $11::text[], $12::int[], $13::uuid[]))
SELECT jobs.procrastinate_defer_jobs_v1(array_agg(
         ROW(queue, task, priority, NULL, NULL, jsonb_build_object('tenant_id', current_tenant(), 'id', id), NULL)
         ::jobs.procrastinate_job_to_defer_v1)) FROM wanted HAVING count(*) > 0
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


async def tell(
    db: Db,
    said: Sequence[tuple[EventType, str]],
    *,
    resource_kind: str,
    resource_id: UUID,
    at: datetime,
    store_id: UUID | None = None,
    cause: str | None = None,
    data: Mapping[str, object] | None = None,
    nudges: Sequence[Job] = (),
) -> None:
    """Append events (what, who) of one resource in order and enqueue deliveries, mail and nudges, in one statement.

    The caller holds the resource's lock; `cause`, `data` and `at` are the same for all of them.
    """
    ids, types, actors = [new_id() for _ in said], [what.value for what, _ in said], [who for _, who in said]
    kinds = mail.kinds_of([what for what, _ in said], data or {})
    await db.execute(
        TELL, resource_kind, resource_id, store_id, cause, data or {}, at, ids, types, actors, *columns(nudges),
        kinds, mail.LIFE,
    )  # fmt: skip
    if resource_kind == "return" and any(news_of(what, who, data or {}) for what, who in said):
        await notice.raise_(db, resource_id, events=len(said), at=at)


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
