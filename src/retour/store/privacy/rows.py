"""Requests about personal data: who asked for what, what each waits for, and the parts of an export."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.privacy import RequestKind, RequestState
from retour.store.db import Db, Record
from retour.store.ids import new_id
from retour.store.jobs import Job, Task, defer

ADD: Final = """
INSERT INTO privacy_request (tenant_id, id, store_id, kind, person_id, connection_id, actor, far_ref, asked_at, answer_by,
                             due_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (tenant_id, kind, person_id, connection_id) WHERE state IN ('waiting', 'erasing') DO NOTHING RETURNING id
"""
SAME: Final = """
SELECT id FROM privacy_request
 WHERE tenant_id = current_tenant() AND kind = $1 AND person_id IS NOT DISTINCT FROM $2::uuid
   AND connection_id IS NOT DISTINCT FROM $3::uuid AND state IN ('waiting', 'erasing')
"""
SELECT_ONE: Final = """
SELECT r.id, r.store_id, r.kind, r.person_id, r.connection_id, r.actor, r.far_ref, r.state, r.why, r.facts, r.after,
       r.asked_at, r.answer_by, r.due_at, r.finished_at, r.expires_at,
       (SELECT count(*) FROM privacy_archive a WHERE a.tenant_id = r.tenant_id AND a.request_id = r.id)::int AS parts
  FROM privacy_request r WHERE r.tenant_id = current_tenant() AND r.id = $1
"""
LOCK: Final = """
SELECT id FROM privacy_request WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('waiting', 'erasing') FOR UPDATE
"""
LOCK_ANY: Final = "SELECT id FROM privacy_request WHERE tenant_id = current_tenant() AND id = $1 FOR UPDATE"
TAKE: Final = """
UPDATE privacy_request SET due_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('waiting', 'erasing') AND due_at <= $2 RETURNING id
"""
LIST: Final = """
SELECT r.id, r.store_id, r.kind, r.person_id, r.connection_id, r.actor, r.far_ref, r.state, r.why, r.facts, r.after,
       r.asked_at, r.answer_by, r.due_at, r.finished_at, r.expires_at,
       (SELECT count(*) FROM privacy_archive a WHERE a.tenant_id = r.tenant_id AND a.request_id = r.id)::int AS parts
  FROM privacy_request r
 WHERE r.tenant_id = current_tenant() AND ($1::uuid IS NULL OR r.person_id = $1) AND ($2::text[] IS NULL OR r.state = ANY ($2))
   AND ($3::uuid IS NULL OR r.store_id = $3) AND ($4::uuid IS NULL OR r.id < $4)
 ORDER BY r.id DESC LIMIT $5
"""
PUT_OFF: Final = """
UPDATE privacy_request SET due_at = $2, why = $3, facts = $4
 WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('waiting', 'erasing')
"""
GOT_TO: Final = """
UPDATE privacy_request SET after = $2, due_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('waiting', 'erasing')
"""
# From here on nobody takes it back: the search drops what it finds, and who it is about is written down outside.
BEGIN_ERASING: Final = """
UPDATE privacy_request SET state = 'erasing', why = NULL, facts = '{}', due_at = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'waiting'
"""
END: Final = """
UPDATE privacy_request SET state = $2, why = $3, facts = $4, finished_at = $5, expires_at = $6, due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND (state = 'waiting' OR state = 'erasing' AND $2 = 'done') RETURNING id
"""
ADD_PART: Final = """
INSERT INTO privacy_archive (tenant_id, request_id, n, sealed, bytes) VALUES (current_tenant(), $1, $2, $3, $4)
"""
PART: Final = """
SELECT a.tenant_id, a.sealed, r.person_id, p.sealed_key
  FROM privacy_archive a
  JOIN privacy_request r ON r.tenant_id = a.tenant_id AND r.id = a.request_id
  JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id AND p.erased_at IS NULL
 WHERE a.tenant_id = current_tenant() AND a.request_id = $1 AND a.n = $2 AND r.expires_at > $3
"""
DROP_PARTS: Final = "DELETE FROM privacy_archive WHERE tenant_id = current_tenant() AND request_id = $1"

PERSON: Final = """
SELECT id, store_id, tenant_id, erased_at, far_ref, name, email, email_folded, phone, postcode_folded, home_country, sealed_key
  FROM person WHERE tenant_id = current_tenant() AND id = $1
"""
# Whom a platform means: its customer, whoever placed the orders it names, and guests with the same address.
MEANT: Final = """
SELECT p.id FROM person p
 WHERE p.tenant_id = current_tenant() AND p.store_id = $1 AND p.erased_at IS NULL
   AND (p.far_ref = $2
        OR p.far_ref IS NULL AND p.email_folded = $3
        OR (p.far_ref IS NULL OR $2::text IS NULL) AND p.id IN (
             SELECT o.person_id FROM sales_order o
              WHERE o.tenant_id = current_tenant() AND o.connection_id = $5 AND o.far_ref = ANY ($4::text[])))
 ORDER BY p.id LIMIT 1000
"""
BY_EMAIL: Final = """
SELECT id FROM person
 WHERE tenant_id = current_tenant() AND email_folded = $1 AND ($2::uuid IS NULL OR store_id = $2) ORDER BY id LIMIT 100
"""
# The people of a store that came through one connection, or through none that is known. Whoever bought through another
# shop that is connected still is that one's; without any order they are, as soon as there is another such shop.
OF_CONNECTION: Final = """
WITH shop AS (
  SELECT c.id FROM connection c
   WHERE c.tenant_id = current_tenant() AND c.store_id = $1 AND c.id <> $2 AND c.state <> 'disconnected'
     AND (c.platform = (SELECT own.platform FROM connection own WHERE own.tenant_id = current_tenant() AND own.id = $2)
          OR EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = c.tenant_id AND o.connection_id = c.id)))
