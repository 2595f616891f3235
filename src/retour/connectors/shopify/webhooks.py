"""Inbound webhooks of the platform: authentic or not, and what they hint at."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from retour.core.errors import Refused
from retour.core.ports import InboxEvent

from .translate.reading import instant, one, text

BODY_LIMIT: Final = 5 * 1024 * 1024  # bytes; the largest order documents stay far below
_FACTS: Final = ("status", "kind", "available", "quantity", "note", "financial_status")


class ShopifyInbound:
    """The inbound half of the connector: pure, all that the web process knows of the platform."""

    platform = "shopify"

    def verify(self, headers: Mapping[str, str], raw: bytes, secrets: Sequence[bytes], now: datetime) -> bool:  # noqa: ARG002
        """Return whether one of the secrets signed the raw bytes; every secret is tried, in constant time each.

        The signature is base64 of HMAC-SHA256 over the body alone (shopify.dev/docs/apps/build/webhooks); no time is
        signed, so replays are told apart by event id.
        """
        given = _lower(headers).get("x-shopify-hmac-sha256", "").encode("utf-8", "replace")
        authentic = False
        for secret in secrets:
            wanted = base64.b64encode(hmac.new(secret, raw, hashlib.sha256).digest())
            authentic |= hmac.compare_digest(wanted, given)
        return authentic

    def parse(self, headers: Mapping[str, str], raw: bytes) -> InboxEvent:
        """Return what the delivery says; raise Refused(malformed_webhook).

        Two topics of one change share the platform's event id, so the topic is part of ours.
        """
        known = _lower(headers)
        topic = known.get("x-shopify-topic", "")
        if not topic:
            raise Refused("malformed_webhook", "the delivery names no topic")
        body = _body(raw)
        far_id = known.get("x-shopify-event-id") or known.get("x-shopify-webhook-id")
        event_id = far_id or hashlib.sha256(raw).hexdigest()
        facts = {name: str(body[name])[:200] for name in _FACTS if isinstance(body.get(name), str | int)}
        facts |= {
            name: known[header]
            for name, header in (("shop_domain", "x-shopify-shop-domain"), ("api_version", "x-shopify-api-version"))
            if header in known
        }
        return InboxEvent(
            event_id=f"{topic}:{event_id}",
            topic=topic,
            occurred_at=instant(known.get("x-shopify-triggered-at")),
            object_ref=text(body, "admin_graphql_api_id"),
            order_ref=_order_ref(topic, body),
            facts=facts,
        )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _body(raw: bytes) -> Mapping[str, Any]:
    if len(raw) > BODY_LIMIT:
        raise Refused("malformed_webhook", "the body is too large")
    try:
        body = json.loads(raw, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed_webhook", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refused("malformed_webhook", "the body is not a JSON object")
    return body


def _order_ref(topic: str, body: Mapping[str, Any]) -> str | None:
    """Return the order a delivery is about; bodies name it in four ways."""
    if topic == "orders/edited":
        return _gid(one(body, "order_edit").get("order_id"))
    if topic.startswith("orders/"):
        ref = text(body, "admin_graphql_api_id") or text(body, "admin_graphql_api_order_id")
        return ref or _gid(body.get("id")) or _gid(body.get("order_id"))
    order = one(body, "order")
    return text(order, "admin_graphql_api_id") or _gid(body.get("order_id")) or _gid(order.get("id"))


def _gid(number: object) -> str | None:
    whole = isinstance(number, int) and not isinstance(number, bool)
    return f"gid://shopify/Order/{number}" if whole else None
