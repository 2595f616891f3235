"""The new article at once in a real browser: offered, confirmed at the provider, held, and decided about at the desk."""

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
    InstantTerms,
    ResolutionKind,
    ResolutionOffer,
)
from retour.flows import policy
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.browser.test_exchange_pages import press, until_shown
from tests.browser.test_portal_pages import an_order, walk
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio
DESK = "/dashboard/returns"
PICTURES = os.environ.get("PICTURES")


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in; the shop exchanges at once against a card."""
    terms = ExchangeTerms(items=ExchangeItems.ANY_PRODUCT, price=ExchangePrice.PAID, instant=InstantTerms())
    document = offering(ResolutionOffer(ResolutionKind.EXCHANGE, exchange=terms))
    async with site.database.tx(site.tenant_id) as db:
        await policy.publish(
            db, store_id=site.merchant.store_id, document=document, actor="test", now=datetime.now(UTC)
        )
    card = {"name": "Stripe", "key": "sk_test_sandbox", "signing_secret": "whsec_sandbox",
            "address": f"{site.sandbox_address}/stripe"}  # fmt: skip
    added = await site.api().post("/card-providers", card)
    await site.desk.post("/_sandbox/cards", {"url": f"{site.address}{added['path']}"})
    return await an_owner(browser, site, email="ivo@fjellhus.example", name="Ivo Lund")


async def seen(page: Page, name: str) -> None:
    """Look at a page: nothing overflows, nobody is shut out; keep its picture where pictures are wanted."""
    await holds(page)
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(("width", "theme"), [LOOKS[0], LOOKS[-1]])
async def test_the_shopper_has_the_article_at_once_and_the_desk_sees_the_card(
    site: Site, open_page: OpenPage, signed_in: Any, width: int, theme: str
) -> None:
    order = await an_order(site)
    shopper, _ = await open_page(width=width, theme=theme)
    number = await walk(site, shopper, order["name"])
    desk, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    await desk.goto(f"{site.address}/dashboard/settings/cards")
    await seen(desk, f"settings-{width}-{theme}")
    await desk.goto(f"{site.address}{DESK}/{number}/exchange-article")
    await desk.get_by_label("Instead of").first.fill("RT-COAT-L")
    await desk.get_by_role("button", name="Save").click()
    await expect(desk.get_by_text("New article: RT-COAT-L")).to_be_visible()
    await desk.goto(f"{site.address}{DESK}/{number}/approve")
    await press(desk, "Approve")

    await until_shown(shopper, "You need not wait until your items are back.")
    await seen(shopper, f"offer-{width}-{theme}")
    await press(shopper, "Send my new article now")
    await until_shown(shopper, "Confirm with my card")
    await seen(shopper, f"confirm-{width}-{theme}")
    page = await shopper.get_by_role("link", name="Confirm with my card").get_attribute("href")
    assert page is not None
    assert page.startswith(f"{site.sandbox_address}/stripe/pay/")
    await site.desk.post("/_sandbox/cards", {"confirm": page.rpartition("/")[2]})
    await until_shown(shopper, "is held on your card")
    await seen(shopper, f"held-{width}-{theme}")

    await until_shown(desk, "Held on the card")
    await seen(desk, f"return-{width}-{theme}")
    await desk.goto(f"{site.address}{DESK}/{number}/card")
    await seen(desk, f"decide-{width}-{theme}")
    await desk.get_by_label("Release the card").check()
    await desk.get_by_label("Why").fill("a friend of the house")
    await press(desk, "Decide")
    await until_shown(desk, "Released")
