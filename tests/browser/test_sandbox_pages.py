"""The sandbox shop's own pages in a real browser: every page, by its links and buttons."""

from collections.abc import AsyncIterator

import pytest

from retour.sandbox.app import create_app
from retour.sandbox.shopify.state import Settings
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.sandbox.desk import serving

pytestmark = pytest.mark.anyio

PAGES = (
    "/admin",
    "/admin/orders/1007",
    "/admin/stock",
    "/admin/books",
    "/admin/parcels",
    "/admin/trouble",
    "/admin/orders/1",
)


@pytest.fixture(scope="module")
async def shop(anyio_backend: str) -> AsyncIterator[str]:
    async with serving(create_app(orders=60, settings=Settings(cost_points_per_s=None))) as address:
        yield address


async def test_a_visitor_moves_a_parcel_and_makes_trouble(shop: str, open_page: OpenPage) -> None:
    page, _ = await open_page(width=375, theme="dark")

    await page.goto(shop)
    await page.get_by_label("Order, person, e-mail or tag").fill("#1007")
    await page.get_by_role("button", name="Find").click()
    await page.get_by_role("link", name="#1007").click()
    await holds(page)
    await page.get_by_label("Return number").fill("R-10001")
    await page.get_by_role("button", name="Ship the parcel back").click()
    await page.get_by_role("button", name="Scan: delivered").click()
    await page.get_by_text("delivered for R-10001").wait_for()
    await page.get_by_role("link", name="Trouble").click()
    await page.get_by_role("button", name="Plan it").click()
    await page.get_by_text("refundCreate: timeout_after, 1 more time").wait_for()
    await holds(page)
    await page.get_by_role("button", name="Behave again").click()

    await page.get_by_text("Planned:").wait_for(state="detached")


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_every_page_fits_and_axe_finds_nothing(shop: str, open_page: OpenPage, width: int, theme: str) -> None:
    page, watch = await open_page(width=width, theme=theme)
    watch.expect_status(404)

    for path in PAGES:
        await page.goto(shop + path)
        await holds(page)
