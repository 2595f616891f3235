"""Integrators and the preferred returns system, in a real browser: one is admitted and ended, the other follows along."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from retour.flows.account import isv as integrators
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.people import an_owner
from tests.browser.site import Site
from tests.waiting import until

pytestmark = pytest.mark.anyio
EMAIL = "ida@fjellhus.example"
SETTINGS = "/dashboard/settings"
SHOTS = os.environ.get("PARTNER_SHOTS")  # a folder: whoever works on the pages looks at them


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site) -> Any:
    """What a browser keeps after an owner signed in."""
    return await an_owner(browser, site, email=EMAIL, name="Ida Berg")


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


async def an_integrator(site: Site, name: str) -> str:
    """Let an integrator in, as the operator does, and return its id."""
    isv_id = uuid4()
    async with site.database.tx(isv_id) as db:
        await integrators.add(db, isv_id=isv_id, name=name, now=datetime.now(UTC))
    return str(isv_id)


async def test_an_integrator_is_admitted_by_its_id_and_ended(site: Site, signed_in: Any, open_page: OpenPage) -> None:
    isv_id = await an_integrator(site, "Cargo Bridge")
    page, _ = await open_page(storage_state=signed_in)

    await page.goto(f"{site.address}{SETTINGS}/integrators")
    await page.get_by_label("Its id").fill(isv_id)
    await page.get_by_role("button", name="Look it up").click()
    await page.get_by_role("heading", name="Let Cargo Bridge serve this account?").wait_for()
    await holds(page)
    await shot(page, "admit")
    await page.get_by_label("Agent").check()
    await page.get_by_role("button", name="Let it serve this account").click()
    await expect(page.get_by_text("Admitted. It serves this account from now on.")).to_be_visible()
    await holds(page)
    await shot(page, "integrators")
    await page.get_by_role("button", name="End Cargo Bridge").click()
    await expect(page.get_by_text("No integrator serves this account")).to_be_visible()


async def test_a_return_is_told_to_the_preferred_system_and_follows_it(
    site: Site, signed_in: Any, open_page: OpenPage
) -> None:
    page, _ = await open_page(storage_state=signed_in)
    await page.goto(f"{site.address}{SETTINGS}/sources")
    await page.get_by_label("What is it called?").fill("Preferred")
    await page.get_by_role("button", name="Add the source").click()
    secret = await page.locator("#once").input_value()
    address = (await page.locator("li", has_text="Preferred").locator(".row-note").first.inner_text()).strip()
    await page.get_by_role("link", name="Push returns Preferred").click()
    await page.get_by_label("Address that takes returns").fill(f"{site.sandbox_address}/returns-system/returns")
    await page.get_by_label("Return", exact=True).check()
    await holds(page)
    await shot(page, "push")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Told here: Return")).to_be_visible()
    await holds(page)
    await shot(page, "sources")
    settings = {"url": address, "secret": secret, "push_secret": await page.locator("#once").input_value()}
    await site.desk.post("/returns-system/settings", settings | {"duplicate": 1, "faults": [{"acts": True}]})
    made = await site.a_return(await site.an_order())

    async def told() -> Any:
        return (await site.desk.get("/returns-system/returns"))["returns"]

    (there,) = await until(told)
    await page.goto(f"{site.address}/dashboard/returns/{made['number']}")

    async def known() -> bool:
        await page.reload()
        return await page.get_by_text(there["id"]).count() > 0

    await until(known)
    parcel = {"carrier": "DHL", "tracking_number": "JJD000551"}
    wish = {"status": "in_transit", "shipping": parcel}
    await site.desk.post(f"/returns-system/returns/{made['id']}/advance", wish)

    async def moved() -> bool:
        await page.reload()
        return await page.get_by_text("in transit", exact=True).count() > 0

    await until(moved)
    await expect(page.get_by_text("DHL JJD000551").first).to_be_visible()
    await holds(page)
    await shot(page, "return")


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_the_pages_bear_every_look(
    site: Site, signed_in: Any, open_page: OpenPage, width: int, theme: str
) -> None:
    isv_id = await an_integrator(site, "A company with a rather long name, so that it has to wrap somewhere")
    page, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    for at in (f"integrators?isv={isv_id}", "integrators", "sources"):
        await page.goto(f"{site.address}{SETTINGS}/{at}")
        await holds(page)
        await shot(page, f"look-{at.partition('?')[0]}-{'asked-' if '?' in at else ''}{width}-{theme}")
