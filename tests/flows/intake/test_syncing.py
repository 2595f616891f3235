"""A source that is asked regularly: nothing twice, nothing lost, and later and later while it does not answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.ports import Pulled, Unreachable
from retour.flows.intake.sources import Asked, add_source
from retour.flows.intake.syncing import Asking, sync_source
from retour.store.db import Database
from tests.core.intake.papers import a_return, an_order
from tests.flows.intake.source import Sender, a_sender
from tests.flows.order.shop import NOON

pytestmark = pytest.mark.anyio
AWAY = Unreachable("no answer")


@dataclass
class Endpoint:
    """What a source answers, page by page, and what it was asked."""

    pages: list[Sequence[Any] | Pulled | Exception] = field(default_factory=list)
    asked: list[tuple[datetime, str | None]] = field(default_factory=list)

    async def pull(self, *, url: str, token: str, since: datetime, cursor: str | None) -> Pulled:
        assert (url, token) == ("https://erp.example/returns", "secret")
        self.asked.append((since, cursor))
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        if isinstance(page, Pulled):
            return page
        following = f"c{len(self.asked)}" if self.pages and not isinstance(self.pages[0], Exception) else None
        return Pulled(tuple(json.dumps(item).encode() for item in page), following)


@dataclass
class Polled:
    """A source that is asked, and the worker that asks it."""

    sender: Sender
    source_id: UUID
    endpoint: Endpoint = field(default_factory=Endpoint)

    async def run(self, pages: int = 20) -> str:
        sender = self.sender
        asking = Asking(sender.tenant_id, self.source_id, "https://erp.example/returns", "secret")
        return await sync_source(
            sender.database, sender.vault, asking, reader=self.endpoint, clock=lambda: sender.now, pages=pages
        )

    async def work(self) -> list[str]:
        """Read what waits in the inbox and return what became of each, in the order it came."""
        async with self.sender.database.tx(self.sender.tenant_id) as db:
            rows = await db.fetch("SELECT id FROM inbox WHERE connection_id = $1 ORDER BY topic, id", self.source_id)
        for row in rows:
            await self.sender.read(row["id"])
        return [str((await self.sender.row(row["id"]))["outcome"]) for row in rows]

    async def cursor(self) -> Any:
        async with self.sender.database.tx(self.sender.tenant_id) as db:
            return await db.fetchrow("SELECT * FROM sync_cursor WHERE connection_id = $1", self.source_id)


@pytest.fixture
async def polled(database: Database, tmp_path: Path) -> Polled:
    sender = await a_sender(database, tmp_path)
    async with database.tx(sender.tenant_id) as db:
        added, _ = await add_source(
            db, sender.vault, tenant_id=sender.tenant_id, store_id=sender.shop.store_id, name="ERP", channel="event",
            decides=False, actor="test", now=NOON, asked=Asked("https://erp.example/returns", "secret", days=7),
        )  # fmt: skip
    return Polled(sender, added.id)


async def test_pages_are_read_to_the_end_and_become_returns_like_any_other(polled: Polled) -> None:
    polled.endpoint.pages = [[an_order()], [a_return(), "rubbish"]]

    assert await polled.run() == "done"
    assert await polled.run() == "not_due"

    assert await polled.work() == ["mirrored", "opened", "None"]
    (intake,) = await polled.sender.intakes()
    assert intake.channel == "sync"
    week_ago = NOON - timedelta(days=7, minutes=2)
    assert polled.endpoint.asked == [(week_ago, None), (week_ago, "c1")]
    at = await polled.cursor()
    assert (at["cursor"], at["due_at"]) == (None, NOON + timedelta(minutes=5))


async def test_the_next_run_asks_from_the_newest_change_and_keeps_nothing_twice(polled: Polled) -> None:
    polled.endpoint.pages = [[a_return(updated_at="2026-02-28T10:00:00Z")]]
    await polled.run()
    polled.sender.now += timedelta(minutes=5)
    polled.endpoint.pages = [[a_return(updated_at="2026-02-28T10:00:00Z")]]

    assert await polled.run() == "done"

    assert polled.endpoint.asked[1][0].isoformat() == "2026-02-28T09:58:00+00:00"
    assert len(await polled.work()) == 1


async def test_a_run_that_breaks_off_goes_on_at_its_page(polled: Polled) -> None:
    polled.endpoint.pages = [[a_return(id="A")], [a_return(id="B")], [a_return(id="C")]]

    assert await polled.run(pages=2) == "more"
    assert await polled.run() == "done"

    assert [cursor for _, cursor in polled.endpoint.asked] == [None, "c1", "c2"]
    assert len(await polled.work()) == 3


async def test_a_source_that_does_not_answer_is_asked_later_and_later(polled: Polled) -> None:
    waits = []
    for _ in range(9):
        polled.endpoint.pages = [AWAY]
        await polled.run()
        due_at = (await polled.cursor())["due_at"]
        waits.append(int((due_at - polled.sender.now).total_seconds()))
        polled.sender.now = due_at
    polled.endpoint.pages = [[]]

    assert await polled.run() == "done"
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert (await polled.cursor())["problem"] is None


async def test_a_refused_token_stops_the_questions_visibly(polled: Polled) -> None:
    polled.endpoint.pages = [Unreachable("no", needs_reconnect=True)]

    assert await polled.run() == "needs_reconnect"
    polled.sender.now += timedelta(days=1)
    assert await polled.run() == "not_due"

    async with polled.sender.database.tx(polled.sender.tenant_id) as db:
        assert [r["kind"] for r in await db.fetch("SELECT kind FROM discrepancy")] == ["needs_reconnect"]


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"]])
async def test_a_cursor_that_goes_round_is_given_up_and_asked_for_later_and_later(
    polled: Polled, cursors: list[str]
) -> None:
    waits = []
    for turn in range(3):
        pages = [Pulled((json.dumps(a_return(id=f"{turn}-{n}")).encode(),), one) for n, one in enumerate(cursors)]
        polled.endpoint.pages = [*pages]
        assert await polled.run() == f"goes_round {turn + 1}"
        at = await polled.cursor()
        waits.append(int((at["due_at"] - polled.sender.now).total_seconds()))
        assert at["cursor"] is None
        polled.sender.now = at["due_at"]

    assert waits == [30, 60, 120]
    assert len(await polled.work()) == 3 * len(cursors)  # what was told is kept all the same


async def test_a_cursor_that_is_not_known_any_more_is_given_up(polled: Polled) -> None:
    polled.endpoint.pages = [[a_return(id="A")], Unreachable("answered 410", cursor_lost=True)]
    polled.endpoint.pages[0:1] = [Pulled((json.dumps(a_return(id="A")).encode(),), "c1")]
    assert await polled.run() == "unreachable 1"
    polled.sender.now = (await polled.cursor())["due_at"]
    polled.endpoint.pages = [[a_return(id="B")]]

    assert await polled.run() == "done"

    assert [cursor for _, cursor in polled.endpoint.asked] == [None, "c1", None]
    assert len(await polled.work()) == 2


async def test_an_empty_last_page_does_not_lose_how_far_the_pages_before_it_came(polled: Polled) -> None:
    changed = "2026-02-28T10:00:00Z"
    polled.endpoint.pages = [[a_return(updated_at=changed)], []]
    await polled.run()

    assert (await polled.cursor())["changed_since"].isoformat() == "2026-02-28T10:00:00+00:00"


async def test_a_document_that_nobody_can_read_is_kept_and_holds_nothing_up(polled: Polled) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    polled.endpoint.pages = [Pulled((deep, json.dumps(a_return()).encode()), None)]

    assert await polled.run() == "done"

    async with polled.sender.database.tx(polled.sender.tenant_id) as db:
        topics = {
            row["topic"] for row in await db.fetch("SELECT topic FROM inbox WHERE connection_id = $1", polled.source_id)
        }
    assert topics == {"unreadable", "retour.return/1"}


async def test_only_an_address_that_is_safe_is_asked(polled: Polled) -> None:
    sender = polled.sender
    with pytest.raises(Refused) as caught:
        async with sender.database.tx(sender.tenant_id) as db:
            await add_source(
                db, sender.vault, tenant_id=sender.tenant_id, store_id=sender.shop.store_id, name="Plain",
                channel="event", decides=False, actor="test", now=NOON, asked=Asked("http://erp.example"),
            )  # fmt: skip

    assert (caught.value.code, caught.value.field) == ("invalid_url", "url")
