"""The dock in a real browser: a scanner and a keyboard from the parcel to the last unit, with and without a network."""

import io
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from retour.core.account import Role
from retour.core.sign_in import token_sha256
from retour.flows import account
from retour.store import session
from retour.store.ids import new_id
from tests.browser.conftest import OpenPage
from tests.browser.keyboard import press
from tests.browser.looks import LOOKS, holds
from tests.browser.site import MUGS, Site

pytestmark = pytest.mark.anyio
SKU = MUGS["sku"]
TOWEL = {
    "sku": "RT-TOWEL",
    "name": "Linen towel",
    "price": "12.00",
    "quantity": 1,
    "fulfilled": 1,
    "taxes": [["VAT", "0.19"]],
}


@pytest.fixture(scope="module")
async def token(site: Site) -> str:
    """The session of a clerk."""
    now, made = datetime.now(UTC), secrets.token_urlsafe(32)
    async with site.database.tx(site.tenant_id) as db:
        clerk = await account.add_staff(
            db, email=f"{uuid4()}@example.com", name="Cleo Clerk", role=Role.WAREHOUSE, password_hash=None, actor="cli",
            now=now,
        )  # fmt: skip
        await session.add(
            db, session_id=new_id(), staff_id=clerk.id, token_sha256=token_sha256(made), store_id=None,
            user_agent="test", created_at=now, expires_at=now + timedelta(hours=8),
        )  # fmt: skip
    return made


async def enter(page: Page, site: Site, token: str, path: str = "/warehouse") -> None:
    await page.context.add_cookies([{"name": "retour_session", "value": token, "url": site.address}])
    await page.goto(f"{site.address}{path}")


async def an_approved_return(site: Site, *lines: Any, units: Mapping[int, int] | None = None) -> Any:
    asked = await site.a_return(await site.an_order(*lines), units or {0: 2})
    if asked["status"] == "requested":
        await site.api("agent").post(f"/returns/{asked['id']}/approve", {})
    return await site.until_rma(asked["id"], status="approved")


async def received(site: Site, rma_id: str) -> int:
    async with site.database.tx(site.tenant_id) as db:
        found: int = await db.fetchval(
            "SELECT coalesce(sum(upper(ordinals) - lower(ordinals)), 0)::int FROM receipt WHERE rma_id = $1",
            UUID(rma_id),
        )
    return found


async def scan_field_has_focus(page: Page) -> None:
    """Wait for what a clerk waits for: a page that is there, and its cursor in the scan field; fail if it never is."""
    await page.wait_for_load_state()
    await page.locator("#code:focus").wait_for()


async def type_code(page: Page, code: str) -> None:
    """Scan as a keyboard wedge does: the characters, then Enter."""
    await scan_field_has_focus(page)
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")


async def test_a_parcel_is_done_by_scanner_and_keyboard_alone(site: Site, open_page: OpenPage, token: str) -> None:
    rma = await an_approved_return(site, {**MUGS, "quantity": 3, "fulfilled": 3}, TOWEL, units={0: 2, 1: 1})
    page, _ = await open_page(width=375)
    await enter(page, site, token)

    await type_code(page, rma["number"])
    await page.get_by_role("heading", name=rma["number"]).wait_for()
    for code, here in (("RT-TOWEL", "1 of 3 here"), (SKU, "2 of 3 here")):
        await type_code(page, code)
        await page.locator(".dock-count", has_text=here).wait_for()
    await press(page, "Finish parcel")
    for name in ("Save, next unit", "Save and finish"):
        await page.get_by_role("button", name=name).wait_for()
        await page.wait_for_load_state()  # the key is heard once the page's script has run
        await page.keyboard.press("b")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
    await page.locator(".dock-count", has_text="2 of 3 here").wait_for()

    await scan_field_has_focus(page)
    shown = await site.rma(rma["id"])
    assert sorted((i["quantity"], i["grade"]) for i in shown["inspections"]) == [(1, "opened"), (1, "opened")]


