"""The sync: page by page, again after a crash, patient with a platform that does not answer."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from retour.core.money import Sides
from retour.core.ports import Unreachable
from retour.flows import order as flow
from retour.store import discrepancy, event
from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.order.shop import CREDENTIAL, NOON, Platform, Shop, a_return, an_order, fetched

pytestmark = pytest.mark.anyio
SINCE = NOON - timedelta(days=30)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def a_platform(count: int) -> Platform:
    platform = Platform()
    platform.put(
        *(
            fetched(an_order(ref=f"order-{n}", name=f"#{n}", updated_at=NOON - timedelta(minutes=60 - n)))
            for n in range(count)
        )
    )
    return platform


def source(shop: Shop, platform: Any) -> flow.Source:
    return flow.Source(shop.tenant_id, shop.connection_id, platform, CREDENTIAL)


async def start(database: Database, shop: Shop) -> None:
    async with database.tx(shop.tenant_id) as db:
        await flow.start_sync(db, connection_id=shop.connection_id, since=SINCE, at=NOON)


async def count(database: Database, shop: Shop) -> int:
    async with database.tx(shop.tenant_id) as db:
        return int(await db.fetchval("SELECT count(*) FROM sales_order"))


async def cursor(database: Database, shop: Shop) -> dict[str, Any]:
    async with database.tx(shop.tenant_id) as db:
        row = await db.fetchrow("SELECT changed_since, cursor, due_at, problem FROM sync_cursor")
        assert row is not None
        return dict(row)


async def test_every_changed_order_is_read_once_and_then_only_the_overlap(
    database: Database, vault: Vault, shop: Shop
) -> None:
    platform, clock = a_platform(5), Clock()
    await start(database, shop)

    run = await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)

    assert run == flow.Synced(read=5, changed=5, done=True)
    assert await count(database, shop) == 5
    newest = NOON - timedelta(minutes=56)
    assert await cursor(database, shop) == {
        "changed_since": newest, "cursor": None, "due_at": NOON + flow.EVERY, "problem": None
    }  # fmt: skip

    clock.now += flow.EVERY
    again = await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)

    assert again == flow.Synced(read=3, changed=0, done=True)
    assert platform.listed[3] == (newest - timedelta(minutes=2), None)


async def test_a_sync_that_is_not_due_or_held_by_another_does_nothing(
    database: Database, vault: Vault, shop: Shop
) -> None:
    platform, clock = a_platform(1), Clock()
    await start(database, shop)
    clock.now -= timedelta(seconds=1)

    run = await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)

    assert run.problem == "not_due"
    assert platform.listed == []


async def test_a_crashed_sync_goes_on_where_it_stopped(database: Database, vault: Vault, shop: Shop) -> None:
    class Killed(BaseException):
        pass

    platform, clock = a_platform(6), Clock()
    platform.broken["order-3"] = [Killed()]  # type: ignore[list-item]
    await start(database, shop)

    with pytest.raises(Killed):
        await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)
    assert await count(database, shop) == 3
    assert (await cursor(database, shop))["cursor"] == "2"
    clock.now += flow.LEASE
    platform.asked.clear()
    run = await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)

    assert run.done
    assert platform.asked == ["order-2", "order-3", "order-4", "order-5"]
    assert await count(database, shop) == 6


async def test_an_unreachable_platform_is_left_alone_for_a_while(database: Database, vault: Vault, shop: Shop) -> None:
    platform, clock = a_platform(4), Clock()
    platform.broken["order-2"] = [Unreachable("slow down", retry_after_s=90), Unreachable("again")]
    await start(database, shop)

    run = await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)

    assert run == flow.Synced(read=2, changed=2, problem="unreachable")
    assert await cursor(database, shop) == {
        "changed_since": SINCE, "cursor": "2", "due_at": NOON + timedelta(seconds=90), "problem": "unreachable"
    }  # fmt: skip

    clock.now += timedelta(seconds=90)
    await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)
    assert (await cursor(database, shop))["cursor"] is None  # it may have expired: asked anew
    clock.now += timedelta(seconds=30)
    assert (await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)).done
    assert await count(database, shop) == 4


async def test_lost_credentials_mark_the_connection_and_stop_the_sync(
    database: Database, vault: Vault, shop: Shop
) -> None:
    platform, clock = a_platform(1), Clock()
    platform.broken["list"] = [Unreachable("token gone", needs_reconnect=True)]
    await start(database, shop)

    run = await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)
    clock.now += timedelta(hours=1)
    after = await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)

    assert (run.problem, after.problem) == ("needs_reconnect", "not_due")
    async with database.tx(shop.tenant_id) as db:
        assert await db.fetchval("SELECT state FROM connection") == "needs_reconnect"
        found = await discrepancy.list_open(db, resource_kind="connection", resource_id=shop.connection_id)
        assert [(d.kind, d.owner) for d in found] == [("needs_reconnect", "operator")]


async def test_a_long_sync_stops_after_its_pages_and_asks_for_more(
    database: Database, vault: Vault, shop: Shop
) -> None:
    platform, clock = a_platform(5), Clock()
    await start(database, shop)

    run = await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock, pages=2)

    assert run == flow.Synced(read=4, changed=4)
    assert (await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)).read == 1


async def test_orders_that_cannot_be_read_do_not_hold_up_the_others(
    database: Database, vault: Vault, shop: Shop
) -> None:
    platform, clock = a_platform(4), Clock()
    platform.broken["order-0"] = [KeyError("lines")]
    platform.orders["order-1"] = replace(platform.orders["order-1"], order=an_order(ref="other"))
    platform.page_size = 10
    huge = an_order(ref="order-2", name="#2", total=Sides(2**70, 1), updated_at=NOON)
    platform.orders["order-2"] = fetched(huge)
    await start(database, shop)
    platform.list_orders = _listing(["order-0", "order-1", "order-2", "order-3"])  # type: ignore[method-assign]

    run = await flow.sync_orders(database, vault, source=source(shop, platform), clock=clock)

    assert run == flow.Synced(read=4, changed=1, done=True)
    async with database.tx(shop.tenant_id) as db:
        found = await discrepancy.list_open(db, resource_kind="far_order")
    assert [(d.kind, d.details["order_ref"]) for d in found] == [
        ("order_unreadable", "order-0"), ("id_mismatch", "order-1"), ("order_unreadable", "order-2")
    ]  # fmt: skip


def _listing(refs: list[str]) -> Any:
    from retour.core.ports import Page

    async def list_orders(at: object, *, since: datetime, cursor: str | None) -> Page:
        return Page(tuple(refs), NOON, None)

    return list_orders


async def test_findings_become_discrepancies_and_go_when_they_are_gone(
    database: Database, vault: Vault, shop: Shop
) -> None:
    platform, clock = Platform(), Clock()
    odd = an_order(total=Sides(1_999, 2_000))
    platform.put(fetched(odd, findings=("sku_missing line-1", "sku_missing line-2")))
    where = source(shop, platform)

    saved = await flow.fetch_order(database, vault, source=where, ref=odd.ref, clock=clock)
    assert saved is not None
    async with database.tx(shop.tenant_id) as db:
        found = await discrepancy.list_open(db, resource_kind="order", resource_id=saved.record.id)
        assert {d.kind: (d.owner, d.details.get("found")) for d in found} == {
            "sku_missing": ("warehouse", ["sku_missing line-1", "sku_missing line-2"]),
            "order_does_not_close": ("finance", None),
        }
    platform.put(fetched(an_order()))
    await flow.fetch_on_demand(database, vault, source=where, name="#1001", clock=clock)

    async with database.tx(shop.tenant_id) as db:
        assert await discrepancy.list_open(db) == []
        types = [e.type for e in await event.feed(db, after_xact="0", after_id=uuid4(), limit=100)]
    assert sorted(types) == ["discrepancy.opened"] * 2 + ["discrepancy.resolved"] * 2 + [
        "order.changed",
        "order.mirrored",
    ]


async def test_a_changed_order_wakes_its_open_returns(database: Database, vault: Vault, shop: Shop, owner: Any) -> None:
    platform, clock = Platform(), Clock()
    platform.put(fetched())
    where = source(shop, platform)
    saved = await flow.fetch_order(database, vault, source=where, ref="gid://order/1", clock=clock)
    assert saved is not None
    rmas = {status: await a_return(database, shop, saved.record, status=status) for status in ("approved", "resolved")}
    again = await flow.fetch_order(database, vault, source=where, ref="gid://order/1", clock=clock)
    assert again is not None
    assert not again.changed
    assert await _woken(owner, shop) == []
    platform.put(fetched(an_order(total=Sides(1_000, 1_000))))

    await flow.fetch_order(database, vault, source=where, ref="gid://order/1", clock=clock)

    assert await _woken(owner, shop) == [str(rmas["approved"])]


async def _woken(owner: Any, shop: Shop) -> list[str]:
    rows = await owner.fetch("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'rma.advance'")
    return [row["args"]["id"] for row in rows if row["args"]["tenant_id"] == str(shop.tenant_id)]
