"""Deliveries: claimed under a lease, settled by whoever holds it, sent again on demand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.delivery import DeliveryState, Judgement, Message, moved
from retour.core.event import EventType
from retour.store import discrepancy, event
from retour.store.db import Db, Record

FAILING: Final = "webhook_endpoint_failing"

# A first try is never early: its `due_at` is another machine's clock at the moment of the event. A restored or copied
# database tells nobody anything.
CLAIM: Final = """
WITH claimed AS (
  UPDATE delivery SET state = 'sending', tries = tries + 1, lease_until = $2::timestamptz + $3
   WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('due', 'sending') AND (due_at <= $2 OR tries = 0)
     AND (lease_until IS NULL OR lease_until < $2) AND NOT EXISTS (SELECT FROM instance WHERE quarantined)
  RETURNING id, endpoint_id, event_id, tries, lease_until)
SELECT c.id, c.endpoint_id, c.event_id, c.tries, c.lease_until, w.url, w.sealed_secrets, w.active,
       e.type, e.at, e.seq, e.resource_kind, e.resource_id, e.data
  FROM claimed c
  JOIN webhook_endpoint w ON w.tenant_id = current_tenant() AND w.id = c.endpoint_id
  JOIN event e ON e.tenant_id = current_tenant() AND e.id = c.event_id
"""
# The lease's end and the number of the try together name one claim, also after a replay has counted from zero again.
SETTLE: Final = """
UPDATE delivery SET state = $4, due_at = coalesce($5, due_at), lease_until = NULL, last_status = $6, last_problem = $7,
       delivered_at = coalesce($8, delivered_at)
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'sending' AND tries = $2 AND lease_until = $3
RETURNING id
"""
LOCK_ENDPOINT: Final = """
SELECT active FROM webhook_endpoint WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE
"""
DISABLE_ENDPOINT: Final = """
UPDATE webhook_endpoint SET active = false, disabled_reason = $2 WHERE tenant_id = current_tenant() AND id = $1 AND active
"""
GIVE_UP_DUE: Final = """
UPDATE delivery SET state = 'failed', last_problem = $2
 WHERE tenant_id = current_tenant() AND endpoint_id = $1 AND state = 'due'
"""
HAS_RECOVERED: Final = """
SELECT EXISTS (SELECT FROM discrepancy
                WHERE tenant_id = current_tenant() AND resource_kind = 'webhook_endpoint' AND resource_id = $1
                  AND kind = $2 AND state = 'open')
   AND NOT EXISTS (SELECT FROM delivery WHERE tenant_id = current_tenant() AND endpoint_id = $1 AND state = 'failed')
"""
GET: Final = """
SELECT id, endpoint_id, event_id, state, tries, due_at, last_status, last_problem, created_at, delivered_at
  FROM delivery WHERE tenant_id = current_tenant() AND id = $1
"""
LIST_OF_ENDPOINT: Final = """
SELECT id, endpoint_id, event_id, state, tries, due_at, last_status, last_problem, created_at, delivered_at
  FROM delivery WHERE tenant_id = current_tenant() AND endpoint_id = $1 AND event_id > $2 AND ($3::text IS NULL OR state = $3)
 ORDER BY event_id LIMIT $4
"""
LOCK_FOR_REPLAY: Final = """
SELECT d.state, w.active FROM delivery d
  JOIN webhook_endpoint w ON w.tenant_id = d.tenant_id AND w.id = d.endpoint_id
 WHERE d.tenant_id = current_tenant() AND d.id = $1 FOR NO KEY UPDATE OF d
"""
REPLAY: Final = """
UPDATE delivery SET state = 'due', tries = 0, due_at = $2, lease_until = NULL
 WHERE tenant_id = current_tenant() AND id = $1
"""
REPLAY_FAILED: Final = """
WITH wanted AS (
  SELECT d.id FROM delivery d
    JOIN webhook_endpoint w ON w.tenant_id = d.tenant_id AND w.id = d.endpoint_id AND w.active
   WHERE d.tenant_id = current_tenant() AND d.endpoint_id = $1 AND d.state = 'failed'
   ORDER BY d.event_id LIMIT $3 FOR NO KEY UPDATE OF d SKIP LOCKED)
UPDATE delivery SET state = 'due', tries = 0, due_at = $2, lease_until = NULL
  FROM wanted WHERE delivery.tenant_id = current_tenant() AND delivery.id = wanted.id
