"""The inbox: what others told us, kept sealed before anyone works on it, each event once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db, Record
from retour.store.ids import new_id
from retour.store.jobs import Queue, Task
from retour.store.vault import Vault

ASKED: Final = "order.asked"  # the topic of a question to a platform: is there an order of that name?
SECRETS: Final = """
SELECT sealed_webhook_secrets, state FROM connection WHERE tenant_id = current_tenant() AND id = $1 AND platform = $2
"""
# The row and the job that works on it, in one statement; a delivery that is known already enqueues nothing.
RECEIVE: Final = """
WITH kept AS (
  INSERT INTO inbox (tenant_id, source, event_id, id, connection_id, topic, object_ref, occurred_at, facts, body_sealed,
                     received_at, due_at)
  VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
  ON CONFLICT (tenant_id, source, event_id) DO NOTHING RETURNING id)
SELECT jobs.procrastinate_defer_jobs_v1(ARRAY[
         ROW($11::text, $12::text, 0, NULL, NULL, jsonb_build_object('tenant_id', current_tenant(), 'id', id), NULL)
         ::jobs.procrastinate_job_to_defer_v1]) FROM kept
"""
# Taking a row counts the try and sets its next turn at once, so that a crash is a try like any other.
TAKE: Final = """
UPDATE inbox i SET tries = i.tries + 1, due_at = $2 + CASE
         WHEN i.tries < $3 THEN least(interval '30 seconds' * power(2, i.tries), interval '6 hours')
         ELSE interval '1 day' END
  FROM connection c
 WHERE i.tenant_id = current_tenant() AND i.id = $1 AND i.done_at IS NULL AND i.due_at <= $2
   AND c.tenant_id = i.tenant_id AND c.id = i.connection_id
RETURNING i.id, i.source, i.connection_id, i.topic, i.object_ref, i.occurred_at, i.facts, i.received_at, i.tries,
          i.problem, c.store_id, c.far_name
"""
LOCK_OPEN: Final = """
SELECT id FROM inbox WHERE tenant_id = current_tenant() AND id = $1 AND done_at IS NULL FOR UPDATE
"""
SAID_BEFORE: Final = """
WITH mine AS (
  UPDATE inbox SET content_sha256 = $2 WHERE tenant_id = current_tenant() AND id = $1 RETURNING connection_id)
SELECT EXISTS (SELECT FROM mine JOIN inbox o ON o.connection_id = mine.connection_id
                WHERE o.tenant_id = current_tenant() AND o.content_sha256 = $2 AND o.id <> $1 AND o.outcome = 'recorded')
"""
DONE: Final = """
UPDATE inbox SET done_at = $2, problem = $3, outcome = $4, intake_id = $5
 WHERE tenant_id = current_tenant() AND id = $1 AND done_at IS NULL
"""
PROBLEM: Final = """
UPDATE inbox SET problem = $2, due_at = greatest(due_at, $3)
 WHERE tenant_id = current_tenant() AND id = $1 AND done_at IS NULL
"""
BODY: Final = """
SELECT i.tenant_id, i.id, i.person_id, i.body_sealed, p.sealed_key
  FROM inbox i LEFT JOIN person p ON p.tenant_id = i.tenant_id AND p.id = i.person_id
 WHERE i.tenant_id = current_tenant() AND i.id = $1
"""
PERSON_KEY: Final = "SELECT sealed_key, erased_at FROM person WHERE tenant_id = current_tenant() AND id = $1"
FORGET_BODY: Final = "UPDATE inbox SET body_sealed = NULL WHERE tenant_id = current_tenant() AND id = $1"
HAND_OVER: Final = "UPDATE inbox SET person_id = $2, body_sealed = $3 WHERE tenant_id = current_tenant() AND id = $1"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the inbox that is being worked on; `tries` counts this one, `far_name` is the connection's."""

    id: UUID
    source: str
    connection_id: UUID
    store_id: UUID
    far_name: str
    topic: str
    object_ref: str | None
    occurred_at: datetime | None
    facts: Mapping[str, str]
    received_at: datetime
    tries: int
    problem: str | None


