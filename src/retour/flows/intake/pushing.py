"""Which returns are told to a source, because the merchant prefers to work on them there."""

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.core.address import check_url
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.intake.schema import KINDS
from retour.core.platforms import FEED
from retour.core.push import MOMENTS
from retour.flows.intake.sources import SECRET_BYTES, source_of, withdraw_unsent
from retour.store import connection, discrepancy, event
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.vault import Vault

# Where something was told stays known: what was sent without an answer is looked for there.
_OWN: Final = ("push_kinds", "push_on", "push_since")


@dataclass(frozen=True, slots=True)
class Pushing:
    """Where returns are told to, of which kinds (none: never), and from which moment of their life."""

    url: str = ""
    kinds: tuple[str, ...] = ()
    moment: str = "requested"


def pushing_of(source: Connection) -> Pushing:
    """Return what is told to a source."""
    settings: Any = source.settings
    return Pushing(
        str(settings.get("push_url", "")), tuple(settings.get("push_kinds", ())),
        str(settings.get("push_on", MOMENTS[0])),
    )  # fmt: skip


async def set_pushing(
    db: Db, vault: Vault, *, source_id: UUID, wish: Pushing, actor: str, now: datetime, allow_private_urls: bool = False
) -> str | None:
    """Tell returns asked for from now on to a source, or no more, and return the secret that signs them if it is new.

    A store prefers one system: another source of the store is told nothing from now on. What was never sent to a source
    that is told nothing is withdrawn. A new address has a new secret, and so has a system that refused the one before.
    Refuses source_not_found, invalid_url (not https), invalid_kind, invalid_moment.
    """
    found = await source_of(db, source_id)
    _check(wish, allow_private_urls=allow_private_urls)
    before = pushing_of(found)
    if not wish.kinds:
        await _stop(db, found, actor, now)
        return None
    for other in await connection.connections(db):
        if other.platform == FEED and other.store_id == found.store_id and other.id != found.id:
            await _stop(db, other, actor, now)
    since = found.settings.get("push_since") if before.kinds else None
    own = {
        "push_url": wish.url, "push_kinds": list(wish.kinds), "push_on": wish.moment,
        "push_since": since or now.isoformat(),
    }  # fmt: skip
    await _save(db, found, {**found.settings, **own}, actor, now)
    if before.url == wish.url and found.sealed_write is not None and found.state == "connected":
        return None
    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    sealed = vault.seal_for_executor(json.dumps({"token": secret}).encode())
    await connection.reseal(db, source_id, write=sealed, read=None, webhook_secrets=None)
    await discrepancy.resolve(
        db, "needs_reconnect", resource_kind="connection", resource_id=source_id, by=actor, at=now
    )
    await event.put(
        db, EventType.CONNECTION_RESEALED, resource_kind="connection", resource_id=source_id, store_id=found.store_id,
        actor=actor, at=now,
    )  # fmt: skip
    return f"whsec_{secret}"


async def _stop(db: Db, source: Connection, actor: str, now: datetime) -> None:
    """Tell nothing more to a source."""
    rest = {name: value for name, value in source.settings.items() if name not in _OWN}
    await _save(db, source, rest, actor, now)
    await withdraw_unsent(db, source.id, actor=actor, now=now)


async def _save(db: Db, source: Connection, settings: dict[str, object], actor: str, now: datetime) -> None:
    """Write changed settings, told as an event; nothing for settings that are as they were."""
    if settings == dict(source.settings):
        return
    await connection.set_settings(db, source.id, settings)
    kinds: Sequence[object] = settings.get("push_kinds", ())  # type: ignore[assignment]  # a list, or nothing
    await event.put(
        db, EventType.CONNECTION_CHANGED, resource_kind="connection", resource_id=source.id, store_id=source.store_id,
        actor=actor, at=now, data={"push_kinds": list(kinds)},
    )  # fmt: skip


def _check(wish: Pushing, *, allow_private_urls: bool) -> None:
    if wish.kinds:
        check_url(wish.url, field="url", allow_plain=allow_private_urls)
    if any(kind not in KINDS for kind in wish.kinds) or len(set(wish.kinds)) < len(wish.kinds):
        raise Refused("invalid_kind", f"each of {', '.join(KINDS)} once", field="kinds")
    if wish.moment not in MOMENTS:
        raise Refused("invalid_moment", f"one of {', '.join(MOMENTS)}", field="moment")
