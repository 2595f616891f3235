"""A way for each item in a real browser: on a phone in the dark, right to left, and without script."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from retour.core.policy.outcome import ResolutionKind, ResolutionOffer
from retour.flows import policy
from tests.browser.conftest import OpenPage
from tests.browser.looks import fits, holds
from tests.browser.site import Site
from tests.browser.test_portal_pages import an_order, ask_for_two
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("language", "script", "width"), [("en-GB", False, 375), ("ar", True, 1440)])
async def test_two_items_go_different_ways_in_one_return(
    site: Site, open_page: OpenPage, language: str, script: bool, width: int
) -> None:
    look = holds if script else fits  # axe-core is a script
    document = offering(ResolutionOffer(ResolutionKind.REFUND_ORIGINAL), ResolutionOffer(ResolutionKind.STORE_CREDIT))
    async with site.database.tx(site.tenant_id) as db:
        await policy.publish(
            db, store_id=site.merchant.store_id, document=document, actor="test", now=datetime.now(UTC)
        )
    order = await an_order(site)
    page, _ = await open_page(width=width, theme="dark", language=language, script=script)
    await ask_for_two(site, page, order)
    await page.locator("a[href$='/offers/each']").click()
    await page.locator("form[action$='/offers/each']").wait_for()
    await look(page)

    await page.locator("fieldset").nth(0).locator("input[value=refund_original]").check()
    await page.locator("fieldset").nth(1).locator("input[value=store_credit]").check()
    await page.locator(".portal-foot button").click()
    await page.locator("#money").wait_for()
    await look(page)
    await page.locator(".portal-foot button").click()
    await page.locator("ol.timeline").wait_for()
    await look(page)
    rma = (await site.api().get("/returns", limit="1"))["items"][0]
    assert sorted(line["resolution"] for line in rma["lines"]) == ["refund_original", "store_credit"]
    await expect(page.locator("h1")).to_have_count(1)
