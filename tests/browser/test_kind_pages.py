"""The kinds of a return in a real browser: a withdrawal without a sign-in, and the same at the desk of the staff."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.browser.test_portal_pages import portal
from tests.waiting import until

pytestmark = pytest.mark.anyio
EMAIL = "wilma@fjellhus.example"
ROOT = "/dashboard/withdrawals"
STATES = "SELECT state, why FROM withdrawal ORDER BY received_at DESC LIMIT 1"


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in."""
    return await an_owner(browser, site, email=EMAIL, name="Wilma Voss")


async def withdraw(site: Site, page: Page, number: str, *, goods: str = "", see: Any = None) -> None:
    """State a withdrawal in two steps, from the first page of the portal."""

    async def looked() -> None:
        if see is not None:
            await see(page)

    await page.goto(await portal(site))
    await page.get_by_role("link", name="Withdraw from contract here").first.click()
    await page.locator("#name").fill("Ann Example")
    await page.locator("#number").fill(number)
    await page.locator("#contact").fill("ann@example.com")
    await page.locator("#goods").fill(goods)
    await looked()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Confirm withdrawal").wait_for()
    await looked()
    await page.get_by_role("button", name="Confirm withdrawal").click()
    await page.get_by_role("heading", name="Your withdrawal was received").wait_for()
    await looked()


async def settled(site: Site) -> Any:
    """Wait until the newest statement was looked at, and return where it stands."""

    async def look() -> Any:
        async with site.database.tx(site.tenant_id) as db:
            row = await db.fetchrow(STATES)
        return row if row is not None and row["state"] != "received" else None

    return await until(look)


async def test_a_contract_is_withdrawn_from_without_script_and_its_return_is_opened(
    site: Site, open_page: OpenPage
) -> None:
    order = await site.an_order()
    page, _ = await open_page(script=False)

    await withdraw(site, page, order["name"])

    row = await settled(site)
    assert (row["state"], row["why"]) == ("matched", None)


async def test_staff_choose_the_items_of_one_that_names_a_part(site: Site, open_page: OpenPage, signed_in: Any) -> None:
    order = await site.an_order()
    page, _ = await open_page(storage_state=signed_in)
    await withdraw(site, page, order["name"], goods="only one of them", see=holds)
    assert (await settled(site))["why"] == "part_named"

    await page.goto(f"{site.address}{ROOT}")
    await holds(page)
    await page.get_by_role("link", name="Only a part is withdrawn from").first.click()
    await page.get_by_text("only one of them").wait_for()
    await holds(page)
    await page.get_by_role("link", name="Choose the items").click()
    await page.locator("#quantity-0").fill("1")
    await holds(page)
    await page.get_by_role("button", name="Open the return").click()

    await expect(page.locator("h1")).to_contain_text("R-")


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
@pytest.mark.parametrize("language", ["de", "ar"])
async def test_the_pages_of_a_withdrawal_hold_in_every_look(
    site: Site, open_page: OpenPage, width: int, theme: str, language: str
) -> None:
    page, watch = await open_page(width=width, theme=theme)
    watch.expect_status(422)

    await page.goto(f"{await portal(site)}/withdraw?lang={language}")
    await holds(page)
    await page.locator("form[action$='/withdraw'] button").click()
    await page.locator(".error-summary").wait_for()
    await holds(page)
