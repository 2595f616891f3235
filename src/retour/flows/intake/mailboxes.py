"""Mailboxes that shoppers write to: added with a password that only the worker can open, listed, and removed."""

import json
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.channel import Channel
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.mailbox import Box, check_box
from retour.core.platforms import MAILBOX
from retour.store import account, connection, discrepancy, event, jobs, sync
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import Vault

DAYS_MOST: Final = 90


async def add_mailbox(
    db: Db, vault: Vault, *, store_id: UUID, name: str, box: Box, password: str, actor: str, now: datetime,
    days: int = 0, allow_private: bool = False,
) -> Connection:  # fmt: skip
    """Read a folder of a mailbox from now on, back by so many days; whoever writes there becomes a draft for people.

    Refuses store_not_found, invalid_name, invalid_days, already_exists (the name, or the same folder), and what
    `check_box` refuses.
    """
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store")
    if not 1 <= len(name.strip()) <= 100:
        raise Refused("invalid_name", "a name has 1 to 100 characters", field="name")
    if not 0 <= days <= DAYS_MOST:
        raise Refused("invalid_days", f"0 to {DAYS_MOST} days", field="days")
    check_box(box, password, allow_plain=allow_private)
    for known in await connection.connections(db):
        if known.platform == MAILBOX and _is_same(known, name.strip(), box):
            raise Refused("already_exists", "that mailbox is read already, or one of that name exists", field="name")
    since = now.replace(microsecond=0) - timedelta(days=days)  # a server tells arrivals to the second
    added = Connection(
        id=new_id(), store_id=store_id, platform=MAILBOX, far_name=name.strip(), base_url=box.url, created_at=now,
        settings={"channel": Channel.MAIL.value, "since": since.isoformat(), **box.kept},
        sealed_read=_sealed(vault, password),
    )  # fmt: skip
    await connection.add(db, added)
    await event.put(
        db, EventType.CONNECTION_ADDED, resource_kind="connection", resource_id=added.id, store_id=store_id, actor=actor,
        at=now, data={"platform": MAILBOX, "far_name": added.far_name},
    )  # fmt: skip
    await _ask(db, added.id, since, now)
    return added


async def change_password(
    db: Db, vault: Vault, *, mailbox_id: UUID, password: str, actor: str, now: datetime
) -> Connection:
    """Read a mailbox with another password, at once. Refuses mailbox_not_found, invalid_mailbox_password."""
    found = await mailbox_of(db, mailbox_id)
    check_box(Box.of(_settings(found)), password, allow_plain=True)
    await connection.reseal(db, mailbox_id, write=None, read=_sealed(vault, password), webhook_secrets=None)
    await discrepancy.resolve(
        db, "needs_reconnect", resource_kind="connection", resource_id=mailbox_id, by=actor, at=now
    )
    await event.put(
        db, EventType.CONNECTION_RESEALED, resource_kind="connection", resource_id=mailbox_id, store_id=found.store_id,
        actor=actor, at=now,
    )  # fmt: skip
    await _ask(db, mailbox_id, now, now)
    return found


async def remove_mailbox(db: Db, *, mailbox_id: UUID, actor: str, now: datetime) -> None:
    """Read a mailbox no more; what came from it stays, and its password is forgotten. Refuses mailbox_not_found."""
    await mailbox_of(db, mailbox_id)
    if await connection.disconnect(db, mailbox_id, actor=actor, at=now):
        await connection.forget(db, mailbox_id)


async def mailbox_of(db: Db, mailbox_id: UUID) -> Connection:
    """Return a mailbox that is read; raise Refused(mailbox_not_found)."""
    found = await connection.get(db, mailbox_id)
    if found is None or found.platform != MAILBOX or found.state == "disconnected":
        raise Refused("mailbox_not_found", "there is no such mailbox")
    return found


async def mailboxes(db: Db) -> list[Connection]:
    """Return the mailboxes that are read, by name."""
    return [c for c in await connection.connections(db) if c.platform == MAILBOX and c.state != "disconnected"]


def box_of(found: Connection) -> Box:
    """Return where a mailbox is."""
    return Box.of(_settings(found))


def _is_same(known: Connection, name: str, box: Box) -> bool:
    at = box_of(known)
    same = (at.host.lower(), at.user, at.folder) == (box.host.lower(), box.user, box.folder)
    return known.far_name == name or (same and known.state != "disconnected")


def _settings(found: Connection) -> dict[str, str]:
    return {name: str(value) for name, value in found.settings.items()}


def _sealed(vault: Vault, password: str) -> bytes:
    return vault.seal_for_worker(json.dumps({"token": password}).encode())


async def _ask(db: Db, mailbox_id: UUID, since: datetime, now: datetime) -> None:
    await sync.start(db, mailbox_id, since=since, due_at=now)
    await jobs.defer(db, [jobs.Job(jobs.Task.SYNC_ORDERS, mailbox_id)])
