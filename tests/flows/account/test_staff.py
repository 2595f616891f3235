"""Staff change, leave and come back; an account never loses its last owner, and a password never outlives its session."""

import asyncio
from uuid import UUID, uuid4

import pytest

from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.sign_in import IDLE, LINK_LIVES, token_sha256
from retour.flows import account as flow
from retour.store import account, event, session
from retour.store.db import Database
from tests.flows.session.people import PASSWORD, Clock, House, door, knock, open_house

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(database: Database) -> House:
    return await open_house(database)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def told(database: Database, house: House, staff_id: UUID) -> list[tuple[str, object]]:
    async with database.tx(house.tenant_id) as db:
        found = await event.of_resource(db, resource_kind="staff", resource_id=staff_id)
    return [(e.type, e.data) for e in found]


async def test_the_last_owner_stays_owner_and_able_to_sign_in(database: Database, house: House, clock: Clock) -> None:
    for change in (
        lambda db: flow.change_staff(db, staff_id=house.staff_id, role=Role.AGENT, actor="x", now=clock.now),
        lambda db: flow.disable_staff(db, staff_id=house.staff_id, actor="x", now=clock.now),
    ):
        with pytest.raises(Refused) as refused:
            async with database.tx(house.tenant_id) as db:
                await change(db)
        assert (refused.value.code, refused.value.status) == ("last_owner", 409)

    assert await told(database, house, house.staff_id) == [("staff.added", {"role": "owner"})]


async def test_two_owners_cannot_demote_each_other_at_once(database: Database, house: House, clock: Clock) -> None:
    async with database.tx(house.tenant_id) as db:
        other = await flow.add_staff(
            db, email="b@example.com", name="B", role=Role.OWNER, password_hash=None, actor="x", now=clock.now
        )

    async def demote(staff_id: UUID) -> str:
        async def work(db: object) -> str:
            await flow.change_staff(db, staff_id=staff_id, role=Role.AGENT, actor="x", now=clock.now)  # type: ignore[arg-type]
            return "done"

        try:
            return await database.run(house.tenant_id, work)
        except Refused as refused:
            return refused.code

    assert sorted(await asyncio.gather(demote(house.staff_id), demote(other.id))) == ["done", "last_owner"]
    async with database.tx(house.tenant_id) as db:
        assert len(await account.lock_owners(db)) == 1


async def test_a_member_is_renamed_and_given_a_role_and_a_language(
    database: Database, house: House, clock: Clock
) -> None:
    async with database.tx(house.tenant_id) as db:
        added = await flow.add_staff(
            db, email="b@example.com", name="B", role=Role.AGENT, password_hash=None, actor="x", now=clock.now
        )
        await flow.change_staff(
            db, staff_id=added.id, name=" Ben ", role=Role.WAREHOUSE, language="de", actor="x", now=clock.now
        )
        await flow.change_staff(db, staff_id=added.id, name="Ben", actor="x", now=clock.now)
        found = await account.lock_staff(db, added.id)

    assert found is not None
    assert (found.name, found.role, found.language) == ("Ben", Role.WAREHOUSE, "de")
    assert await told(database, house, added.id) == [
        ("staff.added", {"role": "agent"}),
        ("staff.changed", {"role": "warehouse"}),
    ]


async def test_a_disabled_members_sessions_and_links_end(database: Database, clock: Clock) -> None:
    house = await open_house(database, role=Role.AGENT)
    opened = await door(database, clock)(knock(house))
    async with database.tx(house.tenant_id) as db:
        token = await flow.make_password_link(db, staff_id=house.staff_id, actor="x", now=clock.now)
        await flow.disable_staff(db, staff_id=house.staff_id, actor="x", now=clock.now)
        assert await session.read(db, token_sha256(opened.token), idle=IDLE, now=clock.now) is None
        await flow.enable_staff(db, staff_id=house.staff_id, actor="x", now=clock.now)
        assert await session.read(db, token_sha256(opened.token), idle=IDLE, now=clock.now) is None
    with pytest.raises(Refused, match="used or is too old"):
        async with database.tx(house.tenant_id) as db:
            await flow.use_password_link(db, token=token, password_hash="h", now=clock.now)

    assert [what for what, _ in await told(database, house, house.staff_id)][-2:] == ["staff.disabled", "staff.enabled"]
    assert (await door(database, clock)(knock(house))).staff_id == house.staff_id


