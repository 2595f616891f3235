"""Settings of people and programs: keys, members, one's own password, language and sessions."""

from uuid import uuid4

import pytest

from retour.core.account import Role, parse_key
from retour.store import account
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser, shown_once
from tests.flows.session.people import PASSWORD, House

pytestmark = pytest.mark.anyio
ROOT = "/dashboard/settings"


async def test_a_key_is_shown_once_and_revoked(owner: Browser, database: Database, house: House) -> None:
    made = await owner.send(await owner.get(f"{ROOT}/keys"), "", name="Warehouse <b>system", role="warehouse")
    key = parse_key(shown_once(made))
    assert key is not None

    after = await owner.get(f"{ROOT}/keys")
    assert key.secret not in after.answer.text
    assert "&lt;b&gt;system" in after.answer.text
    gone = await owner.send(after, f"{ROOT}/keys/{key.id}/revoke")

    assert "1 revoked key" in gone.text
    async with database.tx(house.tenant_id) as db:
        assert [row.revoked_at is not None for row in await account.keys(db)] == [True]


async def test_somebody_is_added_sets_a_password_and_comes_in(
    owner: Browser, address: str, database: Database, house: House
) -> None:
    email = f"ben-{uuid4()}@example.com"
    page = await owner.send(await owner.get(f"{ROOT}/team"), "", name="Ben", email=email, role="agent")
    link = shown_once(page)
    async with database.tx(house.tenant_id) as db:
        assert [row["kind"] for row in await db.fetch("SELECT kind FROM mail")] == ["staff_invited"]
    assert link not in (await owner.get(page.path)).answer.text

    async with Browser.open(address) as ben:
        path = "/password/" + link.rpartition("/")[2]
        short = await ben.send(await ben.get(path), password="short")
        assert (short.status, "12 characters or more" in short.text) == (422, True)
        done = await ben.send(await ben.get(path), password="another long password")
        assert "Your password is set." in done.text
        assert (await ben.get(path)).status == 404
        shown = await ben.send(done, email=email, password="another long password")
        assert (shown.status, shown.path) == (200, "/dashboard")


async def test_a_member_changes_role_and_is_disabled(
    owner: Browser, address: str, database: Database, house: House
) -> None:
    email = await add_member(database, house, Role.AGENT)
    async with database.tx(house.tenant_id) as db:
        member = next(m for m in await account.staff(db) if m.email == email)
    path = f"{ROOT}/team/{member.id}"
    async with Browser.open(address) as agent:
        await agent.sign_in(email)
        assert (await agent.get(f"{ROOT}/team")).status == 200

        await owner.send(await owner.get(path), "", role="warehouse")
        assert (await agent.get(f"{ROOT}/team")).status == 403
        await owner.send(await owner.get(path), f"{path}/disable")
        assert (await agent.get(f"{ROOT}/you")).path == "/sign-in"


async def test_the_last_owner_cannot_step_down(owner: Browser, house: House) -> None:
    path = f"{ROOT}/team/{house.staff_id}"

    page = await owner.send(await owner.get(path), "", role="agent")

    assert page.status == 409
    assert "The account needs an owner. Make somebody else an owner first" in page.text


async def test_ones_password_is_changed_with_the_one_before(owner: Browser, address: str, house: House) -> None:
    action = f"{ROOT}/you/password"
    wrong = await owner.send(
        await owner.get(f"{ROOT}/you"), action, old_password="wrong", new_password="another long password"
    )
    assert (wrong.status, "This is not your password" in wrong.text) == (422, True)
    async with Browser.open(address) as elsewhere:
        await elsewhere.sign_in(house.email)

        await owner.send(
            await owner.get(f"{ROOT}/you"), action, old_password=PASSWORD, new_password="another long password"
        )

        assert (await elsewhere.get(f"{ROOT}/you")).path == "/sign-in"
        assert (await owner.get(f"{ROOT}/you")).status == 200
        assert (await elsewhere.sign_in(house.email, "another long password")).path == "/dashboard"


async def test_ones_other_sessions_are_ended_and_nobody_elses(owner: Browser, address: str, house: House) -> None:
    async with Browser.open(address) as elsewhere:
        await elsewhere.sign_in(house.email)
        page = await owner.get(f"{ROOT}/you")
        action = next(form.action for form in page.forms if form.action.endswith("/end"))

        assert "Ended." in (await owner.send(page, action)).text
        assert (await elsewhere.get(f"{ROOT}/you")).path == "/sign-in"
        assert (await owner.post(f"{ROOT}/you/sessions/{uuid4()}/end", page.form(action).fields)).status == 404


async def test_ones_language_is_kept_for_the_next_sign_in(owner: Browser, address: str, house: House) -> None:
    await owner.send(await owner.get(f"{ROOT}/you"), f"{ROOT}/you", name="Ada", language="de")

    async with Browser.open(address) as elsewhere:
        assert 'lang="de"' in (await elsewhere.sign_in(house.email)).answer.text
