"""A fee that is paid beforehand in a real browser: the shopper is asked to pay it, staff decide about it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from retour.core.account import Role
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.flows import account as accounts
from retour.flows import policy
from retour.store.password import hash_password
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.site import Site
from tests.browser.test_exchange_pages import press, until_shown
from tests.browser.test_portal_pages import an_order, walk
from tests.stories.test_fees_beforehand import charging

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse battery"
EMAIL = "ida@fjellhus.example"
DESK = "/dashboard/returns"
PICTURES = os.environ.get("PICTURES")


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in; the shop wants its fee beforehand."""
    hashed = await hash_password(PASSWORD)
    at = datetime.now(UTC)
    async with site.database.tx(site.tenant_id) as db:
        await accounts.add_staff(
            db, email=EMAIL, name="Ida Berg", role=Role.OWNER, password_hash=hashed, actor="test", now=at
        )
        only = charging(resolutions=Resolutions((ResolutionOffer(ResolutionKind.REFUND_ORIGINAL),)))
        await policy.publish(db, store_id=site.merchant.store_id, document=only, actor="test", now=at)
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{site.address}/sign-in?next={DESK}")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", name="Returns", exact=True).wait_for()
    kept = await context.storage_state()
    await context.close()
    return kept


async def seen(page: Page, name: str) -> None:
    """Look at a page: nothing overflows, nobody is shut out; keep its picture where pictures are wanted."""
    await holds(page)
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(("width", "theme"), [LOOKS[0], LOOKS[-1]])
async def test_the_shopper_is_asked_to_pay_the_fee_and_staff_let_the_refund_bear_it(
    site: Site, open_page: OpenPage, signed_in: Any, width: int, theme: str
) -> None:
    order = await an_order(site)
    shopper, _ = await open_page(width=width, theme=theme)
    number = await walk(site, shopper, order["name"])
    desk, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    await desk.goto(f"{site.address}{DESK}/{number}/approve")
    await press(desk, "Approve")
    await until_shown(desk, "Waits until the shopper pays it")
    await seen(desk, f"fee-{width}-{theme}")

    await shopper.reload()
    await expect(shopper.get_by_role("heading", name="Pay the fee")).to_be_visible()
    await expect(shopper.get_by_role("link", name="Pay the fee")).to_be_visible()
    await expect(shopper.get_by_role("heading", name="With a carrier of your choice")).to_have_count(0)
    await seen(shopper, f"pay-fee-{width}-{theme}")

    await desk.goto(f"{site.address}{DESK}/{number}/fee-decide")
    await seen(desk, f"fee-decide-{width}-{theme}")
    await desk.get_by_label("Let the refund bear it").check()
    await press(desk, "Decide")
    await until_shown(desk, "Withheld from the refund")
