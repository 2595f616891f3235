"""What the settings tell of connections and receivers: the last calls, the last sync, what could not be delivered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.delivery import DeliveryState
from retour.store.db import Db

CALLS_SHOWN: Final = 8
DELIVERIES_SHOWN: Final = 50

CALLS: Final = """
SELECT e.kind, e.state, a.sent_at, r.number
  FROM effect e
  JOIN effect_attempt a ON a.tenant_id = e.tenant_id AND a.effect_id = e.id
  LEFT JOIN rma r ON r.tenant_id = e.tenant_id AND r.id = e.rma_id
 WHERE e.tenant_id = current_tenant() AND e.connection_id = $1
 ORDER BY a.sent_at DESC LIMIT $2
"""
SYNC: Final = """
SELECT ran_at, due_at, problem,
       (SELECT count(*) FROM sales_order o WHERE o.tenant_id = c.tenant_id AND o.connection_id = c.connection_id) AS orders
  FROM sync_cursor c WHERE tenant_id = current_tenant() AND connection_id = $1 AND subject = 'orders'
"""
FAILED: Final = """
SELECT endpoint_id, count(*) AS failed
  FROM delivery WHERE tenant_id = current_tenant() AND state = 'failed' GROUP BY endpoint_id
"""
DELIVERIES: Final = """
SELECT d.id, d.state, d.tries, d.due_at, d.last_status, d.last_problem, d.created_at, d.delivered_at, e.type
  FROM delivery d JOIN event e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
 WHERE d.tenant_id = current_tenant() AND d.endpoint_id = $1
 ORDER BY (d.state = 'failed') DESC, d.event_id DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to an outside system: what it was for, where its effect stands now, and which return it served."""

    kind: str
    state: str
    sent_at: datetime
    number: int | None


@dataclass(frozen=True, slots=True)
class SyncState:
    """How the orders of a connection come in; `orders` is how many did."""

    ran_at: datetime | None
    due_at: datetime
    problem: str | None
    orders: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One event on its way to a receiver."""

    id: UUID
    state: DeliveryState
    tries: int
    due_at: datetime
    last_status: int | None
    last_problem: str | None
    created_at: datetime
    delivered_at: datetime | None
    type: str


async def calls(db: Db, connection_id: UUID) -> tuple[Call, ...]:
    """Return the last calls through a connection, newest first."""
    return tuple(Call(**row) for row in await db.fetch(CALLS, connection_id, CALLS_SHOWN))


async def sync_state(db: Db, connection_id: UUID) -> SyncState | None:
    """Return how the orders of a connection come in; nothing for one without orders."""
    row = await db.fetchrow(SYNC, connection_id)
    return SyncState(**row) if row else None


async def failed(db: Db) -> Mapping[UUID, int]:
    """Return how many events each receiver missed."""
    return {row["endpoint_id"]: row["failed"] for row in await db.fetch(FAILED)}


async def deliveries(db: Db, endpoint_id: UUID) -> tuple[Sent, ...]:
    """Return the last events for a receiver, those it missed first."""
    rows = await db.fetch(DELIVERIES, endpoint_id, DELIVERIES_SHOWN)
    return tuple(Sent(**{**row, "state": DeliveryState(row["state"])}) for row in rows)
