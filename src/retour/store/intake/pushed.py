"""Returns that were told to a source: what it says of them later moves them on, as if it had sent them."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.store import discrepancy, event, jobs
from retour.store.db import Db
from retour.store.ids import new_id

PUSH: Final = "push"  # who decided which return a thing is
ANOTHER: Final = "known_as_another"
# Kept under the person's key from the first document on. What came before the answer to the push waits no more, and
# is not dismissed any more: the answer says whose it is.
LINK: Final = """
INSERT INTO intake (tenant_id, id, store_id, source, connection_id, channel, external_id, far_status, state, facts,
                    order_id, rma_id, sealed, sealed_for, received_at, changed_at, decided_by)
SELECT r.tenant_id, $6, r.store_id, 'feed:' || $2::uuid, $2, r.channel, $3, $4, 'opened', '{}',
       r.order_id, r.id, '', r.person_id, $5, $5, 'push'
  FROM rma r WHERE r.tenant_id = current_tenant() AND r.id = $1
ON CONFLICT (tenant_id, source, external_id) DO UPDATE
   SET state = 'opened', why = NULL, reason = NULL, order_id = excluded.order_id, rma_id = excluded.rma_id,
       decided_by = 'push', changed_at = excluded.changed_at
 WHERE intake.rma_id IS NULL
RETURNING id, store_id, channel, (SELECT r.number FROM rma r WHERE r.tenant_id = intake.tenant_id AND r.id = $1) AS number
"""
KNOWN_AS: Final = """
SELECT i.rma_id, o.number, r.store_id
  FROM intake i JOIN rma o ON o.tenant_id = i.tenant_id AND o.id = i.rma_id, rma r
 WHERE i.tenant_id = current_tenant() AND i.source = 'feed:' || $2::uuid AND i.external_id = $3
   AND r.tenant_id = i.tenant_id AND r.id = $1
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
    """Write under which id a return goes at a source that it was told to.

    What came in under that id and became no return is that return from now on, told as an event. An id under which
    another return goes stays with that one, and a person is shown it: neither can be followed for the other.
    """
    fresh = new_id()
    row = await db.fetchrow(LINK, rma_id, connection_id, external_id, far_status, at, fresh)
    if row is None:
        await _show_another(db, rma_id, connection_id, external_id, at)
    elif row["id"] != fresh:
        deliveries = await event.put(
            db, EventType.INTAKE_OPENED, resource_kind="intake", resource_id=row["id"], store_id=row["store_id"],
            actor="retour", at=at, data={"return_id": rma_id, "number": row["number"], "channel": row["channel"]},
        )  # fmt: skip
        await jobs.defer(db, [jobs.Job(jobs.Task.DELIVER, delivery) for delivery in deliveries])


async def _show_another(db: Db, rma_id: UUID, connection_id: UUID, external_id: str, at: datetime) -> None:
    known = await db.fetchrow(KNOWN_AS, rma_id, connection_id, external_id)
    assert known is not None, "nothing was written because a return goes under that id"
    if known["rma_id"] == rma_id:
        return
    await discrepancy.open_(
        db, ANOTHER, resource_kind="return", resource_id=rma_id, store_id=known["store_id"], actor="retour", at=at,
        owner=discrepancy.Owner.OPERATOR, details={"there": external_id, "here": f"R-{known['number']}"},
        next_step="find out there which return goes under that id, and follow the other one by hand",
    )  # fmt: skip


async def told_as(db: Db, *, connection_id: UUID, reference: str) -> UUID | None:
    """Return the return that was told to a source under our reference, or nothing."""
    found: UUID | None = await db.fetchval(TOLD, connection_id, reference)
    return found


async def unsent(db: Db, connection_id: UUID) -> list[tuple[UUID, UUID]]:
    """Return the pushes to a source that have never been sent, each with its return, in the order to lock those."""
    return [(row["id"], row["rma_id"]) for row in await db.fetch(UNSENT, connection_id)]
