"""How a source is asked for what has changed: where, with which token, and how often; what it is known by stays."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.address import check_url
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.flows.intake.sources import source_of
from retour.store import connection, discrepancy, event, jobs, sync
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.vault import Vault

MINUTES: Final = "every_minutes"
USUAL: Final = 5  # minutes
MOST: Final = 1_440  # minutes


@dataclass(frozen=True, slots=True)
class Schedule:
    """Where a source is asked, how often in minutes, and how many days back where it was never asked; no token: as before."""

    url: str
    token: str | None = None
    minutes: int = USUAL
    days: int = 30


def minutes_of(source: Connection) -> int:
    """Return every how many minutes a source is asked."""
    said = source.settings.get(MINUTES, USUAL)
    return said if isinstance(said, int) else USUAL


def check_minutes(minutes: int) -> None:
    """Raise Refused(invalid_minutes) for a schedule that is none."""
    if not 1 <= minutes <= MOST:
        raise Refused("invalid_minutes", f"1 to {MOST} minutes", field="minutes")


async def set_asking(
    db: Db, vault: Vault, *, source_id: UUID, wish: Schedule, actor: str, now: datetime, allow_private_urls: bool = False
) -> Connection:  # fmt: skip
    """Ask a source from now on at that address, with that token and so often, at once and from where it stands.

    Everything it has sent stays known, so that nothing is opened twice; one that refused its token is connected again.
    Refuses source_not_found, invalid_url (not https), invalid_minutes.
    """
    found = await source_of(db, source_id)
    check_url(wish.url, field="url", allow_plain=allow_private_urls)
    check_minutes(wish.minutes)
    is_elsewhere = found.base_url != wish.url
    token = wish.token if wish.token is not None else None if found.sealed_read is not None else ""
    if token is not None:
        sealed = vault.seal_for_worker(json.dumps({"token": token}).encode())
        await connection.reseal(db, source_id, write=None, read=sealed, webhook_secrets=None)
        await discrepancy.resolve(
            db, "needs_reconnect", resource_kind="connection", resource_id=source_id, by=actor, at=now
        )
        await event.put(
            db, EventType.CONNECTION_RESEALED, resource_kind="connection", resource_id=source_id, actor=actor, at=now
        )
    await connection.set_address(db, source_id, wish.url)
    await connection.set_settings(db, source_id, {**found.settings, MINUTES: wish.minutes})
    await sync.start(db, source_id, since=now - timedelta(days=wish.days), due_at=now)
    await sync.anew(db, source_id, elsewhere=is_elsewhere, due_at=now)
    await event.put(
        db, EventType.CONNECTION_CHANGED, resource_kind="connection", resource_id=source_id, store_id=found.store_id,
        actor=actor, at=now, data={MINUTES: wish.minutes},
    )  # fmt: skip
    await jobs.defer(db, [jobs.Job(jobs.Task.SYNC_ORDERS, source_id)])
    changed = await connection.get(db, source_id)
    assert changed is not None, "it was just changed"
    return changed
