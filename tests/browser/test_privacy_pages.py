"""Privacy in a real browser: every page in two looks, and a customer who is exported and then erased by the running worker."""

import os
import secrets
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Page, expect

from retour.core.account import Role
from retour.core.sign_in import token_sha256
from retour.flows import account, privacy
from retour.store import session
from retour.store.ids import new_id
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.site import Site
from tests.waiting import until

pytestmark = pytest.mark.anyio
QUICK = ((375, "light"), (1440, "dark"))


@pytest.fixture(scope="module")
async def shop(site: Site) -> dict[str, Any]:
    """A session of an owner, a customer with an open return whose erasure waits, and one with nothing open."""
    now, made = datetime.now(UTC), secrets.token_urlsafe(32)
    open_ = await site.an_order(email="mara@example.org", customer="Mara Lindqvist")
    await site.a_return(open_)
    await site.an_order(email="ola@example.org", customer="Ola Berg")
    async with site.database.tx(site.tenant_id) as db:
        member = await account.add_staff(
            db, email=f"{uuid4()}@example.com", name="Ana Keller", role=Role.OWNER, password_hash=None, actor="cli",
            now=now,
        )  # fmt: skip
        await session.add(
            db, session_id=new_id(), staff_id=member.id, token_sha256=token_sha256(made), store_id=None,
            user_agent="test", created_at=now, expires_at=now + timedelta(hours=8),
        )  # fmt: skip
        people = {
            name: await db.fetchval("SELECT id FROM person WHERE email = $1", f"{name}@example.org")
            for name in ("mara", "ola")
        }
        waiting, _ = await privacy.ask_erasure(db, person_id=people["mara"], actor=f"staff:{member.id}", now=now)
        await privacy.ask_export(db, person_id=people["mara"], actor="platform", now=now)

    async def postponed() -> bool:
        async with site.database.tx(site.tenant_id) as db:
            rows = await db.fetch("SELECT kind, state, why FROM privacy_request WHERE person_id = $1", people["mara"])
        return {(row["kind"], row["state"], row["why"]) for row in rows} == {
            ("erasure", "waiting", "return_open"), ("export", "done", None),
        }  # fmt: skip

    await until(postponed)
    return {"token": made, "waiting": waiting, **people}


async def enter(page: Page, site: Site, token: str, path: str) -> None:
    await page.context.add_cookies([{"name": "retour_session", "value": token, "url": site.address}])
    await page.goto(f"{site.address}{path}")


@pytest.mark.parametrize(
    ("width", "theme"), [*QUICK, *(pytest.param(*look, marks=pytest.mark.prove) for look in LOOKS if look not in QUICK)]
)
async def test_every_page_of_privacy_holds(
    site: Site, shop: dict[str, Any], open_page: OpenPage, width: int, theme: str
) -> None:
    page, _ = await open_page(width=width, theme=theme)
    at = f"/dashboard/customers/{shop['mara']}"
    for number, path in enumerate((at, f"{at}/erase", "/dashboard/settings/privacy")):
        await enter(page, site, shop["token"], path)
        await page.locator("h1").first.wait_for()
        if os.environ.get("PICTURES"):
            await page.screenshot(path=Path(os.environ["PICTURES"]) / f"{number}-{width}-{theme}.png", full_page=True)
        await holds(page)


async def test_a_customer_is_exported_and_then_erased(
    site: Site, shop: dict[str, Any], open_page: OpenPage, tmp_path: Path
) -> None:
    page, _ = await open_page()
    at = f"/dashboard/customers/{shop['ola']}"
    await enter(page, site, shop["token"], at)
    async with page.expect_navigation():
        await page.get_by_role("button", name="Export everything").click()
    await until(lambda: _is_over(site, shop["ola"], "export"))
    await page.reload()

    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download").click()
    await (await waiting.value).save_as(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        assert b"ola@example.org" in archive.read("person.json")

    await page.get_by_role("link", name="Erase…").click()
    await page.get_by_label("I am sure that this customer is to be erased").check()
    await page.get_by_role("button", name="Erase").click()
    await page.get_by_role("heading", name="Privacy").wait_for()
    await until(lambda: _is_over(site, shop["ola"], "erasure"))
    await page.reload()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Erased")
    told = await page.content()
    assert "Ola Berg" not in told
    assert "ola@example.org" not in told


async def _is_over(site: Site, person_id: UUID, kind: str) -> bool:
    async with site.database.tx(site.tenant_id) as db:
        return bool(
            await db.fetchval(
                "SELECT state = 'done' FROM privacy_request WHERE person_id = $1 AND kind = $2", person_id, kind
            )
        )
