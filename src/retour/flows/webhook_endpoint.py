"""Say where an account's events are sent; the signing secret is shown once."""

import base64
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.address import check_url
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.store import event, webhook_endpoint
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import Vault
from retour.store.webhook_endpoint import WebhookEndpoint

SECRET_BYTES: Final = 32


async def add_endpoint(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    url: str,
    topics: Sequence[str],
    allow_private_urls: bool = False,
    actor: str,
    now: datetime,
) -> tuple[WebhookEndpoint, str]:
    """Add a receiver of events and return it with its secret (`whsec_…`, Standard Webhooks). Refuses invalid_url."""
    check_url(url, field="url", allow_plain=allow_private_urls)
    endpoint_id, secret = new_id(), "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    purpose = webhook_endpoint.secrets_purpose(endpoint_id)
    added = WebhookEndpoint(
        id=endpoint_id, url=url, topics=sorted(set(topics)), created_at=now,
        sealed_secrets=vault.lock(json.dumps([secret]).encode(), tenant_id=tenant_id, purpose=purpose),
    )  # fmt: skip
    await webhook_endpoint.add(db, added)
    await event.put(
        db, EventType.ENDPOINT_ADDED, resource_kind="webhook_endpoint", resource_id=endpoint_id, actor=actor, at=now
    )
    return added, secret


async def delete_endpoint(db: Db, *, endpoint_id: UUID, actor: str, now: datetime) -> None:
    """Send nothing more there and forget the secret. Refuses webhook_endpoint_not_found."""
    if not await webhook_endpoint.delete(db, endpoint_id):
        raise Refused("webhook_endpoint_not_found", "there is no such webhook endpoint")
    await event.put(
        db, EventType.ENDPOINT_DELETED, resource_kind="webhook_endpoint", resource_id=endpoint_id, actor=actor, at=now
    )
