"""One browser for all tests of pages, one installation for each module, one watched context for each test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Protocol

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from retour.ops.postgres import Urls
from tests.browser.site import Site, a_site
from tests.browser.watch import Watch, two_frames
from tools import chromium

HEIGHTS = {375: 720, 768: 1024, 1440: 900}
PATIENCE_MS = 15_000  # of a machine that does other work too: a page that is late is not a page that is wrong
expect.set_options(timeout=PATIENCE_MS)


class OpenPage(Protocol):
    """Opens a page in a context of its own, with no cookies; `script=False` is a browser without JavaScript."""

    def __call__(
        self, *, width: int = 1440, theme: str = "light", language: str = "en-GB", script: bool = True, **more: Any
    ) -> Awaitable[tuple[Page, Watch]]: ...


@pytest.fixture(scope="package")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    """The machine's Chromium; without one these tests are skipped and say why."""
    program = chromium.found()
    if program is None:
        pytest.skip(chromium.MISSING)
    async with chromium.started(program) as opened:
        yield opened


@pytest.fixture(scope="module")
async def site(
    browser: Browser, urls: Urls, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Site]:
    """A whole installation with a merchant and an empty sandbox shop."""
    async with a_site(urls, tmp_path_factory.mktemp("site")) as opened:
        yield opened


@pytest.fixture
async def open_page(browser: Browser, anyio_backend: str) -> AsyncIterator[OpenPage]:
    """Open pages of any width, theme and language; at the end none may have seen anything wrong."""
    watches: list[Watch] = []
    scripted: list[Page] = []
    async with AsyncExitStack() as stack:

        async def opened(
            *, width: int = 1440, theme: str = "light", language: str = "en-GB", script: bool = True, **more: Any
        ) -> tuple[Page, Watch]:
            context = await browser.new_context(
                viewport=ViewportSize(width=width, height=HEIGHTS.get(width, 900)),
                color_scheme="dark" if theme == "dark" else "light",
                locale=language, java_script_enabled=script, reduced_motion="reduce", timezone_id="Europe/Berlin", **more,
            )  # fmt: skip
            stack.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            watch = Watch()
            await watch.begin(context)
            page = await context.new_page()
            await watch.weigh(page)
            watches.append(watch)
            scripted.extend([page] if script else [])
            return page, watch

        yield opened
        for page in scripted:  # what the observers still have to say is said before the contexts close
            await two_frames(page)
    complaints = [complaint for watch in watches for complaint in watch.complaints()]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
async def page(open_page: Callable[..., Awaitable[tuple[Page, Watch]]]) -> Page:
    """A watched page, 1440 wide, light, in English."""
    opened, _ = await open_page()
    return opened
