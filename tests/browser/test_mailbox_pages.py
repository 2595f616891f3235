"""A mailbox in a real browser: an owner adds it, a shopper writes there, and the draft waits with its picture."""

import io
import os
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from retour.sandbox.mail.imap import Mailbox, serve_mailbox
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.waiting import until

pytestmark = pytest.mark.anyio
EMAIL = "noor@fjellhus.example"
SETTINGS = "/dashboard/settings/mailboxes"
INCOMING = "/dashboard/intakes"
SHOTS = os.environ.get("MAILBOX_SHOTS")  # a folder: whoever works on the pages looks at them


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in."""
    return await an_owner(browser, site, email=EMAIL, name="Noor Vik")


def a_mail(order: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "brown").save(out, "PNG")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ann <ann@example.com>", "returns@acme.example", "Torn"
    mail["Message-ID"] = f"<{order.strip('#')}@example.com>"
    mail.set_content(f"Hello,\n\nthe jacket of order {order} is torn.\n\n> On Monday you wrote\n")
    mail.add_attachment(out.getvalue(), maintype="image", subtype="png", filename="torn.png")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bill.pdf")
    return mail.as_bytes()


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


async def add(page: Page, name: str, port: int) -> None:
    await page.get_by_label("What is it called?").fill(name)
    await page.get_by_label("Mail server (IMAP)").fill("127.0.0.1")
    await page.get_by_label("None, on this machine only").check()
    await page.get_by_label("User name").fill("returns@acme.example")
    await page.get_by_label("Password of the mailbox").last.fill("s3cret")
    await page.get_by_text("Port, folder, address, and how far back").click()
    await page.get_by_label("Port", exact=False).last.fill(str(port))
    await page.get_by_label("Days back").fill("1")
    await page.get_by_role("button", name="Add the mailbox").click()
    await expect(page.get_by_text("Kept. The mailbox is looked through now.")).to_be_visible()


async def test_a_mail_becomes_a_draft_with_its_picture(site: Site, signed_in: Any, open_page: OpenPage) -> None:
    order = await site.an_order()
    page, watch = await open_page(storage_state=signed_in)
    watch.expect_status(422)
    box = Mailbox()
    await page.goto(site.address + SETTINGS)
    await page.get_by_role("button", name="Add the mailbox").click()
    await expect(page.get_by_text("Enter a name of 1 to 200 characters").first).to_be_visible()
    await holds(page)
    async with serve_mailbox(box) as port:
        box.put(a_mail(order["name"]), datetime.now(UTC))
        await add(page, "Returns", port)
        await holds(page)
        await shot(page, "mailboxes")

        async def listed() -> bool:
            await page.goto(site.address + INCOMING)
            return await page.get_by_role("link", name="E-mail").count() > 0

        await until(listed)
        await page.goto(site.address + SETTINGS)
        await page.get_by_role("button", name="Disconnect Returns").click()
        await expect(page.get_by_text("No mailbox is read")).to_be_visible()

    await page.goto(site.address + INCOMING)
    await page.get_by_role("link", name="E-mail").first.click()
    await expect(page.get_by_role("heading", name="Pictures that came with it")).to_be_visible()
    await expect(page.get_by_text("the jacket of order").first).to_be_visible()
    await expect(page.get_by_text("you wrote")).to_have_count(0)
    picture = page.get_by_role("img", name="Photo 1")
    await expect(picture).to_have_js_property("complete", True)
    await expect(picture).to_have_js_property("naturalWidth", 64)
    await holds(page)
    await shot(page, "draft")


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_the_pages_bear_every_look(
    site: Site, signed_in: Any, open_page: OpenPage, width: int, theme: str
) -> None:
    page, _ = await open_page(storage_state=signed_in, width=width, theme=theme)
    await page.goto(site.address + SETTINGS)
    await holds(page)
    await shot(page, f"look-mailboxes-{width}-{theme}")
