"""The shopper picks the new article of an exchange in a real browser: variants on a phone, a search without script."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from retour.core.policy.outcome import ExchangeItems, ExchangePrice, ExchangeTerms, ResolutionKind, ResolutionOffer
from retour.flows import policy
from tests.browser.conftest import OpenPage
from tests.browser.looks import holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.browser.test_portal_pages import an_order, code_of, portal
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio
EMAIL = "runa@fjellhus.example"
FAR_MS = 30_000.0  # until the shop has answered and the page has looked again
PICTURES = os.environ.get("PICTURES")


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in."""
    return await an_owner(browser, site, email=EMAIL, name="Runa Lind")


async def exchanges(site: Site, items: ExchangeItems) -> None:
    """Let the shop offer nothing but an exchange at what was paid."""
    terms = ExchangeTerms(items=items, price=ExchangePrice.PAID)
    document = offering(ResolutionOffer(ResolutionKind.EXCHANGE, exchange=terms))
    async with site.database.tx(site.tenant_id) as db:
        await policy.publish(
            db, store_id=site.merchant.store_id, document=document, actor="test", now=datetime.now(UTC)
        )


async def seen(page: Page, name: str) -> None:
    """Look at a page: nothing overflows, nobody is shut out; keep its picture where pictures are wanted."""
    await holds(page)
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


async def to_the_choice(site: Site, page: Page, name: str) -> None:
    """Walk from the order number to the choice of the new article."""
    await page.goto(await portal(site))
    await page.locator("#number").fill(name)
    await page.locator("#contact").fill("ann@example.com")
    await page.locator("main button").first.click()
    await page.locator("#code").fill(await code_of(site, name))
    await page.locator("form[action$='/code'] button").click()
    await page.locator("input[name=item]").nth(1).check()
    await page.locator(".portal-foot button").click()
    await page.locator(".reason input[value=too_small]").check()
    await page.locator(".portal-foot button").click()
    await page.locator("input[name=resolution]").first.wait_for()
    await page.locator(".portal-foot button").click()
    await page.locator("form[action$='/articles']").first.wait_for()


async def test_a_variant_is_chosen_on_a_phone_and_changed_until_it_is_ordered(
    site: Site, open_page: OpenPage, signed_in: Any
) -> None:
    await exchanges(site, ExchangeItems.VARIANT)
    order = await an_order(site)
    page, _ = await open_page(width=375)
    await to_the_choice(site, page, order["name"])
    await expect(page.get_by_text("Merino socks, 5 pairs")).to_be_visible(timeout=FAR_MS)  # the page moves on by itself
    await expect(page.get_by_text("Sold out")).to_have_count(1)
    await expect(page.locator("input[name=article]")).to_have_count(3)
    await expect(page.get_by_role("searchbox")).to_have_count(0)
    await seen(page, "variants-375-light")
    await page.get_by_label("Merino socks, 5 pairs").check()
    await page.get_by_role("button", name="Continue").click()

    await expect(page.locator("#money")).to_contain_text("You pay")
    await expect(page.locator(".portal-foot .amount")).to_contain_text("\u20ac12.00")
    await seen(page, "review-375-light")
    await page.get_by_role("button", name="Send return request").click()
    await page.locator("ol.timeline").wait_for()
    await expect(page.get_by_text("Merino socks, 5 pairs")).to_be_visible()
    await seen(page, "status-375-light")
    number = page.url.rpartition("/")[2]

    desk, _ = await open_page(storage_state=signed_in)
    await desk.goto(f"{site.address}/dashboard/returns/{number}")
    await expect(desk.get_by_text("New article: Merino socks, 5 pairs")).to_be_visible()

    await page.get_by_role("link", name="Change your new item").click()
    await seen(page, "change-375-light")
    await page.get_by_label("Merino socks, 2 pairs").check()
    await page.get_by_role("button", name="Take this instead").click()
    await expect(page.get_by_text("Merino socks, 2 pairs")).to_be_visible()
    await desk.reload()
    await expect(desk.get_by_text("New article: Merino socks, 2 pairs")).to_be_visible()


async def test_any_article_is_searched_for_without_script_and_pays_back_what_it_costs_less(
    site: Site, open_page: OpenPage
) -> None:
    await exchanges(site, ExchangeItems.ANY_PRODUCT)
    order = await an_order(site)
    page, watch = await open_page(width=1440, theme="dark", script=False)
    watch.expect_status(422)
    await to_the_choice(site, page, order["name"])
    await page.get_by_label("Find something else in the shop").fill("candle")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_text("Candle, cedar")).to_be_visible(timeout=FAR_MS)  # also without script
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("alert")).to_contain_text("Choose one of them")
    await page.get_by_label("Candle, cedar").check()
    await page.get_by_role("button", name="Continue").click()

    await expect(page.locator("#money")).to_contain_text("Candle, cedar")
    await expect(page.locator(".portal-foot .amount")).to_contain_text("\u20ac12.15")
    await page.get_by_role("button", name="Send return request").click()
    await page.locator("ol.timeline").wait_for()
    await expect(page.get_by_text("Candle, cedar")).to_be_visible()
