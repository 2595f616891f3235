"""Gifts, the counter and the kinds that staff start, in a real browser: by phone, by keyboard, in both themes."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from retour.core.account import Role
from retour.core.sign_in import token_sha256
from retour.flows import account
from retour.flows import visit as visits
from retour.store import session
from retour.store.ids import new_id
from retour.store.vault import Vault
from tests.browser.conftest import OpenPage
from tests.browser.looks import holds
from tests.browser.site import MUGS, Site
from tests.browser.test_portal_pages import portal

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def token(site: Site) -> str:
    """The session of an owner, who may stand at the desk and at the counter."""
    now, made = datetime.now(UTC), secrets.token_urlsafe(32)
    async with site.database.tx(site.tenant_id) as db:
        owner = await account.add_staff(
            db, email=f"{uuid4()}@example.com", name="Dora Doors", role=Role.OWNER, password_hash=None, actor="cli",
            now=now,
        )  # fmt: skip
        await session.add(
            db, session_id=new_id(), staff_id=owner.id, token_sha256=token_sha256(made), store_id=None,
            user_agent="test", created_at=now, expires_at=now + timedelta(hours=8),
        )  # fmt: skip
    return made


async def enter(page: Page, site: Site, token: str, path: str) -> None:
    await page.context.add_cookies([{"name": "retour_session", "value": token, "url": site.address}])
    await page.goto(f"{site.address}{path}")


async def gift_link(site: Site, order: str) -> str:
    """Return the address that lets whoever got an order as a gift in."""
    vault: Vault = site.web.vault
    async with site.database.tx(site.tenant_id) as db:
        return await visits.portal_link(
            db, vault, tenant_id=site.tenant_id, store_id=site.merchant.store_id, order=order, public_url=site.address,
            now=datetime.now(UTC), gift=True,
        )  # fmt: skip


async def test_a_gift_is_found_by_number_or_by_link_and_shows_no_price(site: Site, open_page: OpenPage) -> None:
    order = await site.an_order()
    page, watch = await open_page(width=375)
    await page.goto(await portal(site))
    await page.get_by_role("link", name="Got it as a gift?").click()
    await page.get_by_role("heading", name="Return a gift").wait_for()
    await holds(page)
    watch.expect_status(422)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_text("Enter the postcode that the parcel was sent to.").first.wait_for()
    await holds(page)

    await page.goto(await gift_link(site, order["id"]))
    await page.get_by_label("Your e-mail address").fill("mila@example.com")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("heading", name="What is going back?").wait_for()
    await holds(page)
    await expect(page.locator("main")).not_to_contain_text(re.compile(r"[€$£]|\d[.,]\d\d\b"))


async def test_goods_are_taken_in_at_the_counter_by_keyboard_alone(site: Site, open_page: OpenPage, token: str) -> None:
    asked = await site.a_return(await site.an_order({**MUGS, "quantity": 2, "fulfilled": 2}), {0: 2})
    if asked["status"] == "requested":
        await site.api("agent").post(f"/returns/{asked['id']}/approve", {})
    rma = await site.until_rma(asked["id"], status="approved")
    page, _ = await open_page(width=375, theme="dark")
    await enter(page, site, token, "/warehouse/counter")
    await page.locator("#code:focus").wait_for()
    await holds(page)

    await page.keyboard.type(rma["number"])
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name=rma["number"]).wait_for()
    await holds(page)
    for unit in ("Unit 1 of 2", "Unit 2 of 2"):
        await page.get_by_label(unit).focus()
        await page.keyboard.type("A")
    button = page.get_by_role("button", name="Take in")
    await button.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await page.get_by_text("Stock and money follow by themselves.").wait_for()
    await holds(page)

    shown = await site.until_rma(rma["id"], status="resolved")
    assert [(i["quantity"], i["grade"]) for i in shown["inspections"]] == [(2, "sealed")]


async def test_staff_choose_the_kind_that_they_start(site: Site, open_page: OpenPage, token: str) -> None:
    order = await site.an_order()
    page, _ = await open_page(width=1440)
    await enter(page, site, token, f"/dashboard/orders/{order['id']}?gift=1")
    await expect(page.get_by_label("Link for whoever got it")).to_have_value(re.compile("/gift/link"))
    await holds(page)
    await page.get_by_role("link", name="Start a return").first.click()
    for name, heading in (
        ("Claim", "Which items have a problem?"),
        ("Cancellation", "What shall not be sent?"),
        ("Gift", "What is going back?"),
        ("Withdrawal", "What is withdrawn from?"),
    ):
        await page.get_by_role("link", name=name, exact=True).click()
        await page.get_by_role("heading", name=heading).wait_for()
        await holds(page)
