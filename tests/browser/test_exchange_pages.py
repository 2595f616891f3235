"""The new order of an exchange in a real browser: the desk names the article, the shopper pays the difference."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from retour.core.policy.outcome import (
    ExchangeItems,
    ExchangePrice,
    ExchangeTerms,
    Moment,
    ResolutionKind,
    ResolutionOffer,
    SettleOn,
)
from retour.flows import policy
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.browser.test_portal_pages import an_order, walk
from tests.stories.house import under
from tests.stories.test_handed_over import offering
from tests.waiting import until

pytestmark = pytest.mark.anyio
EMAIL = "ebba@fjellhus.example"
DESK = "/dashboard/returns"
PICTURES = os.environ.get("PICTURES")


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in; the shop exchanges on approval."""
    terms = ExchangeTerms(items=ExchangeItems.ANY_PRODUCT, price=ExchangePrice.PAID)
    document = offering(ResolutionOffer(ResolutionKind.EXCHANGE, exchange=terms))
    async with site.database.tx(site.tenant_id) as db:
        await policy.publish(
            db, store_id=site.merchant.store_id, document=under(document, settle_on=SettleOn(Moment.APPROVED)),
            actor="test", now=datetime.now(UTC),
        )  # fmt: skip
    return await an_owner(browser, site, email=EMAIL, name="Ebba Lund")


async def seen(page: Page, name: str) -> None:
    """Look at a page: nothing overflows, nobody is shut out; keep its picture where pictures are wanted."""
    await holds(page)
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


async def press(page: Page, name: str) -> None:
    """Press a button and wait for the page that it leads to: one that is loaded anew before would call it off."""
    async with page.expect_navigation():
        await page.get_by_role("button", name=name).click()


async def until_shown(page: Page, text: str) -> None:
    """Wait until the page says it, loading it anew: what it tells is done by jobs."""

    async def look() -> bool:
        await page.reload()
        return await page.get_by_text(text).first.is_visible()

    await until(look)


@pytest.mark.parametrize(("width", "theme"), [LOOKS[0], LOOKS[-1]])
async def test_the_desk_names_the_article_and_the_shopper_is_asked_to_pay_the_difference(
    site: Site, open_page: OpenPage, signed_in: Any, width: int, theme: str
) -> None:
    order = await an_order(site)
    shopper, _ = await open_page(width=width, theme=theme)
    number = await walk(site, shopper, order["name"])
    desk, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    await desk.goto(f"{site.address}{DESK}/{number}/exchange-article")
    await seen(desk, f"article-{width}-{theme}")
    await desk.get_by_label("Instead of").first.fill("RT-COAT-L")
    await desk.get_by_role("button", name="Save").click()
    await expect(desk.get_by_text("New article: RT-COAT-L")).to_be_visible()

    await desk.goto(f"{site.address}{DESK}/{number}/approve")
    await press(desk, "Approve")
    await until_shown(desk, "Waits until the shopper pays the difference")
    await seen(desk, f"unpaid-{width}-{theme}")
    await desk.goto(f"{site.address}{DESK}/{number}/exchange-decide")
    await seen(desk, f"decide-{width}-{theme}")

    await shopper.reload()
    await expect(shopper.get_by_role("heading", name="Pay the difference")).to_be_visible()
    told = shopper.get_by_role("table", name="How your exchange is calculated").get_by_role("row")
    rows = [" ".join((await row.inner_text()).split()) for row in await told.all()]
    assert rows == [
        "What Amount",
        "Your new item Wool coat, L €249.00",
        "What you send back −€24.50",
        "You pay €224.50",
    ]
    await seen(shopper, f"pay-{width}-{theme}")

    await desk.get_by_label("Carry it out by hand").check()
    await press(desk, "Decide")
    await until_shown(desk, "Carried out by hand")
    await seen(desk, f"by-hand-{width}-{theme}")