SELECT p.id FROM person p
 WHERE p.tenant_id = current_tenant() AND p.store_id = $1 AND p.erased_at IS NULL
   AND NOT EXISTS (SELECT FROM privacy_request r
                    WHERE r.tenant_id = p.tenant_id AND r.person_id = p.id AND r.kind = 'erasure'
                      AND r.state IN ('waiting', 'erasing'))
   AND NOT EXISTS (SELECT FROM sales_order o JOIN shop ON shop.id = o.connection_id
                    WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id)
   AND (EXISTS (SELECT FROM sales_order o
                 WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id AND o.connection_id = $2)
        OR NOT EXISTS (SELECT FROM shop)
           AND NOT EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id))
 ORDER BY p.id LIMIT $3
"""
# Who was written down as erased and is there; not by a request that was taken back after all (in a restored backup).
BACK: Final = """
SELECT DISTINCT p.id FROM unnest($1::uuid[], $2::uuid[]) AS known (person_id, request_id)
  JOIN person p ON p.tenant_id = current_tenant() AND p.id = known.person_id AND p.erased_at IS NULL
 WHERE NOT EXISTS (SELECT FROM privacy_request r
                    WHERE r.tenant_id = p.tenant_id AND r.id = known.request_id AND r.state = 'cancelled')
"""
# What of a store's connection belongs to no person: received bodies and the keys to the platform. Nobody works on what
# has no body any more.
FORGET_CONNECTION: Final = """
WITH bodies AS (
  UPDATE inbox SET body_sealed = NULL, facts = '{}', done_at = coalesce(done_at, $2),
         outcome = CASE WHEN done_at IS NULL THEN 'forgotten' ELSE outcome END
   WHERE tenant_id = current_tenant() AND connection_id = $1 AND body_sealed IS NOT NULL)
UPDATE connection SET sealed_read = NULL, sealed_write = NULL WHERE tenant_id = current_tenant() AND id = $1
"""
LEFT: Final = """
WITH shop AS (
  SELECT c.id FROM connection c
   WHERE c.tenant_id = current_tenant() AND c.store_id = $1 AND c.id <> $2 AND c.state <> 'disconnected'
     AND (c.platform = (SELECT own.platform FROM connection own WHERE own.tenant_id = current_tenant() AND own.id = $2)
          OR EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = c.tenant_id AND o.connection_id = c.id)))
SELECT count(*) FROM person p
 WHERE p.tenant_id = current_tenant() AND p.store_id = $1 AND p.erased_at IS NULL
   AND NOT EXISTS (SELECT FROM sales_order o JOIN shop ON shop.id = o.connection_id
                    WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id)
   AND (EXISTS (SELECT FROM sales_order o
                 WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id AND o.connection_id = $2)
        OR NOT EXISTS (SELECT FROM shop)
           AND NOT EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id))
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `facts` are counts, `parts` the files of an export, `after` how far its search has come."""

    id: UUID
    store_id: UUID
    kind: RequestKind
    person_id: UUID | None
    connection_id: UUID | None
    actor: str
    far_ref: str | None
    state: RequestState
    why: str | None
    facts: Mapping[str, int]
    after: UUID | None
    asked_at: datetime
    answer_by: datetime
    due_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    parts: int


async def add(
    db: Db,
    kind: RequestKind,
    *,
    store_id: UUID,
    person_id: UUID | None,
    actor: str,
    now: datetime,
    answer_within: timedelta,
    due_at: datetime,
    connection_id: UUID | None = None,
    far_ref: str | None = None,
) -> tuple[UUID, bool]:
    """Keep a request with its job and return it; (id, False) is one that waits already for the same."""
    fresh = new_id()
    made = await db.fetchval(
        ADD, fresh, store_id, kind.value, person_id, connection_id, actor, far_ref, now, now + answer_within, due_at
    )  # fmt: skip
    if made is None:
        same: UUID = await db.fetchval(SAME, kind.value, person_id, connection_id)
        return same, False
    if due_at <= now:
        await defer(db, [Job(Task.PRIVACY, fresh)])
    return fresh, True


async def get(db: Db, request_id: UUID) -> Request | None:
    """Return one request, or nothing."""
    row = await db.fetchrow(SELECT_ONE, request_id)
    return _request(row) if row else None


async def lock(db: Db, request_id: UUID) -> None:
    """Lock a request, so that its events are written one after the other."""
    await db.fetchrow(LOCK_ANY, request_id)


async def lock_open(db: Db, request_id: UUID) -> Request | None:
    """Lock a request that is not over and return it, or nothing."""
    return await get(db, request_id) if await db.fetchrow(LOCK, request_id) else None


async def take(db: Db, request_id: UUID, *, now: datetime, until: datetime) -> Request | None:
    """Take a request that is due for one worker, until then; nothing if it is over, not due, or another's."""
    return await get(db, request_id) if await db.fetchval(TAKE, request_id, now, until) else None


