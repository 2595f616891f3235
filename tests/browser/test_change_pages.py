"""A shopper changes how a sent return is made right and sent back, in a real browser: with and without script."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from retour.core.policy.outcome import Bonus, MethodKind, MethodOffer, Methods, ResolutionKind, ResolutionOffer
from retour.flows import policy
from tests.browser.conftest import OpenPage
from tests.browser.looks import fits, holds
from tests.browser.site import Site
from tests.browser.test_portal_pages import an_order, ask_for_two
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio
PICTURES = os.environ.get("PICTURES")


async def seen(page: Page, name: str, *, script: bool) -> None:
    """Look at a page: nothing overflows, nobody is shut out; keep its picture where pictures are wanted."""
    await (holds(page) if script else fits(page))  # axe-core is a script
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


async def send_for_a_refund(site: Site, page: Page) -> None:
    """Send one of each of two items back for a refund and stay at the page of the return."""
    order = await an_order(site)
    await ask_for_two(site, page, order)
    await page.locator("input[value=refund_original]").check()
    await page.locator(".portal-foot button").click()
    await page.locator("#money").wait_for()
    await page.locator(".portal-foot button").click()
    await page.locator("ol.timeline").wait_for()


@pytest.mark.parametrize(
    ("language", "script", "width", "theme"),
    [
        ("en-GB", True, 375, "light"),
        ("de", False, 1440, "dark"),
        ("ar", True, 375, "dark"),
        ("ar", True, 1440, "light"),
    ],
)
async def test_a_sent_return_is_made_right_and_sent_back_another_way(
    site: Site, open_page: OpenPage, language: str, script: bool, width: int, theme: str
) -> None:
    name, document = f"{language}-{width}-{theme}", offering(
        ResolutionOffer(ResolutionKind.REFUND_ORIGINAL),
        ResolutionOffer(ResolutionKind.STORE_CREDIT, bonus=Bonus(bp=1_000)),
        ResolutionOffer(ResolutionKind.EXCHANGE),
    )  # fmt: skip
    methods = Methods((MethodOffer(MethodKind.LABEL), MethodOffer(MethodKind.OWN_CARRIER)))
    document = replace(document, defaults=replace(document.defaults, methods=methods))
    async with site.database.tx(site.tenant_id) as db:
        await policy.publish(
            db, store_id=site.merchant.store_id, document=document, actor="test", now=datetime.now(UTC)
        )
    page, watch = await open_page(width=width, theme=theme, language=language, script=script)
    await send_for_a_refund(site, page)

    await page.locator("a[href$='/edit']").click()
    await expect(page.locator("input[value=refund_original]")).to_be_checked()
    await expect(page.locator("input[value=label]")).to_be_checked()
    await seen(page, f"change-{name}", script=script)
    await page.locator("a[href$='?each=1']").click()
    await page.locator("input[name=each]").wait_for(state="attached")
    await page.locator("input[value=store_credit]").first.check()
    await page.locator("input[value=exchange]").last.check()
    await seen(page, f"change-each-{name}", script=script)
    await page.locator("input[value=own_carrier]").check()
    await page.locator("form[action$='/edit'] button").click()
    await page.locator("#money").wait_for()
    await seen(page, f"change-check-{name}", script=script)
    await page.locator("form[action$='/edit'] button").click()
    await page.locator("ol.timeline").wait_for()

    rma = (await site.api().get("/returns", limit="1"))["items"][0]
    assert sorted(line["resolution"] for line in rma["lines"]) == ["exchange", "store_credit"]
    await page.locator("a[href$='/edit']").click()
    watch.expect_status(422)
    await page.locator("form[action$='/edit'] button").click()
    await page.locator(".error-summary").wait_for()
    await seen(page, f"change-refused-{name}", script=script)
