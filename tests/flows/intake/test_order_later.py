"""A return that is told of before its order: asked for, and read again by itself once the order is here."""

import asyncio
import contextvars
import json
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from retour.flows import intake
from retour.store import connection as connections
from retour.store import intake as intakes
from retour.store import order as orders
from retour.store import webhook
from retour.store.db import Database, Db
from tests.core.intake.papers import a_return, an_order
from tests.flows.intake.source import Sender, a_sender
from tests.flows.order.shop import NOON
from tests.waiting import until

pytestmark = pytest.mark.anyio
UNKNOWN = {"order": {"number": "#1001"}, "customer": {}}


@pytest.fixture
async def sender(database: Database, tmp_path: Path) -> Sender:
    return await a_sender(database, tmp_path)


async def woken(sender: Sender) -> list[str]:
    """Have the worker read what waits in the inbox, and return what became of each."""
    async with sender.database.tx(sender.tenant_id) as db:
        rows = await db.fetch(
            "SELECT id FROM inbox WHERE done_at IS NULL AND topic = 'intake.order_arrived' ORDER BY id"
        )
    for row in rows:
        await sender.read(row["id"])
    return [str((await sender.row(row["id"]))["outcome"]) for row in rows]


@pytest.mark.parametrize(
    "order", [{"number": " #1001"}, {"id": "O-1"}, {"number": "1001", "total": "64.97", "currency": "EUR"}]
)
async def test_a_return_that_came_before_its_order_opens_by_itself_when_the_order_comes(
    sender: Sender, order: dict[str, str]
) -> None:
    early = await sender.send(a_return(order=order, status="approved"))
    assert early["outcome"] == "parked: order_not_found"

    await sender.send(an_order())

    assert await woken(sender) == ["opened"]
    (record,), (known,) = await sender.returns(), await sender.intakes()
    assert (record.rma.status, known.rma_id) == ("approved", record.rma.id)
    assert await sender.events("intake") == ["intake.waiting", "intake.opened"]
    async with sender.database.tx(sender.tenant_id) as db:
        actor = await db.fetchval("SELECT actor FROM event WHERE type = 'return.requested'")
    assert actor == f"source:{sender.source_id}"


async def test_an_order_and_its_return_that_are_read_at_the_same_moment_find_each_other(sender: Sender) -> None:
    kept = []
    for paper in (an_order(), a_return(customer={}, order={"id": "O-1"})):
        async with sender.database.tx(sender.tenant_id) as db:
            inbox_id = await webhook.receive(
                db, sender.vault, tenant_id=sender.tenant_id, connection_id=sender.source_id, topic=paper["schema"],
                source=f"feed:{sender.source_id}", event_id=paper["id"], raw=json.dumps(paper).encode(), at=sender.now,
            )  # fmt: skip
        assert inbox_id is not None
        kept.append(inbox_id)
    async with sender.database.tx(sender.tenant_id) as db:  # the order is written, and not yet to be seen
        await intakes.in_turn(db, store_id=sender.shop.store_id, names=["O-1"])
        apart = [contextvars.Context() for _ in kept]
        reading = [asyncio.create_task(sender.read(one), context=to) for one, to in zip(kept, apart, strict=True)]
        await until(partial(both_wait, db))
    await asyncio.gather(*reading)

    await woken(sender)

    assert len(await sender.returns()) == 1


async def both_wait(db: Db) -> bool:
    found: int = await db.fetchval(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return found == 2


async def test_an_order_wakes_only_what_names_it_and_only_once(sender: Sender) -> None:
    await sender.send(a_return(id="A", order={"number": "#1002"}, customer={}))
    await sender.send(a_return(id="B"))

    await sender.send(an_order())
    assert await woken(sender) == ["opened"]
    await sender.send(an_order(updated_at="2026-02-27T09:00:00Z", tags=["vip"]))

    assert await woken(sender) == []
    assert [(one.external_id, one.state) for one in await sender.intakes()] == [("B", "opened"), ("A", "waiting")]


async def test_what_a_person_decided_meanwhile_stays_decided(sender: Sender) -> None:
    await sender.send(a_return())
    await sender.send(an_order())
    (waiting,) = await sender.intakes()
    async with sender.database.tx(sender.tenant_id) as db:
        await intake.dismiss(db, intake_id=waiting.id, reason="A mistake", actor="agent", now=NOON)

    assert await woken(sender) == ["unchanged"]
    assert await sender.returns() == []


async def test_the_platforms_of_the_store_are_asked_for_an_order_that_nobody_knows(sender: Sender) -> None:
    async with sender.database.tx(sender.tenant_id) as db:
        shop = next(c.id for c in await connections.connections(db) if c.platform == "shopify")

    await sender.send(a_return())
    await sender.send(a_return(updated_at="2026-03-01T09:00:00Z"))

    async with sender.database.tx(sender.tenant_id) as db:
        asked = [
            (row["connection_id"], row["facts"])
            for row in await db.fetch("SELECT connection_id, facts FROM inbox WHERE topic = 'order.asked'")
        ]
    assert asked == [(shop, {"order_name": "1001"})]


async def test_nobody_is_asked_for_a_number_that_stands_in_loose_text(sender: Sender) -> None:
    letter = {
        "schema": "retour.message/1", "id": "T-1", "sent_at": "2026-02-28T10:00:00Z", "text": "Order #1001 is too small",
    }  # fmt: skip

    assert (await sender.send(letter))["outcome"] == "parked: order_not_found"

    async with sender.database.tx(sender.tenant_id) as db:
        assert await db.fetchval("SELECT count(*) FROM inbox WHERE topic = 'order.asked'") == 0


async def test_the_number_that_a_platforms_id_ends_with_is_that_order_and_that_line(sender: Sender) -> None:
    paper = an_order(id="gid://shop/Order/4711")
    paper["lines"][0]["id"] = paper["shipments"][0]["units"][0]["line"] = "gid://shop/LineItem/9"
    await sender.send(paper)

    told = await sender.send(a_return(order={"id": "4711"}, customer={}, items=[{"line": "9", "quantity": 1}]))
    other = await sender.send(a_return(id="EXT-2", order={"id": "711"}, customer={}))

    assert (told["outcome"], other["outcome"]) == ("opened", "parked: order_not_found")
    (record,) = await sender.returns()
    assert [line.line_ref for line in record.rma.lines] == ["gid://shop/LineItem/9"]
    async with sender.database.tx(sender.tenant_id) as db:
        found = await orders.load(db, UUID(str(record.order_id)))
    assert found is not None
    assert found.order.ref == "gid://shop/Order/4711"