async def list_(
    db: Db,
    *,
    person_id: UUID | None = None,
    states: Collection[RequestState] = (),
    store_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Request]:
    """Return requests in one of the states (in any without), the newest first; `before` is the last one of a page."""
    rows = await db.fetch(LIST, person_id, [state.value for state in states] or None, store_id, before, limit)
    return [_request(row) for row in rows]


async def put_off(db: Db, request_id: UUID, *, why: str, until: datetime, facts: Mapping[str, int]) -> None:
    """Write why a request waits and when it is looked at again."""
    await db.execute(PUT_OFF, request_id, until, why, dict(facts))


async def got_to(db: Db, request_id: UUID, after: UUID, *, due_at: datetime) -> None:
    """Write how far the search through sealed messages has come."""
    await db.execute(GOT_TO, request_id, after, due_at)


async def begin_erasing(db: Db, request_id: UUID, *, due_at: datetime) -> None:
    """Let nobody take an erasure back any more; it goes on at `due_at` if its process dies."""
    await db.execute(BEGIN_ERASING, request_id, due_at)


async def end(
    db: Db,
    request_id: UUID,
    state: RequestState,
    *,
    at: datetime,
    facts: Mapping[str, int],
    why: str | None = None,
    expires_at: datetime | None = None,
) -> bool:
    """End a request; False if it is over already, or cannot be taken back any more."""
    return await db.fetchval(END, request_id, state.value, why, dict(facts), at, expires_at) is not None


async def add_part(db: Db, request_id: UUID, n: int, sealed: bytes, *, size: int) -> None:
    """Keep a part of an export; `size` is that of the file, in bytes."""
    await db.execute(ADD_PART, request_id, n, sealed, size)


async def part(db: Db, request_id: UUID, n: int, *, now: datetime) -> Record | None:
    """Return a part of an export as (tenant_id, sealed, person_id, sealed_key); nothing once its time is over."""
    return await db.fetchrow(PART, request_id, n, now)


async def drop_parts(db: Db, request_id: UUID) -> None:
    """Forget what was kept of an export."""
    await db.execute(DROP_PARTS, request_id)


async def person(db: Db, person_id: UUID) -> Record | None:
    """Return the row of a person with the key as it is stored, or nothing."""
    return await db.fetchrow(PERSON, person_id)


async def meant(
    db: Db,
    *,
    store_id: UUID,
    connection_id: UUID,
    customer_ref: str | None,
    email_folded: str | None,
    order_refs: Sequence[str],
) -> list[UUID]:
    """Return the people of a store whom a platform means."""
    rows = await db.fetch(MEANT, store_id, customer_ref, email_folded, list(order_refs), connection_id)
    return [row["id"] for row in rows]


async def by_email(db: Db, email_folded: str, *, store_id: UUID | None) -> list[UUID]:
    """Return the people with an e-mail address, of one store or of all."""
    return [row["id"] for row in await db.fetch(BY_EMAIL, email_folded, store_id)]


async def of_connection(db: Db, *, store_id: UUID, connection_id: UUID, limit: int) -> list[UUID]:
    """Return people of a store's connection whom nobody has asked to erase yet."""
    return [row["id"] for row in await db.fetch(OF_CONNECTION, store_id, connection_id, limit)]


async def back(db: Db, erased: Collection[tuple[UUID, UUID]]) -> list[UUID]:
    """Return which of these (person, request), written down as erased, are there again."""
    known = sorted(erased)
    return [row["id"] for row in await db.fetch(BACK, [one for one, _ in known], [request for _, request in known])]


async def forget_connection(db: Db, connection_id: UUID, *, at: datetime) -> None:
    """Forget what a connection received and the credentials with which it was called."""
    await db.execute(FORGET_CONNECTION, connection_id, at)


async def left(db: Db, *, store_id: UUID, connection_id: UUID) -> int:
    """Return how many people of a store's connection are not erased."""
    count: int = await db.fetchval(LEFT, store_id, connection_id)
    return count


def _request(row: Record) -> Request:
    return Request(**{**row, "kind": RequestKind(row["kind"]), "state": RequestState(row["state"])})
