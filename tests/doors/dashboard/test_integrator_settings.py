"""Settings of integrators: one is looked up and admitted by its id, and ended with its keys."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from retour.core.account import Role
from retour.flows.account import isv as flow
from retour.store import account, isv
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
AT = "/dashboard/settings/integrators"
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


async def test_an_integrator_is_looked_up_admitted_and_ended(owner: Browser, house: House, database: Database) -> None:
    isv_id = uuid4()
    async with database.tx(isv_id) as db:
        await flow.add(db, isv_id=isv_id, name="Cargo Bridge", now=NOW)

    unknown = await owner.get(f"{AT}?isv={uuid4()}")
    garbled = await owner.get(f"{AT}?isv=%00nobody")
    asked = await owner.get(f"{AT}?isv={isv_id}")
    async with database.tx(house.tenant_id) as db:
        before = await isv.services(db)
    bare = await owner.send(asked, "")
    done = await owner.send(bare, "", role="agent")
    twice = await owner.send(asked, "", role="owner")
    async with database.tx(house.tenant_id) as db:
        (service,) = await isv.services(db)
        await flow.make_key_of(db, isv_id=isv_id, name="WMS", role=Role.WAREHOUSE, now=NOW)
    ended = await owner.send(await owner.get(AT), f"{AT}/{isv_id}/end")
    late = await owner.post(f"{AT}/{isv_id}/end", {"_csrf": done.form(f"{AT}/{isv_id}/end").fields["_csrf"][0]})
    async with database.tx(house.tenant_id) as db:
        keys = [key.revoked_at is not None for key in await account.keys(db) if key.name == "WMS"]

    for page in (unknown, garbled):
        assert "No integrator of this installation has that id" in page.text
    assert ("Let Cargo Bridge serve this account?" in asked.text, before) == (True, [])
    assert (bare.status, "Choose what the integrator may do" in bare.text) == (422, True)
    assert ("Admitted." in done.text, "Cargo Bridge" in done.text) == (True, True)
    assert (twice.status, "This is taken already" in twice.text) == (422, True)
    assert (service.role, service.admitted_by) == (Role.AGENT, f"staff:{house.staff_id}")
    assert ("Ended." in ended.text, "No integrator serves this account" in ended.text) == (True, True)
    assert (late.status, keys) == (404, [True])


async def test_who_is_no_owner_reads_and_changes_nothing(
    browser: Browser, owner: Browser, house: House, database: Database
) -> None:
    isv_id = uuid4()
    async with database.tx(isv_id) as db:
        await flow.add(db, isv_id=isv_id, name="Cargo Bridge", now=NOW)
    asked = await owner.get(f"{AT}?isv={isv_id}")
    await owner.send(asked, "", role="agent")
    await browser.sign_in(await add_member(database, house, Role.AGENT))

    page = await browser.get(f"{AT}?isv={isv_id}")
    refused = await browser.post(f"{AT}/{isv_id}/end", {"_csrf": page.form("/sign-out").fields["_csrf"][0]})

    assert ("Cargo Bridge" in page.text, "Only an owner of the account can change this." in page.text) == (True, True)
    assert [form.action for form in page.forms if form.action.startswith(AT)] == []
    assert refused.status == 403
    async with database.tx(house.tenant_id) as db:
        assert [one.ended_at for one in await isv.services(db)] == [None]
