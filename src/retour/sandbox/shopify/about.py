"""What the shop knows of its customers, its goods and the trust in an order, beside money and stock."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from graphql import GraphQLResolveInfo

from retour.sandbox.pictures import SIZE
from retour.sandbox.shopify import catalogue, drafts
from retour.sandbox.shopify.goods import InventoryItem, Variant
from retour.sandbox.shopify.model import Customer, Order
from retour.sandbox.shopify.money import Money, rounded
from retour.sandbox.shopify.search import page
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


_CURRENCIES = {"US": "USD", "GB": "GBP", "JP": "JPY", "KW": "KWD"}
"""What buyers of a country see prices in; all others see the shop's own currency."""


def contextual(variant: Variant, info: GraphQLResolveInfo[Any], *, context: dict[str, Any]) -> dict[str, Any]:
    """Return the price as a buyer of that country sees it."""
    shop: Shop = info.context.shop
    currency = _CURRENCIES.get(context.get("country") or "", shop.currency)
    return {"price": Money(drafts.price_in(shop, variant, currency), currency)}


def variants(_: object, info: GraphQLResolveInfo[Any], **args: Any) -> dict[str, Any]:
    """Return the variants that a search names."""
    return page(catalogue.find(info.context.shop, args.get("query") or ""), args)


def media(variant: Variant, info: GraphQLResolveInfo[Any], **args: Any) -> dict[str, Any]:
    """Return the picture of a variant."""
    shop: Shop = info.context.shop
    image = {
        "id": variant.id.replace("ProductVariant/", "ProductImage/"), "altText": variant.full_title,
        "width": SIZE, "height": SIZE, "url": f"{shop.address}/pictures/{quote(variant.sku, safe='')}.png",
    }  # fmt: skip
    made = {"id": variant.id.replace("ProductVariant/", "MediaImage/"), "preview": {"image": image}}
    return page([made], args)


def find_drafts(_: object, info: GraphQLResolveInfo[Any], **args: Any) -> dict[str, Any]:
    """Return the drafts that a search names."""
    return page(drafts.find(info.context.shop, args.get("query") or ""), args)


def first_name(address: dict[str, Any], _: object) -> str | None:
    """Return all but the last word of a name; an address given by an app has both parts."""
    if "firstName" in address:
        return str(address["firstName"])
    return (address.get("name") or "").rpartition(" ")[0] or None


def last_name(address: dict[str, Any], _: object) -> str | None:
    """Return the last word of a name."""
    if "lastName" in address:
        return str(address["lastName"])
    return (address.get("name") or "").rpartition(" ")[2] or None
