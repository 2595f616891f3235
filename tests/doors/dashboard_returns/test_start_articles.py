"""Staff look for the new article of an exchange in the shop's catalogue, without script, from the form that starts it."""

from dataclasses import replace
from typing import Any

import pytest

from retour.core.order import Product
from retour.core.policy.outcome import ExchangeItems, ExchangePrice, ExchangeTerms, ResolutionKind, ResolutionOffer
from retour.core.ports import Article, Unreachable
from retour.flows import catalogue, policy
from retour.store.order import OrderRecord
from tests.doors.dashboard_returns.clerk import Clerk, Page
from tests.doors.dashboard_returns.scene import Scene
from tests.doors.dashboard_returns.test_start_photos import form_of, path, returns_of, rows
from tests.stories.house import now
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio

SMALL = Article("v/s", "Mug, small", 3_800, "EUR", "MUG-S", "p/mug", 5, "Small")
LARGE = Article("v/l", "Mug, large", 4_250, "EUR", "MUG-L", "p/mug", None, "Large")
GONE = Article("v/xl", "Mug, huge", 3_800, "EUR", "MUG-XL", "p/mug", 0, "Huge")
PLATE = Article("v/plate", "Plate", 3_000, "EUR", "PLATE", "p/plate", 1)
YEN = replace(PLATE, ref="v/yen", title="Plate from Kyoto", currency="JPY")
SWAP: dict[str, Any] = {"line": "0", "quantity-0": "1", "reason-0": "too_small", "resolution": "exchange"}
DUE = "SELECT id FROM catalogue_ask WHERE tenant_id = $1 AND due_at IS NOT NULL ORDER BY id"
NAMED = """
SELECT w.article, w.shown ->> 'title' AS title
  FROM wanted_article w JOIN rma r ON r.tenant_id = w.tenant_id AND r.id = w.rma_id WHERE r.order_id = $1
"""


async def an_order(scene: Scene, items: ExchangeItems = ExchangeItems.ANY_PRODUCT) -> OrderRecord:
    """Return an order of two mugs in a shop that offers nothing but an exchange at what was paid."""

    def bend(fetched: Any) -> Any:
        lines = tuple(replace(one, product=Product(ref="p/mug"), variant_ref="v/m") for one in fetched.order.lines)
        return replace(fetched, order=replace(fetched.order, lines=lines))

    order = await scene.order(name="Ida Sand", bend=bend)
    terms = ExchangeTerms(items=items, price=ExchangePrice.PAID)
    document = offering(ResolutionOffer(ResolutionKind.EXCHANGE, exchange=terms))
    async with scene.house.web.tx(scene.house.tenant) as db:
        await policy.publish(db, store_id=order.store_id, document=document, actor="cli", now=now())
    return order


async def said(scene: Scene, *found: Article, fails: bool = False) -> None:
    """Do what the job does for every question that waits: the shop has these articles."""

    async def read(*_: Any, **__: Any) -> tuple[Article, ...]:
        if fails:
            raise Unreachable("down", needs_reconnect=True)
        return found

    for row in await rows(scene, DUE, scene.house.tenant):
        await catalogue.answer(
            scene.house.web, tenant_id=scene.house.tenant, ask_id=row["id"], read=read, clock=now
        )  # fmt: skip


async def press(clerk: Clerk, order: OrderRecord, on: Any = None, **fields: Any) -> Page:
    page = on or await clerk.get(path(order))
    return await clerk.upload(path(order), {**form_of(page), **fields}, [])


async def looked(clerk: Clerk, scene: Scene, order: OrderRecord, words: str, *found: Article) -> Page:
    """Search, let the shop answer, and look again."""
    waits = await press(clerk, order, **SWAP, **{"do": "find-0", "words-0": words})
    assert (waits.status, "The shop is being asked what it has." in waits.words) == (200, True), waits.words
    await said(scene, *found)
    return await press(clerk, order, waits, **SWAP, **{"do": "again", "words-0": words})


async def test_what_was_searched_is_shown_with_price_and_stock_and_chosen_for_the_return(
    scene: Scene, ben: Clerk
) -> None:
    order = await an_order(scene)

    page = await looked(ben, scene, order, "MUG", SMALL, LARGE, GONE, PLATE, YEN)

    assert page.status == 200
    for line in (
        "Mug, small €38.00 · 5 in stock", "Mug, large €42.50 · Stock is not limited", "Mug, huge €38.00 · Sold out",
        "Plate €30.00 · 1 in stock", "It is sold in another currency than that of the order",
    ):  # fmt: skip
        assert line in page.words
    assert 'value="v/yen"' not in page.text
    check = await press(ben, order, page, **SWAP, **{"words-0": "MUG", "pick-0": "v/l"})
    assert (check.status, "What goes out instead Mug, large The shopper pays €4.50" in check.words) == (200, True)
    assert await returns_of(scene, order) == []
    done = await press(ben, order, check)

    assert done.status == 303, done.words
    assert [tuple(one.values()) for one in await rows(scene, NAMED, order.id)] == [("v/l", "Mug, large")]
    shown = await ben.get(done.headers["location"])
    assert "New article: Mug, large, chosen from the catalogue at €42.50" in shown.words


