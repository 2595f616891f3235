"""Looking after returns in a real browser: marks, many at once, duplicates, and a return beyond the policy."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import holds
from tests.browser.site import Site
from tests.browser.test_dashboard_pages import asked_for, enter, token

pytestmark = pytest.mark.anyio
__all__ = ["token"]


@pytest.mark.parametrize("width", [375, 1440])
async def test_a_return_is_marked_found_by_its_mark_and_marked_again_with_others(
    site: Site, open_page: OpenPage, token: str, width: int
) -> None:
    rma, tag = await asked_for(site), f"call back {width}"
    page, _ = await open_page(width=width)
    await enter(page, site, token, f"/dashboard/returns/{rma['number']}/attend")
    await holds(page)
    await page.get_by_label("Looked after by").select_option(index=1)
    await page.get_by_label("Priority").select_option("urgent")
    await page.get_by_label("Tags").fill(tag)
    await page.get_by_label("I watch it").check()
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("heading", name=rma["number"]).wait_for()
    await expect(page.get_by_text(f"Tagged: {tag}")).to_be_visible()
    await holds(page)

    await page.goto(f"{site.address}/dashboard/returns?view=all&tag={tag}")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.locator("details.filter-menu summary").click()
    await holds(page)
    await page.locator("details.filter-menu summary").click()
    await page.get_by_label(f"Select {rma['number']}").check()
    await page.get_by_label("What else to do").select_option("hold")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("heading", name="Put on hold: 1 return").wait_for()
    await holds(page)
    await page.get_by_label("Why").fill("Waiting for a photo")
    await page.get_by_role("button", name="Put on hold: 1 return").click()
    await expect(page.get_by_role("cell", name="Put on hold")).to_be_visible()
    await holds(page)


async def test_a_return_beyond_the_policy_and_its_duplicate_become_one(
    site: Site, open_page: OpenPage, token: str
) -> None:
    order: Any = await site.an_order({"sku": "DUP-1", "price": "20.00", "quantity": 2, "fulfilled": 2})
    first = await site.a_return(order, {0: 1})
    page, _ = await open_page(width=1440)
    await enter(page, site, token, f"/dashboard/orders/{order['id']}/return")
    await page.locator("#line").check()
    await page.get_by_label("Reason", exact=True).select_option("other")
    await page.get_by_label("What the shopper gets", exact=True).select_option("store_credit")
    await page.get_by_label("Beyond the policy").check()
    await page.get_by_label("Why").fill("Agreed on the phone.")
    await holds(page)
    await page.get_by_role("button", name="See the amount").click()
    await page.get_by_role("heading", name="Set aside with your reason").wait_for()
    await holds(page)
    await page.get_by_role("button", name="Start the return").click()
    await expect(page.get_by_text("Beyond the policy: “Agreed on the phone.”")).to_be_visible()
    await page.goto(f"{page.url}/merge")
    await holds(page)
    await page.get_by_label("The return that goes on").select_option(value=first["id"])
    await page.get_by_role("button", name="Merge the returns").click()
    await expect(page.get_by_text(f"Merged into {first['number']}")).to_be_visible()
    assert len((await site.rma(first["id"]))["lines"]) == 2
