"""The queues: everything that waits, by whom and why, with its age, how much of it is late, and the oldest of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.sla import USUAL_HOURS
from retour.store.db import Db

# One row for each store, actor and reason; the oldest of each is found by the index of blockers.
QUEUES: Final = """
SELECT g.store_id, s.shop_name, g.actor, g.code, g.hours, g.count, g.day, g.three_days, g.week, g.older, g.late, g.oldest,
       first.number, first.evidence, first.currency
  FROM (SELECT r.store_id, r.blocked_actor AS actor, r.blocked_code AS code, l.hours, count(*) AS count,
               count(*) FILTER (WHERE r.blocked_since > $4::timestamptz - interval '1 day') AS day,
               count(*) FILTER (WHERE r.blocked_since <= $4 - interval '1 day'
                                  AND r.blocked_since > $4 - interval '3 days') AS three_days,
               count(*) FILTER (WHERE r.blocked_since <= $4 - interval '3 days'
                                  AND r.blocked_since > $4 - interval '7 days') AS week,
               count(*) FILTER (WHERE r.blocked_since <= $4 - interval '7 days') AS older,
               count(*) FILTER (WHERE r.blocked_since <= $4 - make_interval(hours => l.hours)) AS late,
               min(r.blocked_since) AS oldest
          FROM rma r
          LEFT JOIN blocker_limit b ON b.tenant_id = r.tenant_id AND b.store_id = r.store_id AND b.code = r.blocked_code
         CROSS JOIN LATERAL (
           SELECT CASE WHEN b.code IS NOT NULL THEN b.hours ELSE ($5::jsonb->>r.blocked_code)::int END AS hours) AS l
         WHERE r.tenant_id = current_tenant() AND r.blocked_code IS NOT NULL
           AND ($1::uuid IS NULL OR r.store_id = $1) AND ($2::text[] = '{}' OR r.blocked_actor = ANY ($2))
           AND ($3::text[] = '{}' OR r.blocked_code = ANY ($3))
         GROUP BY 1, 2, 3, 4) AS g
  JOIN store s ON s.tenant_id = current_tenant() AND s.id = g.store_id
 CROSS JOIN LATERAL (
   SELECT r.number, r.blocked_evidence AS evidence, o.currency FROM rma r
     JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
    WHERE r.tenant_id = current_tenant() AND r.blocked_code = g.code AND r.blocked_since = g.oldest
      AND r.store_id = g.store_id AND r.blocked_actor = g.actor
    ORDER BY r.number LIMIT 1) AS first
 ORDER BY g.late DESC, g.oldest, g.store_id, g.actor, g.code
"""
LATE: Final = """
SELECT count(*) FROM rma r
  LEFT JOIN blocker_limit b ON b.tenant_id = r.tenant_id AND b.store_id = r.store_id AND b.code = r.blocked_code
 WHERE r.tenant_id = current_tenant() AND r.blocked_code IS NOT NULL AND ($1::uuid IS NULL OR r.store_id = $1)
   AND r.blocked_since <= $2::timestamptz - make_interval(
         hours => CASE WHEN b.code IS NOT NULL THEN b.hours ELSE ($3::jsonb->>r.blocked_code)::int END)
"""


@dataclass(frozen=True, slots=True)
class Queue:
    """Returns of one store that wait for the same one for the same reason, by age; `late` are beyond the limit.

    `hours` is that limit, none: they may wait for ever. `number`, `evidence` and its `currency` are of the one that waits longest.
    """

    store_id: UUID
    shop_name: str
    actor: str
    code: str
    hours: int | None
    count: int
    day: int
    three_days: int
    week: int
    older: int
    late: int
    oldest: datetime
    number: int
    evidence: Mapping[str, object]
    currency: str


async def queues(
    db: Db,
    *,
    store_id: UUID | None,
    now: datetime,
    actors: tuple[str, ...] = (),
    codes: tuple[str, ...] = (),
) -> tuple[Queue, ...]:
    """Return what waits, late ones first, of one store and of some actors and reasons if named."""
    usual = dict(USUAL_HOURS)
    rows = await db.fetch(QUEUES, store_id, list(actors), list(codes), now, usual)
    return tuple(Queue(**{**row, "evidence": row["evidence"] or {}}) for row in rows)


async def late(db: Db, *, store_id: UUID | None, now: datetime) -> int:
    """Return how many returns wait longer than they may."""
    count: int = await db.fetchval(LATE, store_id, now, dict(USUAL_HOURS))
    return count
