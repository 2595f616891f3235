"""The first run: whoever has the code opens the account, connects a shop, publishes a policy and tries a return."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from retour.core.sign_in import set_up_code
from retour.store import account, policy
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.house import Browser, an_app, browsing

pytestmark = pytest.mark.anyio
ANSWERS = {
    "shop_name": "Fjellhus DE", "timezone": "Europe/Berlin", "currency": "EUR", "name": "Anna Kern",
    "email": "anna@fjellhus.example", "password": "correct horse battery",
}  # fmt: skip


@pytest.fixture
async def rows(database: Database) -> Any:
    """Count the rows of a table, of the one account if there is one."""

    async def count(table: str) -> int:
        async with database.tx(None) as db:
            tenants = await account.route_accounts(db)
        if not tenants:
            return 0
        async with database.tx(tenants[0]) as db:
            return int(await db.fetchval(f"SELECT count(*) FROM {table}"))

    return count


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def code(folder: Path) -> str:
    return set_up_code(Vault.open(folder / "keys").house)


@pytest.fixture(scope="module")
async def address(database: Database, folder: Path) -> AsyncIterator[str]:
    app = an_app(database, folder, RETOUR_SANDBOX_URL="https://sandbox.example")
    async with browsing(app) as address:
        yield address


@pytest.fixture(scope="module")
async def anna(address: str) -> AsyncIterator[Browser]:
    """The browser of whoever sets up; the tests of this module follow each other in it."""
    async with Browser.open(address) as browser:
        yield browser


async def test_without_an_account_every_way_in_leads_to_the_set_up(anna: Browser) -> None:
    assert (await anna.get("/")).path == "/set-up"
    assert (await anna.get("/dashboard")).path == "/set-up"
    assert "Set-up code" in (await anna.get("/set-up")).text


@pytest.mark.parametrize("wrong", ["", "guess", "aaaaaaaaaaaaaaaaaaaa", "é"])
async def test_without_the_code_nobody_opens_an_account(anna: Browser, rows: Any, wrong: str) -> None:
    page = await anna.send(await anna.get("/set-up"), code=wrong, **ANSWERS)

    assert (page.status, await rows("account")) == (422, 0)
    assert "This is not the code that Retour printed when it started" in page.text
    assert page.form().fields["email"] == [ANSWERS["email"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shop_name": " "}, "Enter a name of 1 to 200 characters"),
        ({"timezone": "Mars/Olympus"}, "Choose a time zone from the list"),
        ({"currency": "euro"}, "Choose a currency from the list"),
        ({"email": "anna"}, "Enter an e-mail address such as name@example.com"),
        ({"password": "too short"}, "Choose a password of 12 characters or more"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_opened(
    anna: Browser, code: str, rows: Any, change: dict[str, str], said: str
) -> None:
    page = await anna.send(await anna.get(f"/set-up?code={code}"), **(ANSWERS | change))

    assert page.status == 422
    assert f"Error: {said}" in page.text
    assert page.form().fields["name"] == ["Anna Kern"]
    assert await rows("account") == 0


async def test_the_account_opens_and_its_owner_is_signed_in(anna: Browser, code: str, rows: Any) -> None:
    page = await anna.send(await anna.get(f"/set-up?code={code}"), **ANSWERS)

    assert (page.status, page.path) == (200, "/set-up/shop")
    assert (await rows("staff"), await rows("store"), await rows("session")) == (1, 1, 1)
    assert "retour_session" in dict(anna.client.cookies)


async def test_a_shop_needs_an_address_and_a_token(anna: Browser, rows: Any) -> None:
    page = await anna.send(await anna.get("/set-up/shop"), kind="shopify", domain="not a shop", write="")

    assert page.status == 422
    assert "Enter the shop's address" in page.text
    assert "Enter the access token" in page.text
    assert await rows("connection") == 0


@pytest.mark.parametrize("inside", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1:80", "169.254.169.254/latest"])
async def test_no_address_inside_the_house_is_taken_for_a_shop(anna: Browser, rows: Any, inside: str) -> None:
    page = await anna.send(await anna.get("/set-up/shop"), kind="shopify", domain=inside, write="token")

    assert (page.status, await rows("connection")) == (422, 0)


async def test_the_sandbox_connects_and_its_orders_are_asked_for(anna: Browser, rows: Any) -> None:
    page = await anna.send(await anna.get("/set-up/shop"), kind="sandbox")

    assert page.path == "/set-up/policy"
    assert (await rows("connection"), await rows("sync_cursor")) == (1, 1)
    assert "A shop is connected" in (await anna.get("/set-up/shop")).text


async def test_a_policy_is_read_in_sentences_and_published(anna: Browser, database: Database) -> None:
    page = await anna.get("/set-up/policy")
    assert "Articles can come back within 30 days of delivery." in page.text
    assert "Gift cards never come back." in page.text

    done = await anna.send(page, template="by_hand")

    assert done.path == "/set-up/test"
    async with database.tx(None) as db:
        (tenant_id,) = await account.route_accounts(db)
    async with database.tx(tenant_id) as db:
        (store,) = await account.stores(db)
        (version,) = await policy.list_versions(db, store.id)
    assert (version["version"], version["state"]) == (1, "published")
    assert "The first orders are coming in." in done.text


async def test_once_there_is_an_account_nobody_sets_up_another(address: str, code: str, rows: Any) -> None:
    async with Browser.open(address) as stranger:
        assert (await stranger.get(f"/set-up?code={code}")).path == "/sign-in"
        token = (await stranger.get("/sign-in")).form().fields["_csrf"]
        page = await stranger.post("/set-up", ANSWERS | {"code": code, "_csrf": token, "email": "eve@example.com"})

        assert page.path == "/sign-in"
        assert (await stranger.get("/set-up/shop")).path == "/sign-in"
    assert (await rows("account"), await rows("staff")) == (1, 1)
