"""Providers of card payments that a store holds amounts with: connected, given new keys, removed."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.address import check_url
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.platforms import CARD_PROVIDERS, STRIPE
from retour.store import account, connection, discrepancy, event
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import Vault

MISSING: Final = "card_provider_not_found"
ADDRESS: Final = "https://api.stripe.com"
NAME_MOST: Final = 60
SECRET_MOST: Final = 255


async def add(
    db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID, name: str, key: str, signing: str | None,
    address: str | None, allow_private_urls: bool, actor: str, now: datetime,
) -> Connection:  # fmt: skip
    """Connect a store to Stripe: its key is sealed to the executor, the secret of its messages to the house.

    One that was disconnected is connected again under its name, with what it is told at and signed by.
    Refuses store_not_found, invalid_name, invalid_card_key, invalid_url, already_exists (of that name, or in this store).
    """
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store")
    called = " ".join(name.split())
    if not 1 <= len(called) <= NAME_MOST or not called.isprintable():
        raise Refused("invalid_name", f"a name has 1 to {NAME_MOST} characters", field="name")
    url = address or ADDRESS
    check_url(url, field="address", allow_plain=allow_private_urls)
    before = _before(await connection.connections(db), store_id, called, url.rstrip("/"))
    if before is not None:
        await _keep(db, vault, tenant_id, before.id, key, signing, actor, now)
        return replace(before, state="connected")
    provider_id = new_id()
    added = Connection(
        id=provider_id, store_id=store_id, platform=STRIPE, far_name=called, base_url=url.rstrip("/"), created_at=now,
        sealed_write=vault.seal_for_executor(_key(key)),
        sealed_webhook_secrets=_locked(vault, tenant_id, provider_id, signing) if signing else None,
    )  # fmt: skip
    await connection.add(db, added)
    await event.put(
        db, EventType.CONNECTION_ADDED, resource_kind="connection", resource_id=provider_id, store_id=store_id,
        actor=actor, at=now, data={"platform": STRIPE, "far_name": called},
    )  # fmt: skip
    return added


async def reseal(
    db: Db, vault: Vault, *, tenant_id: UUID, provider_id: UUID, key: str | None, signing: str | None, actor: str,
    now: datetime,
) -> None:  # fmt: skip
    """Replace the key, the secret of messages, or both, and call the provider again. Refuses card_provider_not_found."""
    await _provider(db, provider_id)
    await _keep(db, vault, tenant_id, provider_id, key, signing, actor, now)


async def remove(db: Db, *, provider_id: UUID, actor: str, now: datetime) -> None:
    """Offer no instant exchange any more. Refuses card_provider_not_found, `card_hold_open` while a card is held."""
    await _provider(db, provider_id)
    if await connection.holds_cards(db, provider_id):
        raise Refused("card_hold_open", "cards are held with it: wait for their ends, or release them")
    await connection.disconnect(db, provider_id, actor=actor, at=now)


async def providers(db: Db) -> list[Connection]:
    """Return the providers that are connected, or were and are refused, by name."""
    return [c for c in await connection.connections(db) if c.platform in CARD_PROVIDERS and c.state != "disconnected"]


async def _provider(db: Db, provider_id: UUID) -> Connection:
    found = await connection.get(db, provider_id)
    if found is None or found.platform not in CARD_PROVIDERS or found.state == "disconnected":
        raise Refused(MISSING, "there is no such provider of card payments")
    return found


def _before(known: Sequence[Connection], store_id: UUID, name: str, url: str) -> Connection | None:
    """Return the one to connect again, if it was disconnected; raise Refused(already_exists)."""
    ours = [c for c in known if c.platform in CARD_PROVIDERS]
    same = next((c for c in ours if c.far_name == name), None)
    again = same if same and (same.state, same.store_id, same.base_url) == ("disconnected", store_id, url) else None
    if same is not again or any(c.store_id == store_id and c.state != "disconnected" for c in ours):
        raise Refused("already_exists", "one is connected already", field="name")
    return again


async def _keep(
    db: Db, vault: Vault, tenant_id: UUID, provider_id: UUID, key: str | None, signing: str | None, actor: str,
    now: datetime,
) -> None:  # fmt: skip
    await connection.reseal(
        db, provider_id, write=vault.seal_for_executor(_key(key)) if key else None, read=None,
        webhook_secrets=_locked(vault, tenant_id, provider_id, signing) if signing else None,
    )  # fmt: skip
    await discrepancy.resolve(
        db, "needs_reconnect", resource_kind="connection", resource_id=provider_id, by=actor, at=now
    )
    await event.put(
        db, EventType.CONNECTION_RESEALED, resource_kind="connection", resource_id=provider_id, actor=actor, at=now
    )


def _key(key: str) -> bytes:
    said = key.strip()
    if not 8 <= len(said) <= SECRET_MOST or not said.isascii() or not said.isprintable():
        raise Refused("invalid_card_key", "paste the secret or restricted key as Stripe shows it", field="key")
    return json.dumps({"token": said}).encode()


def _locked(vault: Vault, tenant_id: UUID, provider_id: UUID, signing: str) -> bytes:
    said = signing.strip()
    if not 8 <= len(said) <= SECRET_MOST or not said.isascii() or not said.isprintable():
        raise Refused("invalid_card_key", "paste the signing secret as Stripe shows it", field="signing_secret")
    plain = json.dumps([base64.b64encode(said.encode()).decode()]).encode()  # as the mailbox reads it
    return vault.lock(plain, tenant_id=tenant_id, purpose=connection.secrets_purpose(provider_id))
