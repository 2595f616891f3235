"""Messages that are sealed for the house because nobody knew yet whom they are about: opened one by one to see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.store import event
from retour.store.db import Db
from retour.store.vault import NotMyKey, Vault

# One stretch of ids after another; new ids come later than old ones.
INBOX: Final = """
SELECT 'inbox' AS source, i.id, i.tenant_id, i.body_sealed AS sealed FROM inbox i
  JOIN connection c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id
 WHERE i.tenant_id = current_tenant() AND c.store_id = $1 AND i.person_id IS NULL AND i.body_sealed IS NOT NULL
   AND ($2::uuid IS NULL OR i.id > $2) ORDER BY i.id LIMIT $3
"""
# Few at any time: what waits for a person, and visits of the last hours.
OTHERS: Final = """
SELECT CASE i.state WHEN 'waiting' THEN 'intake_open' ELSE 'intake' END AS source, i.id, i.tenant_id, i.sealed FROM intake i
 WHERE i.tenant_id = current_tenant() AND i.store_id = $1 AND i.sealed_for IS NULL AND length(i.sealed) > 0
UNION ALL
SELECT CASE WHEN w.state IN ('received', 'waiting') THEN 'withdrawal_open' ELSE 'withdrawal' END, w.id, w.tenant_id, w.sealed
  FROM withdrawal w
 WHERE w.tenant_id = current_tenant() AND w.store_id = $1 AND w.person_id IS NULL AND length(w.sealed) > 0
UNION ALL
SELECT 'visit', v.id, v.tenant_id, v.asked_sealed FROM visit v
 WHERE v.tenant_id = current_tenant() AND v.store_id = $1 AND v.asked_sealed IS NOT NULL
"""
DROP_INBOX: Final = """
UPDATE inbox SET body_sealed = NULL, facts = '{}' WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[])
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


@dataclass(frozen=True, slots=True, repr=False)
class Body:
    """What was received or typed, opened; `_open` ends the source of what somebody still works on."""

    source: str
    id: UUID
    plain: bytes


async def inbox(
    db: Db, vault: Vault, *, store_id: UUID, after: UUID | None, most: int
) -> tuple[list[Body], UUID | None]:
    """Return a stretch of received bodies that belong to nobody yet, and after which id to go on; none at the end."""
    rows = await db.fetch(INBOX, store_id, after, most)
    found = [
        body for row in rows if (body := _opened(vault, row["source"], row["id"], row["tenant_id"], row["sealed"]))
    ]
    return found, rows[-1]["id"] if len(rows) == most else None


async def others(db: Db, vault: Vault, *, store_id: UUID) -> list[Body]:
    """Return everything else that belongs to nobody yet: what waits for a person, and what visits typed."""
    rows = await db.fetch(OTHERS, store_id)
    return [body for row in rows if (body := _opened(vault, row["source"], row["id"], row["tenant_id"], row["sealed"]))]


async def drop(db: Db, found: list[Body], *, actor: str, at: datetime) -> None:
    """Forget what was received; that it came, and what became of it, stays. An intake that waits is dismissed."""
    open_ = [body.id for body in found if body.source == "intake_open"]
    for row in await db.fetch(DISMISS_INTAKE, open_, actor, at) if open_ else ():
        await event.put(
            db, EventType.INTAKE_DISMISSED, resource_kind="intake", resource_id=row["id"], store_id=row["store_id"],
            actor=actor, at=at, data={"because": "erased"},
        )  # fmt: skip
    intakes = [body.id for body in found if body.source.startswith("intake")]
    if intakes:
        await db.execute(DROP_PICTURES, intakes)
    for source, statement in _DROPS:
        ids = [body.id for body in found if body.source == source]
        if ids:
            await db.execute(statement, ids)


def _opened(vault: Vault, source: str, id_: UUID, tenant_id: UUID, sealed: bytes) -> Body | None:
    purpose = f"{source.removesuffix('_open')}:{id_}"
    try:
        return Body(source, id_, vault.unlock(sealed, tenant_id=tenant_id, purpose=purpose))
    except NotMyKey:
        return None
