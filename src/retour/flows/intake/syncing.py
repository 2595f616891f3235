"""A source is asked regularly for what has changed; what it tells goes through the inbox like any message."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.intake import SCHEMAS
from retour.core.ports import FeedReader, Pulled, Unreachable
from retour.store import connection as connections
from retour.store import jobs, sync, webhook
from retour.store.db import Database, Db
from retour.store.vault import Vault

Clock = Callable[[], datetime]
LEASE: Final = timedelta(minutes=2)
EVERY: Final = timedelta(minutes=5)
OVERLAP: Final = timedelta(minutes=2)
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)
PAGES_PER_RUN: Final = 20
ACTOR: Final = "sync"
PULLED: Final = {"pulled": "yes"}  # what marks an entry of the inbox that was asked for
_ROUND: Final = "the cursor goes round"
_UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom a run asks: a source of a tenant at an address, with its opened token, and how often."""

    tenant_id: UUID
    source_id: UUID
    url: str
    token: str
    every: timedelta = EVERY


@dataclass(slots=True)
class Run:
    """How far one run has come: the latest change that it was told, and the cursors that it has followed."""

    asking: Asking
    through: datetime
    followed: set[str] = field(default_factory=set)

    def goes_round(self, before: str | None, cursor: str) -> bool:
        """Return whether a cursor leads back to where the run has been."""
        if before is not None:
            self.followed.add(before)
        return cursor in self.followed


async def sync_source(
    database: Database, vault: Vault, asking: Asking, *, reader: FeedReader, clock: Clock, pages: int = PAGES_PER_RUN
) -> str:
    """Read what has changed since the cursor, page by page; return done, more, not_due or why it stopped.

    The cursor is written with its page, so a crash repeats a page at most, and a document is kept once however often
    it is told. A source that cannot be reached is asked again later and later, an hour at most; one that refuses the
    token is asked no more until somebody connects it again.
    """
    now = clock()
    async with database.tx(asking.tenant_id) as db:
        taken = await sync.take(db, asking.source_id, now=now, lease_until=now + LEASE)
    if taken is None:
        return "not_due"
    at, run = taken, Run(asking, taken.changed_since)
    for turn in range(1, pages + 1):
        try:
            page = await reader.pull(
                url=asking.url, token=asking.token, since=at.changed_since - OVERLAP, cursor=at.cursor
            )
        except Unreachable as far:
            return await _back_off(database, asking, at, far, clock())
        before, is_last = at.cursor, turn == pages
        at = await database.run(asking.tenant_id, _keeping(vault, run, at, page, clock(), is_last=is_last))
        if at.cursor is None:
            return "done"
        if run.goes_round(before, at.cursor):
            stuck = Unreachable(_ROUND, cursor_lost=True)
            return await _back_off(database, asking, replace(at, problem=taken.problem), stuck, clock())
    return "more"


def _keeping(
    vault: Vault, run: Run, at: sync.Cursor, page: Pulled, now: datetime, *, is_last: bool
) -> Callable[[Db], Awaitable[sync.Cursor]]:
    asking = run.asking

    async def keep(db: Db) -> sync.Cursor:
        for raw in page.items:
            run.through = max(run.through, min(await _keep(db, vault, asking, raw, now), now))
        since = at.changed_since if page.next else run.through  # only when all of it is read
        pause = asking.every if page.next is None else timedelta() if is_last else LEASE
        await sync.keep(db, asking.source_id, changed_since=since, cursor=page.next, due_at=now + pause)
        if is_last and page.next is not None:
            await jobs.defer(db, [jobs.Job(jobs.Task.SYNC_ORDERS, asking.source_id)])
        return sync.Cursor(since, page.next, None, at.store_id)

    return keep


async def _keep(db: Db, vault: Vault, asking: Asking, raw: bytes, now: datetime) -> datetime:
    """Keep one document in the inbox, once, and return when it says that it changed; the beginning if it does not."""
    plain = _read(raw)
    schema = plain.get("schema") if isinstance(plain, dict) else None
    ref = plain.get("id") if isinstance(plain, dict) else None
    await webhook.receive(
        db, vault, tenant_id=asking.tenant_id, connection_id=asking.source_id, source=f"feed:{asking.source_id}",
        event_id=f"pulled:{hashlib.sha256(raw).hexdigest()}", raw=raw, at=now, facts=PULLED,
        topic=schema if isinstance(schema, str) and schema in SCHEMAS else _UNREADABLE,
        object_ref=ref.replace("\0", "\ufffd")[:200] if isinstance(ref, str) and ref else None,
    )  # fmt: skip
    return _instant(plain.get("updated_at") if isinstance(plain, dict) else None)


def _read(raw: bytes) -> object:
    """Return what a document says; nothing of one that cannot be read, which is kept all the same."""
    try:
        found: object = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found


def _instant(text: object) -> datetime:
    beginning = datetime.min.replace(tzinfo=UTC)
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else beginning
        return found.astimezone(UTC) if found.tzinfo else beginning
    except (ValueError, OverflowError):
        return beginning


async def _back_off(database: Database, asking: Asking, at: sync.Cursor, far: Unreachable, now: datetime) -> str:
    """Write down that it failed and wait, twice as long as the time before; a cursor that is lost is asked no more."""
    tries = int((at.problem or "0").rpartition(" ")[2]) + 1 if at.problem and at.problem[-1].isdigit() else 1
    pause = max(min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE), timedelta(seconds=far.retry_after_s))
    what = "goes_round" if str(far) == _ROUND else "unreachable"
    problem = "needs_reconnect" if far.needs_reconnect else f"{what} {tries}"
    cursor = None if far.cursor_lost else at.cursor
    async with database.tx(asking.tenant_id) as db:
        await sync.keep(
            db, asking.source_id, changed_since=at.changed_since, cursor=cursor, due_at=now + pause, problem=problem
        )
        if far.needs_reconnect:
            await connections.lock_out(db, asking.source_id, actor=ACTOR, at=now)
    return problem
