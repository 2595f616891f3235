"""Connect a store to an outside system: what is given is sealed at once and cannot be read back here."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from retour.core.address import check_url
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.store import account, connection, discrepancy, event
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import Vault

Credentials = Mapping[str, str]


async def connect(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    store_id: UUID,
    platform: str,
    far_name: str,
    base_url: str,
    write: Credentials,
    read: Credentials | None = None,
    webhook_secrets: Sequence[bytes] = (),
    settings: Mapping[str, object] | None = None,
    allow_private_urls: bool = False,
    actor: str,
    now: datetime,
) -> Connection:
    """Add a connection; `write` is sealed to the executor, `read` to the worker.

    Refuses store_not_found, invalid_url (not https), invalid_name, invalid_credentials, already_exists.
    """
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store_id")
    check_url(base_url, field="base_url", allow_plain=allow_private_urls)
    for field, text in (("platform", platform), ("far_name", far_name)):
        if not 1 <= len(text) <= 255 or text != text.strip():
            raise Refused("invalid_name", f"{field} has 1 to 255 characters", field=field)
    if not write:
        raise Refused("invalid_credentials", "a connection needs a credential", field="write")
    known = await connection.connections(db)
    if any((c.platform, c.far_name) == (platform, far_name) for c in known):
        raise Refused("already_exists", f"{far_name} is connected already", field="far_name")
    connection_id = new_id()
    added = Connection(
        id=connection_id, store_id=store_id, platform=platform, far_name=far_name, base_url=base_url,
        created_at=now, settings=settings or {}, sealed_write=vault.seal_for_executor(_document(write)),
        sealed_read=vault.seal_for_worker(_document(read)) if read else None,
        sealed_webhook_secrets=_lock_secrets(vault, tenant_id, connection_id, webhook_secrets),
    )  # fmt: skip
    await connection.add(db, added)
    await event.put(
        db, EventType.CONNECTION_ADDED, resource_kind="connection", resource_id=connection_id, store_id=store_id,
        actor=actor, at=now, data={"platform": platform, "far_name": far_name},
    )  # fmt: skip
    return added


async def reseal(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    write: Credentials | None = None,
    read: Credentials | None = None,
    webhook_secrets: Sequence[bytes] | None = None,
    actor: str,
    now: datetime,
) -> None:
    """Replace what is given of a connection's secrets and mark it connected. Refuses connection_not_found."""
    found = await connection.reseal(
        db,
        connection_id,
        write=vault.seal_for_executor(_document(write)) if write else None,
        read=vault.seal_for_worker(_document(read)) if read else None,
        webhook_secrets=(
            None if webhook_secrets is None else _lock_secrets(vault, tenant_id, connection_id, webhook_secrets)
        ),
    )
    if not found:
        raise Refused("connection_not_found", "there is no such connection", field="connection_id")
    await discrepancy.resolve(
        db, "needs_reconnect", resource_kind="connection", resource_id=connection_id, by=actor, at=now
    )
    await event.put(
        db, EventType.CONNECTION_RESEALED, resource_kind="connection", resource_id=connection_id, actor=actor, at=now
    )


async def disconnect(db: Db, *, connection_id: UUID, actor: str, now: datetime) -> None:
    """Call the outside system no more; what was mirrored stays. Refuses connection_not_found."""
    if await connection.get(db, connection_id) is None:
        raise Refused("connection_not_found", "there is no such connection", field="connection_id")
    await connection.disconnect(db, connection_id, actor=actor, at=now)


def webhook_secrets(vault: Vault, found: Connection, *, tenant_id: UUID) -> list[bytes]:
    """Return the secrets that may have signed the connection's webhooks, newest first; none if it has none."""
    if found.sealed_webhook_secrets is None:
        return []
    purpose = connection.secrets_purpose(found.id)
    plain = vault.unlock(found.sealed_webhook_secrets, tenant_id=tenant_id, purpose=purpose)
    return [base64.b64decode(text) for text in json.loads(plain)]


def _document(credentials: Credentials) -> bytes:
    return json.dumps(dict(credentials)).encode()


def _lock_secrets(vault: Vault, tenant_id: UUID, connection_id: UUID, plain: Sequence[bytes]) -> bytes | None:
    if not plain:
        return None
    listed = json.dumps([base64.b64encode(secret).decode() for secret in plain]).encode()
    return vault.lock(listed, tenant_id=tenant_id, purpose=connection.secrets_purpose(connection_id))
