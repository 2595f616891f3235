"""How long each class of personal data is kept, and the forgetting of what is older, a bounded number of rows at a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.privacy import Keep
from retour.store.db import Db

# What the database lets happen in this transaction alone: files of returns go. Append-only rows stay as they are.
FORGETTING: Final = "SELECT set_config('app.forgetting', 'on', true)"
GET: Final = "SELECT class, days FROM retention WHERE tenant_id = current_tenant()"
SET: Final = """
INSERT INTO retention (tenant_id, class, days) VALUES (current_tenant(), $1, $2)
ON CONFLICT (tenant_id, class) DO UPDATE SET days = excluded.days
"""
TAKE: Final = """
UPDATE account SET forget_due_at = $2 WHERE tenant_id = current_tenant() AND forget_due_at <= $1 RETURNING tenant_id
"""
FINISH: Final = "UPDATE account SET forget_due_at = $1 WHERE tenant_id = current_tenant()"
# What is older than `$1`, at most `$2` rows; what is over has an end, and what is open is never touched.
INBOX: Final = """
UPDATE inbox SET body_sealed = NULL, facts = '{}'
 WHERE tenant_id = current_tenant() AND id IN (
   SELECT id FROM inbox
    WHERE tenant_id = current_tenant() AND done_at < $1 AND body_sealed IS NOT NULL LIMIT $2)
"""
DOCUMENTS: Final = """
UPDATE sales_order SET raw_sealed = NULL
 WHERE tenant_id = current_tenant() AND id IN (
   SELECT o.id FROM sales_order o
    WHERE o.tenant_id = current_tenant() AND o.placed_at < $1 AND o.far_updated_at < $1 AND o.raw_sealed IS NOT NULL
      AND NOT EXISTS (SELECT FROM rma r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id
                         AND r.status NOT IN ('rejected', 'cancelled', 'expired', 'resolved'))
    LIMIT $2)
"""
INTAKES: Final = """
UPDATE intake SET sealed = ''
 WHERE tenant_id = current_tenant() AND id IN (
   SELECT id FROM intake
    WHERE tenant_id = current_tenant() AND state <> 'waiting' AND changed_at < $1 AND length(sealed) > 0 LIMIT $2)
"""
# A return is over since its last event; whoever reopens it makes a new one.
PHOTOS: Final = """
DELETE FROM photo
 WHERE tenant_id = current_tenant() AND id IN (
   SELECT f.id FROM photo f JOIN rma r ON r.tenant_id = f.tenant_id AND r.id = f.rma_id
    WHERE f.tenant_id = current_tenant() AND f.at < $1
      AND r.status IN ('rejected', 'cancelled', 'expired', 'resolved')
      AND NOT EXISTS (SELECT FROM event v WHERE v.tenant_id = r.tenant_id AND v.resource_kind = 'return'
                         AND v.resource_id = r.id AND v.at >= $1)
    LIMIT $2)
"""
LABELS: Final = """
UPDATE label SET content_sealed = ''
 WHERE tenant_id = current_tenant() AND id IN (
   SELECT b.id FROM label b JOIN rma r ON r.tenant_id = b.tenant_id AND r.id = b.rma_id
    WHERE b.tenant_id = current_tenant() AND b.changed_at < $1 AND length(b.content_sealed) > 0
      AND r.status IN ('rejected', 'cancelled', 'expired', 'resolved')
      AND NOT EXISTS (SELECT FROM event v WHERE v.tenant_id = r.tenant_id AND v.resource_kind = 'return'
                         AND v.resource_id = r.id AND v.at >= $1)
    LIMIT $2)
"""
EXPORTS: Final = """
DELETE FROM privacy_archive
 WHERE tenant_id = current_tenant() AND (request_id, n) IN (
   SELECT a.request_id, a.n FROM privacy_archive a
     JOIN privacy_request q ON q.tenant_id = a.tenant_id AND q.id = a.request_id
    WHERE a.tenant_id = current_tenant() AND q.expires_at < $1 LIMIT $2)
"""
FORGET: Final[Mapping[Keep, str]] = {
    Keep.INBOX: INBOX, Keep.DOCUMENTS: DOCUMENTS, Keep.INTAKES: INTAKES, Keep.PHOTOS: PHOTOS, Keep.LABELS: LABELS,
    Keep.EXPORTS: EXPORTS,
}  # fmt: skip
# Whoever has neither bought nor returned anything since; an erasure of theirs is asked for, once.
PEOPLE: Final = """
SELECT p.id FROM person p
 WHERE p.tenant_id = current_tenant() AND p.erased_at IS NULL AND p.created_at < $1
   AND NOT EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id AND o.placed_at >= $1)
   AND NOT EXISTS (SELECT FROM rma r WHERE r.tenant_id = p.tenant_id AND r.person_id = p.id
                      AND (r.status NOT IN ('rejected', 'cancelled', 'expired', 'resolved')
                           OR greatest(r.requested_at, r.resolved_at, r.decided_at) >= $1))
   AND NOT EXISTS (SELECT FROM privacy_request q WHERE q.tenant_id = p.tenant_id AND q.person_id = p.id
                      AND q.kind = 'erasure' AND q.state IN ('waiting', 'erasing'))
 ORDER BY p.id LIMIT $2
"""
LAST: Final = """
SELECT at, data -> 'counts' AS counts FROM event
 WHERE tenant_id = current_tenant() AND resource_kind = 'account' AND type = 'privacy.forgotten'
   AND resource_id = current_tenant()
 ORDER BY seq DESC LIMIT 1
"""


async def last_forgotten(db: Db) -> tuple[datetime, Mapping[str, int]] | None:
    """Return when something was forgotten last, with the counts by class; nothing if nothing was."""
    row = await db.fetchrow(LAST)
    return (row["at"], row["counts"]) if row else None


async def chosen(db: Db) -> dict[Keep, int | None]:
    """Return the days of each class for which the merchant chose some."""
    known = {keep.value: keep for keep in Keep}
    return {known[row["class"]]: row["days"] for row in await db.fetch(GET) if row["class"] in known}


async def save(db: Db, days: Mapping[Keep, int | None]) -> None:
    """Write how many days each of these classes is kept."""
    for keep, value in days.items():
        await db.execute(SET, keep.value, value)


async def take(db: Db, *, now: datetime, next_at: datetime) -> bool:
    """Take the account's turn to forget; False if it is not due."""
    return await db.fetchval(TAKE, now, next_at) is not None


async def finish(db: Db, *, next_at: datetime) -> None:
    """End the account's turn; the caller's transaction holds the account from here on."""
    await db.execute(FINISH, next_at)


async def forget(db: Db, keep: Keep, *, before: datetime, most: int) -> int:
    """Forget what is older of a class, at most so many rows, and return how many they were."""
    await db.execute(FORGETTING)
    status = await db.execute(FORGET[keep], before, most)
    return int(status.rpartition(" ")[2])


async def unseen_people(db: Db, *, before: datetime, most: int) -> list[UUID]:
    """Return people who have done nothing since."""
    return [row["id"] for row in await db.fetch(PEOPLE, before, most)]
