"""The worker's half of the inbox: current facts instead of the payload, each entry once, none lost."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from retour.core.errors import Refused
from retour.core.order import Fetched
from retour.core.ports import Unreachable
from retour.core.shipping import TrackingEvent
from retour.flows import order as order_flow
from retour.flows.webhook import ask_for_order, read_inbox
from retour.store import discrepancy, webhook
from retour.store import order as orders
from retour.store.db import Database, Db
from retour.store.vault import Vault
from tests.flows.order.shop import CANARY, CREDENTIAL, NOON, Platform, Shop, an_order, fetched, later, open_shop

pytestmark = pytest.mark.anyio
BODY = f'{{"email": "{CANARY}"}}'.encode()


class Desk:
    """A worker with a platform, a carrier's listener and a clock that stands until it is set."""

    def __init__(self, database: Database, vault: Vault, shop: Shop) -> None:
        self.database, self.vault, self.shop = database, vault, shop
        self.platform = Platform()
        self.scans: list[TrackingEvent] = []
        self.refuse: Refused | None = None
        self.now = NOON

    def clock(self) -> datetime:
        return self.now

    async def receive(self, event_id: str = "e1", **more: Any) -> UUID | None:
        async with self.database.tx(self.shop.tenant_id) as db:
            return await webhook.receive(
                db, self.vault, tenant_id=self.shop.tenant_id, connection_id=self.shop.connection_id,
                source="shopify:x", event_id=event_id, raw=BODY, at=self.now,
                topic=more.pop("topic", "orders/updated"), **more,
            )  # fmt: skip

    async def read(self, connection_id: UUID, *, ref: str | None, name: str | None) -> Fetched | None:
        source = order_flow.Source(self.shop.tenant_id, connection_id, self.platform, CREDENTIAL)  # type: ignore[arg-type]
        return await order_flow.read_order(self.database, source=source, ref=ref, name=name, clock=self.clock)

    async def on_tracking(self, db: Db, scan: TrackingEvent) -> None:
        if self.refuse:
            raise self.refuse
        self.scans.append(scan)

    async def work(self, inbox_id: UUID | None, mirror: Callable[..., Any] = order_flow.mirror) -> bool:
        assert inbox_id is not None
        return await read_inbox(
            self.database, self.vault, tenant_id=self.shop.tenant_id, inbox_id=inbox_id, read=self.read, mirror=mirror,
            on_tracking=self.on_tracking, clock=self.clock,
        )  # fmt: skip

    async def row(self, inbox_id: UUID | None) -> dict[str, Any]:
        async with self.database.tx(self.shop.tenant_id) as db:
            row = await db.fetchrow("SELECT * FROM inbox WHERE id = $1", inbox_id)
        assert row is not None
        return dict(row)

    async def body(self, inbox_id: UUID | None) -> bytes | None:
        assert inbox_id is not None
        async with self.database.tx(self.shop.tenant_id) as db:
            return await webhook.body(db, self.vault, inbox_id)


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, Vault.open(tmp_path / "keys", role="all"), await open_shop(database))


HINT = {"order_ref": "gid://order/1"}
SCAN = {"tracking_number": "SBXR1", "carrier": "sandbox", "status": "in_transit"}


async def test_a_hint_makes_the_worker_read_the_order_as_it_is_now(desk: Desk) -> None:
    desk.platform.put(fetched())
    first, second = await desk.receive("e1", facts=HINT), await desk.receive("e2", facts=HINT)

    assert await desk.work(first)
    assert await desk.work(second)
    assert not await desk.work(first)

    assert desk.platform.asked == ["gid://order/1"] * 2
    async with desk.database.tx(desk.shop.tenant_id) as db:
        record = await orders.find_by_name(db, desk.shop.store_id, "#1001")
        assert record is not None
        events = await db.fetch("SELECT type, cause FROM event WHERE resource_kind = 'order'")
    assert [tuple(e.values()) for e in events] == [("order.mirrored", f"inbox:{first}")]
    assert (await desk.row(first))["done_at"] == NOON