async def test_a_password_link_works_once_within_three_days(database: Database, house: House, clock: Clock) -> None:
    opened = await door(database, clock)(knock(house))
    async with database.tx(house.tenant_id) as db:
        replaced = await flow.make_password_link(db, staff_id=house.staff_id, actor="x", now=clock.now)
        token = await flow.make_password_link(db, staff_id=house.staff_id, actor="x", now=clock.now)
    async with database.tx(None) as db:
        assert await session.route_link(db, token_sha256(token)) == house.tenant_id
        assert await session.route_link(db, token_sha256(replaced)) is None
    async with database.tx(house.tenant_id) as db:
        assert await flow.use_password_link(db, token=token, password_hash="new", now=clock.now) == house.staff_id
        assert await account.password_hash(db, house.staff_id) == "new"
        assert await session.read(db, token_sha256(opened.token), idle=IDLE, now=clock.now) is None
    for spent in (token, replaced):
        with pytest.raises(Refused) as refused:
            async with database.tx(house.tenant_id) as db:
                await flow.use_password_link(db, token=spent, password_hash="again", now=clock.now)
        assert (refused.value.code, refused.value.status) == ("link_not_found", 404)


async def test_a_password_link_is_too_old_after_three_days(database: Database, house: House, clock: Clock) -> None:
    async with database.tx(house.tenant_id) as db:
        token = await flow.make_password_link(db, staff_id=house.staff_id, actor="x", now=clock.now)
        before = await account.password_hash(db, house.staff_id)
    with pytest.raises(Refused, match="too old"):
        async with database.tx(house.tenant_id) as db:
            await flow.use_password_link(db, token=token, password_hash="new", now=clock.now + LINK_LIVES)

    async with database.tx(house.tenant_id) as db:
        assert await account.password_hash(db, house.staff_id) == before


async def test_a_new_password_ends_the_other_sessions(database: Database, house: House, clock: Clock) -> None:
    sign_in = door(database, clock)
    here, there = await sign_in(knock(house)), await sign_in(knock(house))
    async with database.tx(house.tenant_id) as db:
        await flow.set_password(
            db, staff_id=house.staff_id, password_hash="new", keep=here.session_id, actor="x", now=clock.now
        )
        alive = [
            await session.read(db, token_sha256(each.token), idle=IDLE, now=clock.now) is not None
            for each in (here, there)
        ]

    assert alive == [True, False]
    assert (await told(database, house, house.staff_id))[-1] == ("staff.password_set", {})


async def test_an_installation_is_set_up_once_however_many_try(database: Database, clock: Clock) -> None:
    async with database.tx(None) as db:
        assert await account.has_accounts(db)

    tenant_id = uuid4()
    with pytest.raises(Refused) as refused:
        async with database.tx(tenant_id) as db:
            await flow.set_up(
                db, tenant_id=tenant_id, shop_name="Fjellhus", timezone="Europe/Berlin", currency="EUR", name="Ada",
                email="ada@example.com", password_hash=PASSWORD, language="de", now=clock.now,
            )  # fmt: skip

    assert (refused.value.code, refused.value.status) == ("already_set_up", 409)


async def test_a_store_is_renamed_to_a_name_that_is_free(database: Database, house: House, clock: Clock) -> None:
    async with database.tx(house.tenant_id) as db:
        with pytest.raises(Refused, match="has a store named"):
            await flow.change_store(
                db, store_id=house.stores[0], changes={"shop_name": "outlet"}, actor="x", now=clock.now
            )
        await flow.change_store(
            db, store_id=house.stores[0], changes={"shop_name": " Fjellhus "}, actor="x", now=clock.now
        )
        found = await account.get_store(db, house.stores[0])

    assert found is not None
    assert found.shop_name == "Fjellhus"
