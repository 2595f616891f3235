"""The documentation of the API in a real browser."""

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.browser.watch import two_frames

pytestmark = pytest.mark.anyio


async def test_the_documentation_of_the_api_opens_without_a_complaint(site: Site, open_page: OpenPage) -> None:
    page, watch = await open_page()
    watch.heaviest_bytes = 2_300_000  # a tool for developers, not a page of ours

    await page.goto(f"{site.address}/api/v1/docs")
    await page.locator(".opblock-tag").first.wait_for()

    await page.locator(".opblock").nth(8).wait_for()
    last = page.locator(".opblock-tag", has_text="Webhooks")
    for _ in range(60):  # so many operations are drawn only as they come into sight
        if await last.count():
            break
        await page.mouse.wheel(0, 600)
        await two_frames(page)
    await last.wait_for()