async def test_scans_without_a_network_are_kept_and_sent_once(site: Site, open_page: OpenPage, token: str) -> None:
    rma = await an_approved_return(site)
    page, watch = await open_page(width=375)
    await enter(page, site, token, f"/warehouse/returns/{rma['number']}")

    await page.context.set_offline(True)
    await type_code(page, SKU)
    await page.get_by_text("Offline. 1 scan is kept on this device.").wait_for()
    await type_code(page, "4006381333931")
    await page.get_by_text("Offline. 2 scans are kept on this device.").wait_for()
    await page.get_by_text("2 waiting to send").wait_for()
    assert await received(site, rma["id"]) == 0
    watch.wrong.clear()  # what the browser says of a network that is away
    await page.context.set_offline(False)
    await page.get_by_text("Not part of this return.").wait_for()

    assert await received(site, rma["id"]) == 1
    await page.get_by_text("waiting to send").wait_for(state="hidden")
    watch.wrong.clear()


async def test_a_photo_is_taken_at_once_and_what_was_typed_stays(site: Site, open_page: OpenPage, token: str) -> None:
    rma = await an_approved_return(site, units={0: 1})
    line = (await site.rma(rma["id"]))["lines"][0]["id"]
    await site.api("warehouse").post(f"/returns/{rma['id']}/receive", {"lines": [{"line_id": line, "quantity": 1}]})
    page, _ = await open_page(width=375)
    await enter(page, site, token, f"/warehouse/returns/{rma['number']}/inspect")
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(picture, "JPEG")

    await page.get_by_text("Change what happens, note, location").click()
    await page.get_by_label("Note").fill("a chip in the rim")
    await page.get_by_role("radio", name="Damaged").check()
    files = [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}]
    await page.set_input_files("#photo", files=files)  # type: ignore[arg-type] # a list of one payload
    await page.get_by_role("img", name="Photo 1").wait_for()

    await expect(page.get_by_label("Note")).to_have_value("a chip in the rim")
    await expect(page.get_by_role("radio", name="Damaged")).to_be_checked()
    loaded = "img => img.decode().then(() => img.naturalWidth > 0)"  # it stands before its bytes have come; decode waits for them
    assert await page.locator(".dock-photos img").evaluate(loaded)


async def test_the_dock_works_without_script(site: Site, open_page: OpenPage, token: str) -> None:
    rma = await an_approved_return(site, units={0: 1})
    page, _ = await open_page(width=375, script=False)
    await enter(page, site, token)

    await page.locator("#code").fill(rma["number"])
    await page.get_by_role("button", name="Find").click()
    await page.get_by_role("button", name="It is here").click()
    await page.get_by_role("link", name="Inspect 1 unit").click()
    await page.get_by_role("radio", name="As new").check()
    await page.get_by_role("button", name="Save and finish").click()

    await page.get_by_text("All units are inspected.").wait_for()


@pytest.mark.parametrize(("width", "theme", "language"), [(375, "dark", "de-DE"), (1440, "light", "en-GB")])
async def test_every_page_holds(
    site: Site, open_page: OpenPage, token: str, width: int, theme: str, language: str
) -> None:
    await look_around(site, open_page, token, width, theme, language)


@pytest.mark.prove
@pytest.mark.parametrize("language", ["en-GB", "de-DE"])
@pytest.mark.parametrize(("width", "theme"), [*LOOKS, (320, "light")])
async def test_every_page_holds_in_every_look(
    site: Site, open_page: OpenPage, token: str, width: int, theme: str, language: str
) -> None:
    await look_around(site, open_page, token, width, theme, language)


async def look_around(site: Site, open_page: OpenPage, token: str, width: int, theme: str, language: str) -> None:
    """Open every page of the dock in one look and let each hold."""
    rma = await an_approved_return(site)
    line = (await site.rma(rma["id"]))["lines"][0]["id"]
    await site.api("warehouse").post(f"/returns/{rma['id']}/receive", {"lines": [{"line_id": line, "quantity": 1}]})
    page, watch = await open_page(width=width, theme=theme, language=language)
    at = f"/warehouse/returns/{rma['number']}"

    await enter(page, site, token)
    await holds(page)
    for code in ("1Z-UNKNOWN", rma["number"], "4006381333931"):
        await page.locator("#code").fill(code)
        async with page.expect_navigation():
            await page.locator("#code").press("Enter")
        await holds(page)
    await page.locator(".dock-more > summary").click()
    await holds(page)
    await page.goto(f"{site.address}{at}/inspect")
    await holds(page)
    watch.expect_status(422)
    await page.locator("button[value=save].button-large").click()
    await page.locator(".error-summary").wait_for()
    await holds(page)
