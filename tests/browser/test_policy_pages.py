"""The pages of the policies in a real browser: every page in every look, rules built with and without script."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Page, expect

from retour.core.account import Role
from retour.core.policy import encode
from retour.core.policy.template import templates
from retour.flows import account as accounts
from retour.flows import policy as flow
from retour.store import account, policy
from retour.store.password import hash_password
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, fits, holds
from tests.browser.site import Site

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
EMAIL = "paula@fjellhus.example"
ROOT = "/dashboard/policies"
RULE_NAMES = ".policy-rules h3 > a"
PAGES = (
    "", "/new", "/{draft}", "/{draft}?order={order}", "/{draft}/rules/{rule}?order={order}", "/{draft}/add", "/{draft}/otherwise",
    "/{draft}/calendar", "/{draft}/compare", "/{draft}/conflicts", "/{draft}/simulate", "/{draft}/publish", "/{draft}/discard",
    "/1",
)  # fmt: skip
QUICK = ((375, "light", PAGES[:5] + PAGES[7:9]), (1440, "dark", PAGES[3:7] + PAGES[9:12]))


@pytest.fixture(scope="module")
async def names(site: Site) -> dict[str, str]:
    """An owner, an order with a return, and a draft with rules of every kind."""
    hashed, now = await hash_password(PASSWORD), datetime.now(UTC)
    order = await site.an_order()
    await site.a_return(order)
    document: Any = encode(templates()[5].make())
    document["rules"].append(
        {"id": "minds", "name": "Changed minds", "when": {"fact": "line.reason", "op": "eq", "value": "changed_mind"},
         "then": {"eligibility": {"mode": "never", "because": "final_sale", "message": "Kept."}}}
    )  # fmt: skip
    async with site.database.tx(site.tenant_id) as db:
        owner = await accounts.add_staff(
            db, email=EMAIL, name="Paula Kern", role=Role.OWNER, password_hash=hashed, actor="test", now=now
        )
        store = (await account.stores(db))[0]
        draft = await flow.start_draft(
            db, store_id=store.id, document={**document, "currency": store.currency}, actor=f"staff:{owner.id}", now=now
        )
    return {"draft": str(draft.version), "order": order["name"].replace("#", "%23"), "rule": document["rules"][0]["id"]}


@pytest.fixture(scope="module")
async def signed_in(browser: Any, site: Site, names: dict[str, str]) -> Any:
    """What a browser keeps after the owner signed in."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{site.address}/sign-in?next={ROOT}")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_load_state()
    kept = await context.storage_state()
    await context.close()
    return kept


async def the_rule(site: Site, draft: str, name: str) -> Any:
    """Return the rule of that name as the draft keeps it, or nothing."""
    async with site.database.tx(site.tenant_id) as db:
        store = (await account.stores(db))[0]
        found = await policy.numbered(db, store.id, int(draft))
        version = await policy.get_version(db, store.id, found) if found else None
    assert version is not None
    rules: Any = version.document
    return next((rule for rule in rules["rules"] if rule["name"] == name), None)


@pytest.mark.parametrize(("width", "theme", "paths"), QUICK, ids=("phone", "desk"))
async def test_every_page_of_the_policies_holds(
    site: Site, names: dict[str, str], signed_in: Any, open_page: OpenPage, width: int, theme: str, paths: Sequence[str]
) -> None:
    page, _ = await open_page(width=width, theme=theme, storage_state=signed_in)
    for path in paths:
        await page.goto(f"{site.address}{ROOT}{path.format(**names)}")
        await holds(page)


@pytest.mark.prove
@pytest.mark.parametrize("language", ["en-GB", "de-DE"])
@pytest.mark.parametrize(("width", "theme"), LOOKS)
async def test_every_page_of_the_policies_holds_in_every_look_and_language(
    site: Site, names: dict[str, str], signed_in: Any, open_page: OpenPage, width: int, theme: str, language: str
) -> None:
    page, _ = await open_page(width=width, theme=theme, language=language, storage_state=signed_in)
    for path in PAGES:
        await page.goto(f"{site.address}{ROOT}{path.format(**names)}")
        await holds(page)


