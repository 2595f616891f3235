"""The address of a return in a real browser: the shopper says where they are, the desk sees and changes it."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.site import Site
from tests.browser.test_logistics_pages import enter, labelled, name_address, signed_in
from tests.waiting import until

pytestmark = pytest.mark.anyio
__all__ = ["signed_in"]
PICTURES = os.environ.get("PICTURES")


async def seen(page: Page, name: str) -> None:
    """Look at a page: nothing overflows, nobody is shut out; keep its picture where pictures are wanted."""
    await holds(page)
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


async def remade(site: Site, rma_id: str) -> None:
    async def look() -> bool:
        (label,) = (await site.api().get(f"/returns/{rma_id}/labels"))["items"]
        return bool(label["state"] == "made")

    await until(look)


@pytest.mark.parametrize(("width", "theme"), [LOOKS[0], LOOKS[1], LOOKS[-2], LOOKS[-1]])
async def test_the_shopper_moves_and_the_desk_moves_them_back(
    site: Site, open_page: OpenPage, signed_in: Any, width: int, theme: str
) -> None:
    desk, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    await name_address(site, desk)
    order = await site.an_order()
    made = await labelled(site, order)
    shopper, watch = await open_page(width=width, theme=theme)
    watch.expect_status(422)
    await enter(site, shopper, order, made["number"])
    await seen(shopper, f"status-{width}-{theme}")

    await shopper.get_by_role("link", name="Change address").click()
    await expect(shopper.get_by_label("Town")).to_have_value("Berlin")
    await shopper.get_by_label("Town").fill("")
    await shopper.get_by_role("button", name="Save the address").click()
    await expect(shopper.get_by_text("Enter the town").first).to_be_visible()
    await seen(shopper, f"address-wrong-{width}-{theme}")
    await shopper.get_by_label("Street and number").fill("Rue du Lac 4")
    await shopper.get_by_label("Postcode").fill("1003")
    await shopper.get_by_label("Town").fill("Lausanne")
    await shopper.get_by_label("Country").select_option("CH")
    await seen(shopper, f"address-{width}-{theme}")
    await shopper.get_by_role("button", name="Save the address").click()
    await expect(shopper.get_by_text("Address changed")).to_be_visible()
    await remade(site, made["id"])

    await desk.goto(f"{site.address}/dashboard/returns/{made['number']}/address")
    await expect(desk.get_by_label("Town")).to_have_value("Lausanne")
    await expect(desk.get_by_label("Country")).to_have_value("CH")
    await seen(desk, f"desk-address-{width}-{theme}")
    await desk.get_by_label("Town").fill("Morges")
    await desk.get_by_role("button", name="Save the address").click()
    await expect(desk.get_by_text("Address changed").first).to_be_visible()
    await seen(desk, f"desk-return-{width}-{theme}")
    await remade(site, made["id"])
    await shopper.reload()
    await expect(shopper.get_by_role("link", name="Print the label")).to_be_visible()
