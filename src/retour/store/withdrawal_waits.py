"""How long statements of withdrawal wait: for a person, and for the money that the law says goes back in 14 days."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from retour.core.sla import USUAL_HOURS
from retour.store.db import Db

# A statement that waits for a person counts from then on. One that is not repaid counts from when it was stated; the shop
# may keep the money until the goods are sent, so a return counts as soon as they are.
QUEUES: Final = """
SELECT w.store_id, s.shop_name, wait.code, CASE WHEN wait.code = 'withdrawal_waiting' THEN w.why END AS why,
       min(l.hours) AS hours, count(*) AS count,
       count(*) FILTER (WHERE wait.since > $2::timestamptz - interval '1 day') AS day,
       count(*) FILTER (WHERE wait.since <= $2 - interval '1 day' AND wait.since > $2 - interval '3 days') AS three_days,
       count(*) FILTER (WHERE wait.since <= $2 - interval '3 days' AND wait.since > $2 - interval '7 days') AS week,
       count(*) FILTER (WHERE wait.since <= $2 - interval '7 days') AS older,
       count(*) FILTER (WHERE wait.since <= $2 - make_interval(hours => l.hours)) AS late,
       min(wait.since) AS oldest, (array_agg(w.id ORDER BY wait.since, w.id))[1] AS oldest_id,
       min(w.stated_on) AS stated_on
  FROM withdrawal w
  JOIN store s ON s.tenant_id = w.tenant_id AND s.id = w.store_id
  LEFT JOIN rma r ON r.tenant_id = w.tenant_id AND r.id = w.rma_id
 CROSS JOIN LATERAL (VALUES
   ('withdrawal_waiting', w.since, w.state = 'waiting'),
   ('withdrawal_unpaid', w.received_at,
    w.state = 'waiting' OR w.state = 'matched' AND r.resolved_at IS NULL
      AND r.status IN ('requested', 'in_review', 'approved', 'reopened')
      AND (r.in_transit_at IS NOT NULL OR r.received_at IS NOT NULL)
      AND NOT EXISTS (SELECT FROM settlement t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id
                         AND t.state IN ('settled', 'handed_over')))) AS wait (code, since, is_on)
  LEFT JOIN blocker_limit b ON b.tenant_id = w.tenant_id AND b.store_id = w.store_id AND b.code = wait.code
 CROSS JOIN LATERAL (SELECT CASE WHEN b.code IS NOT NULL THEN b.hours ELSE ($3::jsonb->>wait.code)::int END AS hours) AS l
 WHERE w.tenant_id = current_tenant() AND w.state IN ('waiting', 'matched') AND wait.is_on
   AND ($1::uuid IS NULL OR w.store_id = $1)
 GROUP BY 1, 2, 3, 4 ORDER BY late DESC, oldest, 1, 3, 4
"""
LOCK: Final = """
SELECT id FROM withdrawal WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE
"""
WAITS: Final = """
SELECT w.store_id, wait.code, wait.since
  FROM withdrawal w
  LEFT JOIN rma r ON r.tenant_id = w.tenant_id AND r.id = w.rma_id
 CROSS JOIN LATERAL (VALUES
   ('withdrawal_waiting', w.since, w.state = 'waiting'),
   ('withdrawal_unpaid', w.received_at,
    w.state = 'waiting' OR w.state = 'matched' AND r.resolved_at IS NULL
      AND r.status IN ('requested', 'in_review', 'approved', 'reopened')
      AND (r.in_transit_at IS NOT NULL OR r.received_at IS NOT NULL)
      AND NOT EXISTS (SELECT FROM settlement t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id
                         AND t.state IN ('settled', 'handed_over')))) AS wait (code, since, is_on)
 WHERE w.tenant_id = current_tenant() AND w.id = $1 AND w.state IN ('waiting', 'matched') AND wait.is_on
   AND NOT wait.code = ANY (w.escalated)
 ORDER BY wait.since, wait.code
"""
ESCALATE: Final = """
UPDATE withdrawal SET escalated = array_append(escalated, $2) WHERE tenant_id = current_tenant() AND id = $1
"""


@dataclass(frozen=True, slots=True)
class WithdrawalQueue:
    """Statements of one store that wait for the same reason, by age; `late` are beyond the limit of `hours`.

    `why` is what a person has to find out, of those that wait for one; `stated_on` is of the one stated first.
    """

    store_id: UUID
    shop_name: str
    code: str
    why: str | None
    hours: int | None
    count: int
    day: int
    three_days: int
    week: int
    older: int
    late: int
    oldest: datetime
    oldest_id: UUID
    stated_on: date


@dataclass(frozen=True, slots=True)
class WithdrawalWait:
    """What a statement waits for that was not escalated yet."""

    store_id: UUID
    code: str
    since: datetime


async def queues(db: Db, *, store_id: UUID | None, now: datetime) -> list[WithdrawalQueue]:
    """Return the queues of a store, or of all; those with late ones first."""
    return [WithdrawalQueue(**row) for row in await db.fetch(QUEUES, store_id, now, dict(USUAL_HOURS))]


async def waits_of(db: Db, withdrawal_id: UUID) -> list[WithdrawalWait]:
    """Return what a statement waits for and was not escalated for yet, with its row locked."""
    await db.fetchval(LOCK, withdrawal_id)
    return [WithdrawalWait(**row) for row in await db.fetch(WAITS, withdrawal_id)]


async def escalate(db: Db, withdrawal_id: UUID, code: str) -> None:
    """Write that a wait of a statement was escalated; the caller holds its row."""
    await db.execute(ESCALATE, withdrawal_id, code)