async def test_a_rule_is_built_from_menus_told_at_once_and_tried_beside_it(
    site: Site, names: dict[str, str], signed_in: Any, open_page: OpenPage
) -> None:
    page, watch = await open_page(storage_state=signed_in)
    await page.goto(f"{site.address}{ROOT}/{names['draft']}")
    await page.get_by_role("link", name="Add a rule").click()
    await page.get_by_label("Name of the rule").fill("Small orders")
    await page.get_by_role("combobox", name="Fact", exact=True).select_option("order.total")
    await page.get_by_role("textbox", name="Value in EUR").fill("500")
    await page.get_by_role("combobox", name="Comparison").select_option("lt")
    await page.get_by_label("Decide", exact=True).select_option("eligibility")
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.get_by_label("It can come back").focus()
    await page.keyboard.press("n")  # what moves below a key is no surprise
    told = page.locator("#rule-told")
    await told.get_by_text("When the total of the order is less than €500.00").wait_for()
    await expect(page.get_by_label("Days (optional)")).to_be_hidden()
    await page.get_by_label("Order number").fill(names["order"].replace("%23", "#"))
    result = page.locator("#try-result")
    await result.get_by_text("Small orders").first.wait_for()
    await result.get_by_text("It cannot come back", exact=True).first.wait_for()
    await holds(page)
    await page.get_by_role("button", name="Add a condition").first.click()
    await page.locator("[id='when.parts.1.fact']:focus").wait_for()
    watch.expect_status(422)
    await page.get_by_role("button", name="Save in the draft").last.click()
    await page.locator(".error-summary").wait_for()
    await page.locator(".error-summary:focus").wait_for()
    await holds(page)
    await page.get_by_role("button", name="Remove this condition").last.click()
    await page.get_by_role("button", name="Remove this condition").nth(1).wait_for(state="detached")
    await page.get_by_role("button", name="Save in the draft").last.click()

    await page.get_by_text("Saved in the draft.").wait_for()
    rule = await the_rule(site, names["draft"], "Small orders")
    assert rule["when"] == {"fact": "order.total", "op": "lt", "value": 50_000}
    assert rule["then"]["eligibility"]["mode"] == "never"


async def test_a_rule_is_built_without_script_and_nothing_is_lost_on_the_way(
    site: Site, names: dict[str, str], signed_in: Any, open_page: OpenPage
) -> None:
    page, _ = await open_page(width=375, script=False, storage_state=signed_in)
    await page.goto(f"{site.address}{ROOT}/{names['draft']}/add")
    await page.get_by_label("Name of the rule").fill("By hand")
    await page.get_by_role("combobox", name="Fact", exact=True).select_option("line.reason")
    await page.get_by_role("button", name="Show its fields").click()
    await page.get_by_role("combobox", name="Comparison").select_option("in")
    await page.get_by_role("button", name="Show its fields").click()
    await page.get_by_label("Too small").check()
    await page.get_by_label("Too large").check()
    await page.get_by_role("button", name="Add a condition").click()
    await page.get_by_role("textbox", name="Values").fill("Austria, DE")
    await page.get_by_label("Decide", exact=True).select_option("decision")
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.get_by_label("Requests that fit are approved").select_option("review")
    await fits(page)
    await page.get_by_role("button", name="Save in the draft").last.click()

    await expect(page.locator("main")).to_contain_text("Saved in the draft.")
    rule = await the_rule(site, names["draft"], "By hand")
    assert rule["when"] == {
        "all": [
            {"fact": "line.reason", "op": "in", "value": ["too_small", "too_large"]},
            {"fact": "order.country", "op": "in", "value": ["AT", "DE"]},
        ]
    }


async def test_a_rule_moves_by_keyboard_alone(
    site: Site, names: dict[str, str], signed_in: Any, open_page: OpenPage
) -> None:
    page, _ = await open_page(storage_state=signed_in)
    await page.goto(f"{site.address}{ROOT}/{names['draft']}")
    before = await rule_names(page)
    await page.get_by_role("button", name=f"Move down: {before[0]}").focus()
    await page.keyboard.press("Enter")

    await page.get_by_text("Moved.", exact=True).wait_for()
    await expect(page.locator(RULE_NAMES)).to_have_text([before[1], before[0], *before[2:]])


async def rule_names(page: Page) -> list[str]:
    await page.wait_for_load_state()
    return await page.locator(RULE_NAMES).all_inner_texts()


async def test_a_simulation_is_run_watched_and_read(
    site: Site, names: dict[str, str], signed_in: Any, open_page: OpenPage
) -> None:
    page, _ = await open_page(width=375, storage_state=signed_in)
    await page.goto(f"{site.address}{ROOT}/{names['draft']}/simulate")
    await page.get_by_role("button", name="Run the simulation").click()
    await page.locator(".sim-summary").wait_for()

    await expect(page.locator("main")).to_contain_text("1 return: 0 go the same way, 1 goes otherwise.")
    await holds(page)
    await page.get_by_role("link", name="By reason").click()
    await page.get_by_role("img").or_(page.locator(".pairs")).first.wait_for()
    await holds(page)
    await page.goto(f"{site.address}{ROOT}/{names['draft']}/publish")
    await expect(page.locator("main")).to_contain_text("1 return would have been decided differently")
