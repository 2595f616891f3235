"""Turns of a return in a real browser: the desk asks, the shopper answers and changes, the desk opens again."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from retour.core.policy import template
from retour.flows import policy
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.browser.test_portal_pages import an_order, walk

pytestmark = pytest.mark.anyio
EMAIL = "tora@fjellhus.example"
DESK = "/dashboard/returns"
PICTURES = os.environ.get("PICTURES")


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in."""
    async with site.database.tx(site.tenant_id) as db:
        await policy.publish(
            db, store_id=site.merchant.store_id, document=template(), actor="test", now=datetime.now(UTC)
        )
    return await an_owner(browser, site, email=EMAIL, name="Tora Dahl")


async def seen(page: Page, name: str) -> None:
    """Look at a page: nothing overflows, nobody is shut out; keep its picture where pictures are wanted."""
    await holds(page)
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(("width", "theme"), [LOOKS[0], LOOKS[-1]])
async def test_the_desk_asks_and_the_shopper_answers_then_changes_the_return(
    site: Site, open_page: OpenPage, signed_in: Any, width: int, theme: str
) -> None:
    order = await an_order(site)
    shopper, _ = await open_page(width=width, theme=theme)
    number = await walk(site, shopper, order["name"])
    status = shopper.url
    desk, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    await desk.goto(f"{site.address}{DESK}/{number}/ask")
    await desk.get_by_label("Your question").fill("Which size did you get?\nThe label says it.")
    await desk.get_by_label("Days to answer").fill("5")
    await seen(desk, f"ask-{width}-{theme}")
    await desk.get_by_role("button", name="Ask").click()
    await expect(desk.get_by_text("Waits for an answer").first).to_be_visible()
    await seen(desk, f"asked-{width}-{theme}")

    await shopper.goto(status)
    await expect(shopper.get_by_role("heading", name="The shop has a question")).to_be_visible()
    await seen(shopper, f"question-{width}-{theme}")
    await shopper.get_by_label("Your answer").fill("M")
    await shopper.get_by_role("button", name="Send the answer").click()
    await expect(shopper.get_by_text("You answered")).to_be_visible()
    await shopper.get_by_role("link", name="Change this return").click()
    await expect(shopper.get_by_role("heading", name="Change this return")).to_be_visible()
    await seen(shopper, f"change-{width}-{theme}")
    await shopper.get_by_label("How many").nth(1).select_option("2")
    await shopper.get_by_role("button", name="See the amount").click()
    await expect(shopper.get_by_text("The shop looks at the change and writes to you.")).to_be_visible()
    await seen(shopper, f"changed-{width}-{theme}")
    await shopper.get_by_role("button", name="Change the return").click()
    await expect(shopper.get_by_role("heading", name="The shop is checking your request")).to_be_visible()

    await desk.goto(f"{site.address}{DESK}/{number}/edit")
    await seen(desk, f"edit-{width}-{theme}")
    await desk.get_by_label("Units").nth(1).fill("1")
    await desk.get_by_role("button", name="See the amount").click()
    await expect(desk.get_by_role("heading", name="Promised before and after")).to_be_visible()
    await seen(desk, f"edited-{width}-{theme}")


async def test_deadlines_are_kept_on_a_page_of_their_own(site: Site, open_page: OpenPage, signed_in: Any) -> None:
    page, _ = await open_page(storage_state=signed_in)
    await page.goto(f"{site.address}/dashboard/settings/deadlines")
    await page.get_by_label("Days to hand the parcel over").fill("60")
    await page.get_by_label("Reminders, days before the end").fill("14, 3")
    await seen(page, "deadlines")
    await page.get_by_role("button", name="Save").click()

    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_label("Days to hand the parcel over")).to_have_value("60")
    await expect(page.get_by_label("Reminders, days before the end")).to_have_value("14, 3")
