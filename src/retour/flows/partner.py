"""Warehouses and carriers that report by signed messages: each with an address and a secret, shown once."""

import base64
import json
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.platforms import CARRIER, WAREHOUSE
from retour.store import account, connection, event
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import Vault

KINDS: Final = (WAREHOUSE, CARRIER)
NAME_MOST: Final = 60
MISSING: Final = "partner_not_found"
_SECRET_BYTES: Final = 32


async def add(
    db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID, kind: str, name: str, actor: str, now: datetime
) -> tuple[Connection, str]:
    """Add a warehouse or a carrier and return it with its secret (`whsec_…`, Standard Webhooks), which is shown once.

    From then on a store with a warehouse announces its approved returns as `return.expected`.
    Refuses store_not_found, invalid_name, invalid_kind, already_exists.
    """
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store")
    called = " ".join(name.split())
    if not 1 <= len(called) <= NAME_MOST or not called.isprintable():
        raise Refused("invalid_name", f"a name has 1 to {NAME_MOST} characters", field="name")
    if kind not in KINDS:
        raise Refused("invalid_kind", f"one of {', '.join(KINDS)}", field="kind")
    if any((c.platform, c.far_name) == (kind, called) for c in await connection.connections(db)):
        raise Refused("already_exists", "one of that name exists", field="name")
    partner_id, secret = new_id(), secrets.token_bytes(_SECRET_BYTES)
    added = Connection(
        id=partner_id, store_id=store_id, platform=kind, far_name=called, base_url="", created_at=now,
        sealed_webhook_secrets=_lock(vault, tenant_id, partner_id, secret),
    )  # fmt: skip
    await connection.add(db, added)
    await event.put(
        db, EventType.CONNECTION_ADDED, resource_kind="connection", resource_id=partner_id, store_id=store_id,
        actor=actor, at=now, data={"platform": kind, "far_name": called},
    )  # fmt: skip
    return added, _shown(secret)


async def rotate(db: Db, vault: Vault, *, tenant_id: UUID, partner_id: UUID, actor: str, now: datetime) -> str:
    """Take messages under a new secret and the one before it, and return the new one; any older is forgotten.

    Refuses partner_not_found.
    """
    found, secret = await _partner(db, partner_id), secrets.token_bytes(_SECRET_BYTES)
    before: list[bytes] = []
    if found.sealed_webhook_secrets is not None:
        purpose = connection.secrets_purpose(partner_id)
        plain = vault.unlock(found.sealed_webhook_secrets, tenant_id=tenant_id, purpose=purpose)
        before = [base64.b64decode(text) for text in json.loads(plain)[:1]]
    locked = _lock(vault, tenant_id, partner_id, secret, *before)
    await connection.reseal(db, partner_id, write=None, read=None, webhook_secrets=locked)
    await event.put(
        db, EventType.CONNECTION_RESEALED, resource_kind="connection", resource_id=partner_id, actor=actor, at=now
    )
    return _shown(secret)


async def remove(db: Db, *, partner_id: UUID, actor: str, now: datetime) -> None:
    """Take nothing more from a warehouse or carrier; what it reported stays. Refuses partner_not_found."""
    await _partner(db, partner_id)
    await connection.disconnect(db, partner_id, actor=actor, at=now)


async def partners(db: Db) -> list[Connection]:
    """Return the warehouses and carriers that are listened to, by name."""
    return [c for c in await connection.connections(db) if c.platform in KINDS and c.state != "disconnected"]


async def _partner(db: Db, partner_id: UUID) -> Connection:
    found = await connection.get(db, partner_id)
    if found is None or found.platform not in KINDS or found.state == "disconnected":
        raise Refused(MISSING, "there is no such warehouse or carrier")
    return found


def _shown(secret: bytes) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


def _lock(vault: Vault, tenant_id: UUID, partner_id: UUID, *listed: bytes) -> bytes:
    plain = json.dumps([base64.b64encode(secret).decode() for secret in listed])  # as the mailbox reads it
    return vault.lock(plain.encode(), tenant_id=tenant_id, purpose=connection.secrets_purpose(partner_id))
