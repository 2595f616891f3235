"""Labels of parcels: planned with the return, made by a job, what is printed sealed under the key of the person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.label import LabelContent, LabelProblem, Parcel
from retour.core.mail import LIFE
from retour.store import jobs
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import NotMyKey, Vault

PLAN: Final = """
INSERT INTO label (tenant_id, id, rma_id, parcel, method, destination, line_ids, due_at, created_at, changed_at)
SELECT current_tenant(), $1, $2, 1 + coalesce(max(parcel), 0), $3, $4, $5, $6, $6, $6
  FROM label WHERE tenant_id = current_tenant() AND rma_id = $2
"""
RETURN_OF: Final = "SELECT rma_id FROM label WHERE tenant_id = current_tenant() AND id = $1 AND state = 'due'"
MAKE: Final = """
UPDATE label SET state = 'made', content_sealed = $2, due_at = NULL, changed_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'due' RETURNING id
"""
FAIL: Final = """
UPDATE label SET state = 'failed', problem = $2, due_at = NULL, changed_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'due' RETURNING id
"""
AGAIN: Final = """
UPDATE label SET state = 'due', problem = NULL, due_at = $2, changed_at = $2
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND state = 'failed' RETURNING id
"""
ANEW: Final = """
UPDATE label SET state = 'due', problem = NULL, content_sealed = NULL, due_at = $2, changed_at = $2
 WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[]) AND state IN ('made', 'failed') RETURNING id
"""
WAIVE: Final = """
UPDATE label SET state = 'waived', problem = NULL, due_at = NULL, changed_at = $2
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND state IN ('failed', 'due') AND ($3::uuid IS NULL OR id = $3)
RETURNING id
"""
PERSON: Final = """
SELECT r.tenant_id, p.id AS person_id, p.sealed_key, p.erased_at
  FROM rma r JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
 WHERE r.tenant_id = current_tenant() AND r.id = $1
"""
CONTENTS: Final = """
SELECT b.tenant_id, b.id, b.parcel, b.method, b.content_sealed, p.id AS person_id, p.sealed_key
  FROM label b
  JOIN rma r ON r.tenant_id = b.tenant_id AND r.id = b.rma_id
  JOIN person p ON p.tenant_id = b.tenant_id AND p.id = r.person_id
 WHERE b.tenant_id = current_tenant() AND b.rma_id = $1 AND b.state = 'made' AND p.erased_at IS NULL
   AND b.id = ANY ($2::uuid[])
 ORDER BY b.parcel
"""
# The mail that tells of the approval waited for the label: it is due now, with all of its time.
RELEASE_MAIL: Final = """
UPDATE mail SET due_at = $2, expires_at = greatest(expires_at, $2::timestamptz + $3)
 WHERE tenant_id = current_tenant() AND resource_kind = 'return' AND resource_id = $1 AND kind = 'return_approved'
   AND state = 'due' AND NOT awaits_label($1)
RETURNING id
"""


async def plan(db: Db, rma_id: UUID, parcels: Sequence[Parcel], *, at: datetime) -> None:
    """Plan a label for each parcel, due at once, and enqueue the work; the caller holds the return's lock."""
    planned = [(new_id(), parcel) for parcel in parcels]
    for label_id, parcel in planned:
        await db.execute(PLAN, label_id, rma_id, parcel.method, parcel.destination, list(parcel.line_ids), at)
    await jobs.defer(db, [jobs.Job(jobs.Task.LABEL, label_id) for label_id, _ in planned])


async def person_of(db: Db, rma_id: UUID) -> UUID:
    """Return whose return it is."""
    row = await db.fetchrow(PERSON, rma_id)
    assert row is not None, "a locked return exists"
    found: UUID = row["person_id"]
    return found


async def return_of(db: Db, label_id: UUID) -> UUID | None:
    """Return the return of a label that is due, or nothing if it is not."""
    found: UUID | None = await db.fetchval(RETURN_OF, label_id)
    return found


async def make(db: Db, vault: Vault, label_id: UUID, *, rma_id: UUID, content: LabelContent, at: datetime) -> bool:
    """Keep what is printed on a label that is due; return False if it is not, or if its person was erased."""
    row = await db.fetchrow(PERSON, rma_id)
    assert row is not None, "a locked return exists"
    if row["erased_at"] is not None:
        return False
    sealed = vault.lock_for_person(
        msgspec.json.encode(content), person_key=row["sealed_key"], tenant_id=row["tenant_id"],
        person_id=row["person_id"],
    )  # fmt: skip
    return await db.fetchval(MAKE, label_id, sealed, at) is not None


async def fail(db: Db, label_id: UUID, problem: LabelProblem, *, at: datetime) -> bool:
    """Write down why a label that is due cannot be made; return False if it is not due."""
    return await db.fetchval(FAIL, label_id, problem.value, at) is not None


async def try_again(db: Db, rma_id: UUID, *, at: datetime) -> list[UUID]:
    """Make the failed labels of a return due again, enqueue the work and return them."""
    again = [row["id"] for row in await db.fetch(AGAIN, rma_id, at)]
    await jobs.defer(db, [jobs.Job(jobs.Task.LABEL, label_id) for label_id in again])
    return again


async def make_anew(db: Db, label_ids: Sequence[UUID], *, at: datetime) -> list[UUID]:
    """Forget what is printed on labels, make them due again, enqueue the work and return them."""
    again = [row["id"] for row in await db.fetch(ANEW, list(label_ids), at)]
    await jobs.defer(db, [jobs.Job(jobs.Task.LABEL, label_id) for label_id in again])
    return again


async def waive(db: Db, rma_id: UUID, *, at: datetime, only: UUID | None = None) -> list[UUID]:
    """Go on without the labels of a return that are not made (of them `only` that one), and return them."""
    return [row["id"] for row in await db.fetch(WAIVE, rma_id, at, only)]


async def release_mail(db: Db, rma_id: UUID, *, at: datetime) -> None:
    """Send the mail that waited for the labels of a return, once none is awaited any more."""
    mails = [row["id"] for row in await db.fetch(RELEASE_MAIL, rma_id, at, LIFE)]
    await jobs.defer(db, [jobs.Job(jobs.Task.MAIL, mail_id) for mail_id in mails])


async def contents(db: Db, vault: Vault, rma_id: UUID, *, only: Sequence[UUID]) -> list[LabelContent]:
    """Return what is printed on the made labels of a return among `only`, by parcel.

    Nothing of an erased person, and nothing that another installation has sealed.
    """
    found = []
    for row in await db.fetch(CONTENTS, rma_id, list(only)):
        try:
            plain = vault.unlock_for_person(
                row["content_sealed"], person_key=row["sealed_key"], tenant_id=row["tenant_id"],
                person_id=row["person_id"],
            )  # fmt: skip
        except NotMyKey:
            continue
        found.append(msgspec.json.decode(plain, type=LabelContent))
    return found
