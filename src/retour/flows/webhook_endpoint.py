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
    endpoint_id, secret = new_id(), _new_secret()
    added = WebhookEndpoint(
        id=endpoint_id, url=url, topics=sorted(set(topics)), created_at=now,
        sealed_secrets=_lock_secrets(vault, tenant_id, endpoint_id, [secret]),
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


async def rotate_secret(db: Db, vault: Vault, *, tenant_id: UUID, endpoint_id: UUID, actor: str, now: datetime) -> str:
    """Sign with a new secret and the one before it, and return the new one; any older is forgotten.

    The receiver takes over the new one in its own time; rotating again ends the old one. Refuses
    webhook_endpoint_not_found.
    """
    found = await _endpoint(db, endpoint_id)
    purpose = webhook_endpoint.secrets_purpose(endpoint_id)
    before = json.loads(vault.unlock(found.sealed_secrets, tenant_id=tenant_id, purpose=purpose))
    secret = _new_secret()
    await webhook_endpoint.set_secrets(
        db, endpoint_id, _lock_secrets(vault, tenant_id, endpoint_id, [secret, *before[:1]])
    )
    await _tell(db, EventType.ENDPOINT_RESEALED, endpoint_id, actor, now)
    return secret


async def disable_endpoint(db: Db, *, endpoint_id: UUID, actor: str, now: datetime) -> None:
    """Send nothing there until somebody enables it; what was due is given up when its turn comes.

    Refuses webhook_endpoint_not_found.
    """
    await _endpoint(db, endpoint_id)
    if await webhook_endpoint.disable(db, endpoint_id, reason="switched off by the staff"):
        await _tell(db, EventType.ENDPOINT_DISABLED, endpoint_id, actor, now)


async def enable_endpoint(db: Db, *, endpoint_id: UUID, actor: str, now: datetime) -> None:
    """Send events there again; what it missed is sent when somebody asks. Refuses webhook_endpoint_not_found."""
    await _endpoint(db, endpoint_id)
    if await webhook_endpoint.enable(db, endpoint_id):
        await _tell(db, EventType.ENDPOINT_ENABLED, endpoint_id, actor, now)


async def _endpoint(db: Db, endpoint_id: UUID) -> WebhookEndpoint:
    found = await webhook_endpoint.lock(db, endpoint_id)
    if found is None or found.deleted:
        raise Refused("webhook_endpoint_not_found", "there is no such webhook endpoint")
    return found


async def _tell(db: Db, what: EventType, endpoint_id: UUID, actor: str, now: datetime) -> None:
    await event.put(db, what, resource_kind="webhook_endpoint", resource_id=endpoint_id, actor=actor, at=now)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _lock_secrets(vault: Vault, tenant_id: UUID, endpoint_id: UUID, listed: Sequence[str]) -> bytes:
    purpose = webhook_endpoint.secrets_purpose(endpoint_id)
    return vault.lock(json.dumps(list(listed)).encode(), tenant_id=tenant_id, purpose=purpose)