RETURNING delivery.id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased delivery with all that is needed to send it; `tries` counts this try."""

    id: UUID
    endpoint_id: UUID
    tries: int
    lease_until: datetime
    url: str
    active: bool
    message: Message
    sealed_secrets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one receiver, as a merchant reads it."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    state: DeliveryState
    tries: int
    due_at: datetime
    last_status: int | None
    last_problem: str | None
    created_at: datetime
    delivered_at: datetime | None


async def claim(db: Db, delivery_id: UUID, *, now: datetime, lease: timedelta) -> Claim | None:
    """Lease a delivery that is due; nothing if it is not, or if somebody else is sending it."""
    row = await db.fetchrow(CLAIM, delivery_id, now, lease)
    return _claim(row) if row else None


async def settle(db: Db, held: Claim, judgement: Judgement, *, at: datetime) -> bool:
    """Write what a try came to, with all that follows; return False and change nothing if the lease is another's."""
    to = moved(DeliveryState.SENDING, judgement.move)
    delivered_at = at if to is DeliveryState.DELIVERED else None
    j = judgement
    ours = await db.fetchval(
        SETTLE, held.id, held.tries, held.lease_until, to.value, j.due_at, j.status, j.problem, delivered_at
    )
    if ours is None:
        return False
    if j.disable:
        await _disable(db, held, j, at=at)
    elif to is DeliveryState.FAILED:
        await _complain(db, held, j, at=at)
    elif to is DeliveryState.DELIVERED:
        await _be_content(db, held.endpoint_id, at=at)
    return True


async def get(db: Db, delivery_id: UUID) -> Delivery | None:
    """Return one delivery, or nothing."""
    row = await db.fetchrow(GET, delivery_id)
    return _delivery(row) if row else None


async def of_endpoint(
    db: Db, endpoint_id: UUID, *, after_event: UUID, limit: int, state: DeliveryState | None = None
) -> list[Delivery]:
    """Return the deliveries of one receiver after an event, oldest event first, of one state if named."""
    return [_delivery(row) for row in await db.fetch(LIST_OF_ENDPOINT, endpoint_id, after_event, state, limit)]


async def lock_for_replay(db: Db, delivery_id: UUID) -> tuple[DeliveryState, bool] | None:
    """Lock a delivery and return its state and whether its receiver is active; nothing if there is none."""
    row = await db.fetchrow(LOCK_FOR_REPLAY, delivery_id)
    return (DeliveryState(row["state"]), row["active"]) if row else None


async def replay(db: Db, delivery_id: UUID, *, at: datetime) -> None:
    """Make a locked delivery due again, with all its tries; the receiver sees the same webhook-id."""
    await db.execute(REPLAY, delivery_id, at)


async def replay_failed(db: Db, endpoint_id: UUID, *, at: datetime, most: int) -> list[UUID]:
    """Make deliveries that an active receiver missed due again, oldest event first; return their ids."""
    return [row["id"] for row in await db.fetch(REPLAY_FAILED, endpoint_id, at, most)]


async def _disable(db: Db, held: Claim, judgement: Judgement, *, at: datetime) -> None:
    """Send nothing more to a receiver that is gone, give up what was due, and say so."""
    if not await db.fetchval(LOCK_ENDPOINT, held.endpoint_id):
        return
    await db.execute(DISABLE_ENDPOINT, held.endpoint_id, judgement.problem)
    await db.execute(GIVE_UP_DUE, held.endpoint_id, judgement.problem)
    await event.put(
        db, EventType.ENDPOINT_DISABLED, resource_kind="webhook_endpoint", resource_id=held.endpoint_id, actor="system",
        at=at, data={"status": judgement.status, "delivery_id": held.id},
    )  # fmt: skip
    await _open(
        db, held, judgement, at=at, next_step="ask the receiver why it is gone; delete the endpoint or add it anew"
    )


async def _complain(db: Db, held: Claim, judgement: Judgement, *, at: datetime) -> None:
    """Show that events were not delivered, unless the receiver was switched off meanwhile."""
    if await db.fetchval(LOCK_ENDPOINT, held.endpoint_id):
        await _open(db, held, judgement, at=at, next_step="repair the receiver, then have the failed events sent again")


async def _open(db: Db, held: Claim, judgement: Judgement, *, at: datetime, next_step: str) -> None:
    details: Mapping[str, object] = {
        "delivery_id": held.id, "status": judgement.status, "problem": judgement.problem, "tries": held.tries,
    }  # fmt: skip
    await discrepancy.open_(
        db, FAILING, resource_kind="webhook_endpoint", resource_id=held.endpoint_id, next_step=next_step, at=at,
        owner=discrepancy.Owner.OPERATOR, details=details,
    )  # fmt: skip


async def _be_content(db: Db, endpoint_id: UUID, *, at: datetime) -> None:
    """Close the receiver's discrepancy once it has taken everything; looked at again under the endpoint's lock."""
    if not await db.fetchval(HAS_RECOVERED, endpoint_id, FAILING):
        return
    await db.fetchval(LOCK_ENDPOINT, endpoint_id)
    if await db.fetchval(HAS_RECOVERED, endpoint_id, FAILING):
        await discrepancy.resolve(
            db, FAILING, resource_kind="webhook_endpoint", resource_id=endpoint_id, by="system", at=at
        )


def _claim(row: Record) -> Claim:
    return Claim(
        id=row["id"],
        endpoint_id=row["endpoint_id"],
        tries=row["tries"],
        lease_until=row["lease_until"],
        url=row["url"],
        active=row["active"],
        message=Message(
            row["event_id"], row["type"], row["at"], row["seq"], row["resource_kind"], row["resource_id"], row["data"]
        ),
        sealed_secrets=row["sealed_secrets"],
    )


def _delivery(row: Record) -> Delivery:
    return Delivery(**{**row, "state": DeliveryState(row["state"])})