async def test_the_body_moves_under_the_key_of_the_person_it_is_about(desk: Desk) -> None:
    desk.platform.put(fetched())
    inbox_id = await desk.receive(facts=HINT)
    before = await desk.row(inbox_id)

    await desk.work(inbox_id)

    after = await desk.row(inbox_id)
    assert before["person_id"] is None
    assert after["person_id"] is not None
    assert before["body_sealed"] != after["body_sealed"]
    assert await desk.body(inbox_id) == BODY
    async with desk.database.tx(desk.shop.tenant_id) as db:
        await db.execute("UPDATE person SET sealed_key = ''::bytea, erased_at = $1", NOON)
    other = await desk.receive("e2", facts=HINT)
    await desk.work(other)
    assert await desk.body(other) is None


async def test_a_late_hint_with_an_old_read_changes_nothing(desk: Desk) -> None:
    newer = later(an_order(), 5, tags=("new",))
    desk.platform.put(fetched(newer))
    await desk.work(await desk.receive("e1", facts=HINT))
    desk.platform.put(fetched(an_order(tags=("old",))))

    assert await desk.work(await desk.receive("e2", facts=HINT))

    async with desk.database.tx(desk.shop.tenant_id) as db:
        record = await orders.find_by_name(db, desk.shop.store_id, "#1001")
    assert record is not None
    assert record.order == newer


async def test_a_scan_reaches_the_listener_once(desk: Desk) -> None:
    inbox_id = await desk.receive(facts=SCAN, topic="tracking.updated", occurred_at=NOON - timedelta(hours=1))

    assert await desk.work(inbox_id)
    assert not await desk.work(inbox_id)

    nameless = await desk.receive("e2", facts=SCAN | {"carrier": ""}, occurred_at=NOON)
    assert await desk.work(nameless)
    an_hour_ago = NOON - timedelta(hours=1)
    assert desk.scans == [
        TrackingEvent(carrier="sandbox", tracking_number="SBXR1", status="in_transit", occurred_at=an_hour_ago),
        TrackingEvent(carrier="shop.example", tracking_number="SBXR1", status="in_transit", occurred_at=NOON),
    ]


async def test_a_failure_while_saving_leaves_the_entry_open(desk: Desk) -> None:
    class CrashError(RuntimeError):
        pass

    async def crash(db: Db, *_: object, **kwargs: Any) -> None:
        await order_flow.mirror(db, desk.vault, **kwargs)
        raise CrashError

    desk.platform.put(fetched())
    inbox_id = await desk.receive(facts=HINT)

    with pytest.raises(CrashError):
        await desk.work(inbox_id, mirror=lambda db, vault, **kwargs: crash(db, **kwargs))

    row = await desk.row(inbox_id)
    assert (row["done_at"], row["tries"], row["due_at"]) == (None, 1, NOON + timedelta(seconds=30))
    async with desk.database.tx(desk.shop.tenant_id) as db:
        assert await db.fetchval("SELECT count(*) FROM sales_order") == 0
    desk.now += timedelta(seconds=30)
    assert await desk.work(inbox_id)


async def test_a_worker_that_was_overtaken_while_reading_changes_nothing(desk: Desk) -> None:
    desk.platform.put(fetched())
    inbox_id, saved = await desk.receive(facts=HINT), []
    assert inbox_id is not None
    read_now = desk.read

    async def mirror(db: Db, vault: Vault, **kwargs: Any) -> Any:
        saved.append(kwargs["cause"])
        return await order_flow.mirror(db, vault, **kwargs)

    async def read_slowly(connection_id: UUID, *, ref: str | None, name: str | None) -> Fetched | None:
        found = await read_now(connection_id, ref=ref, name=name)
        desk.now += timedelta(seconds=30)
        desk.read = read_now  # type: ignore[method-assign]
        assert await desk.work(inbox_id, mirror)
        return found

    desk.read = read_slowly  # type: ignore[method-assign]

    await desk.work(inbox_id, mirror)

    assert saved == [f"inbox:{inbox_id}"]
    assert (await desk.row(inbox_id))["tries"] == 2


