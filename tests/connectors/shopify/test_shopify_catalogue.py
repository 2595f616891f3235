"""What shoppers may choose from: the searches of the catalogue, and what an answer says of each article."""

import pytest

from retour.connectors.shopify.translate import catalogue
from retour.core.ports import Article
from tests.connectors.shopify.builders import recorded
from tests.connectors.shopify.live_shop import live_shop

LAMP = "gid://shopify/Product/7"
OAK = Article(
    "gid://shopify/ProductVariant/12", "Desk lamp - oak", 3_000, "USD", "RT-LAMP-O", LAMP, 4, "oak",
    "https://cdn.example/12.png",
)  # fmt: skip


def test_each_variant_has_its_price_its_stock_and_its_picture_or_that_of_its_product() -> None:
    assert catalogue.articles(recorded("variants_of")["data"]) == (
        OAK,
        Article(
            "gid://shopify/ProductVariant/13", "Desk lamp - ash", 3_200, "USD", "RT-LAMP-A", LAMP, 0, "ash",
            "https://cdn.example/p7.png",
        ),
        Article("gid://shopify/ProductVariant/14", "Desk lamp - walnut", 4_150, "USD", None, LAMP, None, "walnut", None),
    )  # fmt: skip


def test_a_gift_card_is_no_article_to_exchange_for() -> None:
    assert catalogue.articles(recorded("search_articles")["data"]) == (OAK,)


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"contextualPricing": {"price": {"amount": "cheap", "currencyCode": "USD"}}},
        {"contextualPricing": None},
    ],
)
def test_an_article_without_a_price_or_a_ref_is_left_out(broken: dict[str, object]) -> None:
    node = recorded("variants_of")["data"]["productVariants"]["nodes"][0] | broken

    assert catalogue.articles({"productVariants": {"nodes": [node]}}) == ()


def test_an_address_of_another_kind_is_no_picture() -> None:
    media = {"nodes": [{"preview": {"image": {"url": "javascript:alert(1)"}}}]}
    node = recorded("variants_of")["data"]["productVariants"]["nodes"][0] | {"media": media}

    assert [one.picture_url for one in catalogue.articles({"productVariants": {"nodes": [node]}})] == [None]


@pytest.mark.parametrize(
    ("words", "search"),
    [
        ("Oak  lamp", "oak* AND lamp* AND product_status:active AND gift_card:false"),
        ("tag:secret OR -x", "tag* AND secret* AND x* AND product_status:active AND gift_card:false"),
        ("not and or", None),
        ("'\" * :", None),
        (
            "1 2 3 4 5 6 7 8 9",
            " AND ".join(f"{n}*" for n in range(1, 9)) + " AND product_status:active AND gift_card:false",
        ),
    ],
)
def test_what_was_typed_is_never_a_filter_or_an_operator(words: str, search: str | None) -> None:
    assert catalogue.by_words(words) == search


@pytest.mark.parametrize(("ref", "number"), [(LAMP, "7"), ("7 OR title:x", "0"), ("", "0")])
def test_a_product_is_named_by_its_number_alone(ref: str, number: str) -> None:
    assert catalogue.variants_of(ref) == f"product_id:{number} AND product_status:active"


@pytest.mark.anyio
async def test_a_shop_answers_with_its_variants_and_finds_articles_by_how_their_words_begin() -> None:
    async with live_shop() as shop:
        (sock,) = await shop.connector.search_articles(shop.at, words="sock-3p", country=None)
        assert sock.product_ref is not None
        variants = await shop.connector.variants_of(shop.at, product_ref=sock.product_ref, country=None)
        found = await shop.connector.search_articles(shop.at, words="tea", country="US")
        gone = await shop.connector.search_articles(shop.at, words="gift card", country=None)
        nothing = await shop.connector.search_articles(shop.at, words="***", country=None)

    assert [(one.sku, one.option, one.price_minor, one.available) for one in variants] == [
        ("RT-SOCK-3P", "Merino socks, 3 pairs", 2_450, 300),
        ("RT-SOCK-1P", "1 pair", 950, 0),
        ("RT-SOCK-2P", "2 pairs", 1_750, 300),
        ("RT-SOCK-3L", "3 pairs, long", 2_450, 300),
        ("RT-SOCK-5P", "5 pairs", 3_650, 300),
    ]
    assert [(one.sku, one.currency) for one in found] == [("RT-POT-1L", "USD")]
    assert (gone, nothing) == ((), ())
