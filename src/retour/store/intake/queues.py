"""What waits of what was sent in, by store and reason with its age."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db

QUEUES: Final = """
SELECT i.store_id, s.shop_name, i.why, count(*) AS count,
       count(*) FILTER (WHERE i.received_at > $2::timestamptz - interval '1 day') AS day,
       count(*) FILTER (WHERE i.received_at <= $2 - interval '1 day' AND i.received_at > $2 - interval '3 days') AS three_days,
       count(*) FILTER (WHERE i.received_at <= $2 - interval '3 days' AND i.received_at > $2 - interval '7 days') AS week,
       count(*) FILTER (WHERE i.received_at <= $2 - interval '7 days') AS older,
       min(i.received_at) AS oldest, (array_agg(i.id ORDER BY i.received_at, i.id))[1] AS oldest_id
  FROM intake i JOIN store s ON s.tenant_id = i.tenant_id AND s.id = i.store_id
 WHERE i.tenant_id = current_tenant() AND i.state = 'waiting' AND ($1::uuid IS NULL OR i.store_id = $1)
 GROUP BY i.store_id, s.shop_name, i.why ORDER BY oldest, i.store_id, i.why
"""


@dataclass(frozen=True, slots=True)
class IntakeQueue:
    """Intakes of one store that wait for the same reason, by age; `oldest_id` has waited longest."""

    store_id: UUID
    shop_name: str
    why: str
    count: int
    day: int
    three_days: int
    week: int
    older: int
    oldest: datetime
    oldest_id: UUID


async def queues(db: Db, *, store_id: UUID | None, now: datetime) -> list[IntakeQueue]:
    """Return the queues of a store, or of all; the one with the oldest first."""
    return [IntakeQueue(**row) for row in await db.fetch(QUEUES, store_id, now)]
