"""Staff start a return in a real browser: photos of each item, and the new article found in the catalogue."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from retour.core.policy.document import Rule
from retour.core.policy.outcome import (
    ExchangeItems,
    ExchangePrice,
    ExchangeTerms,
    Outcomes,
    Requirements,
    ResolutionKind,
    ResolutionOffer,
)
from retour.flows import policy
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, fits, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.browser.test_portal_pages import an_order
from tests.flows.photo.test_encoding import a_picture
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio
FAR_MS = 30_000.0  # until the shop has answered and the page has looked again
PICTURES = os.environ.get("PICTURES")
SEAM: FilePayload = {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": a_picture(size=(640, 480))}
NO_PHOTO: FilePayload = {"name": "seam.tiff", "mimeType": "image/tiff", "buffer": b"II*\x00 no photo"}


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in; the shop exchanges for anything and wants a photo of each item."""
    terms = ExchangeTerms(items=ExchangeItems.ANY_PRODUCT, price=ExchangePrice.PAID)
    document = offering(ResolutionOffer(ResolutionKind.EXCHANGE, exchange=terms))
    wants = Rule("photos", "Photos", Outcomes(requirements=Requirements(photos=1)))
    async with site.database.tx(site.tenant_id) as db:
        await policy.publish(
            db, store_id=site.merchant.store_id, document=replace(document, rules=(wants, *document.rules)),
            actor="test", now=datetime.now(UTC),
        )  # fmt: skip
    return await an_owner(browser, site, email="saga@fjellhus.example", name="Saga Lind")


async def seen(page: Page, name: str, check: Any = holds) -> None:
    """Look at a page: nothing overflows, nobody is shut out; keep its picture where pictures are wanted."""
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)
    await check(page)


async def begun(site: Site, page: Page) -> None:
    """Open the form and choose the second article of a fresh order for an exchange."""
    order = await an_order(site)
    await page.goto(f"{site.address}/dashboard/orders/{order['id']}/return")
    await page.locator("input[name=line]").nth(1).check()
    await page.locator("#reason-1").select_option("too_small")
    await page.locator("#resolution-1").select_option("exchange")


async def searched(page: Page, words: str) -> None:
    """Search the catalogue for the second article."""
    await page.locator("#articles-1 summary").click()
    await page.locator("#words-1").fill(words)
    await page.locator("#articles-1").get_by_role("button", name="Search").click()


async def walked(site: Site, page: Page, look: str) -> None:
    """Start a return with a photo and an article from the catalogue, looking at every page."""
    await begun(site, page)
    await seen(page, f"start-{look}")
    await page.locator("#photo-1").set_input_files(SEAM)  # sent at once, with what was typed
    await expect(page.locator("#photos-1 img")).to_have_count(1)
    await searched(page, "candle")
    await expect(page.get_by_label("Candle, cedar")).to_be_visible(timeout=FAR_MS)  # the page looks again by itself
    await page.get_by_label("Candle, cedar").check()
    await seen(page, f"found-{look}")
    await page.locator(".form-actions").get_by_role("button", name="See the amount").click()
    await page.get_by_role("heading", name="What goes out instead").wait_for()
    await expect(page.locator("#photos-1 img")).to_have_count(1)
    await seen(page, f"check-{look}")
    await page.locator(".form-actions").get_by_role("button", name="Start the return").click()
    await expect(page.get_by_text("New article: Candle, cedar")).to_be_visible()
    await expect(page.locator(".photos img")).to_have_count(1)
    assert await page.locator(".photos img").evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 640


async def test_a_return_is_started_with_a_photo_and_an_article_from_the_catalogue(
    site: Site, open_page: OpenPage, signed_in: Any
) -> None:
    page, _ = await open_page(storage_state=signed_in)

    await walked(site, page, "1440-light")


async def test_without_script_a_bad_file_is_chosen_again_and_the_rest_is_kept(
    site: Site, open_page: OpenPage, signed_in: Any
) -> None:
    page, watch = await open_page(storage_state=signed_in, width=375, theme="dark", script=False)
    watch.expect_status(422)
    await begun(site, page)
    await page.locator("#photo-1").set_input_files([SEAM, NO_PHOTO])
    await page.locator(".form-actions").get_by_role("button", name="See the amount").click()
    await expect(page.get_by_role("alert")).to_contain_text("seam.tiff: This is no photo or video.")
    await expect(page.locator("#photos-1 img")).to_have_count(1)
    await expect(page.locator("#reason-1")).to_have_value("too_small")
    await seen(page, "refused-375-dark", fits)  # axe needs script
    await searched(page, "candle")
    again = page.get_by_role("button", name="Look again now")
    found = page.get_by_label("Candle, cedar")
    await expect(found.or_(again).first).to_be_visible()
    await seen(page, "asking-375-dark", fits)
    await page.wait_for_load_state()
    for _ in range(2_000):  # as often as somebody presses it; the shop gives up before
        if await found.count():
            break
        async with page.expect_navigation():
            await again.click()
    await found.check()
    await page.locator(".form-actions").get_by_role("button", name="See the amount").click()
    await page.get_by_role("heading", name="What goes out instead").wait_for()
    await page.locator("#photos-1").get_by_role("button", name="Remove").click()
    await expect(page.locator("#photos-1 img")).to_have_count(0)
    await seen(page, "removed-375-dark", fits)
    await page.locator(".form-actions").get_by_role("button", name="Start the return").click()

    await expect(page.get_by_text("New article: Candle, cedar")).to_be_visible()
    await expect(page.get_by_text("The policy asks for 1 photo")).to_be_visible()


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_every_page_of_it_holds_in_every_look(
    site: Site, open_page: OpenPage, signed_in: Any, width: int, theme: str
) -> None:
    page, _ = await open_page(storage_state=signed_in, width=width, theme=theme)

    await walked(site, page, f"{width}-{theme}")
