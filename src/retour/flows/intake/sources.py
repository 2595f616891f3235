"""Systems of the merchant's own that may send returns and orders in: each with an address and a secret, shown once."""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.address import check_url
from retour.core.channel import Channel
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.platforms import FEED
from retour.store import account, connection, event, jobs, sync
from retour.store import effect as effects
from retour.store import intake as intakes
from retour.store import rma as returns
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import Vault

SECRET_BYTES: Final = 32
CHANNELS: Final = (Channel.EVENT, Channel.DESK, Channel.MARKETPLACE)


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a source is asked for what has changed; `days` is how far back the first question goes."""

    url: str
    token: str = ""
    days: int = 30


async def add_source(
    db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID, name: str, channel: str, decides: bool, actor: str,
    now: datetime, asked: Asked | None = None, allow_private_urls: bool = False,
) -> tuple[Connection, str]:  # fmt: skip
    """Add a source and return it with its secret (`whsec_…`, Standard Webhooks), which is shown once.

    With `asked` the source is asked regularly for what has changed, from now on back by its days.
    Refuses store_not_found, invalid_name, invalid_channel, already_exists, invalid_url (not https).
    """
    if asked is not None:
        check_url(asked.url, field="url", allow_plain=allow_private_urls)
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store")
    if not 1 <= len(name.strip()) <= 100:
        raise Refused("invalid_name", "a name has 1 to 100 characters", field="name")
    if channel not in CHANNELS:
        raise Refused("invalid_channel", f"one of {', '.join(CHANNELS)}", field="channel")
    if any((c.platform, c.far_name) == (FEED, name.strip()) for c in await connection.connections(db)):
        raise Refused("already_exists", "a source of that name exists", field="name")
    source_id, secret = new_id(), secrets.token_bytes(SECRET_BYTES)
    added = Connection(
        id=source_id, store_id=store_id, platform=FEED, far_name=name.strip(), created_at=now,
        base_url=asked.url if asked else "", sealed_read=_sealed(vault, asked.token) if asked else None,
        settings={"channel": channel, "decides": decides}, sealed_webhook_secrets=_lock(vault, tenant_id, source_id, secret),
    )  # fmt: skip
    await connection.add(db, added)
    await event.put(
        db, EventType.CONNECTION_ADDED, resource_kind="connection", resource_id=source_id, store_id=store_id,
        actor=actor, at=now, data={"platform": FEED, "far_name": added.far_name},
    )  # fmt: skip
    if asked is not None:
        await sync.start(db, source_id, since=now - timedelta(days=asked.days), due_at=now)
        await jobs.defer(db, [jobs.Job(jobs.Task.SYNC_ORDERS, source_id)])
    return added, _shown(secret)


async def rotate_secret(db: Db, vault: Vault, *, tenant_id: UUID, source_id: UUID, actor: str, now: datetime) -> str:
    """Take messages under a new secret and the one before it, and return the new one; any older is forgotten.

    Rotating again ends the old one. Refuses source_not_found.
    """
    found, secret = await source_of(db, source_id), secrets.token_bytes(SECRET_BYTES)
    assert found.sealed_webhook_secrets is not None, "a source has its secret"
    plain = vault.unlock(
        found.sealed_webhook_secrets, tenant_id=tenant_id, purpose=connection.secrets_purpose(source_id)
    )
    before = [base64.b64decode(text) for text in json.loads(plain)[:1]]
    locked = _lock(vault, tenant_id, source_id, secret, *before)
    await connection.reseal(db, source_id, write=None, read=None, webhook_secrets=locked)
    await event.put(
        db, EventType.CONNECTION_RESEALED, resource_kind="connection", resource_id=source_id, actor=actor, at=now
    )
    return _shown(secret)


async def remove_source(db: Db, *, source_id: UUID, actor: str, now: datetime) -> None:
    """Take nothing more from a source; what it sent stays. Refuses source_not_found."""
    await source_of(db, source_id)
    await withdraw_unsent(db, source_id, actor=actor, now=now)
    await connection.disconnect(db, source_id, actor=actor, at=now)


async def withdraw_unsent(db: Db, source_id: UUID, *, actor: str, now: datetime) -> None:
    """Withdraw what was to be told to a source and was never sent, told on each return."""
    for effect_id, rma_id in await intakes.unsent(db, source_id):
        head = await returns.lock_head(db, rma_id)
        assert head is not None, "a return is never deleted"
        if await effects.withdraw(db, [effect_id], at=now):
            await returns.changed(
                db, head, EventType.EFFECT_WITHDRAWN, actor=actor, at=now, data={"effects": [effect_id]}
            )


async def source_of(db: Db, source_id: UUID) -> Connection:
    """Return a source that is taken from; raise Refused(source_not_found)."""
    found = await connection.get(db, source_id)
    if found is None or found.platform != FEED or found.state == "disconnected":
        raise Refused("source_not_found", "there is no such source")
    return found


async def sources(db: Db) -> list[Connection]:
    """Return the sources that are taken from, by name."""
    return [c for c in await connection.connections(db) if c.platform == FEED and c.state != "disconnected"]


def _sealed(vault: Vault, token: str) -> bytes:
    return vault.seal_for_worker(json.dumps({"token": token}).encode())


def _shown(secret: bytes) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


def _lock(vault: Vault, tenant_id: UUID, source_id: UUID, *listed: bytes) -> bytes:
    plain = json.dumps([base64.b64encode(secret).decode() for secret in listed])  # as the mailbox reads it
    return vault.lock(plain.encode(), tenant_id=tenant_id, purpose=connection.secrets_purpose(source_id))
