"""Intakes as rows; the document is sealed under the key of the person it is about as soon as one is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from retour.core.intake.draft import Kept
from retour.store.db import Db, Record
from retour.store.vault import Vault

# Whoever adds a thing waits for another who adds the same one.
ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended(current_tenant()::text || ' ' || $1 || ' ' || $2, 31))"
FIND: Final = """
SELECT id, store_id, source, connection_id, channel, external_id, far_status, far_updated_at, state, why, facts,
       candidates, order_id, rma_id, received_at, changed_at, decided_by, reason
  FROM intake WHERE tenant_id = current_tenant() AND source = $1 AND external_id = $2 FOR UPDATE
"""
GET: Final = """
SELECT i.id, i.store_id, i.source, i.connection_id, i.channel, i.external_id, i.far_status, i.far_updated_at, i.state,
       i.why, i.facts, i.candidates, i.order_id, i.rma_id, i.received_at, i.changed_at, i.decided_by, i.reason,
       r.number, c.far_name AS source_name
  FROM intake i LEFT JOIN rma r ON r.tenant_id = i.tenant_id AND r.id = i.rma_id
  LEFT JOIN connection c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id
 WHERE i.tenant_id = current_tenant() AND i.id = $1
"""
OF_RETURN: Final = """
SELECT i.id, i.store_id, i.source, i.connection_id, i.channel, i.external_id, i.far_status, i.far_updated_at, i.state,
       i.why, i.facts, i.candidates, i.order_id, i.rma_id, i.received_at, i.changed_at, i.decided_by, i.reason,
       r.number, c.far_name AS source_name
  FROM intake i JOIN rma r ON r.tenant_id = i.tenant_id AND r.id = i.rma_id
  LEFT JOIN connection c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id
 WHERE i.tenant_id = current_tenant() AND i.rma_id = $1 ORDER BY i.received_at, i.id
"""
LIST: Final = """
SELECT i.id, i.store_id, i.source, i.connection_id, i.channel, i.external_id, i.far_status, i.far_updated_at, i.state,
       i.why, i.facts, i.candidates, i.order_id, i.rma_id, i.received_at, i.changed_at, i.decided_by, i.reason,
       r.number, c.far_name AS source_name
  FROM intake i LEFT JOIN rma r ON r.tenant_id = i.tenant_id AND r.id = i.rma_id
  LEFT JOIN connection c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id
 WHERE i.tenant_id = current_tenant() AND ($1::uuid IS NULL OR i.store_id = $1) AND ($2::text IS NULL OR i.state = $2)
   AND ($3::uuid IS NULL OR i.id < $3)
 ORDER BY i.id DESC LIMIT $4
"""
LOCK: Final = "SELECT id FROM intake WHERE tenant_id = current_tenant() AND id = $1 FOR UPDATE"
ADD: Final = """
INSERT INTO intake (tenant_id, id, store_id, source, connection_id, channel, external_id, far_status, far_updated_at,
                    state, why, facts, sealed, received_at, changed_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 'unread', '{}', $9, $10, $10)
"""
PARK: Final = """
UPDATE intake SET why = $2, facts = $3, candidates = $4, order_id = $5, changed_at = $6
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'waiting'
"""
OPENED: Final = """
UPDATE intake SET state = 'opened', why = NULL, order_id = $2, rma_id = $3, decided_by = $4, changed_at = $5,
       sealed = coalesce($6, sealed), sealed_for = $7
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'waiting' RETURNING id
"""
SEEN: Final = """
UPDATE intake SET far_status = $2, far_updated_at = $3, facts = $4, sealed = $5, changed_at = $6
 WHERE tenant_id = current_tenant() AND id = $1
"""
DISMISS: Final = """
UPDATE intake SET state = 'dismissed', why = NULL, reason = $2, decided_by = $3, changed_at = $4
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'waiting' RETURNING id
"""
WAITING: Final = """
SELECT id, store_id, received_at AS since, why, channel, candidates FROM intake
 WHERE tenant_id = current_tenant() AND state = 'waiting' AND ($1::uuid IS NULL OR store_id = $1)
 ORDER BY received_at, id LIMIT $2
"""
COUNT: Final = """
SELECT count(*) FROM intake
 WHERE tenant_id = current_tenant() AND state = 'waiting' AND ($1::uuid IS NULL OR store_id = $1)
"""
SEALED: Final = """
SELECT i.tenant_id, i.sealed, i.sealed_for, p.sealed_key, p.erased_at
  FROM intake i LEFT JOIN person p ON p.tenant_id = i.tenant_id AND p.id = i.sealed_for
 WHERE i.tenant_id = current_tenant() AND i.id = $1
"""
PERSON: Final = """
SELECT o.tenant_id, p.id AS person_id, p.sealed_key, p.erased_at
  FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 WHERE o.tenant_id = current_tenant() AND o.id = $1
"""
_KEPT: Final = msgspec.json.Decoder(Kept)


@dataclass(frozen=True, slots=True)
class Intake:
    """One thing that was sent in; `why` says what it waits for, `candidates` which orders it may belong to."""

    id: UUID
    store_id: UUID
    source: str
    connection_id: UUID | None
    channel: str
    external_id: str
    far_status: str | None
    far_updated_at: datetime | None
    state: str
    why: str | None
    facts: Mapping[str, Any]
    candidates: Sequence[Mapping[str, Any]]
    order_id: UUID | None
    rma_id: UUID | None
    received_at: datetime
    changed_at: datetime
    decided_by: str | None
    reason: str | None
    number: int | None = None  # of the return it became
    source_name: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person: since when, why, and how many orders it may belong to."""

    id: UUID
    store_id: UUID
    since: datetime
    why: str
    channel: str
    candidates: Sequence[Mapping[str, Any]] = field(default_factory=list)


