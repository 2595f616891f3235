"""Webhook endpoints: where an account wants its events sent; the signing secret is locked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db

ADD: Final = """
INSERT INTO webhook_endpoint (tenant_id, id, url, topics, sealed_secrets, created_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5)
"""
GET: Final = """
SELECT id, url, topics, sealed_secrets, active, disabled_reason, created_at
  FROM webhook_endpoint WHERE tenant_id = current_tenant() AND id = $1
"""
LIST: Final = """
SELECT id, url, topics, sealed_secrets, active, disabled_reason, created_at
  FROM webhook_endpoint
 WHERE tenant_id = current_tenant() AND id > $1 AND disabled_reason IS DISTINCT FROM 'deleted'
 ORDER BY id LIMIT $2
"""
# Deliveries point at the row, so it stays; what was due is given up.
DELETE: Final = """
WITH gone AS (
  UPDATE webhook_endpoint SET active = false, disabled_reason = 'deleted', sealed_secrets = ''
   WHERE tenant_id = current_tenant() AND id = $1 AND disabled_reason IS DISTINCT FROM 'deleted' RETURNING id),
given_up AS (
  UPDATE delivery SET state = 'failed', last_problem = 'the endpoint was deleted'
   WHERE tenant_id = current_tenant() AND endpoint_id IN (SELECT id FROM gone) AND state = 'due')
SELECT id FROM gone
"""
SET_SECRETS: Final = """
UPDATE webhook_endpoint SET sealed_secrets = $2 WHERE tenant_id = current_tenant() AND id = $1
"""
LOCK: Final = """
SELECT id, url, topics, sealed_secrets, active, disabled_reason, created_at
  FROM webhook_endpoint WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE
"""
ENABLE: Final = """
UPDATE webhook_endpoint SET active = true, disabled_reason = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND NOT active AND disabled_reason IS DISTINCT FROM 'deleted' RETURNING id
"""
DISABLE: Final = """
UPDATE webhook_endpoint SET active = false, disabled_reason = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND active RETURNING id
"""


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """One receiver; no topics means every topic."""

    id: UUID
    url: str
    topics: Sequence[str]
    created_at: datetime
    sealed_secrets: bytes = field(repr=False)
    active: bool = True
    disabled_reason: str | None = None

    @property
    def deleted(self) -> bool:
        """Return whether the merchant removed it; the row stays for the deliveries that were made."""
        return self.disabled_reason == "deleted"


def secrets_purpose(endpoint_id: UUID) -> str:
    """Return the purpose under which an endpoint's secrets (a JSON list of `whsec_…`, newest first) are locked."""
    return f"endpoint:{endpoint_id}"


async def add(db: Db, endpoint: WebhookEndpoint) -> None:
    """Write an endpoint."""
    e = endpoint
    await db.execute(ADD, e.id, e.url, list(e.topics), e.sealed_secrets, e.created_at)


async def get(db: Db, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Return one endpoint, or nothing; a deleted one too."""
    row = await db.fetchrow(GET, endpoint_id)
    return WebhookEndpoint(**row) if row else None


async def endpoints(db: Db, *, after_id: UUID, limit: int) -> list[WebhookEndpoint]:
    """Return the endpoints that were not deleted, oldest first, after a position."""
    return [WebhookEndpoint(**row) for row in await db.fetch(LIST, after_id, limit)]


async def delete(db: Db, endpoint_id: UUID) -> bool:
    """Stop an endpoint for good, forget its secret, give up what was due; return whether there was one."""
    return await db.fetchval(DELETE, endpoint_id) is not None


async def lock(db: Db, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Return one endpoint, locked until the transaction ends, or nothing; a deleted one too."""
    row = await db.fetchrow(LOCK, endpoint_id)
    return WebhookEndpoint(**row) if row else None


async def set_secrets(db: Db, endpoint_id: UUID, sealed_secrets: bytes) -> None:
    """Replace an endpoint's signing secrets."""
    await db.execute(SET_SECRETS, endpoint_id, sealed_secrets)


async def enable(db: Db, endpoint_id: UUID) -> bool:
    """Send to a stopped endpoint again; return whether that changed anything."""
    return await db.fetchval(ENABLE, endpoint_id) is not None


async def disable(db: Db, endpoint_id: UUID, *, reason: str) -> bool:
    """Send nothing more to an endpoint; return whether it was active."""
    return await db.fetchval(DISABLE, endpoint_id, reason) is not None
