"""The shop's catalogue as shoppers choose from it: the searches, and what an answer says of each article."""

import re
from collections.abc import Mapping
from typing import Any, Final

from retour.core.errors import Refused
from retour.core.money import parse_decimal
from retour.core.ports import Article

from .reading import many, one, text

Doc = Mapping[str, Any]
WORDS_MOST: Final = 8
LONGEST_URL: Final = 2000
_WORD: Final = re.compile(r"\w+")
_OPERATORS: Final = frozenset({"and", "or", "not"})


def variants_of(product_ref: str) -> str:
    """Return the search for all variants of a product."""
    return f"product_id:{_number(product_ref)} AND product_status:active"


def by_words(words: str) -> str | None:
    """Return the search for articles on sale whose words begin so; nothing where no word is left.

    Only letters and digits reach the platform: what somebody typed cannot become a filter or an operator of its search.
    """
    said = [word for word in _WORD.findall(words.casefold()) if word not in _OPERATORS][:WORDS_MOST]
    if not said:
        return None
    return " AND ".join([*(f"{word}*" for word in said), "product_status:active", "gift_card:false"])


def _number(ref: str) -> str:
    number = ref.rpartition("/")[2]
    return number if number.isdigit() else "0"  # no product has it


def articles(data: Doc) -> tuple[Article, ...]:
    """Return the articles of an answer in its order; gift cards and those without a readable price are left out."""
    return tuple(found for node in many(data, "productVariants") if (found := article_of(node)) is not None)


def article_of(node: Doc) -> Article | None:
    """Return the article of a variant, nothing for a gift card or where its price cannot be read."""
    price, product, ref = one(one(node, "contextualPricing"), "price"), one(node, "product"), text(node, "id")
    currency = str(price.get("currencyCode"))
    try:
        minor = parse_decimal(str(price.get("amount")), currency)
    except Refused:
        return None
    if ref is None or product.get("isGiftCard") is True:
        return None
    left = node.get("inventoryQuantity")
    limited = one(node, "inventoryItem").get("tracked") is True and text(node, "inventoryPolicy") == "DENY"
    return Article(
        ref, text(node, "displayName") or ref, minor, currency, text(node, "sku"), text(product, "id"),
        left if limited and isinstance(left, int) else None, text(node, "title"), _picture(node, product),
    )  # fmt: skip


def _picture(node: Doc, product: Doc) -> str | None:
    for media in (*many(node, "media"), one(product, "featuredMedia")):
        url = text(one(one(media, "preview"), "image"), "url")
        if url and len(url) <= LONGEST_URL and url.startswith(("https://", "http://")):
            return url
    return None
