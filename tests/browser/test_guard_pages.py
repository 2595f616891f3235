"""Guards, queues and signs of abuse in a real browser: every page in two looks, and a payment that two persons make."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page

from retour.core.account import Role
from retour.core.breaker import Limits
from retour.core.fraud import KeyKind
from retour.core.policy import template
from retour.core.rma import Grade
from retour.core.second import SecondRule
from retour.core.sign_in import token_sha256
from retour.flows import account, fraud, guard, policy, receiving, rma
from retour.store import rma as returns
from retour.store import session
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, holds
from tests.browser.site import Site
from tests.waiting import until

pytestmark = pytest.mark.anyio

QUICK = ((375, "light"), (1440, "dark"))


@pytest.fixture(scope="module")
async def shop(site: Site) -> dict[str, str]:
    """A session of an owner in a shop where a return waits for a second person and another for a look at its signs."""
    now, made = datetime.now(UTC), secrets.token_urlsafe(32)
    async with site.database.tx(site.tenant_id) as db:
        owner, other = [
            await account.add_staff(
                db, email=f"{uuid4()}@example.com", name=name, role=Role.OWNER, password_hash=None, actor="cli", now=now
            )
            for name in ("Ana Keller", "Ben Okafor")
        ]
        store_id = await db.fetchval("SELECT id FROM store")
        await policy.publish(db, store_id=store_id, document=template(automatic=False), actor="cli", now=now)
        await session.add(
            db, session_id=new_id(), staff_id=owner.id, token_sha256=token_sha256(made), store_id=None,
            user_agent="test", created_at=now, expires_at=now + timedelta(hours=8),
        )  # fmt: skip
        await guard.change_guard(
            db,
            store_id=store_id,
            second=SecondRule(1_000),
            limits=Limits(5, 50, None, 500_000, 10),
            actor="cli",
            now=now,
        )
        await fraud.list_shopper(
            db, list_="block", kind=KeyKind.EMAIL, value="mallory@example.org", reason="Two empty boxes", now=now,
            actor=f"staff:{other.id}",
        )  # fmt: skip
    waiting = await _inspected_by(site, f"staff:{other.id}")
    asked = await site.an_order(email="mallory+1@example.org", customer="Mallory Moe")
    signs = await site.a_return(asked)
    return {"token": made, "second": waiting, "signs": signs["number"]}


async def _inspected_by(site: Site, who: str) -> str:
    """Take a return to its payment by that person's hand and return its number."""
    asked, policies = await site.a_return(await site.an_order()), PolicyCache()
    async with site.database.tx(site.tenant_id) as db:
        await rma.approve(db, rma_id=asked["id"], actor=who, now=datetime.now(UTC))
    await site.until_rma(asked["id"], status="approved")
    async with site.database.tx(site.tenant_id) as db:
        record = await returns.load(db, asked["id"])
        assert record is not None
        line, now = record.rma.lines[0], datetime.now(UTC)
        items = [receiving.ArrivedUnits(line.id, line.quantity)]
        await receiving.receive(db, rma_id=asked["id"], items=items, location_ref=None, actor=who, now=now)
        verdicts = [receiving.Verdict(line.id, line.quantity, Grade.SEALED)]
        await receiving.inspect(
            db, rma_id=asked["id"], verdicts=verdicts, actor=who, now=now + timedelta(milliseconds=1), policies=policies
        )

    async def waits() -> bool:
        blocked = (await site.rma(asked["id"]))["blocked_by"]
        return blocked is not None and blocked["code"] == "second_approval"

    await until(waits)
    return str(asked["number"])


async def enter(page: Page, site: Site, token: str, path: str) -> None:
    await page.context.add_cookies([{"name": "retour_session", "value": token, "url": site.address}])
    await page.goto(f"{site.address}{path}")


def paths(shop: dict[str, str]) -> tuple[str, ...]:
    at = "/dashboard/returns"
    return (
        "/dashboard/queues", "/dashboard/settings/payments", "/dashboard/settings/waits", "/dashboard/settings/shoppers",
        f"{at}/{shop['second']}", f"{at}/{shop['second']}/second", f"{at}/{shop['second']}/second-refuse",
        f"{at}/{shop['signs']}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("width", "theme"), [*QUICK, *(pytest.param(*look, marks=pytest.mark.prove) for look in LOOKS if look not in QUICK)]
)
async def test_every_page_of_guards_and_queues_holds(
    site: Site, shop: dict[str, str], open_page: OpenPage, width: int, theme: str
) -> None:
    page, _ = await open_page(width=width, theme=theme)
    for number, path in enumerate(paths(shop)):
        await enter(page, site, shop["token"], path)
        await page.locator("h1").first.wait_for()
        if os.environ.get("PICTURES"):
            await page.screenshot(path=Path(os.environ["PICTURES"]) / f"{number}-{width}-{theme}.png", full_page=True)
        await holds(page)


async def test_the_second_person_pays_what_the_first_inspected(site: Site, shop: Any, open_page: OpenPage) -> None:
    page, _ = await open_page()
    await enter(page, site, shop["token"], "/dashboard/queues?actor=finance")
    await page.get_by_role("link", name=shop["second"]).click()
    await page.get_by_role("link", name="Look at the payment").click()
    await page.get_by_text("Had a hand in it:").wait_for()

    await page.get_by_role("button", name="Approve €38.00").click()

    await page.get_by_role("heading", name=shop["second"]).wait_for()
    await page.get_by_text("Payment approved by a second person").wait_for()
