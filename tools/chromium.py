"""Finds the machine's Chromium and starts it, once for all browser tests."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, async_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING: Final = (
    "no Chromium on this machine, so no page was looked at in a browser: "
    "`sudo apt-get install chromium fonts-noto-core`, or set RETOUR_CHROMIUM=/path/to/chromium"
)
# Nothing that calls home, no smooth scrolling, and the same letters on every machine.
ARGUMENTS: Final = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-smooth-scrolling", "--disable-dev-shm-usage", "--font-render-hinting=none", "--force-color-profile=srgb",
)  # fmt: skip


def found() -> Path | None:
    """Return the browser's program: RETOUR_CHROMIUM, or the first usual name in the path."""
    named = os.environ.get("RETOUR_CHROMIUM")
    for candidate in [named] if named else NAMES:
        if path := shutil.which(candidate):
            return Path(path)
    return None


@asynccontextmanager
async def started(program: Path) -> AsyncIterator[Browser]:
    """Start the browser without a window and close it at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()
