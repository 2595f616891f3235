"""Goods on their way back in a real browser: where they go, what is printed, and a warehouse that reports by itself."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Page, expect

from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.core.policy.template import template
from retour.flows import policy
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.browser.test_portal_pages import code_of, portal
from tests.stories.test_labels import decoded
from tests.waiting import until

pytestmark = pytest.mark.anyio
EMAIL = "lea@fjellhus.example"
ADDRESS = {
    "code": "Hamburg", "name": "Fjellhus Returns", "street-0": "Dock 7", "postcode": "20457", "town": "Hamburg",
    "country": "DE", "instructions-en": "Any counter of Example Post takes it.",
}  # fmt: skip


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in."""
    document = template()
    offered = Methods((MethodOffer(MethodKind.LABEL), MethodOffer(MethodKind.OWN_CARRIER)))
    async with site.database.tx(site.tenant_id) as db:
        await policy.publish(
            db, store_id=site.merchant.store_id, actor="test", now=datetime.now(UTC),
            document=replace(document, currency="EUR", defaults=replace(document.defaults, methods=offered)),
        )  # fmt: skip
    return await an_owner(browser, site, email=EMAIL, name="Lea Brandt")


async def name_address(site: Site, page: Page) -> None:
    """Type in where goods go back to, unless somebody has."""
    await page.goto(f"{site.address}/dashboard/settings/addresses")
    await holds(page)
    if await page.get_by_role("link", name="Hamburg", exact=True).count():
        return
    await page.get_by_role("link", name="Add an address").first.click()
    await page.locator("#code").wait_for()
    await holds(page)
    for name, text in ADDRESS.items():
        field = page.locator(f"#{name}")
        await (field.select_option(text) if name == "country" else field.fill(text))
    await page.get_by_role("button", name="Add the address").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()


async def labelled(site: Site, order: Any) -> Any:
    """Return an approved return of the order, once its label is made."""
    made = await site.a_return(order)
    await site.api("agent").post(f"/returns/{made['id']}/approve", {})

    async def look() -> Any:
        found = (await site.api().get(f"/returns/{made['id']}/labels"))["items"]
        return found if found and found[0]["state"] == "made" else None

    await until(look)
    return made


async def enter(site: Site, page: Page, order: Any, number: str) -> None:
    """Prove the order on the portal and open the return."""
    await page.goto(await portal(site))
    await page.locator("#number").fill(order["name"])
    await page.locator("#contact").fill("ann@example.com")
    await page.locator("main button").first.click()
    await page.locator("#code").fill(await code_of(site, order["name"]))
    await page.locator("form[action$='/code'] button").click()
    await page.locator("input[name=item]").first.wait_for()
    await page.goto(f"{await portal(site)}/{number}")


async def test_a_label_is_printed_by_the_shopper_and_seen_at_the_desk(
    site: Site, open_page: OpenPage, signed_in: Any
) -> None:
    page, _ = await open_page(storage_state=signed_in)
    await name_address(site, page)
    order = await site.an_order()
    made = await labelled(site, order)

    await page.goto(f"{site.address}/dashboard/returns/{made['number']}")
    await expect(page.get_by_role("heading", name="Labels")).to_be_visible()
    await holds(page)
    shopper, _ = await open_page(width=375)
    await enter(site, shopper, order, made["number"])
    link = shopper.get_by_role("link", name="Print the label")
    await expect(link).to_be_visible()
    await holds(shopper)
    label = await shopper.request.get(site.address + str(await link.get_attribute("href")))
    assert decoded(await label.body()) == [("Code128", made["number"]), ("QRCode", made["number"])]

    await shopper.get_by_role("link", name="Enter the parcel's number").click()
    await shopper.locator("#carrier").select_option("dhl")
    await shopper.locator("#tracking_number").fill("jd 014 600 003 828 290 001")
    await holds(shopper)
    await shopper.get_by_role("button", name="Save the number").click()
    await expect(shopper.get_by_text("JD014600003828290001")).to_be_visible()


async def test_a_warehouse_is_told_and_reports_until_the_return_is_done(
    site: Site, open_page: OpenPage, signed_in: Any
) -> None:
    page, _ = await open_page(storage_state=signed_in)
    await name_address(site, page)
    await page.goto(f"{site.address}/dashboard/settings/partners")
    await holds(page)
    await page.locator("#name").fill("Sandbox warehouse")
    await page.get_by_role("button", name="Add it").click()
    secret = await page.locator("#once").input_value()
    await holds(page)
    hook = re.search(r"/hooks/warehouse/[0-9a-f-]+", await page.locator("main").inner_text())
    assert hook is not None
    endpoint = await site.api().post(
        "/webhook-endpoints",
        {"url": f"{site.sandbox_address}/warehouse/announcements", "topics": ["return.expected"]},
    )  # fmt: skip
    await site.desk.post(
        "/warehouse/settings",
        {"url": site.address + hook[0], "secret": secret, "announced_secret": endpoint["secret"], "duplicate": 1},
    )  # fmt: skip

    made = await labelled(site, await site.an_order())
    at = f"/warehouse/returns/{made['number']}"

    async def expected() -> Any:
        told = (await site.desk.get("/warehouse/returns"))["returns"]
        return next((one for one in told if one["return"] == made["number"]), None)

    assert [line["sku"] for line in (await until(expected))["lines"]] == ["RT-MUG-SET"]
    await site.desk.post(f"{at}/receive", {})
    await site.desk.post(f"{at}/inspect", {"grade": "sealed"})  # each is sent twice, and may overtake the other
    done = await site.until_rma(made["id"], status="resolved")

    assert [receipt["quantity"] for receipt in done["receipts"]] == [1]
    assert [seen["grade"] for seen in done["inspections"]] == ["sealed"]


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_the_pages_of_logistics_hold_in_every_look(
    site: Site, open_page: OpenPage, signed_in: Any, width: int, theme: str
) -> None:
    page, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    await name_address(site, page)
    order = await site.an_order()
    made = await labelled(site, order)
    for at in ("/dashboard/settings/partners", f"/dashboard/returns/{made['number']}/parcel"):
        await page.goto(site.address + at)
        await holds(page)
    for language in ("de", "ar"):
        shopper, _ = await open_page(width=width, theme=theme, language=language)
        await enter(site, shopper, order, made["number"])
        await holds(shopper)
