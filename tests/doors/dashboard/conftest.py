"""The staff's pages over real HTTP, and accounts whose staff open them."""

from collections.abc import AsyncIterator

import pytest

from retour.core.account import Role
from retour.flows import account as accounts
from retour.store import account
from retour.store.db import Database
from tests.doors.house import Browser, an_app, browsing
from tests.flows.session.people import House, open_house


@pytest.fixture(scope="module")
async def address(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    app = an_app(database, tmp_path_factory.mktemp("data"), RETOUR_SANDBOX_URL="https://sandbox.example")
    async with browsing(app) as address:
        yield address


@pytest.fixture
async def browser(address: str) -> AsyncIterator[Browser]:
    async with Browser.open(address) as browser:
        yield browser


@pytest.fixture
async def house(database: Database) -> House:
    return await open_house(database)


@pytest.fixture
async def owner(address: str, house: House) -> AsyncIterator[Browser]:
    """A browser in which the owner of `house` is signed in."""
    async with Browser.open(address) as browser:
        assert (await browser.sign_in(house.email)).status == 200
        yield browser


async def add_member(database: Database, house: House, role: Role) -> str:
    """Add somebody of a role with the owner's password, and return their address."""
    email = f"{role.value}-{house.tenant_id}@example.com"
    async with database.tx(house.tenant_id) as db:
        hashed = await account.password_hash(db, house.staff_id)
        members = await account.staff(db)
        await accounts.add_staff(
            db, email=email, name=f"The {role.value}", role=role, password_hash=hashed, actor="test",
            now=members[0].created_at,
        )  # fmt: skip
    return email
