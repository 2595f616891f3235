"""Returns that were told to a source: what it says of them later moves them on, as if it had sent them."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db

PUSH: Final = "push"  # who decided which return a thing is
# Kept under the person's key from the first document on. What came before the answer to the push waits no more.
LINK: Final = """
INSERT INTO intake (tenant_id, id, store_id, source, connection_id, channel, external_id, far_status, state, facts,
                    order_id, rma_id, sealed, sealed_for, received_at, changed_at, decided_by)
SELECT r.tenant_id, gen_random_uuid(), r.store_id, 'feed:' || $2::uuid, $2, r.channel, $3, $4, 'opened', '{}',
       r.order_id, r.id, '', r.person_id, $5, $5, 'push'
  FROM rma r WHERE r.tenant_id = current_tenant() AND r.id = $1
ON CONFLICT (tenant_id, source, external_id) DO UPDATE
   SET state = 'opened', why = NULL, order_id = excluded.order_id, rma_id = excluded.rma_id, decided_by = 'push',
       changed_at = excluded.changed_at
 WHERE intake.state = 'waiting'
"""
TOLD: Final = """
SELECT e.rma_id FROM effect e
 WHERE e.tenant_id = current_tenant() AND e.kind = 'push_return' AND e.business_ref = 'push:' || $2::text
   AND e.connection_id = $1 LIMIT 1
"""
UNSENT: Final = """
SELECT e.id, e.rma_id FROM effect e
 WHERE e.tenant_id = current_tenant() AND e.kind = 'push_return' AND e.connection_id = $1 AND e.state = 'intent'
   AND e.first_sent_at IS NULL
 ORDER BY e.order_id, e.rma_id
"""


async def link(
    db: Db, rma_id: UUID, *, connection_id: UUID, external_id: str, far_status: str | None, at: datetime
) -> None:
    """Write under which id a return goes at a source that it was told to."""
    await db.execute(LINK, rma_id, connection_id, external_id, far_status, at)


async def told_as(db: Db, *, connection_id: UUID, reference: str) -> UUID | None:
    """Return the return that was told to a source under our reference, or nothing."""
    found: UUID | None = await db.fetchval(TOLD, connection_id, reference)
    return found


async def unsent(db: Db, connection_id: UUID) -> list[tuple[UUID, UUID]]:
    """Return the pushes to a source that have never been sent, each with its return, in the order to lock those."""
    return [(row["id"], row["rma_id"]) for row in await db.fetch(UNSENT, connection_id)]
