"""Messages that are sealed for the house because nobody knew yet whom they are about: opened a few at a time to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.store import event
from retour.store.db import Db, Record
from retour.store.vault import NotMyKey, Vault

AT_ONCE: Final = 200  # rows of a page
PAGE_BYTES: Final = 4 * 1024 * 1024  # of a page, sealed; one that is larger comes alone
# Pages by id, new ids come later than old ones: as many rows as fit, at least one. What was worked on, and belongs to
# nobody; `theirs` is what a return of the person was made of.
INBOX: Final = """
WITH next_rows AS (
  SELECT i.id, octet_length(i.body_sealed) AS size FROM inbox i
    JOIN connection c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id
   WHERE i.tenant_id = current_tenant() AND c.store_id = $1 AND i.person_id IS NULL AND i.body_sealed IS NOT NULL
     AND i.done_at IS NOT NULL AND ($2::uuid IS NULL OR i.id > $2) ORDER BY i.id LIMIT $3),
page AS (SELECT id, sum(size) OVER (ORDER BY id) AS so_far, row_number() OVER (ORDER BY id) AS n FROM next_rows)
SELECT 'inbox' AS source, i.id, i.tenant_id, i.body_sealed AS sealed,
       EXISTS (SELECT FROM intake t
                WHERE t.tenant_id = i.tenant_id AND t.id = i.intake_id
                  AND (t.sealed_for = $5 OR t.rma_id IN (SELECT r.id FROM rma r
                                                          WHERE r.tenant_id = t.tenant_id AND r.person_id = $5))) AS theirs
  FROM page JOIN inbox i ON i.tenant_id = current_tenant() AND i.id = page.id
 WHERE page.so_far <= $4 OR page.n = 1 ORDER BY i.id
"""
# The same of what else belongs to nobody yet: what waits for a person, visits of the last hours, and messages that
# nobody has worked on yet. `_open` ends the source of what somebody still works on.
OTHERS: Final = """
WITH sealed_rows AS NOT MATERIALIZED (
  SELECT CASE i.state WHEN 'waiting' THEN 'intake_open' ELSE 'intake' END AS source, i.id, i.sealed FROM intake i
   WHERE i.tenant_id = current_tenant() AND i.store_id = $1 AND i.sealed_for IS NULL AND length(i.sealed) > 0
  UNION ALL
  SELECT CASE WHEN w.state IN ('received', 'waiting') THEN 'withdrawal_open' ELSE 'withdrawal' END, w.id, w.sealed
    FROM withdrawal w
   WHERE w.tenant_id = current_tenant() AND w.store_id = $1 AND w.person_id IS NULL AND length(w.sealed) > 0
  UNION ALL
  SELECT 'visit', v.id, v.asked_sealed FROM visit v
   WHERE v.tenant_id = current_tenant() AND v.store_id = $1 AND v.asked_sealed IS NOT NULL
  UNION ALL
  SELECT 'inbox_open', i.id, i.body_sealed FROM inbox i
    JOIN connection c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id
   WHERE i.tenant_id = current_tenant() AND c.store_id = $1 AND i.person_id IS NULL AND i.body_sealed IS NOT NULL
     AND i.done_at IS NULL),
next_rows AS (
  SELECT id, octet_length(sealed) AS size FROM sealed_rows WHERE $2::uuid IS NULL OR id > $2 ORDER BY id LIMIT $3),
page AS (SELECT id, sum(size) OVER (ORDER BY id) AS so_far, row_number() OVER (ORDER BY id) AS n FROM next_rows)
SELECT s.source, s.id, current_tenant() AS tenant_id, s.sealed, false AS theirs
  FROM page JOIN sealed_rows s ON s.id = page.id
 WHERE page.so_far <= $4 OR page.n = 1 ORDER BY s.id
"""
DROP_INBOX: Final = """
UPDATE inbox SET body_sealed = NULL, facts = '{}'
 WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[]) AND done_at IS NOT NULL
