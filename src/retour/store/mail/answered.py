"""Which return a mail that came in answers, and which addresses are our own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from retour.store import rma as returns
from retour.store.db import Db, Record

# The nearest of the mails that were answered counts.
ANSWERED: Final = """
SELECT r.id, r.number, r.person_id, p.email_folded
  FROM unnest($2::text[]) WITH ORDINALITY AS said (message_id, n)
  JOIN mail m ON m.tenant_id = current_tenant() AND m.message_id = said.message_id AND m.resource_kind = 'return'
             AND m.kind <> 'staff_notice'
  JOIN rma r ON r.tenant_id = current_tenant() AND r.id = m.resource_id AND r.store_id = $1
  JOIN person p ON p.tenant_id = current_tenant() AND p.id = r.person_id AND p.erased_at IS NULL
 ORDER BY said.n LIMIT 1
"""
NUMBERED: Final = """
SELECT r.id, r.number, r.person_id, p.email_folded
  FROM rma r JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id AND p.erased_at IS NULL
 WHERE r.tenant_id = current_tenant() AND r.number = $2 AND r.store_id = $1
"""
OPENED: Final = """
SELECT r.id, r.number, r.person_id, p.email_folded
  FROM rma r JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id AND p.erased_at IS NULL
 WHERE r.tenant_id = current_tenant() AND r.id = $2 AND r.store_id = $1
"""
# Of a return that was merged into another, and that perhaps again, the one that goes on; both are of one order and person.
OWN: Final = """
SELECT lower(address) AS address FROM mail_sender WHERE tenant_id = current_tenant() AND store_id = $1 AND address IS NOT NULL
UNION SELECT lower(reply_to) FROM mail_sender WHERE tenant_id = current_tenant() AND store_id = $1 AND reply_to IS NOT NULL
UNION SELECT lower(contact_email) FROM look WHERE tenant_id = current_tenant() AND store_id = $1 AND contact_email IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """The return that a mail is about, the one that goes on where it was merged, and the folded address of its shopper."""

    rma_id: UUID
    number: int
    person_id: UUID
    address: str | None


async def answered(db: Db, store_id: UUID, message_ids: Sequence[str]) -> Answered | None:
    """Return the return that one of our mails told of, by the ids of mails that were answered, the nearest first."""
    return await _going_on(db, await db.fetchrow(ANSWERED, store_id, list(message_ids)) if message_ids else None)


async def numbered(db: Db, store_id: UUID, number: int) -> Answered | None:
    """Return the return of that number, or nothing."""
    return await _going_on(db, await db.fetchrow(NUMBERED, store_id, number))


async def opened(db: Db, store_id: UUID, rma_id: UUID) -> Answered | None:
    """Return a return of the store by its id, or nothing."""
    return await _going_on(db, await db.fetchrow(OPENED, store_id, rma_id))


async def own_addresses(db: Db, store_id: UUID) -> frozenset[str]:
    """Return the addresses that a store itself writes from or is answered at, in lower case."""
    return frozenset(row["address"] for row in await db.fetch(OWN, store_id))


async def _going_on(db: Db, row: Record | None) -> Answered | None:
    if row is None:
        return None
    found = Answered(*row.values())
    later = await returns.goes_on(db, found.rma_id)
    return replace(found, rma_id=later.id, number=later.number)
