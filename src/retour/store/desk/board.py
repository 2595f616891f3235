"""The home page: what waits for whom since when, returns per week, the last thirty days, how connections are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from retour.store.db import Db

WEEKS: Final = 12
FIGURES_OF: Final = timedelta(days=30)

QUEUE: Final = """
SELECT blocked_actor AS actor, blocked_code AS code, count(*) AS count, min(blocked_since) AS oldest,
       min(number) AS number
  FROM rma
 WHERE tenant_id = current_tenant() AND blocked_actor IS NOT NULL AND ($1::uuid IS NULL OR store_id = $1)
 GROUP BY 1, 2
"""
# What the money is that stopped: the newest refund of each return, with what the far side said.
STOPPED: Final = """
SELECT count(DISTINCT r.id) AS returns, s.currency, sum(s.total_minor)::bigint AS minor,
       mode() WITHIN GROUP (ORDER BY e.message) AS message
  FROM rma r
  JOIN settlement s ON s.tenant_id = r.tenant_id AND s.rma_id = r.id AND s.state = 'failed'
  LEFT JOIN effect e ON e.tenant_id = s.tenant_id AND e.id = s.effect_id
 WHERE r.tenant_id = current_tenant() AND r.blocked_code = 'effect_failed' AND ($1::uuid IS NULL OR r.store_id = $1)
 GROUP BY s.currency ORDER BY 3 DESC
"""
# What was handed over and waits for a report, by what the merchant calls it.
OUTSIDE: Final = """
SELECT s.resolution, s.resolution_ref::text AS ref, count(DISTINCT r.id) AS count
  FROM rma r
  JOIN settlement s ON s.tenant_id = r.tenant_id AND s.rma_id = r.id AND s.handed_to = 'merchant'
                   AND s.state = 'handed_over'
 WHERE r.tenant_id = current_tenant() AND r.blocked_code = 'awaiting_payout' AND ($1::uuid IS NULL OR r.store_id = $1)
 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 4
"""
PER_LOCATION: Final = """
SELECT coalesce(t.location_ref, s.location_ref) AS location, count(DISTINCT r.id) AS count
  FROM rma r
  JOIN store s ON s.tenant_id = r.tenant_id AND s.id = r.store_id
  JOIN receipt t ON t.tenant_id = r.tenant_id AND t.rma_id = r.id
 WHERE r.tenant_id = current_tenant() AND r.blocked_code = 'awaiting_inspection' AND ($1::uuid IS NULL OR r.store_id = $1)
 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 4
"""
PER_WEEK: Final = """
SELECT w.week::date AS week, coalesce(n.count, 0) AS count
  FROM generate_series($3::timestamp - interval '11 weeks', $3::timestamp, interval '1 week') AS w (week)
  LEFT JOIN (
    SELECT date_trunc('week', requested_at AT TIME ZONE $2) AS week, count(*) AS count
      FROM rma
     WHERE tenant_id = current_tenant() AND requested_at >= ($3::timestamp - interval '11 weeks') AT TIME ZONE $2
       AND ($1::uuid IS NULL OR store_id = $1)
     GROUP BY 1) AS n ON n.week = w.week
 ORDER BY 1
"""
REFUNDED: Final = """
SELECT s.currency, sum(s.total_minor)::bigint AS minor, count(*) AS payments,
       count(*) FILTER (WHERE s.resolution <> 'refund_original') AS kept
  FROM settlement s
  JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
 WHERE s.tenant_id = current_tenant() AND s.state = 'settled' AND s.settled_at >= $2 AND s.settled_at < $3
   AND ($1::uuid IS NULL OR r.store_id = $1)
 GROUP BY s.currency ORDER BY 2 DESC
"""
# How long a return took from the request to the money, and how much of that the parcel was on its way.
DURATIONS: Final = """
SELECT count(*) AS count,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM last.settled_at - r.requested_at)) AS whole_s,
       percentile_cont(0.5) WITHIN GROUP (
         ORDER BY extract(epoch FROM coalesce(r.delivered_at, r.received_at) - r.in_transit_at)) AS carrier_s
  FROM (SELECT rma_id, max(settled_at) AS settled_at FROM settlement
         WHERE tenant_id = current_tenant() AND state = 'settled' AND settled_at >= $2 AND settled_at < $3
         GROUP BY rma_id) AS last
  JOIN rma r ON r.tenant_id = current_tenant() AND r.id = last.rma_id
 WHERE $1::uuid IS NULL OR r.store_id = $1
"""
DECIDED: Final = """
SELECT count(*) AS decided, count(*) FILTER (WHERE l.decided_by = 'policy') AS alone
  FROM rma r JOIN return_line l ON l.tenant_id = r.tenant_id AND l.rma_id = r.id
 WHERE r.tenant_id = current_tenant() AND r.requested_at >= $2 AND r.requested_at < $3 AND l.decided_by IS NOT NULL
   AND ($1::uuid IS NULL OR r.store_id = $1)
