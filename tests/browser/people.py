"""People of the staff as a browser knows them: signed in, with what it keeps of that."""

from datetime import UTC, datetime
from typing import Any

from retour.core.account import Role
from retour.flows import account as accounts
from retour.store.password import hash_password
from tests.browser.site import Site

PASSWORD = "correct horse battery"


async def an_owner(browser: Any, site: Site, *, email: str, name: str) -> Any:
    """Return what a browser keeps after an owner of that name signed in through the form."""
    hashed = await hash_password(PASSWORD)
    async with site.database.tx(site.tenant_id) as db:
        await accounts.add_staff(
            db, email=email, name=name, role=Role.OWNER, password_hash=hashed, actor="test", now=datetime.now(UTC)
        )
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{site.address}/sign-in?next=/dashboard/settings/you")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/dashboard/settings/you")
    kept = await context.storage_state()
    await context.close()
    return kept
