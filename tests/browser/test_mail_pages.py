"""Mails as they look in a browser, and the sandbox's pages that show them."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from retour.connectors.mail.client import MailClient
from retour.core.letter import Letter
from retour.core.mail_server import MailServer
from retour.core.ports import Mail, MailVerdict
from retour.sandbox.app import create_app
from retour.sandbox.shopify.state import Settings
from retour.web.mail import Letters
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.sandbox.desk import serving
from tests.web.mail.samples import AT, every_letter

pytestmark = pytest.mark.anyio

LETTERS = Letters.load()
WIDTHS = (320, 375, 600)


async def send(port: int, letter: Letter, number: int) -> None:
    """Hand one letter to the sandbox's mail server."""
    written = LETTERS.write(letter)
    mail = Mail(
        f"<{number}@fjellhus.example>", AT, "Fjellhus", "returns@fjellhus.example", None, "mara@example.com", written.subject,
        written.text, written.html, letter.language,
    )  # fmt: skip

    async def leaving() -> bool:
        return True

    client = MailClient(MailServer.of(f"smtp://127.0.0.1:{port}?starttls=0"))
    assert (await client.send(mail, leaving=leaving)).verdict is MailVerdict.ACCEPTED


async def show(page: Page, letter: Letter) -> None:
    """Show a letter's HTML as a mail program does: within the landmark of its own page."""
    html = re.sub(r"(<body[^>]*>)(.*)(</body>)", r"\1<main>\2</main>\3", LETTERS.write(letter).html, flags=re.DOTALL)
    await page.set_content(html)


@pytest.fixture(scope="module")
async def shop(anyio_backend: str) -> AsyncIterator[str]:
    app = create_app(orders=3, settings=Settings(cost_points_per_s=None))
    async with serving(app) as address, app.mail.listening("127.0.0.1", 0) as port:
        for number, letter in enumerate(every_letter("de")):
            await send(port, letter, number)
        yield address


async def test_a_visitor_reads_a_mail_and_plans_trouble(shop: str, open_page: OpenPage) -> None:
    page, watch = await open_page(width=375, theme="dark")
    watch.expect_scriptless("/html")

    await page.goto(f"{shop}/admin")
    await page.get_by_role("link", name="Mail").click()
    await holds(page)
    await page.get_by_role("link", name="Ihre Rücksendung R-10482 ist genehmigt").click()
    letter = page.frame_locator("iframe.letter")
    await letter.get_by_role("heading", name="Ihre Rücksendung ist genehmigt").wait_for()
    await page.get_by_role("link", name="All mail").click()
    await page.get_by_role("button", name="Plan it").click()
    await page.get_by_text("rcpt: 550, 1 more time").wait_for()
    await page.get_by_role("button", name="Behave again").click()

    await page.get_by_text("Planned:").wait_for(state="detached")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_mail_fits_a_phone_and_axe_finds_nothing(open_page: OpenPage, theme: str) -> None:
    page, _ = await open_page(width=375, theme=theme)

    for letter in every_letter("en"):
        await show(page, letter)
        await holds(page)


@pytest.mark.prove
@pytest.mark.parametrize("language", ["en", "de", "ar"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_every_mail_holds_everywhere(open_page: OpenPage, width: int, theme: str, language: str) -> None:
    page, _ = await open_page(width=width, theme=theme)

    for letter in every_letter(language):
        await show(page, letter)
        await holds(page)


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_the_pages_of_the_mail_server_hold(shop: str, open_page: OpenPage, width: int, theme: str) -> None:
    page, watch = await open_page(width=width, theme=theme)
    watch.expect_status(404)

    for path in ("/mail", "/mail?to=nobody@example.com", "/mail/999"):
        await page.goto(shop + path)
        await holds(page)