async def test_without_words_the_other_variants_are_shown_and_what_was_typed_stays(scene: Scene, ben: Clerk) -> None:
    order = await an_order(scene)

    page = await press(ben, order, **SWAP, **{"do": "find-0", "note-0": "left-handed"})
    await said(scene, SMALL)
    page = await press(ben, order, page, **SWAP, **{"do": "again", "note-0": "left-handed"})

    assert ("Mug, small €38.00 · 5 in stock" in page.words, "Found in the shop" in page.words) == (True, False)
    assert 'value="left-handed"' in page.text


async def test_words_that_nobody_searched_for_are_searched_before_going_on(scene: Scene, ben: Clerk) -> None:
    order = await an_order(scene)

    page = await press(ben, order, **SWAP, **{"words-0": "Plate"})

    assert (page.status, "The shop is being asked what it has." in page.words) == (200, True)
    assert "hash" not in form_of(page)
    await said(scene, PLATE)
    again = await press(ben, order, page, **SWAP, **{"words-0": "Plate"})
    assert "hash" in form_of(again)  # nothing was chosen: it is named later


@pytest.mark.parametrize(
    ("items", "ref", "why"),
    [
        (ExchangeItems.VARIANT, "v/plate", "The policy exchanges it for another variant of it alone"),
        (ExchangeItems.ANY_PRODUCT, "v/xl", "The shop has fewer of it, and the policy does not wait for them"),
    ],
)
async def test_what_the_policy_does_not_exchange_for_is_refused_unless_it_is_set_aside(
    scene: Scene, ben: Clerk, items: ExchangeItems, ref: str, why: str
) -> None:
    order = await an_order(scene, items)
    page = await looked(ben, scene, order, "MUG", SMALL, GONE, PLATE)
    picked: dict[str, Any] = {"words-0": "MUG", "pick-0": ref}

    refused = await press(ben, order, page, **SWAP, **picked)

    assert (refused.status, why in refused.words, 'id="article-0-error"' in refused.text) == (422, True, True)
    assert f'value="{ref}" id=' in refused.text
    assert await returns_of(scene, order) == []
    check = await press(ben, order, page, **SWAP, **picked, beyond="1", reason="a friend of the house")
    assert (await press(ben, order, check)).status == 303
    title = {"v/plate": "Plate", "v/xl": "Mug, huge"}[ref]
    assert [tuple(one.values()) for one in await rows(scene, NAMED, order.id)] == [(ref, title)]


async def test_a_price_that_changed_since_is_shown_before_anything_is_opened(scene: Scene, ben: Clerk) -> None:
    order = await an_order(scene)
    page = await looked(ben, scene, order, "MUG", LARGE)
    check = await press(ben, order, page, **SWAP, **{"words-0": "MUG", "pick-0": "v/l"})
    async with scene.house.web.tx(scene.house.tenant) as db:
        await db.execute(
            "UPDATE catalogue_ask SET articles = jsonb_set(articles, '{0,price_minor}', '4300')"
            " WHERE tenant_id = current_tenant()"
        )

    again = await press(ben, order, check)

    assert (again.status, "The shopper pays €5.00" in again.words) == (409, True)
    assert await returns_of(scene, order) == []
    assert (await press(ben, order, again)).status == 303


async def test_a_sku_beside_a_choice_is_refused_and_a_choice_without_an_exchange_too(scene: Scene, ben: Clerk) -> None:
    order = await an_order(scene)
    page = await looked(ben, scene, order, "MUG", SMALL)
    both: dict[str, Any] = {"words-0": "MUG", "pick-0": "v/s", "article-0": "MUG-XXL"}

    twice = await press(ben, order, page, **SWAP, **both)
    refund: dict[str, Any] = {**SWAP, "resolution": "refund_original", "words-0": "MUG", "pick-0": "v/s"}
    elsewhere = await press(ben, order, page, **refund)

    assert "One was chosen below too" in twice.words
    assert "Only what is exchanged has a new article" in elsewhere.words
    assert (twice.status, elsewhere.status, await returns_of(scene, order)) == (422, 422, [])


async def test_a_shop_that_cannot_be_asked_is_said_and_the_sku_still_does(scene: Scene, ben: Clerk) -> None:
    order = await an_order(scene)
    page = await press(ben, order, **SWAP, **{"do": "find-0", "words-0": "MUG"})
    await said(scene, fails=True)

    page = await press(ben, order, page, **SWAP, **{"do": "again", "words-0": "MUG"})

    assert "The shop cannot be asked right now." in page.words
    check = await press(ben, order, page, **SWAP, **{"words-0": "MUG", "article-0": "MUG-L"})
    assert (await press(ben, order, check)).status == 303
    assert [tuple(one.values()) for one in await rows(scene, NAMED, order.id)] == [("MUG-L", None)]


async def test_too_long_or_too_many_searches_ask_nothing(scene: Scene, ben: Clerk) -> None:
    order = await an_order(scene)

    long = await press(ben, order, **SWAP, **{"do": "find-0", "words-0": "mug " * 30})
    assert (long.status, "Fewer words find more (limit 80 characters)." in long.words) == (422, True)
    empty = await press(ben, order, **SWAP, **{"do": "find-0", "words-0": "!"})
    assert (empty.status, "Name the article" in empty.words) == (422, True)
    for n in range(20):
        assert (await press(ben, order, **SWAP, **{"do": "find-0", "words-0": f"mug {n}"})).status == 200
    many = await press(ben, order, **SWAP, **{"do": "find-0", "words-0": "mug again"})
    assert (many.status, "You can search again in" in many.words) == (422, True)
