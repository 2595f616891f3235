"""What the shop knows of its customers, its goods and the trust in an order, beside money and stock."""

from __future__ import annotations

from typing import Any

from retour.sandbox.shopify.model import Customer, InventoryItem, Order
from retour.sandbox.shopify.money import Money, rounded
from retour.sandbox.shopify.state import Shop

_ADVICE = {"HIGH": "CANCEL", "MEDIUM": "INVESTIGATE", "LOW": "ACCEPT"}


def risk(order: Order, _: object) -> dict[str, Any]:
    """Return the assessments of an order: one, or none while nobody looked."""
    level = order.risk_level
    return {
        "assessments": [{"riskLevel": level}] if level else [],
        "recommendation": _ADVICE.get(level or "", "NONE"),
    }


def orders_of(shop: Shop, customer: Customer) -> list[Order]:
    """Return the orders of a customer that the shop still shows."""
    return [order for order in shop.orders.values() if order.customer is customer]


def spent(shop: Shop, customer: Customer) -> Money:
    """Return what the customer paid and did not get back, in the shop's currency."""
    kept = customer.spent_before
    for order in orders_of(shop, customer):
        kept += (order.paid - order.given_back).shop_money.amount
    return Money(rounded(kept, shop.currency), shop.currency)


def measured(item: InventoryItem, _: object) -> dict[str, Any]:
    """Return what one unit weighs; 0 where nobody said."""
    gid = item.id.replace("InventoryItem/", "InventoryItemMeasurement/")
    return {"id": gid, "weight": {"unit": "KILOGRAMS", "value": item.grams / 1000}}
