"""How far the order sync of a connection has come; the row is the truth, a job only a nudge."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db

START: Final = """
INSERT INTO sync_cursor (tenant_id, connection_id, subject, changed_since, due_at)
VALUES (current_tenant(), $1, 'orders', $2, $3)
ON CONFLICT (tenant_id, connection_id, subject) DO UPDATE SET due_at = least(sync_cursor.due_at, excluded.due_at)
"""
# Taking it moves it ahead by a lease: a second worker finds nothing due, a crash is picked up after the lease.
TAKE: Final = """
UPDATE sync_cursor s SET due_at = $3, ran_at = $2
  FROM connection c
 WHERE s.tenant_id = current_tenant() AND s.connection_id = $1 AND s.subject = 'orders' AND s.due_at <= $2
   AND c.tenant_id = s.tenant_id AND c.id = s.connection_id AND c.state = 'connected'
RETURNING s.changed_since, s.cursor, s.problem, c.store_id
"""
KEEP: Final = """
UPDATE sync_cursor SET changed_since = $2, cursor = $3, due_at = $4, problem = $5
 WHERE tenant_id = current_tenant() AND connection_id = $1 AND subject = 'orders'
"""
ANEW: Final = """
UPDATE sync_cursor SET cursor = CASE WHEN $2::boolean THEN NULL ELSE cursor END, problem = NULL, due_at = $3
 WHERE tenant_id = current_tenant() AND connection_id = $1 AND subject = 'orders'
"""
OF: Final = """
SELECT connection_id, ran_at, problem FROM sync_cursor WHERE tenant_id = current_tenant() AND subject = 'orders'
"""
STORE_OF: Final = "SELECT store_id FROM connection WHERE tenant_id = current_tenant() AND id = $1"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a sync continues: changes since then, and the platform's own page cursor within them."""

    changed_since: datetime
    cursor: str | None
    problem: str | None
    store_id: UUID


async def start(db: Db, connection_id: UUID, *, since: datetime, due_at: datetime) -> None:
    """Add the cursor of a connection, or let the one it has run at `due_at` at the latest."""
    await db.execute(START, connection_id, since, due_at)


async def anew(db: Db, connection_id: UUID, *, elsewhere: bool, due_at: datetime) -> None:
    """Let a sync go on at once with nothing held against it; `elsewhere` knows no cursor of the address before."""
    await db.execute(ANEW, connection_id, elsewhere, due_at)


async def take(db: Db, connection_id: UUID, *, now: datetime, lease_until: datetime) -> Cursor | None:
    """Take the sync of a connection until the lease ends, or nothing if it is not due or not connected."""
    row = await db.fetchrow(TAKE, connection_id, now, lease_until)
    return Cursor(**row) if row else None


async def keep(
    db: Db,
    connection_id: UUID,
    *,
    changed_since: datetime,
    cursor: str | None,
    due_at: datetime,
    problem: str | None = None,
) -> None:
    """Write down how far the sync came and when it goes on."""
    await db.execute(KEEP, connection_id, changed_since, cursor, due_at, problem)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the sync of a connection stands: when it ran last, and what was wrong then."""

    connection_id: UUID
    ran_at: datetime | None
    problem: str | None


async def standings(db: Db) -> dict[UUID, Standing]:
    """Return how each sync of the account stands, by connection."""
    return {row["connection_id"]: Standing(**row) for row in await db.fetch(OF)}


async def store_of(db: Db, connection_id: UUID) -> UUID | None:
    """Return the store of a connection, or nothing."""
    found: UUID | None = await db.fetchval(STORE_OF, connection_id)
    return found