async def sealed_secrets(db: Db, connection_id: UUID, platform: str) -> tuple[bytes | None, bool]:
    """Return the locked webhook secrets of a connection to that platform, or nothing, and whether it is connected."""
    row = await db.fetchrow(SECRETS, connection_id, platform)
    return (row["sealed_webhook_secrets"], row["state"] != "disconnected") if row else (None, False)


async def receive(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    source: str,
    event_id: str,
    topic: str,
    raw: bytes,
    at: datetime,
    object_ref: str | None = None,
    occurred_at: datetime | None = None,
    facts: Mapping[str, str] | None = None,
) -> UUID | None:
    """Keep a received body sealed and enqueue the work on it; nothing if this event is known already."""
    inbox_id = new_id()
    sealed = vault.lock(raw, tenant_id=tenant_id, purpose=f"inbox:{inbox_id}")
    enqueued = await db.fetchval(
        RECEIVE,
        source,
        event_id,
        inbox_id,
        connection_id,
        topic,
        object_ref,
        occurred_at,
        dict(facts or {}),
        sealed,
        at,
        Queue.WORK.value,
        Task.READ_INBOX.value,
    )
    return None if enqueued is None else inbox_id


async def take(db: Db, inbox_id: UUID, *, now: datetime, patience: int) -> Entry | None:
    """Take an entry for one try, or nothing if it is done or not due; after `patience` tries it comes back daily."""
    row = await db.fetchrow(TAKE, inbox_id, now, patience)
    return Entry(**row) if row else None


async def lock_open(db: Db, inbox_id: UUID) -> bool:
    """Lock an entry; False if it was done meanwhile."""
    return await db.fetchrow(LOCK_OPEN, inbox_id) is not None


async def said_before(db: Db, inbox_id: UUID, content_sha256: bytes) -> bool:
    """Return whether the sender of an entry has said the same before, and it was recorded; keep what this one says."""
    found: bool = await db.fetchval(SAID_BEFORE, inbox_id, content_sha256)
    return found


async def done(
    db: Db,
    inbox_id: UUID,
    *,
    at: datetime,
    problem: str | None = None,
    outcome: str | None = None,
    intake_id: UUID | None = None,
) -> None:
    """Mark an entry as worked on, with what became of it."""
    await db.execute(DONE, inbox_id, at, problem, outcome, intake_id)


async def put_off(db: Db, inbox_id: UUID, *, problem: str, not_before: datetime) -> None:
    """Write down why a try failed; the next one comes when it is due, no earlier than `not_before`."""
    await db.execute(PROBLEM, inbox_id, problem, not_before)


async def body(db: Db, vault: Vault, inbox_id: UUID) -> bytes | None:
    """Return the raw body of an entry, or nothing once its person was erased."""
    row = await db.fetchrow(BODY, inbox_id)
    return _opened(vault, row) if row else None


async def forget_body(db: Db, inbox_id: UUID) -> None:
    """Forget the body of an entry that is about nobody we know; that it came stays."""
    await db.execute(FORGET_BODY, inbox_id)


async def hand_over(db: Db, vault: Vault, inbox_id: UUID, *, person_id: UUID) -> None:
    """Lock the body under the key of the person it is about; the body of an erased person is dropped."""
    row = await db.fetchrow(BODY, inbox_id)
    person = await db.fetchrow(PERSON_KEY, person_id)
    if row is None or person is None or row["person_id"] == person_id:
        return
    raw, sealed = _opened(vault, row), None
    if raw is not None and person["erased_at"] is None:
        sealed = vault.lock_for_person(
            raw, person_key=person["sealed_key"], tenant_id=row["tenant_id"], person_id=person_id
        )  # fmt: skip
    await db.execute(HAND_OVER, inbox_id, person_id, sealed)


def _opened(vault: Vault, row: Record) -> bytes | None:
    sealed: bytes | None = row["body_sealed"]
    if sealed is None:
        return None
    tenant_id = row["tenant_id"]
    if row["person_id"] is None:
        return vault.unlock(sealed, tenant_id=tenant_id, purpose=f"inbox:{row['id']}")
    return vault.unlock_for_person(
        sealed, person_key=row["sealed_key"], tenant_id=tenant_id, person_id=row["person_id"]
    )  # fmt: skip