async def test_tries_back_off_and_the_eighth_failure_becomes_a_discrepancy(desk: Desk) -> None:
    inbox_id = await desk.receive(facts=SCAN)
    desk.refuse = Refused("shipment_not_found", "no such parcel")
    waits = []
    for n in range(9):
        assert not await desk.work(inbox_id)
        due = (await desk.row(inbox_id))["due_at"]
        waits.append(due - desk.now)
        async with desk.database.tx(desk.shop.tenant_id) as db:
            found = await discrepancy.list_open(db)
        assert [(d.kind, d.details["tries"]) for d in found] == ([("webhook_not_read", n + 1)] if n >= 7 else [])
        assert not await desk.work(inbox_id)  # not due yet
        desk.now = due

    assert waits[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert waits[8] == timedelta(days=1)
    assert (await desk.row(inbox_id))["problem"] == "shipment_not_found"
    desk.refuse = None
    assert await desk.work(inbox_id)
    async with desk.database.tx(desk.shop.tenant_id) as db:
        assert await discrepancy.list_open(db) == []


async def test_an_unreachable_platform_is_asked_again_when_it_says(desk: Desk) -> None:
    desk.platform.broken["gid://order/1"] = [Unreachable("throttled", retry_after_s=120)]
    inbox_id = await desk.receive(facts=HINT)

    assert not await desk.work(inbox_id)

    row = await desk.row(inbox_id)
    assert (row["problem"], row["due_at"]) == ("unreachable", NOON + timedelta(seconds=120))


async def test_an_order_the_platform_does_not_show_yet_is_asked_for_again(desk: Desk) -> None:
    inbox_id = await desk.receive(facts=HINT)
    assert not await desk.work(inbox_id)
    assert (await desk.row(inbox_id))["problem"] == "order_not_found"
    desk.platform.put(fetched())
    desk.now += timedelta(seconds=30)

    assert await desk.work(inbox_id)


async def test_what_cannot_be_read_is_shown_and_kept(desk: Desk) -> None:
    inbox_id = await desk.receive(topic="unreadable")

    assert await desk.work(inbox_id)

    assert await desk.body(inbox_id) == BODY
    async with desk.database.tx(desk.shop.tenant_id) as db:
        assert [(d.kind, d.resource_id) for d in await discrepancy.list_open(db)] == [("webhook_unreadable", inbox_id)]


async def test_an_order_is_asked_for_by_name_once_a_minute(desk: Desk) -> None:
    desk.platform.put(fetched())

    async def ask(name: str) -> UUID | None:
        shop = desk.shop
        async with desk.database.tx(shop.tenant_id) as db:
            return await ask_for_order(
                db, desk.vault, tenant_id=shop.tenant_id, connection_id=shop.connection_id, name=name, at=desk.now
            )  # fmt: skip

    first, again, unknown = await ask("#1001"), await ask("1001"), await ask("#404")

    assert again is None
    assert await desk.work(first)
    assert await desk.work(unknown)
    assert (await desk.row(unknown))["problem"] == "order_not_found"
    async with desk.database.tx(desk.shop.tenant_id) as db:
        assert await orders.find_by_name(db, desk.shop.store_id, "1001") is not None


async def test_another_accounts_entry_does_not_exist(desk: Desk) -> None:
    inbox_id = await desk.receive(facts=SCAN)
    desk.shop, mine = Shop(uuid4(), uuid4(), uuid4()), desk.shop

    assert not await desk.work(inbox_id)

    desk.shop = mine
    assert (await desk.row(inbox_id))["tries"] == 0
    assert desk.scans == []
