"""The platform's three privacy webhooks, sent by the sandbox shop through the real door, worked on as the worker does."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from litestar import Litestar

from retour.connectors.shopify.translate.privacy import privacy_ask
from retour.connectors.shopify.webhooks import ShopifyInbound
from retour.core.errors import Refused
from retour.core.privacy import LOOK_AGAIN, RequestKind, RequestState
from retour.doors.hooks.routes import route_handlers
from retour.flows import privacy
from retour.flows.webhook import Documents, Mailbox, read_inbox, seal_secrets
from retour.main.privacy import platform_asks
from retour.store.ids import new_id
from retour.store.privacy import rows
from retour.store.privacy.rows import Request
from tests.flows.privacy.canary import Canary
from tests.serving import served
from tests.stories.house import now
from tests.waiting import until

pytestmark = pytest.mark.anyio
SCHEMAS = Path(__file__).resolve().parents[3].parent / "shared" / "contracts" / "shopify"


class Platform:
    """The shop's side of the door."""

    def __init__(self, canary: Canary, address: str) -> None:
        self.canary, self.house = canary, canary.house
        self.url = f"{address}/hooks/shopify/{canary.house.connection}"

    async def send(self, topic: str, *, event_id: str | None = None, **about: Any) -> dict[str, Any]:
        """Let the shop send a topic, wait until it was answered, and work on what came."""
        office = self.house.sandbox.office
        before = office.counts["delivered"] + office.counts["failed"]
        sent: dict[str, Any] = await self.house.control(
            "privacy", {"topic": topic, "url": self.url, "event_id": event_id, **about}
        )

        async def answered() -> bool:
            return office.counts["delivered"] + office.counts["failed"] > before

        await until(answered)
        for (inbox_id,) in await self._unread():
            await self._read(inbox_id)
        return sent

    async def _unread(self) -> list[Any]:
        async with self.house.web.tx(self.house.tenant) as db:
            return [tuple(row.values()) for row in await db.fetch("SELECT id FROM inbox WHERE done_at IS NULL")]

    async def _read(self, inbox_id: UUID) -> None:
        async def nothing(*_: Any, **__: Any) -> None:
            return None

        assert await read_inbox(
            self.house.web, self.house.vault, tenant_id=self.house.tenant, inbox_id=inbox_id, read=nothing,
            mirror=nothing, on_tracking=nothing, clock=now, documents=Documents(privacy.TOPICS, platform_asks),  # type: ignore[arg-type]
        )  # fmt: skip

    async def requests(self) -> list[Request]:
        async with self.house.web.tx(self.house.tenant) as db:
            return await rows.list_(db, limit=500)

    async def inbox(self) -> list[tuple[Any, ...]]:
        async with self.house.web.tx(self.house.tenant) as db:
            found = await db.fetch(
                "SELECT topic, outcome, problem, body_sealed IS NULL AS gone FROM inbox"
                " WHERE source LIKE 'shopify:%' ORDER BY id"
            )
        return [tuple(row.values()) for row in found]


@pytest.fixture
async def platform(canary: Canary) -> AsyncIterator[Platform]:
    house = canary.house
    secret = house.sandbox.shop.settings.webhook_secret.encode()
    sealed = seal_secrets(house.vault, [secret], tenant_id=house.tenant, connection_id=house.connection)
    async with house.web.tx(house.tenant) as db:
        await db.execute(
            "UPDATE connection SET sealed_webhook_secrets = $1, far_name = $2, sealed_read = 'x'",
            sealed, house.sandbox.shop.domain,
        )  # fmt: skip
    mailbox = Mailbox(house.web, house.vault, {"shopify": ShopifyInbound()}, always=privacy.TOPICS)
    async with served(Litestar(route_handlers(mailbox, now), openapi_config=None)) as address:
        yield Platform(canary, address)


async def test_a_shopper_who_asks_the_platform_gets_an_export_and_is_erased_once(
    canary: Canary, platform: Platform
) -> None:
    await canary.known_everywhere()
    order, sums = canary.orders[0].order.name, await canary.sums()

    await platform.send("customers/data_request", order=order, request=4711)
    (asked,) = await platform.requests()
    exported = await canary.work(asked.id)
    await platform.send("customers/redact", order=order, event_id="once")
    erasure = next(r for r in await platform.requests() if r.kind is RequestKind.ERASURE)
    erased = await canary.work(erasure.id)
    told, inbox = await canary.events(), await platform.inbox()
    await platform.send("customers/redact", order=order, event_id="once")
    await platform.send("customers/redact", order=order, event_id="twice")

    assert (asked.kind, asked.far_ref, asked.actor, asked.person_id) == (
        RequestKind.EXPORT, "4711", "platform", canary.person_id,
    )  # fmt: skip
    assert (exported.state, erased.state) == (RequestState.DONE, RequestState.DONE)
    assert await canary.found() == {}
    assert await canary.sums() == sums
    assert inbox == [
        ("customers/data_request", "export_asked", None, True), ("customers/redact", "erasure_asked", None, True),
    ]  # fmt: skip
    assert await platform.inbox() == [*inbox, ("customers/redact", "nothing_held", None, True)]
    assert await canary.events() == told
    assert len(await platform.requests()) == 2


