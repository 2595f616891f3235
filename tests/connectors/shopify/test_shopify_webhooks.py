"""Inbound deliveries: authentic over the raw bytes, and read as a hint."""

import base64
import gzip
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retour.connectors.shopify import ShopifyInbound
from retour.core.errors import Refused
from retour.core.ports import InboxEvent

NOW = datetime(2026, 10, 20, tzinfo=UTC)
INBOUND = ShopifyInbound()
EXAMPLES = Path(__file__).resolve().parents[3].parent / "shared" / "contracts" / "shopify" / "webhook_examples"
BODY = '{"id": 9, "admin_graphql_api_id": "gid://shopify/Refund/9", "order_id": 1, "note": "ü"}'.encode()


def _signed(body: bytes, secret: bytes) -> dict[str, str]:
    digest = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
    return {"X-Shopify-Hmac-SHA256": digest}


@pytest.mark.parametrize("secret", [b"new", b"old"])
def test_either_secret_of_a_rotation_is_accepted(secret: bytes) -> None:
    assert INBOUND.verify(_signed(BODY, secret), BODY, [b"new", b"old"], NOW)


@pytest.mark.parametrize(
    ("headers", "raw", "secrets"),
    [
        (_signed(BODY, b"other"), BODY, [b"new", b"old"]),
        (_signed(BODY, b"new"), BODY + b" ", [b"new"]),
        (_signed(BODY, b"new"), json.dumps(json.loads(BODY)).encode(), [b"new"]),
        ({}, BODY, [b"new"]),
        ({"x-shopify-hmac-sha256": "ünï"}, BODY, [b"new"]),
        (_signed(BODY, b"new"), BODY, []),
    ],
    ids=["foreign secret", "one byte more", "same JSON other bytes", "no signature", "not ASCII", "no secret"],
)
def test_anything_else_is_not_authentic(headers: dict[str, str], raw: bytes, secrets: list[bytes]) -> None:
    assert not INBOUND.verify(headers, raw, secrets, NOW)


def test_header_names_are_read_in_any_case() -> None:
    assert INBOUND.verify({"x-SHOPIFY-hmac-sha256": _signed(BODY, b"k")["X-Shopify-Hmac-SHA256"]}, BODY, [b"k"], NOW)


def test_a_delivery_is_read_as_a_hint() -> None:
    headers = {
        "X-Shopify-Topic": "refunds/create",
        "X-Shopify-Event-Id": "e-1",
        "X-Shopify-Webhook-Id": "w-1",
        "X-Shopify-Triggered-At": "2026-10-20T09:00:00.123Z",
        "X-Shopify-Shop-Domain": "fjord.example.test",
        "X-Shopify-API-Version": "2026-10",
    }

    assert INBOUND.parse(headers, BODY) == InboxEvent(
        event_id="refunds/create:e-1",
        topic="refunds/create",
        occurred_at=datetime(2026, 10, 20, 9, 0, 0, 123_000, tzinfo=UTC),
        object_ref="gid://shopify/Refund/9",
        order_ref="gid://shopify/Order/1",
        facts={"note": "ü", "shop_domain": "fjord.example.test", "api_version": "2026-10"},
    )


def test_without_event_id_the_webhook_id_and_then_the_body_tells_deliveries_apart() -> None:
    by_webhook = INBOUND.parse({"X-Shopify-Topic": "t/x", "X-Shopify-Webhook-Id": "w-1"}, b"{}")
    by_body = INBOUND.parse({"X-Shopify-Topic": "t/x"}, b"{}")

    assert (by_webhook.event_id, by_body.event_id) == ("t/x:w-1", f"t/x:{hashlib.sha256(b'{}').hexdigest()}")


@pytest.mark.parametrize(
    ("topic", "body", "order"),
    [
        ("orders/updated", {"id": 5, "admin_graphql_api_id": "gid://shopify/Order/5"}, "gid://shopify/Order/5"),
        ("orders/delete", {"id": 5}, "gid://shopify/Order/5"),
        ("orders/edited", {"order_edit": {"order_id": 5}}, "gid://shopify/Order/5"),
        ("returns/approve", {"order": {"admin_graphql_api_id": "gid://shopify/Order/5"}}, "gid://shopify/Order/5"),
        ("returns/close", {"order_id": 5}, "gid://shopify/Order/5"),
        ("inventory_levels/update", {"inventory_item_id": 1}, None),
        ("returns/process", {}, None),
    ],
)
def test_the_order_is_found_where_each_topic_names_it(topic: str, body: dict[str, object], order: str | None) -> None:
    assert INBOUND.parse({"X-Shopify-Topic": topic}, json.dumps(body).encode()).order_ref == order


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nope",
        b"[]",
        b"\xff",
        b"[" * 200_000,
        b'{"a":"' + b"x" * (5 * 1024 * 1024) + b'"}',
        gzip.compress(b"{}", mtime=0),
    ],
)
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        INBOUND.parse({"X-Shopify-Topic": "orders/updated"}, raw)

    assert refused.value.code == "malformed_webhook"


def test_a_delivery_without_topic_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        INBOUND.parse({}, b"{}")

    assert refused.value.code == "malformed_webhook"


def test_every_published_example_is_read() -> None:
    if not EXAMPLES.exists():
        pytest.skip("published contracts are not present")
    for file in EXAMPLES.glob("*/*.json"):
        example = json.loads(file.read_text())
        event = INBOUND.parse({"X-Shopify-Topic": example["name"]}, json.dumps(example.get("response") or {}).encode())
        assert event.topic == example["name"]
        body = example.get("response") or {}
        if example["name"].split("/")[0] in ("orders", "refunds") and (body.get("id") or body.get("order_edit")):
            assert event.order_ref is not None, file
