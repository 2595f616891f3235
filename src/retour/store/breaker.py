"""The velocity breaker where an effect is about to leave: counted under the store's lock, stopped in the same transaction."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.breaker import MONTH_DAYS, Limits, Sent, Trip, trips
from retour.core.event import EventType
from retour.store import account, alarm, discrepancy, event, guard, jobs
from retour.store.db import Db
from retour.store.effect import Claim
from retour.store.guard import Guard

TRIPPED: Final = "breaker_tripped"
BREAKER: Final = "breaker"  # the actor of a pause that nobody asked for

PAUSED: Final = """
SELECT s.payments_paused OR a.payments_paused FROM store s JOIN account a ON a.tenant_id = s.tenant_id
 WHERE s.tenant_id = current_tenant() AND s.id = $1
"""
# What provably did nothing is no money that left; what the merchant was told to pay left with that.
SENT: Final = """
SELECT count(*) FILTER (WHERE sent > greatest(now - $3::interval, $4)) AS window_refunds,
       coalesce(sum(minor) FILTER (WHERE sent > greatest(now - $3::interval, $4)), 0)::bigint AS window_minor,
       count(*) FILTER (WHERE sent > greatest(now - interval '1 day', $4)) AS day_refunds,
       coalesce(sum(minor) FILTER (WHERE sent > greatest(now - interval '1 day', $4)), 0)::bigint AS day_minor,
       count(*) FILTER (WHERE sent <= now - interval '1 day') AS month_refunds
  FROM (SELECT e.first_sent_at AS sent, coalesce(e.shop_minor, e.amount_minor) AS minor, clock_timestamp() AS now
          FROM connection k
          JOIN effect e ON e.tenant_id = k.tenant_id AND e.connection_id = k.id
         WHERE k.tenant_id = current_tenant() AND k.store_id = $1 AND e.moves_money AND e.id IS DISTINCT FROM $2
           AND e.first_sent_at > clock_timestamp() - $5::interval AND e.state NOT IN ('failed', 'cancelled')
         UNION ALL
        SELECT s.handed_at, s.handed_shop_minor, clock_timestamp()
          FROM settlement s
          JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
         WHERE s.tenant_id = current_tenant() AND r.store_id = $1 AND s.handed_shop_minor > 0
           AND s.handed_at > clock_timestamp() - $5::interval) AS left_us
"""


async def must_wait(db: Db, claim: Claim, *, at: datetime) -> bool:
    """Return whether a claimed effect must not leave now; what goes beyond a limit stops the store's money with that.

    The store's lock is held until the transaction ends, so of many that are in flight exactly the allowed ones leave.
    """
    if not claim.watched or claim.effect.first_sent_at is not None:
        return False
    minor = claim.shop_minor or claim.effect.amount_minor or 0
    return await holds_back(db, claim.connection.store_id, minor=minor, at=at, effect_id=claim.effect.id)


async def holds_back(db: Db, store_id: UUID, *, minor: int, at: datetime, effect_id: UUID | None = None) -> bool:
    """Return whether a payment of so many minor units of the books' currency must not leave a store now, as `must_wait`.

    It is not sent by us if it is no effect: the merchant is told to pay it.
    """
    known = await guard.lock(db, store_id)
    if await is_paused(db, store_id):
        return True
    if known is None or not known.limits.watches:
        return False
    trip = trips(known.limits, await _sent(db, store_id, effect_id, known), minor=minor)
    if trip is None:
        return False
    await _stop(db, store_id, trip, known.limits, at)
    return True


async def is_paused(db: Db, store_id: UUID) -> bool:
    """Return whether the payments of a store, or of its account, are paused."""
    return bool(await db.fetchval(PAUSED, store_id))


async def _sent(db: Db, store_id: UUID, effect_id: UUID | None, known: Guard) -> Sent:
    limits = known.limits
    window = timedelta(minutes=limits.window_minutes)
    far = timedelta(days=MONTH_DAYS + 1) if limits.norm_times else timedelta(days=1)
    row = await db.fetchrow(SENT, store_id, effect_id, window, known.counted_since, far)
    assert row is not None, "a sum has a row"
    return Sent(**row)


async def _stop(db: Db, store_id: UUID, trip: Trip, limits: Limits, at: datetime) -> None:
    """Pause the store's money, visibly: the event, the exception, the alarm, and the blockers of what waits."""
    facts: dict[str, object] = {
        "limit": trip.limit.value, "allowed": trip.allowed, "would_be": trip.would_be,
        "window_minutes": limits.window_minutes,
    }  # fmt: skip
    await guard.set_tripped(db, store_id, at=at)
    await account.pause_store(db, store_id, paused=True, by=BREAKER, because=trip.limit.value, at=at)
    told = await alarm.raise_(
        db, alarm.AlarmKind.PAYMENTS_STOPPED, store_id=store_id, subject=at.isoformat(), at=at, facts=facts
    )
    waiting = [jobs.Job(jobs.Task.ADVANCE, rma_id) for rma_id in await guard.concerned(db, store_id)]
    await event.tell(
        db, [(EventType.PAYMENTS_PAUSED, BREAKER)], resource_kind="store", resource_id=store_id, store_id=store_id,
        at=at, data=facts, nudges=[*told, *waiting],
    )  # fmt: skip
    await discrepancy.open_(
        db, TRIPPED, resource_kind="store", resource_id=store_id, store_id=store_id, owner=discrepancy.Owner.FINANCE,
        next_step="find out why so much money leaves at once, then let payments go on", details=facts, at=at,
    )  # fmt: skip