async def test_a_store_that_left_is_called_no_more_and_everybody_goes_after_the_grace(
    canary: Canary, platform: Platform
) -> None:
    await canary.known_everywhere()
    other = await canary.house.an_order(customer="Bo Fremd", email="bo.fremd@else.example")
    waiting_for = await canary.house.ask(other, {0: 1})
    sums = await canary.sums()

    await platform.send("shop/redact")
    (store,) = await platform.requests()
    early = await canary.work(store.id)
    canary.at = now() + timedelta(days=14)
    for request in [await canary.work(store.id), *await platform.requests()]:
        if request.kind is RequestKind.ERASURE:
            await canary.work(request.id)
    held_up = await canary.request(store.id)
    await canary.house.do(lambda db: _cancelled(db, waiting_for))
    await canary.later(LOOK_AGAIN)
    for request in await platform.requests():
        if request.kind is RequestKind.ERASURE:
            await canary.work(request.id)
    await canary.later(LOOK_AGAIN)
    unread = await canary.received(b"of nobody", done=False)
    done = await canary.work(store.id)
    await platform.send("shop/redact")

    assert (early.state, early.why) == (RequestState.WAITING, "grace")
    assert (held_up.why, held_up.facts) == ("people_left", {"people": 2})
    assert done.state is RequestState.DONE
    assert await canary.found() == {}
    assert await canary.found(["bo.fremd@else.example", "Bo Fremd"]) == {}
    changed = await canary.sums()
    assert {key: changed[key] for key in ("postings", "accounts", "captures", "settlements")} == {
        key: sums[key] for key in ("postings", "accounts", "captures", "settlements")
    }
    async with canary.house.web.tx(canary.house.tenant) as db:
        left = await db.fetchrow("SELECT body_sealed, outcome, done_at IS NOT NULL FROM inbox WHERE id = $1", unread)
        assert tuple((left or {}).values()) == (None, "forgotten", True), "nobody works on a body that is gone"
        state = await db.fetchrow("SELECT state, sealed_read FROM connection WHERE id = $1", canary.house.connection)
    assert tuple((state or {}).values()) == ("disconnected", None)


@pytest.mark.parametrize("state", ["connected", "needs_reconnect", "disconnected"])
async def test_people_of_another_shop_that_is_still_connected_are_none_of_the_shops_that_left(
    canary: Canary, platform: Platform, state: str
) -> None:
    house = canary.house
    both = [await canary.an_order(), await canary.an_order()]
    leaving = await house.an_order(customer="Bo Fremd", email="bo.fremd@else.example")
    orderless, other = new_id(), new_id()
    async with house.web.tx(house.tenant) as db:
        await db.execute(
            "INSERT INTO connection (tenant_id, id, store_id, platform, far_name, base_url, state)"
            " VALUES (current_tenant(), $1, $2, 'shopify', 'other.myshopify.com', 'http://x', $3)",
            other, house.store, state,
        )  # fmt: skip
        await db.execute(
            "UPDATE sales_order SET connection_id = $1, person_id = $2 WHERE id = $3",
            other,
            canary.person_id,
            both[1].id,
        )
        await db.execute(
            "INSERT INTO person (tenant_id, id, store_id, email, email_folded, sealed_key)"
            " VALUES (current_tenant(), $1, $2, 'no@order.example', 'no@order.example', 'x')",
            orderless, house.store,
        )  # fmt: skip

    await platform.send("shop/redact")
    canary.at = now() + timedelta(days=14)
    (store,) = await platform.requests()
    await canary.work(store.id)
    asked = {request.person_id for request in await platform.requests() if request.kind is RequestKind.ERASURE}
    for request in await platform.requests():
        if request.kind is RequestKind.ERASURE:
            await canary.work(request.id)
    await canary.later(LOOK_AGAIN)
    done = await canary.work(store.id)

    everybody = {leaving.person_id, *(order.person_id for order in both), orderless}
    assert asked == (everybody if state == "disconnected" else {leaving.person_id})
    assert done.state is RequestState.DONE


async def test_a_mailbox_is_no_other_shop(canary: Canary, platform: Platform) -> None:
    await canary.an_order()
    async with canary.house.web.tx(canary.house.tenant) as db:
        await db.execute(
            "INSERT INTO connection (tenant_id, id, store_id, platform, far_name, base_url)"
            " VALUES (current_tenant(), $1, $2, 'mailbox', 'Returns', 'imap://x')",
            new_id(), canary.house.store,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO person (tenant_id, id, store_id, email, email_folded, sealed_key)"
            " VALUES (current_tenant(), $1, $2, 'no@order.example', 'no@order.example', 'x')",
            new_id(), canary.house.store,
        )  # fmt: skip

    await platform.send("shop/redact")
    canary.at = now() + timedelta(days=14)
    (store,) = await platform.requests()
    await canary.work(store.id)

    assert len([one for one in await platform.requests() if one.kind is RequestKind.ERASURE]) == 2


