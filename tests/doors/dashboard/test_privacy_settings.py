"""The settings of privacy: days within their bounds, with their event; for owners alone."""

import pytest

from retour.core.account import Role
from retour.store import event
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
PAGE = "/dashboard/settings/privacy"


async def test_an_owner_chooses_how_long_data_is_kept(
    owner: Browser, address: str, database: Database, house: House
) -> None:
    page = await owner.get(PAGE)
    wrong = await owner.send(page, "", inbox="3", photos="forever", exports="")
    right = await owner.send(wrong, "", inbox="30", photos="", exports="5")
    async with Browser.open(address) as agent:
        await agent.sign_in(await add_member(database, house, Role.AGENT))
        refused = await agent.get(PAGE)

    assert "Nobody waits for an answer." in page.text
    assert wrong.status == 422
    assert wrong.text.count("Error:") == 4  # the title says it too
    assert (right.path, "Saved." in right.text) == (PAGE, True)
    assert refused.status == 403
    async with database.tx(house.tenant_id) as db:
        told = await event.of_resource(db, resource_kind="account", resource_id=house.tenant_id)
    assert [(one.type, one.data) for one in told if one.type.startswith("privacy")] == [
        ("privacy.terms_changed", {"days": {"inbox": 30, "photos": None, "exports": 5}})
    ]
