"""What shoppers are asked, in a real browser: a reason of the shop's own, its question, a photo; seen by staff and answered."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from retour.core.policy import template
from retour.core.policy.document import Rule
from retour.core.policy.outcome import Outcomes, Requirements
from retour.flows import policy
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.browser.test_portal_pages import an_order, code_of, portal
from tests.flows.photo.test_encoding import a_picture

pytestmark = pytest.mark.anyio
EMAIL = "pia@fjellhus.example"
ROOT = "/dashboard/settings/reasons"
PICTURE: FilePayload = {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": a_picture(size=(640, 480))}


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in; the policy wants a photo of every item."""
    document = template(automatic=True)
    wants = Rule("photos", "Photos", Outcomes(requirements=Requirements(photos=1)))
    async with site.database.tx(site.tenant_id) as db:
        await policy.publish(
            db, store_id=site.merchant.store_id, document=replace(document, rules=(wants, *document.rules)),
            actor="test", now=datetime.now(UTC),
        )  # fmt: skip
    return await an_owner(browser, site, email=EMAIL, name="Pia Lund")


async def add_reason(site: Site, page: Page, name: str, *, see: Any = None) -> None:
    """Add a reason to the group of fit that asks which size would be right."""
    await page.goto(f"{site.address}{ROOT}")
    if see is not None:
        await see(page)
    await page.get_by_role("link", name="Add a reason").click()
    await page.locator("#name-en").fill(name)
    await page.locator("#parent").select_option(label="It does not fit")
    await page.get_by_text("Add a question").click()
    await page.locator("#ask-0-kind").select_option(label="One of some answers")
    await page.locator("#ask-0-text-en").fill("Which size would be right?")
    await page.locator("#ask-0-choices-en").fill("Medium\nLarge")
    if see is not None:
        await see(page)
    await page.get_by_role("button", name="Add the reason").click()
    await page.get_by_text("Saved.").wait_for()


async def to_reasons(site: Site, page: Page, name: str) -> None:
    """Prove an order in the portal and choose its first article."""
    await page.goto(await portal(site))
    await page.locator("#number").fill(name)
    await page.locator("#contact").fill("ann@example.com")
    await page.locator("main button").first.click()
    await page.locator("#code").fill(await code_of(site, name))
    await page.locator("form[action$='/code'] button").click()
    await page.locator("input[name=item]").nth(1).check()
    await page.locator(".portal-foot button").click()
    await page.locator(".reason").wait_for()


async def ask(page: Page, name: str, *, see: Any = None) -> None:
    """Choose a reason of a group, answer what it asks, add a photo, and go on to the end."""
    await page.get_by_text("It does not fit").click()
    await page.get_by_label(name).check()
    await page.get_by_label("Which size would be right?").select_option(label="Large")
    if see is not None:
        await see(page)
    await page.locator(".reason input[type=file]").set_input_files(PICTURE)  # sent at once, with what was typed
    await expect(page.locator(".uploaded img")).to_have_count(1)
    await expect(page.get_by_label("Which size would be right?")).to_have_value("large")
    if see is not None:
        await see(page)
    await page.locator(".portal-foot button").click()
    await page.locator("input[name=resolution]").first.wait_for()
    await page.locator(".portal-foot button").click()
    await page.locator("table.money").wait_for()
    await page.locator(".portal-foot button").click()
    await page.locator("ol.timeline").wait_for()


async def test_a_reason_of_the_shops_own_is_asked_answered_and_seen(
    site: Site, open_page: OpenPage, signed_in: Any
) -> None:
    owner, _ = await open_page(storage_state=signed_in)
    await add_reason(site, owner, "Too narrow")
    shopper, watch = await open_page()
    watch.expect_status(422)
    await to_reasons(site, shopper, (await an_order(site))["name"])

    await ask(shopper, "Too narrow")

    number = shopper.url.rpartition("/")[2]
    await owner.goto(f"{site.address}/dashboard/returns/{number}")
    await expect(owner.get_by_text("Which size would be right?: “Large”")).to_be_visible()
    await expect(owner.locator(".photos img")).to_have_count(1)
    await owner.goto(f"{site.address}/dashboard/returns/{number}/note")
    await owner.locator("#body").fill("Thank you: the seam is torn.")
    await owner.locator("#photo").set_input_files(PICTURE)
    await owner.get_by_label("The shopper reads it").check()
    await owner.get_by_role("button", name="Save the note").click()
    await expect(owner.locator(".notes img")).to_have_count(1)
    await shopper.reload()
    await expect(shopper.locator(".messages img")).to_have_count(1)


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_every_page_of_it_holds_in_every_look(
    site: Site, open_page: OpenPage, signed_in: Any, width: int, theme: str
) -> None:
    owner, _ = await open_page(storage_state=signed_in, width=width, theme=theme)
    name = f"Reason {datetime.now(UTC):%H%M%S%f}"
    await add_reason(site, owner, name, see=holds)
    shopper, watch = await open_page(width=width, theme=theme)
    watch.expect_status(422)
    await to_reasons(site, shopper, (await an_order(site))["name"])

    await ask(shopper, name, see=holds)

    await holds(shopper)
    await owner.goto(f"{site.address}/dashboard/returns/{shopper.url.rpartition('/')[2]}")
    await holds(owner)