async def test_a_store_that_came_back_within_the_grace_keeps_its_people(canary: Canary, platform: Platform) -> None:
    await canary.an_order()
    await platform.send("shop/redact")
    async with canary.house.web.tx(canary.house.tenant) as db:
        await db.execute("UPDATE connection SET state = 'connected'")

    canary.at = now() + timedelta(days=14)
    (store,) = await platform.requests()
    ended = await canary.work(store.id)

    assert (ended.state, ended.why) == (RequestState.CANCELLED, "reconnected")
    assert "person.email" in await canary.found()


async def test_nobody_known_is_answered_and_the_body_is_not_kept(canary: Canary, platform: Platform) -> None:
    stranger = await canary.house.control(
        "orders", {"lines": [{"sku": "X", "price": "1.00", "quantity": 1}], "email": "who@else.example"}
    )

    await platform.send("customers/data_request", order=stranger["id"])

    assert await platform.requests() == []
    assert await platform.inbox() == [("customers/data_request", "nothing_held", None, True)]


async def test_a_body_of_another_shop_or_topic_erases_nobody(canary: Canary, platform: Platform) -> None:
    await canary.an_order()
    shop = canary.house.sandbox.shop
    real, shop.domain = shop.domain, "another.myshopify.com"
    await platform.send("customers/redact", order=canary.orders[0].order.name)
    shop.domain = real

    assert await platform.requests() == []
    assert await platform.inbox() == [("customers/redact", "refused", "another_shop", False)]
    body = json.dumps({"shop_id": 1, "shop_domain": real, "customer": {"id": 1}, "data_request": {"id": 2}}).encode()
    for topic in ("customers/redact", "shop/redact"):
        with pytest.raises(Refused) as refused:
            privacy_ask(topic, body, shop=real)
        assert refused.value.code == "malformed_webhook"


async def test_a_forged_request_is_answered_401_and_leaves_no_trace(canary: Canary, platform: Platform) -> None:
    await canary.an_order()
    canary.house.sandbox.shop.settings.webhook_secret = "guessed"

    await platform.send("customers/redact", order=canary.orders[0].order.name)

    assert canary.house.sandbox.office.counts["failed"] == 1
    assert (await platform.requests(), await platform.inbox()) == ([], [])


async def test_what_the_sandbox_sends_satisfies_the_published_schemas(canary: Canary, platform: Platform) -> None:
    if not SCHEMAS.is_dir():
        pytest.skip("published contracts are not present")
    await canary.an_order()
    for topic in ("customers/data_request", "customers/redact"):
        sent = await platform.send(topic, order=canary.orders[0].order.name)
        schema = json.loads((SCHEMAS / "webhook_schemas" / f"{topic}.json").read_text())
        jsonschema_rs.validator_for(schema).validate(sent["body"])


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("customers/data_request", RequestKind.EXPORT),
        ("customers/redact", RequestKind.ERASURE),
        ("shop/redact", RequestKind.STORE_ERASURE),
    ],
)
def test_the_published_examples_are_read(topic: str, kind: RequestKind) -> None:
    path = SCHEMAS / "webhook_examples" / f"{topic}.json"
    if not path.is_file():
        pytest.skip("published contracts are not present")
    body = json.loads(path.read_text())["response"]

    ask = privacy_ask(topic, json.dumps(body).encode(), shop="{SHOP}.myshopify.com")

    assert ask.kind is kind
    if kind is not RequestKind.STORE_ERASURE:
        assert (ask.customer_ref, ask.email, ask.phone) == (
            "gid://shopify/Customer/191167", "john@example.com", "555-625-1199",
        )  # fmt: skip
        assert ask.order_refs == tuple(f"gid://shopify/Order/{n}" for n in (299938, 280263, 220458))
        assert ask.request_ref == ("9999" if kind is RequestKind.EXPORT else None)


async def test_a_connection_that_is_over_takes_these_topics_and_no_other(canary: Canary, platform: Platform) -> None:
    await canary.an_order()
    async with canary.house.web.tx(canary.house.tenant) as db:
        await db.execute("UPDATE connection SET state = 'disconnected'")
    office = canary.house.sandbox.office

    await platform.send("customers/redact", order=canary.orders[0].order.name)
    taken = (office.counts["delivered"], office.counts["failed"])
    await canary.house.control("webhooks", {"subscribe": [platform.url]})
    await canary.an_order()

    async def answered() -> bool:
        return not office.tasks

    await until(answered)
    assert taken == (1, 0)
    assert (office.counts["delivered"], office.counts["failed"] > 0) == (1, True)
    assert [row[:2] for row in await platform.inbox()] == [("customers/redact", "erasure_asked")]


async def _cancelled(db: Any, rma_id: UUID) -> None:
    from retour.flows import rma

    await rma.cancel(db, rma_id=rma_id, actor="agent", now=now())
