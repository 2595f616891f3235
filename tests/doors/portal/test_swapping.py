"""The new article of an exchange chosen without script: waiting, forged, sold out, dearer meanwhile, or later."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from retour.core.order import Product
from retour.core.policy.outcome import ExchangeItems, ExchangePrice, ExchangeTerms, ResolutionKind, ResolutionOffer
from retour.core.ports import Article, Unreachable
from retour.flows import catalogue
from retour.store import article as articles
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Page, Shopper
from tests.doors.portal.test_drafting import all_returns, chosen
from tests.doors.portal.test_tampering import post
from tests.flows.order.shop import fetched, later
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio
SMALL = Article("v/s", "Tee, S", 1_000, "EUR", "TEE-S", "p/tee", 5, "S")
LARGE = Article("v/l", "Tee, L", 1_250, "EUR", "TEE-L", "p/tee", None, "L")
GONE = Article("v/xl", "Tee, XL", 1_000, "EUR", "TEE-XL", "p/tee", 0, "XL")
COAT = Article("v/coat", "Coat", 9_000, "EUR", "COAT", "p/coat", 5)
DUE = "SELECT id FROM catalogue_ask WHERE tenant_id = $1 AND due_at IS NOT NULL ORDER BY id"


async def said(counter: Counter, *found: Article, fails: bool = False) -> None:
    """Do what the job does for every question that waits: the shop has these articles."""

    async def read(*_: Any) -> tuple[Article, ...]:
        if fails:
            raise Unreachable("down", needs_reconnect=True)
        return found

    async with counter.database.tx(counter.tenant_id) as db:
        due: list[UUID] = [row["id"] for row in await db.fetch(DUE, counter.tenant_id)]
    for ask_id in due:
        await catalogue.answer(
            counter.database, tenant_id=counter.tenant_id, ask_id=ask_id, read=read, clock=counter.clock.now
        )


async def at_the_choice(counter: Counter, items: ExchangeItems = ExchangeItems.VARIANT) -> Shopper:
    """Return a browser that exchanges one of two tees at 10.00 and is asked for which article."""
    terms = ExchangeTerms(items=items, price=ExchangePrice.PAID)
    await counter.publish(
        document=replace(offering(ResolutionOffer(ResolutionKind.EXCHANGE, exchange=terms)), currency="EUR")
    )
    order = await counter.order(0)
    lines = tuple(replace(one, product=Product(ref="p/tee"), variant_ref="v/m") for one in order.lines)
    await counter.mirror(fetched(later(order, lines=lines, taxes_included=True)))
    shopper = await counter.let_in()
    key = await chosen(shopper)
    await shopper.send("/reasons", {f"reason-{key}": "too_small"})
    page = await shopper.send("/offers", resolution="exchange")
    assert page.path == "articles", page.text
    return shopper


async def picked(shopper: Shopper, ref: str) -> Page:
    await shopper.open("/articles")
    return await shopper.send("/articles", article=ref)


async def test_the_page_waits_for_the_shop_then_shows_what_it_has_and_what_each_comes_to(counter: Counter) -> None:
    shopper = await at_the_choice(counter)
    assert "The shop is being asked what it has" in shopper.page.text
    assert 'http-equiv="refresh"' in shopper.page.source

    await said(counter, SMALL, LARGE, GONE)
    page = await shopper.open("/articles")

    assert 'http-equiv="refresh"' not in page.source
    assert "Tee, S €10.00 · Nothing to pay" in page.text
    assert "Tee, L €12.50 · €2.50 to pay" in page.text
    assert "Tee, XL €10.00 · Sold out" in page.text
    assert 'value="v/xl"' not in page.source

    review = await picked(shopper, "v/l")
    assert (review.path, "You pay€2.50" in review.text) == ("review", True)
    status = await shopper.send("/review")
    (row,) = await all_returns(counter)
    async with counter.database.tx(counter.tenant_id) as db:
        (named,) = (await articles.chosen(db, row["id"])).values()
    assert "Tee, L" in status.text
    assert (named.article, named.title) == ("v/l", "Tee, L")


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("v/xl", "What you chose was sold out meanwhile."),
        ("v/coat", "What you chose cannot be had any more."),
        ("v/yen", "This is not sold in the currency of your order."),
        ("v/nobody", "What you chose cannot be had any more."),
        ("", "Choose one of them"),
    ],
)
async def test_what_was_not_offered_is_not_taken(counter: Counter, ref: str, why: str) -> None:
    shopper = await at_the_choice(counter)
    await said(counter, SMALL, GONE, COAT, replace(SMALL, ref="v/yen", currency="JPY"))

    page = await picked(shopper, ref)

    assert (page.status, why in page.text) == (422, True)
    assert (await shopper.open("/review")).path == "articles"
    assert await all_returns(counter) == []


async def test_a_forged_or_missing_confirmation_of_the_swap_sends_nothing(counter: Counter) -> None:
    shopper = await at_the_choice(counter)
    await said(counter, SMALL, LARGE)
    await picked(shopper, "v/l")

    assert [await post(shopper, "/review", swap=forged) for forged in ("", "0" * 64)] == [409, 409]
    assert await all_returns(counter) == []


async def test_a_price_that_changed_is_shown_before_anything_is_sent(counter: Counter) -> None:
    shopper = await at_the_choice(counter)
    await said(counter, SMALL, LARGE)
    await picked(shopper, "v/l")
    async with counter.database.tx(counter.tenant_id) as db:
        await db.execute(
            "UPDATE catalogue_ask SET articles = jsonb_set(articles, '{1,price_minor}', '1300')"
            " WHERE tenant_id = current_tenant()"
        )

    again = await shopper.send("/review")
    assert (again.status, again.path) == (409, "review")
    assert "The price changed. Check it and send again." in again.text
    assert "You pay€3.00" in again.text
    assert await all_returns(counter) == []

    assert (await shopper.send("/review")).path.startswith("R-")


async def test_what_was_sold_out_meanwhile_leads_back_to_the_choice(counter: Counter) -> None:
    shopper = await at_the_choice(counter)
    await said(counter, SMALL, LARGE)
    await picked(shopper, "v/s")
    async with counter.database.tx(counter.tenant_id) as db:
        await db.execute(
            "UPDATE catalogue_ask SET articles = jsonb_set(articles, '{0,available}', '0') WHERE tenant_id = current_tenant()"
        )

    page = await shopper.send("/review")

    assert (page.path, "What you chose cannot be had as it was shown." in page.text) == ("articles", True)
    assert await all_returns(counter) == []


async def test_where_the_shop_cannot_be_asked_the_article_is_chosen_later_on_the_page_of_the_return(
    counter: Counter,
) -> None:
    shopper = await at_the_choice(counter)
    await said(counter, fails=True)
    page = await shopper.open("/articles")
    assert "The shop cannot be asked right now." in page.text

    answer = await shopper.post(page.form("/articles").action, {**page.form("/articles").fields, "do": "later"})
    assert answer.status_code == 303
    review = await shopper.open("/review")
    assert (review.path, "You choose it later" in review.text) == ("review", True)
    status = await shopper.send("/review")
    assert "Not chosen yet" in status.text

    counter.clock.ahead += catalogue.AGAIN * 2
    await shopper.open(f"/{status.path}/article")
    await said(counter, SMALL, GONE)
    choice = await shopper.open(f"/{status.path}/article")
    assert "Tee, S €10.00 · Nothing to pay" in choice.text
    after = await shopper.send(f"/{status.path}/article", article="v/s|1000")
    assert (after.path, "Tee, S Change" in after.text) == (status.path, True)


@pytest.mark.parametrize("forged", ["v/s|1", "v/xl|1000", "v/coat|9000", "v/s", "|", "v/s|-1", "v/s|" + "9" * 40])
async def test_a_forged_change_changes_nothing(counter: Counter, forged: str) -> None:
    shopper = await at_the_choice(counter)
    await said(counter, SMALL, LARGE, GONE, COAT)
    await picked(shopper, "v/l")
    status = await shopper.send("/review")

    await shopper.open(f"/{status.path}/article")
    page = await shopper.send(f"/{status.path}/article", article=forged)

    assert page.status in (409, 422)
    assert "Tee, L" in (await shopper.open(f"/{status.path}")).text


async def test_a_search_finds_other_goods_where_the_terms_allow_any(counter: Counter) -> None:
    shopper = await at_the_choice(counter, ExchangeItems.ANY_PRODUCT)
    await said(counter, SMALL)
    empty = await shopper.send("/articles/find", words="  ")
    assert (empty.status, "Name what you would like instead" in empty.text) == (422, True)

    await shopper.open("/articles")
    waits = await shopper.send("/articles/find", words="<b>coat</b>")
    assert 'http-equiv="refresh"' in waits.source
    assert "<b>coat" not in waits.source
    await said(counter, COAT)
    found = await shopper.open(waits.url.partition(shopper.base)[2])
    assert "Coat €90.00 · €80.00 to pay" in found.text
    review = await shopper.send("/articles", article="v/coat")

    assert (review.path, "You pay€80.00" in review.text) == ("review", True)


async def test_a_search_forged_for_variants_alone_finds_nothing_that_can_be_taken(counter: Counter) -> None:
    shopper = await at_the_choice(counter)
    await said(counter, SMALL)
    page = await shopper.open("/articles")
    form = page.form("/articles")
    await shopper.post(form.action + "/find", {**form.fields, "words": "coat"})
    await said(counter, COAT)

    assert (await picked(shopper, "v/coat")).status == 422
    assert "Coat" not in (await shopper.open("/articles")).text


async def test_opening_a_return_without_an_exchange_asks_the_catalogue_nothing(counter: Counter) -> None:
    await counter.publish()
    shopper = await counter.let_in()
    key = await chosen(shopper)
    await shopper.send("/reasons", {f"reason-{key}": "too_small"})
    assert (await shopper.send("/offers", resolution="refund_original")).path == "review"
    await shopper.send("/review")

    async with counter.database.tx(counter.tenant_id) as db:
        asked = await db.fetchval("SELECT count(*) FROM catalogue_ask WHERE tenant_id = current_tenant()")
        named = await db.fetchval("SELECT count(*) FROM wanted_article WHERE tenant_id = current_tenant()")
    assert (asked, named) == (0, 0)
