"""The settings of return addresses: typed once, one of them the default, never without what a label needs."""

import pytest

from retour.core.account import Role
from retour.store import return_address as addresses
from retour.store.db import Database
from retour.store.return_address import ReturnAddress
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
ROOT = "/dashboard/settings/addresses"
TYPED = {
    "code": "Hamburg", "name": "Returns", "company": "Fjellhus GmbH", "street-0": "Dock 7", "street-1": "Hafenstraße 12",
    "postcode": "20457", "town": "Hamburg", "country": "de", "instructions-de": "Zur Post.",
}  # fmt: skip


async def kept(database: Database, house: House) -> list[ReturnAddress]:
    async with database.tx(house.tenant_id) as db:
        return await addresses.of_store(db, house.stores[0])


async def test_an_address_is_added_changed_and_removed(owner: Browser, database: Database, house: House) -> None:
    assert "No return address yet" in (await owner.get(ROOT)).text
    done = await owner.send(await owner.get(f"{ROOT}/new"), "", **TYPED)
    assert (done.path, "Saved." in done.text) == (ROOT, True)
    (made,) = await kept(database, house)
    assert (made.code, made.is_default, made.address.street, made.address.country, made.instructions) == (
        "Hamburg", True, ("Dock 7", "Hafenstraße 12"), "DE", {"de": "Zur Post."},
    )  # fmt: skip

    page = await owner.get(f"{ROOT}/{made.id}")
    changed = await owner.send(page, "", town="Bremen")
    late = await owner.send(page, "", town="Kiel")

    assert changed.status == 200
    assert (late.status, "Somebody changed this address meanwhile" in late.text) == (409, True)
    assert [a.address.town for a in await kept(database, house)] == ["Bremen"]
    gone = await owner.send(await owner.get(f"{ROOT}/{made.id}"), f"{ROOT}/{made.id}/remove")
    assert (gone.path, await kept(database, house)) == (ROOT, [])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "Enter a name"),
        ({"street-0": "", "street-1": ""}, "Enter the street"),
        ({"town": ""}, "Enter the town"),
        ({"country": "Germany"}, "Choose a country"),
        ({"code": ""}, "Give it the name that the policy uses"),
    ],
)
async def test_what_a_label_needs_is_asked_for_at_its_field(
    owner: Browser, database: Database, house: House, typed: dict[str, str], said: str
) -> None:
    page = await owner.send(await owner.get(f"{ROOT}/new"), "", **{**TYPED, **typed})

    assert (page.status, said in page.text) == (422, True)
    assert await kept(database, house) == []


async def test_an_agent_reads_the_addresses_and_changes_none(
    owner: Browser, database: Database, house: House, address: str
) -> None:
    await owner.send(await owner.get(f"{ROOT}/new"), "", **TYPED)
    (made,) = await kept(database, house)
    async with Browser.open(address) as agent:
        await agent.sign_in(await add_member(database, house, Role.AGENT))

        assert "Hamburg" in (await agent.get(ROOT)).text
        assert (await agent.get(f"{ROOT}/new")).status == 403
        assert "Only an owner of the account can change this." in (await agent.get(f"{ROOT}/{made.id}")).text
