"""Connections: a merchant's credentials to one outside system, sealed to the process that uses them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.store import discrepancy, event
from retour.store.db import Db

ROUTE: Final = "SELECT tenant_id FROM route_connection($1)"
ADD: Final = """
INSERT INTO connection (tenant_id, id, store_id, platform, far_name, base_url, settings, sealed_read, sealed_write,
                        sealed_webhook_secrets, created_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
GET: Final = """
SELECT id, store_id, platform, far_name, base_url, settings, sealed_read, sealed_write, sealed_webhook_secrets, state,
       created_at
  FROM connection WHERE tenant_id = current_tenant() AND id = $1
"""
LIST: Final = """
SELECT id, store_id, platform, far_name, base_url, settings, sealed_read, sealed_write, sealed_webhook_secrets, state,
       created_at
  FROM connection WHERE tenant_id = current_tenant() ORDER BY platform, far_name
"""
RESEAL: Final = """
UPDATE connection SET sealed_write = coalesce($2, sealed_write), sealed_read = coalesce($3, sealed_read),
       sealed_webhook_secrets = coalesce($4, sealed_webhook_secrets), state = 'connected'
 WHERE tenant_id = current_tenant() AND id = $1 RETURNING id
"""
SET_SETTINGS: Final = "UPDATE connection SET settings = $2 WHERE tenant_id = current_tenant() AND id = $1"
SET_ADDRESS: Final = "UPDATE connection SET base_url = $2 WHERE tenant_id = current_tenant() AND id = $1"
DISCONNECT: Final = """
UPDATE connection SET state = 'disconnected'
 WHERE tenant_id = current_tenant() AND id = $1 AND state <> 'disconnected' RETURNING store_id
"""
HOLDS_CARDS: Final = """
SELECT EXISTS (SELECT FROM card_hold WHERE tenant_id = current_tenant() AND connection_id = $1
                  AND state NOT IN ('captured', 'released', 'lapsed'))
"""
FORGET: Final = "UPDATE connection SET sealed_read = NULL WHERE tenant_id = current_tenant() AND id = $1"
LOCK_OUT: Final = """
UPDATE connection SET state = 'needs_reconnect'
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'connected' RETURNING store_id
"""
# Whoever waits for the platform's answer is looked at again, to say what he waits for now.
WAKE: Final = """
UPDATE rma SET due_at = clock_timestamp()
 WHERE tenant_id = current_tenant() AND id IN (
   SELECT r.id FROM rma r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
    WHERE r.tenant_id = current_tenant() AND o.connection_id = $1
      AND r.blocked_code IN ('effect_in_flight', 'work_in_progress', 'needs_reconnect')
      FOR NO KEY UPDATE OF r SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection; with `sealed_write` alone all its calls run in the executor."""

    id: UUID
    store_id: UUID
    platform: str
    far_name: str
    base_url: str
    created_at: datetime
    settings: Mapping[str, object] = field(default_factory=dict)
    sealed_read: bytes | None = field(default=None, repr=False)
    sealed_write: bytes | None = field(default=None, repr=False)
    sealed_webhook_secrets: bytes | None = field(default=None, repr=False)
    state: str = "connected"


def secrets_purpose(connection_id: UUID) -> str:
    """Return the purpose under which a connection's webhook secrets (a JSON list of base64) are locked."""
    return f"webhook:{connection_id}"


async def route(db: Db, connection_id: UUID) -> UUID | None:
    """Return the tenant of a connection, before any tenant is set."""
    found: UUID | None = await db.fetchval(ROUTE, connection_id)
    return found


async def add(db: Db, connection: Connection) -> None:
    """Write a connection; connection_tenant_id_platform_far_name_key refuses the same shop twice."""
    c = connection
    sealed = (c.sealed_read, c.sealed_write, c.sealed_webhook_secrets)
    await db.execute(ADD, c.id, c.store_id, c.platform, c.far_name, c.base_url, c.settings, *sealed, c.created_at)


async def get(db: Db, connection_id: UUID) -> Connection | None:
    """Return one connection, or nothing."""
    row = await db.fetchrow(GET, connection_id)
    return Connection(**row) if row else None


async def connections(db: Db) -> Sequence[Connection]:
    """Return the account's connections by platform and name."""
    return [Connection(**row) for row in await db.fetch(LIST)]


async def reseal(
    db: Db, connection_id: UUID, *, write: bytes | None, read: bytes | None, webhook_secrets: bytes | None
) -> bool:
    """Replace the sealed secrets that are given and mark the connection connected; return whether it exists."""
    found = await db.fetchval(RESEAL, connection_id, write, read, webhook_secrets) is not None
    await db.execute(WAKE, connection_id)
    return found


async def set_settings(db: Db, connection_id: UUID, settings: Mapping[str, object]) -> None:
    """Write the settings of a connection."""
    await db.execute(SET_SETTINGS, connection_id, dict(settings))


async def set_address(db: Db, connection_id: UUID, base_url: str) -> None:
    """Write the address of a connection."""
    await db.execute(SET_ADDRESS, connection_id, base_url)


async def disconnect(db: Db, connection_id: UUID, *, actor: str, at: datetime) -> bool:
    """Call an outside system no more, and ask nobody to connect it again; return whether that changed anything."""
    store_id = await db.fetchval(DISCONNECT, connection_id)
    if store_id is None:
        return False
    await discrepancy.resolve(
        db, "needs_reconnect", resource_kind="connection", resource_id=connection_id, by=actor, at=at
    )
    await event.put(
        db, EventType.CONNECTION_DISCONNECTED, resource_kind="connection", resource_id=connection_id,
        store_id=store_id, actor=actor, at=at,
    )  # fmt: skip
    return True


async def holds_cards(db: Db, connection_id: UUID) -> bool:
    """Return whether anything is held on a card with a provider, or is asked for."""
    found: bool = await db.fetchval(HOLDS_CARDS, connection_id)
    return found


async def forget(db: Db, connection_id: UUID) -> None:
    """Forget the credential that the worker reads with."""
    await db.execute(FORGET, connection_id)


async def lock_out(db: Db, connection_id: UUID, *, actor: str, at: datetime) -> None:
    """Stop every call of a connection whose credentials are refused, visibly, until somebody connects it again."""
    store_id = await db.fetchval(LOCK_OUT, connection_id)
    if store_id is None:
        return  # it was stopped before
    await discrepancy.open_(
        db, "needs_reconnect", resource_kind="connection", resource_id=connection_id, store_id=store_id, actor=actor,
        owner=discrepancy.Owner.OPERATOR, next_step="Connect the shop again", at=at,
    )  # fmt: skip
    await db.execute(WAKE, connection_id)
