"""The page of all components, in every look."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.site import Site

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_every_component_holds_in_every_look(site: Site, open_page: OpenPage, width: int, theme: str) -> None:
    page, _ = await open_page(width=width, theme=theme)

    await page.goto(f"{site.address}/design")

    await holds(page)


@pytest.mark.parametrize("language", ["de-DE", "ar"])
async def test_every_component_holds_in_other_languages(site: Site, open_page: OpenPage, language: str) -> None:
    page, _ = await open_page(width=375, language=language)

    await page.goto(f"{site.address}/design")

    await expect(page.locator("html")).to_have_attribute("dir", ("rtl" if language == "ar" else "ltr"))
    await holds(page)


async def test_every_component_stands_without_script(site: Site, open_page: OpenPage) -> None:
    page, _ = await open_page(width=375, script=False)

    answer = await page.goto(f"{site.address}/design")

    assert answer is not None
    assert answer.status == 200