"""
DROP_INTAKE: Final = """
UPDATE intake SET sealed = '', facts = '{}' WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[])
"""
# What waits for a person about somebody who is erased is over.
DISMISS_INTAKE: Final = """
UPDATE intake SET sealed = '', facts = '{}', candidates = '[]', state = 'dismissed', why = NULL, reason = '[erased]',
       decided_by = $2, changed_at = $3
 WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[]) AND state = 'waiting' RETURNING id, store_id
"""
# Pictures that came by mail wait with what they came with.
DROP_PICTURES: Final = """
DELETE FROM intake_photo WHERE tenant_id = current_tenant() AND intake_id = ANY ($1::uuid[])
"""
DROP_WITHDRAWAL: Final = """
UPDATE withdrawal SET sealed = '', token_sha256 = NULL WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[])
"""
DROP_VISIT: Final = "DELETE FROM visit WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[])"
_DROPS: Final = (("inbox", DROP_INBOX), ("intake", DROP_INTAKE), ("withdrawal", DROP_WITHDRAWAL), ("visit", DROP_VISIT))


@dataclass(frozen=True, slots=True)
class Ref:
    """What was received or typed, by where it is; `_open` ends the source of what somebody still works on."""

    source: str
    id: UUID


@dataclass(frozen=True, slots=True, repr=False)
class Body:
    """What was received or typed, opened; `theirs` is known to be the person's, whatever it says."""

    ref: Ref
    plain: bytes
    theirs: bool = False


@dataclass(frozen=True, slots=True)
class Where:
    """Whose messages are looked for in which store, and how many bytes are opened at once."""

    store_id: UUID
    person_id: UUID
    page_bytes: int = PAGE_BYTES


async def inbox(db: Db, vault: Vault, where: Where, *, after: UUID | None) -> tuple[list[Body], UUID | None]:
    """Return a page of received bodies that belong to nobody yet, and after which id to go on; none at the end."""
    return _opened(vault, await db.fetch(INBOX, where.store_id, after, AT_ONCE, where.page_bytes, where.person_id))


async def others(db: Db, vault: Vault, where: Where, *, after: UUID | None) -> tuple[list[Body], UUID | None]:
    """Return a page of everything else that belongs to nobody yet, and after which id to go on; none at the end."""
    return _opened(vault, await db.fetch(OTHERS, where.store_id, after, AT_ONCE, where.page_bytes))


async def drop(db: Db, found: Sequence[Ref], *, actor: str, at: datetime) -> None:
    """Forget what was received; that it came, and what became of it, stays. An intake that waits is dismissed.

    A message that nobody has worked on yet stays.
    """
    open_ = [ref.id for ref in found if ref.source == "intake_open"]
    for row in await db.fetch(DISMISS_INTAKE, open_, actor, at) if open_ else ():
        await event.put(
            db, EventType.INTAKE_DISMISSED, resource_kind="intake", resource_id=row["id"], store_id=row["store_id"],
            actor=actor, at=at, data={"because": "erased"},
        )  # fmt: skip
    intakes = [ref.id for ref in found if ref.source.startswith("intake")]
    if intakes:
        await db.execute(DROP_PICTURES, intakes)
    for source, statement in _DROPS:
        ids = [ref.id for ref in found if ref.source == source]
        if ids:
            await db.execute(statement, ids)


def _opened(vault: Vault, rows: list[Record]) -> tuple[list[Body], UUID | None]:
    found = list[Body]()
    for row in rows:
        purpose = f"{row['source'].removesuffix('_open')}:{row['id']}"
        try:
            plain = vault.unlock(row["sealed"], tenant_id=row["tenant_id"], purpose=purpose)
        except NotMyKey:
            continue
        found.append(Body(Ref(row["source"], row["id"]), plain, row["theirs"]))
    return found, rows[-1]["id"] if rows else None
