"""What the sandbox sends: signed webhooks and tracking events, and how they go astray."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2

from tests.sandbox.desk import Inbox, a_sandbox, an_inbox, an_order, refund_wish, serving

Story = Callable[[httpx2.AsyncClient, Inbox], Awaitable[None]]
SUBSCRIBE = """mutation ($t: WebhookSubscriptionTopic!, $u: String!) {
  webhookSubscriptionCreate(topic: $t, webhookSubscription: {uri: $u, format: JSON}) {
    webhookSubscription { id topic uri apiVersion { handle } } userErrors { field message } } }"""


def _tell(app: Any, story: Story) -> None:
    async def run() -> None:
        headers = {"X-Shopify-Access-Token": "sandbox-token"}
        async with (
            an_inbox() as inbox,
            serving(app) as base,
            httpx2.AsyncClient(base_url=base, headers=headers, timeout=5) as client,
        ):
            await story(client, inbox)

    asyncio.run(run())


async def _gql(client: httpx2.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    answer = await client.post("/admin/api/2026-10/graphql.json", json={"query": query, "variables": variables})
    return answer.json()  # type: ignore[no-any-return]


async def _subscribe(client: httpx2.AsyncClient, inbox: Inbox, topic: str) -> None:
    answer = await _gql(client, SUBSCRIBE, t=topic, u=inbox.url)
    assert answer["data"]["webhookSubscriptionCreate"]["userErrors"] == []


async def _tag(client: httpx2.AsyncClient, order: dict[str, Any], tag: str) -> None:
    query = "mutation ($id: ID!, $t: [String!]!) { tagsAdd(id: $id, tags: $t) { userErrors { message } } }"
    await _gql(client, query, id=order["id"], t=[tag])


def _tags(inbox: Inbox) -> list[str]:
    return [json.loads(body)["tags"] for _, body in inbox.got]


def test_a_webhook_is_signed_over_its_raw_body_and_names_itself() -> None:
    app = a_sandbox(webhook_secret="hush")
    order = an_order(app)

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        await _subscribe(client, inbox, "REFUNDS_CREATE")
        wish = refund_wish(order, "1.00")
        query = 'mutation ($in: RefundInput!) { refundCreate(input: $in) @idempotent(key: "k") { refund { id } } }'
        await _gql(client, query, **{"in": wish})
        await inbox.wait_for(1)
        headers, body = inbox.got[0]
        expected = base64.b64encode(hmac.new(b"hush", body, hashlib.sha256).digest()).decode()
        assert headers["x-shopify-hmac-sha256"] == expected
        assert headers["x-shopify-topic"] == "refunds/create"
        assert headers["x-shopify-shop-domain"] == "sandbox.myshopify.com"
        assert headers["x-shopify-api-version"] == "2026-10"
        assert {"x-shopify-webhook-id", "x-shopify-event-id", "x-shopify-triggered-at"} <= set(headers)
        assert json.loads(body)["note"] == "RMA-1 / 7d1f4d0e"

    _tell(app, story)


def test_webhooks_can_be_doubled_turned_around_and_lost() -> None:
    app = a_sandbox()
    order = an_order(app)

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        await _subscribe(client, inbox, "ORDERS_UPDATED")
        await client.post("/_sandbox/webhooks", json={"duplicate": 1})
        await _tag(client, order, "a")
        await inbox.wait_for(2)
        ids = [headers["x-shopify-webhook-id"] for headers, _ in inbox.got]
        assert ids[0] == ids[1]

        await client.post("/_sandbox/webhooks", json={"duplicate": 0, "drop": 1})
        await _tag(client, order, "b")
        await client.post("/_sandbox/webhooks", json={"reorder": 2})
        await _tag(client, order, "c")
        await _tag(client, order, "d")
        await inbox.wait_for(4)
        assert _tags(inbox) == ["a", "a", "a, b, c, d", "a, b, c"]
        counts = (await client.get("/_sandbox/webhooks")).json()["counts"]
        assert (counts["made"], counts["dropped"]) == (4, 1)

        await client.post("/_sandbox/webhooks", json={"reorder": 0, "delay_s": 0.05})
        await _tag(client, order, "e")
        assert len(inbox.got) == 4
        await inbox.wait_for(5)

    _tell(app, story)


def test_a_failing_address_is_tried_again_with_the_same_ids_and_body() -> None:
    app = a_sandbox(webhook_retry_s=0.01)
    order = an_order(app)

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        await _subscribe(client, inbox, "ORDERS_UPDATED")
        inbox.status = 500
        await _tag(client, order, "a")
        await inbox.wait_for(2)
        inbox.status = 200
        await inbox.wait_for(3)
        assert len({headers["x-shopify-webhook-id"] for headers, _ in inbox.got}) == 1
        assert len({body for _, body in inbox.got}) == 1

    _tell(app, story)


def test_a_subscription_dies_after_eight_failures() -> None:
    app = a_sandbox(webhook_retry_s=0.001)
    order = an_order(app)

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        await _subscribe(client, inbox, "ORDERS_UPDATED")
        inbox.status = 302
        await _tag(client, order, "a")
        await inbox.wait_for(8)
        async with asyncio.timeout(5):
            while app.shop.subscriptions:
                await client.get("/_sandbox/webhooks")
        seen = await _gql(client, "{ webhookSubscriptions(first: 5) { nodes { id } } }")
        assert seen["data"]["webhookSubscriptions"]["nodes"] == []
        assert len(inbox.got) == 8

    _tell(app, story)


def test_the_same_topic_and_address_is_taken() -> None:
    app = a_sandbox()

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        await _subscribe(client, inbox, "ORDERS_UPDATED")
        answer = await _gql(client, SUBSCRIBE, t="ORDERS_UPDATED", u=inbox.url)
        errors = answer["data"]["webhookSubscriptionCreate"]["userErrors"]
        assert errors[0]["message"] == "Address for this topic has already been taken"
        assert len(app.shop.subscriptions) == 1

    _tell(app, story)


def test_a_parcel_reports_every_scan_with_a_signature() -> None:
    app = a_sandbox()

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        await client.post("/carrier/settings", json={"url": inbox.url, "secret": "hush"})
        made = (await client.post("/carrier/labels", json={"reference": "R-10001"})).json()
        number = made["tracking_number"]
        scanned = await client.post(f"/carrier/parcels/{number}/scan", json={"status": "in_transit"})
        await inbox.wait_for(1)
        headers, body = inbox.got[0]
        signed = headers["x-carrier-timestamp"].encode() + b"." + body
        assert headers["x-carrier-signature"] == hmac.new(b"hush", signed, hashlib.sha256).hexdigest()
        assert headers["x-carrier-event-id"] == scanned.json()["id"]
        assert json.loads(body)["reference"] == "R-10001"
        parcel = (await client.get(f"/carrier/parcels/{number}")).json()
        assert (parcel["status"], len(parcel["events"])) == ("in_transit", 1)
        assert (await client.get(made["label_url"])).headers["content-type"] == "application/pdf"

    _tell(app, story)


def test_tracking_events_can_be_doubled_and_wrong_ones_are_refused() -> None:
    app = a_sandbox()

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        await client.post("/carrier/settings", json={"url": inbox.url, "duplicate": 1})
        number = (await client.post("/carrier/labels", json={})).json()["tracking_number"]
        refused = await client.post(f"/carrier/parcels/{number}/scan", json={"status": "teleported"})
        unknown = await client.post("/carrier/parcels/NOPE/scan", json={"status": "in_transit"})
        await client.post(f"/carrier/parcels/{number}/scan", json={"status": "delivered"})
        await inbox.wait_for(2)
        assert (refused.status_code, unknown.status_code) == (422, 404)
        assert [json.loads(body)["status"] for _, body in inbox.got] == ["delivered", "delivered"]

    _tell(app, story)


def test_a_pending_refund_ends_by_itself_and_says_so() -> None:
    app = a_sandbox(refund_pending="FAILURE", refund_pending_s=0.05)
    order = an_order(app)

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        await _subscribe(client, inbox, "ORDER_TRANSACTIONS_CREATE")
        query = 'mutation ($in: RefundInput!) { refundCreate(input: $in) @idempotent(key: "k") { refund { id } } }'
        await _gql(client, query, **{"in": refund_wish(order, "1.00")})
        await inbox.wait_for(1)
        assert json.loads(inbox.got[0][1])["status"] == "failure"

    _tell(app, story)
