"""Signing in, the first run and the settings in a real browser: every page in every look, and by keyboard alone."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from retour.core.account import Role
from retour.flows import account as accounts
from retour.store import account, connection
from retour.store.password import hash_password
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.site import Site

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
EMAIL = "anna@fjellhus.example"
PAGES = (
    "/dashboard/settings", "/dashboard/settings/store", "/dashboard/settings/store/new", "/dashboard/settings/look",
    "/dashboard/settings/policy/edit", "/dashboard/settings/mail", "/dashboard/settings/mailboxes",
    "/dashboard/settings/connections", "/dashboard/settings/connections/new",
    "/dashboard/settings/connections/{connection}", "/dashboard/settings/connections/{connection}/disconnect",
    "/dashboard/settings/team", "/dashboard/settings/team/{staff}", "/dashboard/settings/keys",
    "/dashboard/settings/webhooks", "/dashboard/settings/you", "/dashboard/more", "/set-up/shop", "/set-up/policy",
    "/set-up/test",
)  # fmt: skip
QUICK = ((375, "light"), (1440, "dark"))


@pytest.fixture(scope="module")
async def ids(site: Site) -> dict[str, UUID]:
    """The owner who signs in, and the shop's connection."""
    hashed = await hash_password(PASSWORD)
    async with site.database.tx(site.tenant_id) as db:
        owner = await accounts.add_staff(
            db, email=EMAIL, name="Anna Kern", role=Role.OWNER, password_hash=hashed, actor="test",
            now=datetime.now(UTC),
        )  # fmt: skip
        shop = next(c for c in await connection.connections(db) if c.platform == "shopify")
    return {"staff": owner.id, "connection": shop.id}


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site, ids: dict[str, UUID]) -> Any:
    """What a browser keeps after the owner signed in."""
    context = await browser.new_context()
    page = await context.new_page()
    await sign_in(page, site)
    kept = await context.storage_state()
    await context.close()
    return kept


async def sign_in(page: Page, site: Site, password: str = PASSWORD) -> None:
    await page.goto(f"{site.address}/sign-in?next=/dashboard/settings")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_load_state()


@pytest.mark.parametrize(("width", "theme"), QUICK)
async def test_every_page_of_the_settings_holds(
    site: Site, ids: dict[str, UUID], signed_in: Any, open_page: OpenPage, width: int, theme: str
) -> None:
    page, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    for path in PAGES:
        await page.goto(site.address + path.format(**ids))
        await holds(page)


@pytest.mark.prove
@pytest.mark.parametrize("language", ["en-GB", "de-DE"])
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_every_page_of_the_settings_holds_in_every_look_and_language(
    site: Site, ids: dict[str, UUID], signed_in: Any, open_page: OpenPage, width: int, theme: str, language: str
) -> None:
    page, _ = await open_page(width=width, theme=theme, language=language, storage_state=signed_in)
    for path in PAGES:
        await page.goto(site.address + path.format(**ids))
        await holds(page)


@pytest.mark.parametrize(("width", "theme"), QUICK)
async def test_a_wrong_sign_in_is_told_and_focused(
    site: Site, ids: dict[str, UUID], open_page: OpenPage, width: int, theme: str
) -> None:
    page, watch = await open_page(width=width, theme=theme)
    watch.expect_status(422)

    await sign_in(page, site, password="wrong")

    await holds(page)
    assert (await page.title()).startswith("Error:")
    await page.locator(".error-summary:focus").wait_for()
    await expect(page.get_by_label("E-mail")).to_have_value(EMAIL)


async def test_somebody_signs_in_and_changes_a_policy_by_keyboard_alone(
    site: Site, ids: dict[str, UUID], open_page: OpenPage
) -> None:
    page, _ = await open_page()
    await page.goto(f"{site.address}/sign-in?next=/dashboard/settings/policy/edit")
    await page.get_by_label("E-mail").focus()
    await page.keyboard.type(EMAIL)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/policy/edit")
    await page.get_by_role("textbox", name="Days").focus()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("45")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Publish version").wait_for()
    assert "Articles can come back within 45 days of delivery." in await page.locator("ins").first.inner_text()
    await holds(page)
    await page.get_by_role("button", name="Publish version").focus()
    await page.keyboard.press("Enter")

    await page.get_by_text("Published. New requests follow this version.").wait_for()
    await expect(page.locator("main")).to_contain_text("45 days")


async def test_the_forms_work_without_script(site: Site, signed_in: Any, open_page: OpenPage) -> None:
    page, _ = await open_page(width=375, script=False, storage_state=signed_in)
    await page.goto(f"{site.address}/dashboard/settings/keys")
    await page.get_by_label("What is it for?").fill("Warehouse system")
    await page.get_by_role("radio", name="Warehouse").check()
    await page.get_by_role("button", name="Make the key").click()

    assert (await page.get_by_role("textbox", name="The key").input_value()).startswith("rtr_live_")
    await page.reload()
    await expect(page.get_by_role("textbox", name="The key")).to_have_count(0)
    async with site.database.tx(site.tenant_id) as db:
        assert "Warehouse system" in {key.name for key in await account.keys(db)}