"""
HEALTH: Final = """
SELECT k.id, k.platform, k.far_name, k.state, k.created_at, c.ran_at, c.problem,
       (SELECT count(*) FROM effect e
         WHERE e.tenant_id = k.tenant_id AND e.connection_id = k.id AND e.parked_at IS NULL
           AND e.state IN ('intent', 'sending', 'unknown') AND e.created_at < $2) AS late
  FROM connection k
  LEFT JOIN LATERAL (
    SELECT max(y.ran_at) AS ran_at, max(y.problem) AS problem FROM sync_cursor y
     WHERE y.tenant_id = k.tenant_id AND y.connection_id = k.id) AS c ON true
 WHERE k.tenant_id = current_tenant() AND k.state <> 'disconnected' AND k.platform <> 'feed'
   AND ($1::uuid IS NULL OR k.store_id = $1)
 ORDER BY k.platform = 'carrier', k.platform, k.far_name
"""
# One row of what stops money everywhere: the operator's switch, a restored database, the account's own pause.
STOPS: Final = """
SELECT i.kill_switch, i.quarantined, a.payments_paused OR coalesce(bool_or(s.payments_paused), false) AS paused
  FROM instance i, account a
  LEFT JOIN store s ON s.tenant_id = a.tenant_id AND ($1::uuid IS NULL OR s.id = $1)
 WHERE a.tenant_id = current_tenant()
 GROUP BY i.kill_switch, i.quarantined, a.payments_paused
"""
EXCEPTIONS: Final = """
SELECT count(*) FROM discrepancy
 WHERE tenant_id = current_tenant() AND state = 'open' AND ($1::uuid IS NULL OR store_id = $1 OR store_id IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Returns that wait for the same one for the same reason; `number` is the public number of one of them."""

    actor: str
    code: str
    count: int
    oldest: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Week:
    """Returns asked for in the week that begins on a Monday, in the shop's calendar."""

    begins_on: date
    count: int


@dataclass(frozen=True, slots=True)
class Refunded:
    """Money paid in one currency, in minor units; `kept` payments went to something else than the payment itself."""

    currency: str
    minor: int
    payments: int
    kept: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A span of days; durations are medians in seconds, of `finished` returns."""

    refunded: tuple[Refunded, ...]
    finished: int
    whole_s: float | None
    carrier_s: float | None
    decided: int
    alone: int


@dataclass(frozen=True, slots=True)
class Health:
    """A connection and when its orders were last read (a carrier has none); `late` effects wait longer than they should."""

    id: UUID
    platform: str
    far_name: str
    state: str
    last_heard_at: datetime | None
    problem: str | None
    late: int


@dataclass(frozen=True, slots=True)
class Stops:
    """What keeps money from moving at all."""

    kill_switch: bool
    quarantined: bool
    paused: bool


async def queue(db: Db, store_id: UUID | None) -> tuple[Waiting, ...]:
    """Return what every open return waits for, by whom and why."""
    return tuple(Waiting(**row) for row in await db.fetch(QUEUE, store_id))


async def stopped_money(db: Db, store_id: UUID | None) -> list[Mapping[str, object]]:
    """Return what failed refunds amount to: returns, currency, minor and the commonest message, by currency."""
    return [dict(row) for row in await db.fetch(STOPPED, store_id)]


async def waiting_outside(db: Db, store_id: UUID | None) -> list[tuple[str, str | None, int]]:
    """Return (kind, record, returns) of what waits for a report, the most first, four at most."""
    return [(row["resolution"], row["ref"], row["count"]) for row in await db.fetch(OUTSIDE, store_id)]


async def waiting_per_location(db: Db, store_id: UUID | None) -> list[tuple[str | None, int]]:
    """Return how many returns wait for inspection where, the most first, four places at most."""
    return [(row["location"], row["count"]) for row in await db.fetch(PER_LOCATION, store_id)]


async def weeks(db: Db, store_id: UUID | None, *, zone: str, monday: datetime) -> tuple[Week, ...]:
    """Return the returns of twelve weeks, the last beginning at `monday` (naive, midnight in the zone)."""
    rows = await db.fetch(PER_WEEK, store_id, zone, monday)
    return tuple(Week(row["week"], row["count"]) for row in rows)


async def figures(db: Db, store_id: UUID | None, *, since: datetime, until: datetime) -> Figures:
    """Return the figures of a span of time."""
    span = (store_id, since, until)
    refunded = tuple(Refunded(**row) for row in await db.fetch(REFUNDED, *span))
    took = await db.fetchrow(DURATIONS, *span)
    said = await db.fetchrow(DECIDED, *span)
    assert took is not None
    assert said is not None
    return Figures(refunded, took["count"], took["whole_s"], took["carrier_s"], said["decided"], said["alone"])


async def health(db: Db, store_id: UUID | None, *, late_before: datetime) -> tuple[Health, ...]:
    """Return how each connection is; effects planned before `late_before` and not answered yet are late."""
    found = []
    for row in await db.fetch(HEALTH, store_id, late_before):
        health_of = {name: row[name] for name in ("id", "platform", "far_name", "state", "problem", "late")}
        found.append(Health(**health_of, last_heard_at=row["ran_at"]))
    return tuple(found)


async def stops(db: Db, store_id: UUID | None) -> Stops:
    """Return what keeps money from moving."""
    row = await db.fetchrow(STOPS, store_id)
    assert row is not None
    return Stops(row["kill_switch"], row["quarantined"], row["paused"])


async def open_exceptions(db: Db, store_id: UUID | None) -> int:
    """Return how many differences between two systems are open."""
    count: int = await db.fetchval(EXCEPTIONS, store_id)
    return count
