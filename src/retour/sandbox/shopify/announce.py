"""Webhooks: thin REST-shaped bodies, signed, retried, from a subscription that dies of failures."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime
from typing import Any

from retour.sandbox.posting import PostOffice, post
from retour.sandbox.shopify.model import Order, Refund, Return
from retour.sandbox.shopify.money import Bag, text
from retour.sandbox.shopify.state import Shop, Subscription, number_of


def topic_name(topic: str) -> str:
    """Return the header's spelling of a topic: RETURNS_REQUEST becomes returns/request."""
    for head in ("INVENTORY_LEVELS", "ORDER_TRANSACTIONS", "REVERSE_DELIVERIES", "REVERSE_FULFILLMENT_ORDERS"):
        if topic.startswith(head + "_"):
            return f"{head.lower()}/{topic[len(head) + 1 :].lower()}"
    head, _, tail = topic.partition("_")
    return f"{head.lower()}/{tail.lower()}"


def sign(body: bytes, secret: str) -> str:
    """Return the signature: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


class Announcer:
    """Turns what happened into deliveries."""

    def __init__(self, office: PostOffice) -> None:
        self._office = office

    def flush(self, shop: Shop) -> None:
        """Hand in a delivery for every subscriber of what has happened since the last call."""
        news, shop.outbox = shop.outbox, []
        for topic, about in news:
            for subscription in [s for s in shop.subscriptions.values() if s.topic == topic]:
                body = json.dumps(_body(topic, about), separators=(",", ":")).encode()
                about.setdefault("event_id", str(uuid.uuid4()))
                self._hand_in(shop, subscription, topic, body, about["event_id"])

    def comply(
        self, shop: Shop, topic: str, body: dict[str, Any], to: list[str], *, event_id: str | None = None
    ) -> str:
        """Hand in a privacy webhook for each address and return its event id; no subscription lives or dies of it."""
        raw, event = json.dumps(body, separators=(",", ":")).encode(), event_id or str(uuid.uuid4())
        for address in to:
            self._office.hand_in(functools.partial(self._once, address, _headers(shop, topic, raw, event), raw))
        return event

    async def _once(self, address: str, headers: dict[str, str], body: bytes) -> None:
        try:
            status = await post(address, headers, body)
        except (OSError, TimeoutError):
            status = 0
        self._office.counts["delivered" if 200 <= status < 300 else "failed"] += 1

    def _hand_in(self, shop: Shop, subscription: Subscription, topic: str, body: bytes, event_id: str) -> None:
        headers = _headers(shop, topic_name(topic), body, event_id)

        async def parcel() -> None:
            await self._deliver(shop, subscription, headers, body)

        self._office.hand_in(parcel)

    async def _deliver(self, shop: Shop, subscription: Subscription, headers: dict[str, str], body: bytes) -> None:
        for attempt in range(shop.settings.webhook_tries):
            if subscription.id not in shop.subscriptions:
                return
            if attempt:
                await asyncio.sleep(shop.settings.webhook_retry_s)
            try:
                status = await post(subscription.uri, headers, body)
            except (OSError, TimeoutError):
                status = 0
            if 200 <= status < 300:
                subscription.failures = 0
                self._office.counts["delivered"] += 1
                return
            self._office.counts["failed"] += 1
            subscription.failures += 1
            if subscription.failures >= shop.settings.webhook_failures_until_deleted:
                if shop.subscriptions.pop(subscription.id, None) is not None:
                    self._office.counts["subscriptions_deleted"] += 1
                return


def _headers(shop: Shop, topic: str, body: bytes, event_id: str) -> dict[str, str]:
    return {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-SHA256": sign(body, shop.settings.webhook_secret),
        "X-Shopify-Shop-Domain": shop.domain,
        "X-Shopify-API-Version": shop.settings.version,
        "X-Shopify-Webhook-Id": str(uuid.uuid4()),
        "X-Shopify-Event-Id": event_id,
        "X-Shopify-Triggered-At": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }


def _body(topic: str, about: dict[str, Any]) -> dict[str, Any]:
    if "order" in about:
        return _order(about["order"])
    if "refund" in about:
        return _refund(about["refund"])
    if "item" in about:
        item, place = about["item"], about["location"]
        return {
            "inventory_item_id": number_of(item.id),
            "location_id": number_of(place.id),
            "available": item.levels[place.id]["available"],
            "updated_at": _when(item.updated_at[place.id]),
            "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{number_of(place.id)}"
            f"?inventory_item_id={number_of(item.id)}",
        }
    if "transaction" in about:
        t = about["transaction"]
        return {
            "id": number_of(t.id),
            "admin_graphql_api_id": t.id,
            "order_id": number_of(t.order.id),
            "kind": t.kind.lower(),
            "gateway": t.gateway,
            "status": t.status.lower(),
            "amount": text(t.amount.amount),
            "currency": t.order.presentment_currency_code,
            "error_code": t.error_code,
        }
    return _return(topic, about)


def _when(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _set(bag: Bag) -> dict[str, Any]:
    return {
        name: {"amount": text(money.amount), "currency_code": money.currency_code}
        for name, money in (("shop_money", bag.shop_money), ("presentment_money", bag.presentment_money))
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.legacy_resource_id,
        "admin_graphql_api_id": order.id,
        "name": order.name,
        "order_number": order.number,
        "email": order.email,
        "phone": order.phone,
        "note": order.note,
        "created_at": _when(order.created_at),
        "updated_at": _when(order.updated_at),
        "currency": order.currency_code,
        "presentment_currency": order.presentment_currency_code,
        "taxes_included": order.taxes_included,
        "total_price": text(order.total_price.shop_money.amount),
        "total_price_set": _set(order.total_price),
        "total_tax_set": _set(order.total_tax),
        "tags": ", ".join(order.tags),
        "line_items": [
            {"id": number_of(i.id), "admin_graphql_api_id": i.id, "sku": i.sku, "quantity": i.quantity}
            for i in order.line_items
        ],
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "id": number_of(refund.id),
        "admin_graphql_api_id": refund.id,
        "order_id": number_of(refund.order.id),
        "created_at": _when(refund.created_at),
        "note": refund.note,
        "return": {"admin_graphql_api_id": refund.for_return.id} if refund.for_return else None,
        "refund_line_items": [
            {
                "id": number_of(row.id),
                "line_item_id": number_of(row.line_item.id),
                "quantity": row.quantity,
                "restock_type": row.restock_type.lower(),
                "subtotal_set": _set(row.subtotal),
                "total_tax_set": _set(row.total_tax),
            }
            for row in refund.lines
        ],
        "transactions": [
            {"id": number_of(t.id), "status": t.status.lower(), "amount": text(t.amount.amount)}
            for t in refund.transactions
        ],
    }


def _return(topic: str, about: dict[str, Any]) -> dict[str, Any]:
    ret: Return = about["ret"]
    order = {"id": number_of(ret.order.id), "admin_graphql_api_id": ret.order.id}
    if topic == "RETURNS_PROCESS":
        return {"admin_graphql_api_id": ret.id}
    if "removed" in about:
        rows = [{"admin_graphql_api_id": gid, "delta": quantity} for gid, quantity in about["removed"]]
        nothing: dict[str, Any] = {"updates": [], "removals": []}
        fees = {"restocking_fees": nothing, "return_shipping_fees": nothing}
        return {"admin_graphql_api_id": ret.id, "return_line_items": {"removals": rows}, **fees}
    if "delivery" in about:
        made = about["delivery"]
        tracking = {"tracking_number": made.tracking["number"], "carrier_name": None} if made.tracking else None
        return {
            "id": number_of(made.id),
            "admin_graphql_api_id": made.id,
            "return": {"admin_graphql_api_id": ret.id},
            "shipping_deliverable": {"tracking": tracking, "label": {"public_file_url": made.label_url}},
        }
    if "placed" in about:
        rows = [
            {
                "reverse_fulfillment_order_line_item": {"admin_graphql_api_id": row.id},
                "type": d.type.lower(),
                "location": {"admin_graphql_api_id": d.location.id} if d.location else None,
                "quantity": d.quantity,
            }
            for row, d in about["placed"]
        ]
        gid = ret.reverse_orders[-1].id
        return {"id": number_of(gid), "admin_graphql_api_id": gid, "dispositions": rows}
    return {
        "id": number_of(ret.id),
        "admin_graphql_api_id": ret.id,
        "status": ret.status.lower(),
        "order": order,
        "name": ret.name,
        "total_return_line_items": sum(line.quantity for line in ret.lines),
    }
