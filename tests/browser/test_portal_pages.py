"""The shopper's pages in a real browser: by mouse, by keyboard alone, without script, in German, from right to left."""

import re
from typing import Any
from uuid import UUID

import msgspec
import pytest
from playwright.async_api import Page, expect

from retour.store import look as looks
from retour.store import mail
from tests.browser.conftest import OpenPage
from tests.browser.keyboard import press, reach, write
from tests.browser.looks import LOOKS, holds
from tests.browser.site import MUGS, Site
from tests.waiting import until

pytestmark = pytest.mark.anyio

SOCKS = {
    "sku": "RT-SOCK-3P", "name": "Merino socks, 3 pairs", "price": "24.50", "quantity": 3, "fulfilled": 2,
    "taxes": [["VAT", "0.19"]],
}  # fmt: skip
GIFT = {"sku": "RT-GIFTCARD-25", "name": "Gift card", "price": "25.00", "quantity": 1, "fulfilled": 1, "taxes": []}
CODES = """
SELECT m.id, m.sealed_data FROM mail m JOIN visit v ON v.tenant_id = m.tenant_id AND v.id = m.resource_id
  JOIN visit_code c ON c.tenant_id = v.tenant_id AND c.visit_id = v.id
  JOIN sales_order o ON o.tenant_id = c.tenant_id AND o.id = c.order_id
 WHERE m.kind = 'one_time_code' AND m.tenant_id = $1 AND o.name = $2 AND m.id <> ALL ($3)
 ORDER BY m.id DESC LIMIT 1
"""
USED: set[UUID] = set()


async def portal(site: Site) -> str:
    """Return the address of the merchant's portal."""
    async with site.database.tx(site.tenant_id) as db:
        look = await looks.get(db, site.merchant.store_id)
    assert look is not None
    return f"{site.address}/returns/{look.handle}"


async def code_of(site: Site, name: str) -> str:
    """Wait until a code for the order was planned that was not returned before, and return it: each is used once."""

    async def look() -> Any:
        async with site.database.tx(site.tenant_id) as db:
            return await db.fetchrow(CODES, site.tenant_id, name, list(USED))

    row = await until(look)
    USED.add(row["id"])
    plain = site.web.vault.unlock(row["sealed_data"], tenant_id=site.tenant_id, purpose=mail.purpose(row["id"]))
    return str(msgspec.json.decode(plain)["code"])


async def ask_for_two(site: Site, page: Page, order: Any) -> None:
    """Prove an order and choose one of each of its first two items, up to how they are made right."""
    await page.goto(await portal(site))
    await page.locator("#number").fill(order["name"])
    await page.locator("#contact").fill("ann@example.com")
    await page.locator("main button").first.click()
    await page.locator("#code").fill(await code_of(site, order["name"]))
    await page.locator("form[action$='/code'] button").click()
    for n in (0, 1):
        await page.locator("input[name=item]").nth(n).check()
    await page.locator(".portal-foot button").click()
    for n in (0, 1):
        await page.locator(".reason").nth(n).locator("input[value=changed_mind]").check()
    await page.locator(".portal-foot button").click()


async def an_order(site: Site) -> Any:
    return await site.an_order(MUGS, SOCKS, GIFT)


async def walk(site: Site, page: Page, name: str, *, see: Any = None) -> str:
    """Walk from the order number to the status page by mouse and return the number of the return."""

    async def looked() -> None:
        if see is not None:
            await see(page)

    main = page.locator("main")
    await page.goto(await portal(site))
    await looked()
    await page.locator("#number").fill(name)
    await page.locator("#contact").fill("ann@example.com")
    await main.locator("button").first.click()
    await page.locator("#code").wait_for()
    await looked()
    await page.locator("#code").fill(await code_of(site, name))
    await main.locator("form[action$='/code'] button").click()
    await page.locator("input[name=item]").first.wait_for()
    await looked()
    await page.locator("input[name=item]").nth(1).check()
    await page.locator(".portal-foot button").click()
    await page.locator(".reason input[value=too_small]").check()
    await looked()
    await page.locator(".portal-foot button").click()
    await page.locator("input[name=resolution]").first.wait_for()
    await looked()
    await page.locator(".portal-foot button").click()
    await page.wait_for_url(re.compile("/(articles|review)"))
    if "/articles" in page.url:  # an exchange whose article is named later
        await page.get_by_role("button", name="Choose later").click()
    await page.locator("table.money").first.wait_for()
    await looked()
    await page.locator(".portal-foot button").click()
    await page.locator("ol.timeline").wait_for()
    await looked()
    return page.url.rpartition("/")[2]


