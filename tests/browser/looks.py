"""The looks that every page must bear: three widths, two themes; and what must hold in each."""

from typing import Final

from playwright.async_api import Page

from tests.browser.axe import axe

WIDTHS: Final = (375, 768, 1440)
THEMES: Final = ("light", "dark")
LOOKS: Final = tuple((width, theme) for width in WIDTHS for theme in THEMES)
WIDER: Final = """
() => [...document.querySelectorAll("body *")]
  .filter((e) => { const box = e.getBoundingClientRect(); return box.width && box.right > innerWidth + 1; })
  .slice(0, 5).map((e) => e.outerHTML.slice(0, 120))
"""


async def fits(page: Page) -> None:
    """Fail if the page scrolls sideways, naming what is wider than the window."""
    await page.wait_for_load_state()  # a click returns once its answer begins to arrive
    if await page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
        raise AssertionError(f"{page.url} scrolls sideways: {await page.evaluate(WIDER)}")


async def holds(page: Page) -> None:
    """Fail if the page as it is now is wider than the window or has anything that axe-core finds."""
    await fits(page)
    await axe(page)
