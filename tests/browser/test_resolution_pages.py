"""Resolutions in a real browser: kept in the settings, chosen in the portal, handed over, reported, done."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Page, expect

from retour.core.policy import template
from retour.core.policy.outcome import Bonus, ResolutionKind, ResolutionOffer, Resolutions
from retour.flows import policy
from retour.store import resolution as resolutions
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.browser.test_portal_pages import code_of, portal
from tests.waiting import until

pytestmark = pytest.mark.anyio
EMAIL = "ida@fjellhus.example"
ROOT = "/dashboard/settings/resolutions"


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in."""
    return await an_owner(browser, site, email=EMAIL, name="Ida Holm")


async def add_credit(site: Site, page: Page) -> None:
    """Add a store credit in the settings and let the policy offer it beside the refund."""
    await page.goto(f"{site.address}{ROOT}/new")
    await page.get_by_label("Store credit").check()
    await page.locator("#name-en").fill("Fjellhus credit")
    await page.locator("#description-en").fill("Spend it on anything, any time.")
    await page.get_by_text("Deutsch (optional)").click()
    await page.locator("#name-de").fill("Fjellhus-Guthaben")
    await page.get_by_role("button", name="Add the resolution").click()
    await page.get_by_text("Saved.").wait_for()
    kind, document = ResolutionKind.STORE_CREDIT, template(automatic=True)
    async with site.database.tx(site.tenant_id) as db:
        made = next(one for one in await resolutions.of_store(db, site.merchant.store_id) if one.kind is kind)
        offers = (
            ResolutionOffer(ResolutionKind.REFUND_ORIGINAL), ResolutionOffer(kind, str(made.id), bonus=Bonus(bp=1_000)),
        )  # fmt: skip
        defaults = replace(document.defaults, resolutions=Resolutions(offers))
        await policy.publish(
            db, store_id=site.merchant.store_id, document=replace(document, defaults=defaults), actor="test",
            now=datetime.now(UTC),
        )  # fmt: skip


async def choose_credit(site: Site, page: Page, name: str, offer: str, *, script: bool = True) -> str:
    """Walk from the order number to the status page with the credit and return the number of the return."""

    async def looked() -> None:
        if script:  # without it nothing can look into the page
            await holds(page)

    main = page.locator("main")
    await page.goto(await portal(site))
    await page.locator("#number").fill(name)
    await page.locator("#contact").fill("ann@example.com")
    await main.locator("button").first.click()
    await page.locator("#code").wait_for()
    await page.locator("#code").fill(await code_of(site, name))
    await main.locator("form[action$='/code'] button").click()
    await page.locator("input[name=item]").first.check()
    await page.locator(".portal-foot button").click()
    await page.locator(".reason input[value=changed_mind]").check()
    await page.locator(".portal-foot button").click()
    await page.get_by_text(offer).first.click()
    await looked()
    await page.locator(".portal-foot button").click()
    await page.locator("table.money").wait_for()
    await looked()
    await page.locator(".portal-foot button").click()
    await page.locator("ol.timeline").wait_for()
    await looked()
    return page.url.rpartition("/")[2]


async def arrive(site: Site, number: str) -> Any:
    """Let the parcel of a return arrive sound and wait until its credit is handed over."""
    listed = (await site.api().get("/returns", limit="200"))["items"]
    rma = next(one for one in listed if one["number"] == number)
    line, at = rma["lines"][0]["id"], f"/returns/{rma['id']}"
    api = site.api("warehouse")
    await api.post(f"{at}/receive", {"lines": [{"line_id": line, "quantity": 1}]})
    await api.post(f"{at}/inspect", {"lines": [{"line_id": line, "quantity": 1, "grade": "sealed"}]})

    async def handed() -> Any:
        seen = await site.rma(rma["id"])
        return seen if seen["blocked_by"] and seen["blocked_by"]["code"] == "awaiting_payout" else None

    return await until(handed)


async def test_a_credit_with_a_bonus_is_chosen_handed_over_reported_and_done(
    site: Site, signed_in: Any, open_page: OpenPage
) -> None:
    desk, _ = await open_page(storage_state=signed_in)
    await add_credit(site, desk)
    order = await site.an_order()
    page, _ = await open_page(width=375)

    number = await choose_credit(site, page, order["name"], "Fjellhus credit")
    rma = await arrive(site, number)

    await page.reload()
    await expect(page.locator("h1")).to_have_text("The shop is preparing: Fjellhus credit")
    await holds(page)
    await desk.goto(f"{site.address}/dashboard")
    await desk.get_by_role("link", name="Report what was paid outside").click()
    await desk.get_by_role("heading", name="Issue the store credit").wait_for()
    await holds(desk)
    await desk.get_by_role("link", name="Report as paid").click()
    await desk.get_by_label("Reference").fill("LOT-7")
    await holds(desk)
    await desk.get_by_role("button", name="Report as paid").click()
    await desk.get_by_text("Fjellhus credit: Reported as done").wait_for()
    done = await site.until_rma(rma["id"], status="resolved")
    assert [(s["state"], s["report_reference"], s["bonus_minor"]) for s in done["settlements"]] == [
        ("settled", "LOT-7", 380)
    ]
    assert [e["kind"] for e in done["effects"] if e["kind"] == "refund_tender"] == []
    await page.reload()
    await expect(page.locator("h1")).to_have_text("Fjellhus credit: €41.80")


async def test_a_credit_is_chosen_in_german_without_script(site: Site, signed_in: Any, open_page: OpenPage) -> None:
    desk, _ = await open_page(storage_state=signed_in)
    await add_credit(site, desk)
    order = await site.an_order()
    page, _ = await open_page(width=375, language="de-DE", script=False)

    await choose_credit(site, page, order["name"], "Fjellhus-Guthaben", script=False)

    await expect(page.locator("html")).to_have_attribute("lang", "de")


@pytest.mark.parametrize(("width", "theme"), [(375, "light"), (1440, "dark")])
async def test_the_settings_of_resolutions_hold(
    site: Site, signed_in: Any, open_page: OpenPage, width: int, theme: str
) -> None:
    page, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    async with site.database.tx(site.tenant_id) as db:
        standard = (await resolutions.of_store(db, site.merchant.store_id))[0]
    for path in (ROOT, f"{ROOT}/new", f"{ROOT}/{standard.id}"):
        await page.goto(site.address + path)
        await holds(page)


@pytest.mark.prove
@pytest.mark.parametrize("language", ["en-GB", "de-DE", "ar"])
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_the_settings_of_resolutions_hold_in_every_look_and_language(
    site: Site, signed_in: Any, open_page: OpenPage, width: int, theme: str, language: str
) -> None:
    page, _ = await open_page(width=width, theme=theme, language=language, storage_state=signed_in)
    for path in (ROOT, f"{ROOT}/new"):
        await page.goto(site.address + path)
        await holds(page)


async def test_a_missing_name_is_told_and_focused(site: Site, signed_in: Any, open_page: OpenPage) -> None:
    page, watch = await open_page(width=375, storage_state=signed_in)
    watch.expect_status(422)
    await page.goto(f"{site.address}{ROOT}/new")
    await page.get_by_label("Gift card").check()
    await page.get_by_role("button", name="Add the resolution").click()

    await page.locator(".error-summary:focus").wait_for()
    await holds(page)
    await expect(page.get_by_label("Gift card")).to_be_checked()
