"""A mailbox is looked through regularly; every new message is kept sealed in the inbox before anyone reads it."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from retour.core.mailbox import NO_FOLDER, Box, Fetched, MailboxReader, MailPage, message_id_of, place_of
from retour.core.ports import Unreachable
from retour.store import connection as connections
from retour.store import jobs, sync, webhook
from retour.store.db import Database, Db
from retour.store.vault import Vault

Clock = Callable[[], datetime]
TOPIC: Final = "mail.message"
LEASE: Final = timedelta(minutes=4)  # longer than a page may take
EVERY: Final = timedelta(minutes=2)
# How far back is looked where the server has numbered its folder anew; what is known already is kept once.
OVERLAP: Final = timedelta(days=7)
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)
PAGES_PER_RUN: Final = 10
ACTOR: Final = "sync"
_LONGEST_ID: Final = 170  # characters
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Looking:
    """Which mailbox a run looks through: of a tenant, with its opened password, never before `begin`."""

    tenant_id: UUID
    mailbox_id: UUID
    box: Box
    password: str
    begin: datetime


async def fetch_mail(
    database: Database, vault: Vault, looking: Looking, *, reader: MailboxReader, clock: Clock,
    pages: int = PAGES_PER_RUN,
) -> str:  # fmt: skip
    """Keep what is new in a mailbox, page by page; return done, more, not_due or why it stopped.

    How far it came is written with its page, so a crash repeats a page at most, and a message is kept once by its id.
    It is marked as seen only after that. A server that does not answer is asked later and later, an hour at most; one
    that refuses the password is asked no more until somebody gives another.
    """
    now = clock()
    async with database.tx(looking.tenant_id) as db:
        at = await sync.take(db, looking.mailbox_id, now=now, lease_until=now + LEASE)
    if at is None:
        return "not_due"
    for turn in range(1, pages + 1):
        after, since = place_of(at.cursor), max(looking.begin, at.changed_since - OVERLAP)
        try:
            page = await reader.read(looking.box, password=looking.password, after=after, since=since)
        except Unreachable as far:
            return await _back_off(database, looking, at, far, clock())
        is_anew = after is None or after.validity != page.place.validity
        kept = tuple(one for one in page.messages if not is_anew or one.arrived_at >= since)
        keeping = _keeping(vault, looking, at, page, kept, clock(), is_last=turn == pages)
        at = await database.run(looking.tenant_id, keeping)
        await _mark(reader, looking, page, kept)
        if not page.more:
            return "done"
    return "more"


def _keeping(
    vault: Vault, looking: Looking, at: sync.Cursor, page: MailPage, kept: tuple[Fetched, ...], now: datetime, *,
    is_last: bool,
) -> Callable[[Db], Awaitable[sync.Cursor]]:  # fmt: skip
    async def keep(db: Db) -> sync.Cursor:
        since = at.changed_since
        for message in kept:
            since = max(since, min(message.arrived_at, now))
            await _keep(db, vault, looking, message, now)
        pause = EVERY if not page.more else timedelta() if is_last else LEASE
        await sync.keep(db, looking.mailbox_id, changed_since=since, cursor=str(page.place), due_at=now + pause)
        if is_last and page.more:
            await jobs.defer(db, [jobs.Job(jobs.Task.SYNC_ORDERS, looking.mailbox_id)])
        return sync.Cursor(since, str(page.place), None, at.store_id)

    return keep


async def _keep(db: Db, vault: Vault, looking: Looking, message: Fetched, now: datetime) -> None:
    """Keep a message, once, under its own id and what it says; one without an id under the fingerprint of its bytes."""
    await webhook.receive(
        db, vault, tenant_id=looking.tenant_id, connection_id=looking.mailbox_id, source=f"mailbox:{looking.mailbox_id}",
        event_id=_named(message.raw), topic=TOPIC, raw=message.raw, at=now, occurred_at=message.arrived_at,
        facts={} if message.whole else {"cut": "yes"},
    )  # fmt: skip


def _named(raw: bytes) -> str:
    """Return how a message is known again where its folder was numbered anew or its headers grew on the way.

    An id alone is not enough: a program may give the same one to all that it writes.
    """
    own = message_id_of(raw)
    if own is None or len(own) > _LONGEST_ID:
        return f"sha256:{hashlib.sha256(raw).hexdigest()}"
    said = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    return f"id:{own} {hashlib.sha256(said).hexdigest()[:20]}"


async def _mark(reader: MailboxReader, looking: Looking, page: MailPage, kept: tuple[Fetched, ...]) -> None:
    """Mark what is kept as seen; where that fails nothing is lost, and people see it as new over there."""
    uids = tuple(message.uid for message in kept)
    if not uids:
        return
    try:
        await reader.mark_seen(looking.box, password=looking.password, place=page.place, uids=uids)
    except Unreachable as far:
        _log.info("messages stay unseen", mailbox=str(looking.mailbox_id), reason=str(far))


async def _back_off(database: Database, looking: Looking, at: sync.Cursor, far: Unreachable, now: datetime) -> str:
    """Write down that it failed and wait, twice as long as the time before."""
    tries = int((at.problem or "0").rpartition(" ")[2]) + 1 if at.problem and at.problem[-1].isdigit() else 1
    pause = min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE)
    what = NO_FOLDER if str(far) == NO_FOLDER else "unreachable"
    problem = "needs_reconnect" if far.needs_reconnect else f"{what} {tries}"
    async with database.tx(looking.tenant_id) as db:
        await sync.keep(
            db,
            looking.mailbox_id,
            changed_since=at.changed_since,
            cursor=at.cursor,
            due_at=now + pause,
            problem=problem,
        )
        if far.needs_reconnect:
            await connections.lock_out(db, looking.mailbox_id, actor=ACTOR, at=now)
    return problem
