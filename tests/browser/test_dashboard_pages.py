"""The desk in a real browser: a return from request to money by keyboard alone, many at once, found by its palette."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from retour.core.account import Role
from retour.core.policy import template
from retour.core.sign_in import token_sha256
from retour.flows import account, policy
from retour.store import session
from retour.store.ids import new_id
from tests.browser.conftest import OpenPage
from tests.browser.keyboard import focus, press, reach, write
from tests.browser.looks import LOOKS, holds
from tests.browser.site import Site

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def token(site: Site) -> str:
    """The session of an owner, in whose shop a person decides every request."""
    now, made = datetime.now(UTC), secrets.token_urlsafe(32)
    async with site.database.tx(site.tenant_id) as db:
        owner = await account.add_staff(
            db,
            email=f"{uuid4()}@example.com",
            name="Ana Keller",
            role=Role.OWNER,
            password_hash=None,
            actor="cli",
            now=now,
        )
        store_id = await db.fetchval("SELECT id FROM store")
        await policy.publish(db, store_id=store_id, document=template(automatic=False), actor="cli", now=now)
        await session.add(
            db, session_id=new_id(), staff_id=owner.id, token_sha256=token_sha256(made), store_id=None,
            user_agent="test", created_at=now, expires_at=now + timedelta(hours=8),
        )  # fmt: skip
    return made


async def enter(page: Page, site: Site, token: str, path: str) -> None:
    await page.context.add_cookies([{"name": "retour_session", "value": token, "url": site.address}])
    await page.goto(f"{site.address}{path}")


async def asked_for(site: Site) -> Any:
    """Return a return that waits for a decision."""
    rma = await site.a_return(await site.an_order())
    assert rma["status"] == "requested", rma["status"]
    return rma


async def test_a_return_is_decided_and_inspected_by_keyboard_alone(site: Site, open_page: OpenPage, token: str) -> None:
    rma = await asked_for(site)
    page, _ = await open_page()
    await enter(page, site, token, "/dashboard/returns")

    await reach(page, "Select every row of this page")
    await page.keyboard.press("j")
    while (await focus(page)).get("name") != rma["number"]:
        await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.locator("td.pick input:checked")).to_have_count(1)
    await page.keyboard.press("x")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name=rma["number"]).wait_for()
    await press(page, "Approve")
    await page.get_by_role("heading", name="Approve this item").wait_for()
    await press(page, "Approve 1 item")
    await page.get_by_role("heading", name=rma["number"]).wait_for()
    await site.until_rma(rma["id"], status="approved")
    await page.goto(f"{page.url}/receive")
    await press(page, "Receive")
    await page.get_by_role("heading", name="Inspect 1 unit").wait_for()
    await press(page, "Start inspection")
    await page.get_by_role("heading", name="Inspect", exact=True).wait_for()
    await write(page, "Sealed", "1")
    await press(page, "Save the inspection")

    resolved = await site.until_rma(rma["id"], status="resolved")
    assert [s["total_minor"] for s in resolved["settlements"]] == [3800]
    await page.reload()
    await page.get_by_text("€38.00 refunded").wait_for()


async def test_many_are_approved_after_a_look_at_what_can_be(site: Site, open_page: OpenPage, token: str) -> None:
    rmas = [await asked_for(site) for _ in range(2)]
    page, _ = await open_page(width=768)
    await enter(page, site, token, "/dashboard/returns?blocker=decision_needed")

    for rma in rmas:
        await page.get_by_label(f"Select {rma['number']}").check()
    await page.get_by_role("button", name="Approve").click()
    await page.get_by_role("heading", name="Approve: 2 returns").wait_for()
    await page.get_by_role("button", name="Approve: 2 returns").click()
    await page.get_by_role("heading", name="Approved: 2 returns").wait_for()

    for rma in rmas:
        await site.until_rma(rma["id"], status="approved")


async def test_the_palette_finds_a_return_and_what_can_be_done_to_it(
    site: Site, open_page: OpenPage, token: str
) -> None:
    rma = await asked_for(site)
    page, _ = await open_page()
    await enter(page, site, token, "/dashboard")

    await page.keyboard.press("ControlOrMeta+k")
    await page.keyboard.type(rma["number"])
    await page.get_by_role("option", name=rma["number"]).first.wait_for()
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name=rma["number"]).wait_for()
    await page.keyboard.press("ControlOrMeta+k")
    await page.get_by_role("option", name=f"Approve · {rma['number']}").wait_for()
    await page.keyboard.press("Escape")

    await page.get_by_role("option").first.wait_for(state="hidden")


@pytest.mark.prove
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_every_page_fits_and_axe_finds_nothing(
    site: Site, open_page: OpenPage, token: str, width: int, theme: str
) -> None:
    rma = await asked_for(site)
    at = f"/dashboard/returns/{rma['number']}"
    paths = (
        "/dashboard", "/dashboard/returns", "/dashboard/returns?view=all&status=resolved&q=nobody", at, f"{at}/policy",
        f"{at}/approve", f"{at}/reject", f"{at}/note", f"{at}/hold", "/dashboard/orders", f"/dashboard/orders/{rma['order_id']}",
        f"/dashboard/orders/{rma['order_id']}/return", "/dashboard/customers", "/dashboard/exceptions", "/dashboard/find?q=ann",
    )  # fmt: skip
    for language in ("en-GB", "de-DE"):
        page, _ = await open_page(width=width, theme=theme, language=language)
        for path in paths:
            await enter(page, site, token, path)
            await holds(page)