def purpose(intake_id: UUID) -> str:
    """Return what a document is sealed for while nobody knows whom it is about."""
    return f"intake:{intake_id}"


async def find(db: Db, *, source: str, external_id: str) -> Intake | None:
    """Return what a source sent under that id, locked; without one, whoever asks next waits until the caller is done."""
    await db.fetchval(ALONE, source, external_id)
    row = await db.fetchrow(FIND, source, external_id)
    return Intake(**row) if row else None


async def get(db: Db, intake_id: UUID) -> Intake | None:
    """Return one intake with the number of its return, or nothing."""
    row = await db.fetchrow(GET, intake_id)
    return Intake(**row) if row else None


async def lock(db: Db, intake_id: UUID) -> Intake | None:
    """Lock one intake and return it, or nothing."""
    return await get(db, intake_id) if await db.fetchval(LOCK, intake_id) else None


async def of_return(db: Db, rma_id: UUID) -> list[Intake]:
    """Return what a return began with or was told of, oldest first."""
    return [Intake(**row) for row in await db.fetch(OF_RETURN, rma_id)]


async def list_page(
    db: Db, *, store_id: UUID | None, state: str | None, before: UUID | None, limit: int
) -> list[Intake]:
    """Return intakes of a store (or of all), newest first, after a position."""
    return [Intake(**row) for row in await db.fetch(LIST, store_id, state, before, limit)]


async def waiting(db: Db, store_id: UUID | None = None, *, limit: int = 200) -> list[Waiting]:
    """Return what waits for a person, longest first."""
    return [Waiting(**row) for row in await db.fetch(WAITING, store_id, limit)]


async def count_waiting(db: Db, store_id: UUID | None = None) -> int:
    """Return how many wait for a person."""
    found: int = await db.fetchval(COUNT, store_id)
    return found


async def add(
    db: Db, vault: Vault, *, tenant_id: UUID, id: UUID, store_id: UUID, source: str, connection_id: UUID | None,  # noqa: A002
    channel: str, external_id: str, far_status: str | None, far_updated_at: datetime | None, kept: Kept, at: datetime,
) -> None:  # fmt: skip
    """Write a new intake that waits for its first reading."""
    sealed = vault.lock(msgspec.json.encode(kept), tenant_id=tenant_id, purpose=purpose(id))
    await db.execute(
        ADD, id, store_id, source, connection_id, channel, external_id, far_status, far_updated_at, sealed, at
    )


async def park(
    db: Db, intake_id: UUID, *, why: str, facts: Mapping[str, object], candidates: Sequence[Mapping[str, object]],
    order_id: UUID | None, at: datetime,
) -> None:  # fmt: skip
    """Let an intake wait for a person, with what is known."""
    await db.execute(PARK, intake_id, why, dict(facts), list(candidates), order_id, at)


async def opened(db: Db, vault: Vault, intake_id: UUID, *, order_id: UUID, rma_id: UUID, by: str, at: datetime) -> bool:
    """Write which return an intake became; its document is locked under the person's key from now on."""
    kept, person = await document(db, vault, intake_id), await db.fetchrow(PERSON, order_id)
    assert person is not None, "an order has its person"
    sealed = _for_person(vault, person, kept) if kept and person["erased_at"] is None else None
    return await db.fetchval(
        OPENED, intake_id, order_id, rma_id, by, at, sealed, person["person_id"] if sealed else None
    ) is not None  # fmt: skip


async def seen(
    db: Db, vault: Vault, intake_id: UUID, *, far_status: str, far_updated_at: datetime, facts: Mapping[str, object],
    kept: Kept, at: datetime,
) -> None:  # fmt: skip
    """Write how a thing stands at its source by now, under the key it is kept under."""
    row = await db.fetchrow(SEALED, intake_id)
    assert row is not None, "the caller holds its lock"
    plain = msgspec.json.encode(kept)
    if row["sealed_for"] is None:
        sealed = vault.lock(plain, tenant_id=row["tenant_id"], purpose=purpose(intake_id))
    elif row["erased_at"] is None:
        sealed = vault.lock_for_person(
            plain, person_key=row["sealed_key"], tenant_id=row["tenant_id"], person_id=row["sealed_for"]
        )
    else:
        sealed = row["sealed"]  # of an erased person nothing new is kept
    await db.execute(SEEN, intake_id, far_status, far_updated_at, dict(facts), sealed, at)


async def dismiss(db: Db, intake_id: UUID, *, reason: str, by: str, at: datetime) -> bool:
    """Write that nothing comes of it, and why; return whether it was waiting."""
    return await db.fetchval(DISMISS, intake_id, reason, by, at) is not None


async def document(db: Db, vault: Vault, intake_id: UUID) -> Kept | None:
    """Return the document as it was read last; nothing before the first, once its person was erased or its time over."""
    row = await db.fetchrow(SEALED, intake_id)
    if row is None or not row["sealed"] or (row["sealed_for"] is not None and row["erased_at"] is not None):
        return None
    if row["sealed_for"] is None:
        plain = vault.unlock(row["sealed"], tenant_id=row["tenant_id"], purpose=purpose(intake_id))
    else:
        plain = vault.unlock_for_person(
            row["sealed"], person_key=row["sealed_key"], tenant_id=row["tenant_id"], person_id=row["sealed_for"]
        )
    return _KEPT.decode(plain)


def _for_person(vault: Vault, person: Record, kept: Kept) -> bytes:
    return vault.lock_for_person(
        msgspec.json.encode(kept), person_key=person["sealed_key"], tenant_id=person["tenant_id"],
        person_id=person["person_id"],
    )  # fmt: skip