async def test_a_return_is_sent_and_cancelled_by_mouse(site: Site, open_page: OpenPage) -> None:
    order = await an_order(site)
    page, watch = await open_page()
    watch.expect_status(422)

    number = await walk(site, page, order["name"])
    assert re.fullmatch(r"R-\d+", number)
    await page.get_by_text("You get back").first.click()
    await page.get_by_text("Merino socks, 3 pairs, 1 of 3").wait_for()
    await page.get_by_role("link", name="Cancel this return").click()
    await page.get_by_role("button", name="Cancel the return").click()

    await expect(page.locator("h1")).to_have_text("This return was cancelled")


async def test_a_return_is_sent_by_keyboard_alone(site: Site, open_page: OpenPage) -> None:
    order = await an_order(site)
    page, watch = await open_page()
    watch.expect_status(422)
    await page.goto(await portal(site))

    await press(page, "Find my order")
    await page.locator(".error-summary:focus").wait_for()
    await press(page, "Enter the order number.")
    await page.keyboard.type(order["name"])
    await write(page, "E-mail, phone or postcode", "ann@example.com")
    await page.keyboard.press("Enter")
    await page.locator("#code").wait_for()
    await write(page, "Code", await code_of(site, order["name"]))
    await page.keyboard.press("Enter")
    await page.locator("input[name=item]").first.wait_for()
    await press(page, "Merino socks, 3 pairs", " ")
    await press(page, "One more: Merino socks, 3 pairs")
    await press(page, "Continue")
    await page.locator(".reason").wait_for()
    await reach(page, "Too small")
    await page.keyboard.press("ArrowDown")
    await write(page, "Note for the shop", "One size down")
    await press(page, "Continue")
    await page.locator("input[name=resolution]").wait_for()
    await press(page, "Continue with the refund")
    await page.locator("table.money").wait_for()
    await page.get_by_text("Merino socks, 3 pairs, 2 of 3").first.wait_for()
    await press(page, "Send return request")

    await page.locator("ol.timeline").wait_for()
    await expect(page.locator("h1")).to_have_text("Send your parcel")


async def test_a_return_is_sent_without_script(site: Site, open_page: OpenPage) -> None:
    order = await an_order(site)
    page, _ = await open_page(width=375, script=False)

    number = await walk(site, page, order["name"])

    assert number.startswith("R-")
    await page.go_back()  # the draft is over: nothing can be sent twice
    await expect(page.locator("h1")).to_have_text("What is going back?")
    await page.get_by_role("link", name="Returns of this order").click()
    await page.wait_for_load_state()
    await expect(page.locator("ul.returns li")).to_have_count(1)


@pytest.mark.parametrize(("language", "heading"), [("de-DE", "Senden Sie Ihr Paket"), ("ar", "أرسل طردك")])
async def test_a_return_is_sent_in_other_languages(
    site: Site, open_page: OpenPage, language: str, heading: str
) -> None:
    order = await an_order(site)
    page, _ = await open_page(width=375, language=language)

    await walk(site, page, order["name"], see=holds)

    await expect(page.locator("h1")).to_have_text(heading)
    await expect(page.locator("html")).to_have_attribute("dir", ("rtl" if language == "ar" else "ltr"))


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_every_page_holds_in_every_look(site: Site, open_page: OpenPage, width: int, theme: str) -> None:
    order = await an_order(site)
    page, watch = await open_page(width=width, theme=theme)
    watch.expect_status(404)

    number = await walk(site, page, order["name"], see=holds)

    for path in (f"/{number}/cancel", "/list", "/R-999999999", "/waiting"):
        await page.goto(await portal(site) + path)
        await holds(page)
