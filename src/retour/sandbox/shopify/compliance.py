"""The three privacy webhooks that every app gets: not subscribed to, but named in the app's own configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retour.sandbox.shopify.state import number_of

if TYPE_CHECKING:
    from retour.sandbox.shopify.model import Customer
    from retour.sandbox.shopify.state import Shop

TOPICS = ("customers/data_request", "customers/redact", "shop/redact")


def customer_of(shop: Shop, customer: str | None, order: str | None) -> Customer | None:
    """Return the customer of that id, or of the order of that id or name; nothing if neither is given."""
    if customer is not None:
        return shop.customers[customer]
    if order is None:
        return None
    found = next((o for o in shop.orders.values() if order in {o.id, o.name}), None)
    if found is None:
        raise ValueError("unknown order")
    return found.customer


def body(shop: Shop, topic: str, customer: Customer | None, *, request: int) -> dict[str, Any]:
    """Return the body of a topic: the shop alone, or a customer with their orders."""
    if topic not in TOPICS:
        raise ValueError(f"one of {', '.join(TOPICS)}")
    about: dict[str, Any] = {"shop_id": 954889, "shop_domain": shop.domain}
    if topic == "shop/redact":
        return about
    if customer is None:
        raise ValueError("name a customer or an order")
    orders = [o.legacy_resource_id for o in shop.orders.values() if o.customer is customer]
    about["customer"] = {"id": number_of(customer.id), "email": customer.email or "", "phone": customer.phone or ""}
    if topic == "customers/redact":
        return about | {"orders_to_redact": orders}
    return about | {"orders_requested": orders, "data_request": {"id": int(request)}}
