"""The shop's shelves: locations, reasons, products and their stock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from retour.sandbox.shopify.goods import InventoryItem, Location, Product, Variant
from retour.sandbox.shopify.model import ReasonDefinition
from retour.sandbox.shopify.state import Shop

STATES = ("available", "on_hand", "damaged", "quality_control", "reserved", "incoming", "committed", "safety_stock")
START_STOCK = 100

_PLACES = (
    ("Berlin warehouse", {"address1": "Am Speicher 1", "city": "Berlin", "zip": "10969", "countryCode": "DE"}),
    ("Lyon store", {"address1": "Rue du Lac 12", "city": "Lyon", "zip": "69003", "countryCode": "FR"}),
    ("Leeds returns centre", {"address1": "Mill Lane 7", "city": "Leeds", "zip": "LS1 4AP", "countryCode": "GB"}),
)
_REASONS = (
    ("size-too-small", "Too small"),
    ("size-too-large", "Too large"),
    ("changed-mind", "Changed my mind"),
    ("not-as-described", "Not as described"),
    ("damaged-or-defective", "Damaged or defective"),
    ("wrong-item", "Wrong item received"),
    ("other", "Other"),
    ("unknown", "Unknown"),
)
GOODS = (
    ("RT-TEE-BLK-M", "Organic tee, black, M", "Apparel", "Nordlicht", "19.90"),
    ("RT-TEE-WHT-S", "Organic tee, white, S", "Apparel", "Nordlicht", "19.90"),
    ("RT-JEAN-32", "Straight jeans, 32", "Apparel", "Halden", "89.00"),
    ("RT-COAT-L", "Wool coat, L", "Apparel", "Halden", "249.00"),
    ("RT-SHOE-42", "Trail shoe, 42", "Footwear", "Kesten", "129.95"),
    ("RT-SOCK-3P", "Merino socks, 3 pairs", "Accessories", "Kesten", "24.50"),
    ("RT-BAG-24", "Day pack, 24 l", "Accessories", "Ferro", "74.99"),
    ("RT-MUG-SET", "Stoneware mugs, set of 4", "Home", "Ferro", "38.00"),
    ("RT-POT-1L", "Teapot, 1 l", "Home", "Ferro", "45.00"),
    ("RT-LAMP-O", "Desk lamp, oak", "Home", "Lumen", "64.90"),
    ("RT-CANDLE", "Candle, cedar", "Home", "Lumen", "12.35"),
    ("RT-EARBUD", "Earbuds", "Electronics", "Tonal", "59.99"),
)
# Other variants of goods on the shelf: SKU, of which, what tells it apart, its whole name, price, units at each place.
SIBLINGS = (
    ("RT-TEE-BLK-S", "RT-TEE-BLK-M", "S", "Organic tee, black, S", "19.90", START_STOCK),
    ("RT-TEE-BLK-L", "RT-TEE-BLK-M", "L", "Organic tee, black, L", "19.90", START_STOCK),
    ("RT-TEE-BLK-XL", "RT-TEE-BLK-M", "XL", "Organic tee, black, XL", "22.90", START_STOCK),
    ("RT-TEE-BLK-XXL", "RT-TEE-BLK-M", "XXL", "Organic tee, black, XXL", "22.90", 0),
    ("RT-SHOE-41", "RT-SHOE-42", "41", "Trail shoe, 41", "129.95", START_STOCK),
    ("RT-SHOE-43", "RT-SHOE-42", "43", "Trail shoe, 43", "139.95", START_STOCK),
    ("RT-SOCK-1P", "RT-SOCK-3P", "1 pair", "Merino socks, 1 pair", "9.50", 0),
    ("RT-SOCK-2P", "RT-SOCK-3P", "2 pairs", "Merino socks, 2 pairs", "17.50", START_STOCK),
    ("RT-SOCK-3L", "RT-SOCK-3P", "3 pairs, long", "Merino socks, 3 pairs, long", "24.50", START_STOCK),
    ("RT-SOCK-5P", "RT-SOCK-3P", "5 pairs", "Merino socks, 5 pairs", "36.50", START_STOCK),
)
_GRAMS = {
    "Apparel": 320, "Footwear": 940, "Accessories": 260, "Home": 1_150, "Electronics": 180, "Gift card": 0,
}  # fmt: skip


def stock(shop: Shop) -> None:
    """Fill an empty shop with locations, reasons and goods."""
    for name, address in _PLACES:
        place = Location(shop.new_id("Location"), name, address)
        shop.locations[place.id] = place
    for handle, name in _REASONS:
        reason = ReasonDefinition(shop.new_id("ReturnReasonDefinition"), handle, name)
        shop.reasons[reason.id] = reason
    for sku, title, kind, vendor, price in GOODS:
        _add(shop, sku, title, kind, vendor)
        shop.variants[sku].price = Decimal(price)
    _add(shop, "RT-GIFT-POUCH", "Cotton pouch (gift)", "Accessories", "Nordlicht")
    _add(shop, "RT-GIFTCARD-25", "Gift card", "Gift card", "Nordlicht")
    for sku, of, option, name, price, units in SIBLINGS:
        _add_beside(shop, shop.variants[of], sku, option, name, Decimal(price), units)


def variant(shop: Shop, sku: str, wish: Mapping[str, Any]) -> Variant:
    """Return the variant of that SKU, made on the spot when the shelf has none."""
    if sku not in shop.variants:
        _add(shop, sku, str(wish.get("name", sku)), str(wish.get("product_type", "Other")), "Nordlicht")
        made = shop.variants[sku]
        made.product.tags = list(wish.get("product_tags", ()))
        made.product.collections = [_collection(shop, name) for name in wish.get("collections", ())]
        made.inventory_item.grams = float(wish.get("grams", 0))
        made.price = Decimal(str(wish.get("price", "10")))
        made.taxes = [[str(title), str(rate)] for title, rate in wish.get("taxes", ())]
    return shop.variants[sku]


def _add(shop: Shop, sku: str, title: str, kind: str, vendor: str) -> None:
    item = InventoryItem(shop.new_id("InventoryItem"), sku, grams=_GRAMS.get(kind, 0))
    for place in shop.locations:
        item.levels[place] = dict.fromkeys(STATES, 0) | {"available": START_STOCK, "on_hand": START_STOCK}
        item.updated_at[place] = shop.now()
    product = Product(
        shop.new_id("Product"),
        title,
        kind,
        vendor,
        [kind.lower()],
        is_gift_card=kind == "Gift card",
        has_only_default_variant=True,
        collections=[_collection(shop, kind)],
    )
    barcode = f"40{len(shop.variants) + 1:011d}"
    shop.items[item.id] = item
    shop.variants[sku] = Variant(shop.new_id("ProductVariant"), sku, barcode, product, item)


def _add_beside(shop: Shop, first: Variant, sku: str, option: str, name: str, price: Decimal, units: int) -> None:
    item = InventoryItem(shop.new_id("InventoryItem"), sku, grams=first.inventory_item.grams)
    for place in shop.locations:
        item.levels[place] = dict.fromkeys(STATES, 0) | {"available": units, "on_hand": units}
        item.updated_at[place] = shop.now()
    first.product.has_only_default_variant = False
    shop.items[item.id] = item
    shop.variants[sku] = Variant(
        shop.new_id("ProductVariant"), sku, f"40{len(shop.variants) + 1:011d}", first.product, item, price,
        option=option, name=name,
    )  # fmt: skip


def _collection(shop: Shop, title: str) -> dict[str, str]:
    """Return the collection of that title, made the first time it is named."""
    if title not in shop.collections:
        handle = "-".join(title.casefold().split())
        gid = f"gid://shopify/Collection/{1 + len(shop.collections)}"
        shop.collections[title] = {"id": gid, "handle": handle, "title": title}
    return shop.collections[title]


def available(variant: Variant) -> int:
    """Return how many units can be sold, at all places together."""
    return sum(level["available"] for level in variant.inventory_item.levels.values())


def find(shop: Shop, wanted: str) -> list[Variant]:
    """Return the variants that fit every term of a search: `sku:…`, `id:…`, `product_id:…`, or how words begin."""
    terms = [term for term in _TERM.findall(wanted) if term != "AND"]
    return [v for v in shop.variants.values() if all(_fits(v, term) for term in terms)]


_TERM = re.compile(r"""\w+:'[^']*'|\w+:"[^"]*"|\S+""")


def _fits(variant: Variant, term: str) -> bool:
    key, colon, value = term.partition(":")
    value = value.strip("'\"").casefold()
    if not colon:
        words = re.findall(r"\w+", f"{variant.full_title} {variant.sku}".casefold())
        start = term.casefold()
        return any(word.startswith(start[:-1]) if start.endswith("*") else word == start for word in words)
    match key:
        case "sku":
            return variant.sku.casefold() == value
        case "id":
            return variant.id.rsplit("/", 1)[-1] == value
        case "product_id":
            return variant.product.id.rsplit("/", 1)[-1] == value
        case "product_status":
            return value == "active"
        case "gift_card":
            return variant.product.is_gift_card == (value == "true")
    return False
