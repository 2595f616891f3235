"""The platform's three mandatory privacy webhooks, read: whose data, by its own refs."""

import json
from collections.abc import Mapping
from typing import Any, Final

from retour.core.errors import Refused
from retour.core.privacy import PlatformAsk, RequestKind

from .reading import one, text

KINDS: Final = {
    "customers/data_request": RequestKind.EXPORT,
    "customers/redact": RequestKind.ERASURE,
    "shop/redact": RequestKind.STORE_ERASURE,
}
# The topic stands in a header that nobody signed, so the body has to be of that kind too: (has, has not).
_SIGNED: Final = {
    RequestKind.EXPORT: ("data_request", "orders_to_redact"),
    RequestKind.ERASURE: ("orders_to_redact", "data_request"),
    RequestKind.STORE_ERASURE: ("shop_id", "customer"),
}
_MOST: Final = 10_000  # orders of one customer


def privacy_ask(topic: str, raw: bytes, *, shop: str) -> PlatformAsk:
    """Return what the platform hands on about the shop of that domain; raise Refused(malformed_webhook, another_shop).

    One secret may sign for many shops, so a body of another shop says nothing about this one.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed_webhook", "the body is not JSON") from error
    kind = KINDS[topic]
    has, has_not = _SIGNED[kind]
    if not isinstance(body, dict) or has not in body or has_not in body:
        raise Refused("malformed_webhook", "the body is not of that topic")
    if (text(body, "shop_domain") or "").casefold() != shop.casefold():
        raise Refused("another_shop", "the body is about another shop")
    return _ask(kind, body)


def _ask(kind: RequestKind, body: Mapping[str, Any]) -> PlatformAsk:
    if kind is RequestKind.STORE_ERASURE:
        return PlatformAsk(kind)
    customer, orders = (
        one(body, "customer"),
        body.get("orders_requested" if kind is RequestKind.EXPORT else "orders_to_redact"),
    )
    listed = orders if isinstance(orders, list) else []
    number = one(body, "data_request").get("id")
    return PlatformAsk(
        kind,
        customer_ref=_gid("Customer", customer.get("id")),
        email=text(customer, "email"),
        phone=text(customer, "phone"),
        order_refs=tuple(ref for ref in (_gid("Order", order) for order in listed[:_MOST]) if ref),
        request_ref=str(number) if isinstance(number, int) else None,
    )


def _gid(name: str, number: object) -> str | None:
    whole = isinstance(number, int) and not isinstance(number, bool)
    return f"gid://shopify/{name}/{number}" if whole else None
