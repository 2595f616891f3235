"""What a return began as: a statement of withdrawal, something that was sent in, or another return that went on in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db

OF_RETURN: Final = """
SELECT 'withdrawal' AS kind, w.id, w.received_at AS at, w.channel, NULL::bigint AS number
  FROM withdrawal w WHERE w.tenant_id = current_tenant() AND w.rma_id = $1
 UNION ALL
SELECT CASE WHEN i.source = 'dock' AND r.channel <> 'warehouse' THEN 'parcel' ELSE 'intake' END, i.id, i.received_at,
       i.channel, NULL
  FROM intake i JOIN rma r ON r.tenant_id = i.tenant_id AND r.id = i.rma_id
 WHERE i.tenant_id = current_tenant() AND i.rma_id = $1 AND i.decided_by IS DISTINCT FROM 'push'
 UNION ALL
SELECT 'merged', r.id, r.requested_at, r.channel, r.number
  FROM rma r JOIN rma whole ON whole.tenant_id = r.tenant_id AND whole.id = $1 AND whole.order_id = r.order_id
 WHERE r.tenant_id = current_tenant() AND r.merged_into = $1
 ORDER BY at, id
"""


@dataclass(frozen=True, slots=True)
class Beginning:
    """One thing that a return began as: a `withdrawal`, an `intake`, or a return that was `merged` into it (`number`).

    A `parcel` came without being announced, and somebody joined it to the return.
    """

    kind: str
    id: UUID
    at: datetime
    channel: str
    number: int | None


async def of_return(db: Db, rma_id: UUID) -> list[Beginning]:
    """Return what a return began as, oldest first; nothing for one that was asked for as it is."""
    return [Beginning(**row) for row in await db.fetch(OF_RETURN, rma_id)]
