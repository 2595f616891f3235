"""What is sent in, in a real browser: a source is added, posts a return, and somebody at the desk finds its order."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page, expect
from standardwebhooks import Webhook

from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.core.intake.papers import a_return
from tests.waiting import until

pytestmark = pytest.mark.anyio
EMAIL = "iris@fjellhus.example"
INCOMING = "/dashboard/intakes"
SHOTS = os.environ.get("INTAKE_SHOTS")  # a folder: whoever works on the pages looks at them


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in."""
    return await an_owner(browser, site, email=EMAIL, name="Iris Moe")


async def add_source(site: Site, page: Page, name: str) -> tuple[str, str]:
    """Add a source in the settings and return its address and its secret."""
    await page.goto(f"{site.address}/dashboard/settings/sources")
    await page.get_by_label("What is it called?").fill(name)
    await page.get_by_role("button", name="Add the source").click()
    secret = await page.locator("#once").input_value()
    address = await page.locator("li", has_text=name).locator(".row-note").first.inner_text()
    return address.strip(), secret


async def post(site: Site, address: str, secret: str, document: dict[str, Any], event: str) -> int:
    """Post a signed document as the source does."""
    body, at = json.dumps(document), datetime.now(UTC)
    signature = Webhook(secret).sign(msg_id=event, timestamp=at, data=body)
    headers = {"webhook-id": event, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    path = "/hooks/" + address.partition("/hooks/")[2]
    async with httpx2.AsyncClient() as client:
        return (await client.post(site.address + path, content=body.encode(), headers=headers)).status_code


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


async def test_a_return_of_a_source_waits_until_somebody_finds_its_order(
    site: Site, signed_in: Any, open_page: OpenPage
) -> None:
    order = await site.an_order()
    page, _ = await open_page(storage_state=signed_in)
    address, secret = await add_source(site, page, "Shop system")
    await holds(page)
    await shot(page, "sources")
    document = a_return(
        id="RET-551", customer={"name": "Ann Lee"}, order={"number": order["name"]}, notes="Left at the neighbour's",
        items=[{"title": "The blue one", "quantity": 1, "reason": {"code": "too_small"}}],
    )  # fmt: skip

    assert await post(site, address, secret, document, "m-1") == 200
    assert await post(site, address, secret, document | {"status": "lost"}, "m-2") == 422

    async def listed() -> bool:
        await page.goto(site.address + INCOMING)
        return await page.get_by_role("link", name="RET-551").count() > 0

    await until(listed)
    await holds(page)
    await shot(page, "incoming")
    await page.get_by_role("link", name="RET-551").click()
    await expect(page.get_by_role("heading", name="RET-551")).to_be_visible()
    await holds(page)
    await shot(page, "intake")
    await page.get_by_role("button", name="Choose the items").click()
    await page.get_by_role("heading", name=f"What of {order['name']} comes back?").wait_for()
    await holds(page)
    await shot(page, "open")
    await page.locator("#quantity-0").fill("1")
    await page.get_by_role("button", name="Open the return").click()
    await expect(page.locator("h1")).to_contain_text("R-")


async def test_a_file_is_looked_at_and_a_message_is_read(site: Site, signed_in: Any, open_page: OpenPage) -> None:
    order = await site.an_order()
    page, _ = await open_page(storage_state=signed_in)
    file = f"id,created_at,order_number,title,quantity\nF-1,2026-02-28,{order['name']},Something,1\nF-2,never,x,a,1\n"

    await page.goto(f"{site.address}{INCOMING}/import")
    await holds(page)
    await shot(page, "import")
    await page.locator("#file").set_input_files({"name": "r.csv", "mimeType": "text/csv", "buffer": file.encode()})
    await page.get_by_role("button", name="See what becomes of it").click()
    await page.get_by_role("heading", name="What would become of the file").wait_for()
    await holds(page)
    await shot(page, "preview")
    await page.get_by_role("button", name="Import 1 return").click()
    await page.get_by_role("heading", name="What became of the file").wait_for()
    await page.goto(f"{site.address}{INCOMING}/import")
    await page.get_by_label("What was written").fill(
        f"Hello,\norder {order['name']}: the jacket is too small.\nann@example.com"
    )
    await page.get_by_role("button", name="Read it").click()
    await expect(page.get_by_role("heading", name="What was written")).to_be_visible()
    await holds(page)
    await shot(page, "draft")


async def test_a_parcel_that_came_unannounced_is_joined_to_its_return(
    site: Site, signed_in: Any, open_page: OpenPage
) -> None:
    asked = await site.a_return(await site.an_order())
    number = asked["number"]
    page, _ = await open_page(storage_state=signed_in)
    await page.goto(f"{site.address}/warehouse")
    await page.get_by_role("searchbox").or_(page.get_by_role("textbox")).first.fill("1Z999AA10123456784")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Keep the parcel").click()
    await expect(page.get_by_text("Kept as extra").first).to_be_visible()

    await page.goto(site.address + INCOMING)
    await page.get_by_role("main").get_by_role("link", name="Parcel without a return").first.click()
    await expect(page.get_by_role("heading", name="Is it the parcel of a return?")).to_be_visible()
    await holds(page)
    await shot(page, "parcel")
    await page.get_by_label("Return", exact=True).fill(number)
    await page.get_by_role("button", name="It belongs to this return").click()

    await expect(page.locator("h1")).to_have_text(number)
    await expect(page.get_by_text("Its parcel came unannounced")).to_be_visible()
    await holds(page)
    await shot(page, "joined")
    await page.goto(f"{site.address}/warehouse")
    await expect(page.get_by_text(number).first).to_be_visible()


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_the_pages_bear_every_look(
    site: Site, signed_in: Any, open_page: OpenPage, width: int, theme: str
) -> None:
    page, _ = await open_page(storage_state=signed_in, width=width, theme=theme)
    order = await site.an_order()
    api = site.api()
    for number, id_ in ((order["name"], f"L-{width}-{theme}"), ("#none", f"N-{width}-{theme}")):
        document = a_return(id=id_, order={"number": number}, items=[{"title": "x" * 60, "quantity": 1}])
        made = await api.post("/intakes", {"document": document})
        await page.goto(f"{site.address}{INCOMING}/{made['id']}")
        await holds(page)
        await shot(page, f"look-{id_}")
    for at in ("", "/import", f"/{made['id']}/open/{(await first_order(site))}"):
        await page.goto(f"{site.address}{INCOMING}{at}")
        await holds(page)
        await shot(page, f"look{at.replace('/', '-')[:8]}-{width}-{theme}")
    await page.goto(f"{site.address}/dashboard/settings/sources")
    await holds(page)
    await shot(page, f"look-sources-{width}-{theme}")


async def first_order(site: Site) -> str:
    async with site.database.tx(site.tenant_id) as db:
        return str(await db.fetchval("SELECT id FROM sales_order ORDER BY placed_at DESC LIMIT 1"))
