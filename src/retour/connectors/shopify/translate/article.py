"""What an order line says of its article: what a policy may ask for beside the figures."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from retour.core.order import Bundle, Product

from .reading import Reading, many, one, text, texts

Doc = Mapping[str, Any]
# Grams of the platform's units of weight; pound and ounce as the international agreement of 1959 defines them.
GRAMS: Final = {
    "GRAMS": Decimal(1),
    "KILOGRAMS": Decimal(1000),
    "OUNCES": Decimal("28.349523125"),
    "POUNDS": Decimal("453.59237"),
}
HEAVIEST: Final = 10**9  # grams


def product(node: Doc, ref: str, reading: Reading) -> Product:
    """Return the product of a line; of a deleted one little is known."""
    found = one(node, "product")
    return Product(
        ref=text(found, "id"),
        type=text(found, "productType"),
        vendor=text(found, "vendor"),
        tags=texts(found, "tags"),
        collections=_collections(found, ref, reading),
        gift_card=node.get("isGiftCard") is True or found.get("isGiftCard") is True,
    )


def _collections(found: Doc, ref: str, reading: Reading) -> tuple[str, ...] | None:
    """Return the handles of all collections, or nothing if the platform did not name all of them."""
    page = one(found, "collections")
    if not page:
        return None
    if one(page, "pageInfo").get("hasNextPage") is not False:
        reading.find("collections_cut", ref)
        return None
    return tuple(handle for each in many(page, "nodes") if (handle := text(each, "handle")))


def weight_g(variant: Doc, ref: str, reading: Reading) -> int | None:
    """Return the grams of one unit; the platform writes 0 where nobody told the weight."""
    weight = one(one(one(variant, "inventoryItem"), "measurement"), "weight")
    if not weight:
        return None
    try:
        grams = Decimal(str(weight.get("value"))) * GRAMS[str(weight.get("unit"))]
        whole = int(grams.quantize(Decimal(1), ROUND_HALF_UP)) if 0 <= grams < HEAVIEST else -1
    except (InvalidOperation, KeyError):
        whole = -1
    if whole < 0:
        reading.find("malformed_weight", ref, weight.get("value"))
    return whole if whole > 0 else None


def properties(node: Doc) -> tuple[str, ...] | None:
    """Return the names of what the shopper filled in; names with a leading underscore are an application's own."""
    if not isinstance(node.get("customAttributes"), list):
        return None
    names = (text(each, "key") for each in many(node, "customAttributes"))
    return tuple(dict.fromkeys(name for name in names if name is not None and not name.startswith("_")))


def bundle(node: Doc) -> Bundle | None:
    """Return what the line was bought as a component of, if it was."""
    group = one(node, "lineItemGroup")
    title, count = text(group, "title"), group.get("quantity")
    if title is None:
        return None
    return Bundle(title, count if isinstance(count, int) and count > 0 else 1, text(group, "variantSku"))
