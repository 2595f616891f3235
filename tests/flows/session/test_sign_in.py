"""The right password opens a session with a token of its own; a wrong one says nothing, slowly, and locks nobody out."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.sign_in import IDLE, LONGEST, token_sha256
from retour.flows import session as flow
from retour.store import account, event, session
from retour.store.db import Database
from retour.store.session import LiveSession
from tests.flows.session.people import Clock, House, Pauses, door, knock, open_house

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(database: Database) -> House:
    return await open_house(database)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def live(database: Database, house: House, token: str, clock: Clock) -> LiveSession | None:
    async with database.tx(house.tenant_id) as db:
        return await session.read(db, token_sha256(token), idle=IDLE, now=clock.now)


async def refusal(opening: object) -> tuple[str, object]:
    with pytest.raises(Refused) as refused:
        await opening  # type: ignore[misc]
    return refused.value.code, refused.value.facts.get("wait_s")


async def test_the_right_password_opens_a_session_and_writes_who_came(
    database: Database, house: House, clock: Clock
) -> None:
    opened = await door(database, clock)(knock(house, email=house.email.upper()))

    found = await live(database, house, opened.token, clock)
    async with database.tx(None) as db:
        assert await session.route(db, token_sha256(opened.token)) == house.tenant_id
    async with database.tx(house.tenant_id) as db:
        told = await event.of_resource(db, resource_kind="staff", resource_id=house.staff_id)
        kept = await db.fetchrow("SELECT * FROM session")
    assert found is not None
    assert (found.staff_id, found.name, found.role, found.store_id) == (house.staff_id, "Ada King", Role.OWNER, None)
    assert [name for _, name in found.stores] == ["main", "outlet"]
    assert [e.type for e in told] == ["staff.added", "staff.signed_in"]
    assert kept is not None
    assert opened.token not in str(dict(kept))
    assert opened.token not in repr(opened)


@pytest.mark.parametrize(
    "change", [{"password": "wrong horse battery"}, {"email": "nobody@example.com"}, {"email": "x"}]
)
async def test_every_wrong_try_gets_the_same_answer_at_the_same_time(
    database: Database, house: House, clock: Clock, change: dict[str, str]
) -> None:
    pauses = Pauses()

    with pytest.raises(Refused) as refused:
        await door(database, clock, pauses)(knock(house, address=str(uuid4()), **change))

    assert (refused.value.code, refused.value.facts) == ("sign_in_failed", {})
    assert refused.value.message == "The e-mail address and the password do not fit together."
    assert pauses.asked_s == [flow.NO_EARLIER_S - 0.25]
    async with database.tx(house.tenant_id) as db:
        assert await db.fetchval("SELECT count(*) FROM session") == 0


async def test_the_sixth_try_from_one_address_waits_and_the_right_password_too(
    database: Database, house: House, clock: Clock
) -> None:
    sign_in = door(database, clock)
    seen = [await refusal(sign_in(knock(house, password="wrong"))) for _ in range(6)]

    assert seen == [("sign_in_failed", None)] * 5 + [("too_many_tries", 2)]
    assert await refusal(sign_in(knock(house))) == ("too_many_tries", 2)
    clock.pass_s(2)
    assert await refusal(sign_in(knock(house, password="wrong"))) == ("sign_in_failed", None)
    assert await refusal(sign_in(knock(house))) == ("too_many_tries", 4)
    clock.pass_s(4)
    assert (await sign_in(knock(house))).staff_id == house.staff_id
    assert await refusal(sign_in(knock(house, password="wrong"))) == ("sign_in_failed", None)


async def test_many_tries_at_once_are_counted_as_many(database: Database, house: House, clock: Clock) -> None:
    sign_in = door(database, clock)

    seen = await asyncio.gather(*(refusal(sign_in(knock(house, password="wrong"))) for _ in range(9)))

    assert sorted(code for code, _ in seen) == ["sign_in_failed"] * 5 + ["too_many_tries"] * 4


async def test_an_address_that_tries_many_accounts_waits(database: Database, house: House, clock: Clock) -> None:
    sign_in, address = door(database, clock), "198.51.100.7"
    async with database.tx(None) as db:
        key = sign_in._hidden("address", address)
        await db.execute("INSERT INTO sign_in_try (subject, failures, last_at) VALUES ($1, 50, $2)", key, clock.now)

    assert await refusal(sign_in(knock(house, address=address))) == ("too_many_tries", 2)


async def test_an_account_under_attack_stays_open_to_its_owner(database: Database, house: House, clock: Clock) -> None:
    pauses = Pauses()
    sign_in = door(database, clock, pauses)
    mine = await sign_in(knock(house))
    async with database.tx(None) as db:
        for key in (
            sign_in._hidden("account", house.email.casefold()),
            sign_in._hidden("address", f"at {house.tenant_id}"),
        ):
            await db.execute("UPDATE sign_in_try SET failures = 900, last_at = $2 WHERE subject = $1", key, clock.now)
    pauses.asked_s.clear()

    known = await sign_in(knock(house, device=mine.device))
    assert (known.staff_id, pauses.asked_s) == (house.staff_id, [])
    elsewhere = await sign_in(knock(house, address="203.0.113.5"))
    assert (elsewhere.staff_id, pauses.asked_s) == (house.staff_id, [2.0])
    assert await refusal(sign_in(knock(house, device="x" + mine.device))) == ("too_many_tries", 60)


async def test_a_browser_of_one_account_is_a_stranger_to_another(
    database: Database, house: House, clock: Clock
) -> None:
    sign_in, other = door(database, clock), await open_house(database)
    mine = await sign_in(knock(house))

    for _ in range(5):
        await refusal(sign_in(knock(other, password="wrong", device=mine.device)))

    assert await refusal(sign_in(knock(other, device=mine.device))) == ("too_many_tries", 2)


async def test_vain_tries_are_forgotten_after_a_quarter_of_an_hour(
    database: Database, house: House, clock: Clock
) -> None:
    sign_in = door(database, clock)
    for _ in range(5):
        await refusal(sign_in(knock(house, password="wrong")))
    clock.pass_s(15 * 60 + 1)

    seen = [await refusal(sign_in(knock(house, password="wrong"))) for _ in range(5)]

    assert seen == [("sign_in_failed", None)] * 5


async def test_signing_in_again_replaces_the_session_of_that_browser(
    database: Database, house: House, clock: Clock
) -> None:
    sign_in = door(database, clock)
    first = await sign_in(knock(house))
    second = await sign_in(knock(house, old_token=first.token))

    assert second.token != first.token
    assert await live(database, house, first.token, clock) is None
    assert await live(database, house, second.token, clock) is not None


async def test_one_address_of_two_accounts_opens_the_one_whose_password_fits(database: Database, clock: Clock) -> None:
    email = f"both-{uuid4()}@example.com"
    old, new = await open_house(database, email=email), await open_house(database, email=email)
    async with database.tx(max(old.tenant_id, new.tenant_id)) as db:
        await db.execute("UPDATE staff SET password_hash = NULL")

    opened = await door(database, clock)(knock(old))

    assert opened.tenant_id == min(old.tenant_id, new.tenant_id)


@pytest.mark.parametrize("gone", ["idle", "expired", "disabled", "signed out"])
async def test_a_session_ends(database: Database, house: House, clock: Clock, gone: str) -> None:
    opened = await door(database, clock)(knock(house))
    async with database.tx(house.tenant_id) as db:
        if gone == "idle":
            clock.now += IDLE
        elif gone == "expired":
            clock.now += LONGEST
            await session.touch(db, opened.session_id, at=clock.now)
        elif gone == "disabled":
            await db.execute("UPDATE staff SET disabled_at = now()")
        else:
            await flow.sign_out(db, staff_id=house.staff_id, session_id=opened.session_id, now=clock.now)

    assert await live(database, house, opened.token, clock) is None


async def test_a_session_lives_while_it_is_used(database: Database, house: House, clock: Clock) -> None:
    opened = await door(database, clock)(knock(house))
    for _ in range(13):
        clock.now += IDLE - timedelta(seconds=1)
        assert await live(database, house, opened.token, clock) is not None
        async with database.tx(house.tenant_id) as db:
            await session.touch(db, opened.session_id, at=clock.now)


async def test_signing_out_everywhere_leaves_the_session_that_asked(
    database: Database, house: House, clock: Clock
) -> None:
    sign_in = door(database, clock)
    here, there, elsewhere = [await sign_in(knock(house)) for _ in range(3)]
    async with database.tx(house.tenant_id) as db:
        ended = await flow.sign_out_everywhere(db, staff_id=house.staff_id, but=here.session_id, now=clock.now)
        told = await event.of_resource(db, resource_kind="staff", resource_id=house.staff_id)

    assert ended == 2
    assert (told[-1].type, told[-1].data) == ("staff.signed_out", {"sessions": 2})
    assert await live(database, house, here.token, clock) is not None
    assert [await live(database, house, gone.token, clock) for gone in (there, elsewhere)] == [None, None]


async def test_a_disabled_member_cannot_sign_in(database: Database, house: House, clock: Clock) -> None:
    async with database.tx(house.tenant_id) as db:
        await db.execute("UPDATE staff SET disabled_at = now()")

    assert await refusal(door(database, clock)(knock(house))) == ("sign_in_failed", None)


async def test_the_store_that_is_looked_at_is_one_of_the_accounts_own(
    database: Database, house: House, clock: Clock
) -> None:
    opened, other = await door(database, clock)(knock(house)), await open_house(database)
    async with database.tx(house.tenant_id) as db:
        await flow.choose_store(db, session_id=opened.session_id, store_id=house.stores[1])
    with pytest.raises(Refused, match="no such store"):
        async with database.tx(house.tenant_id) as db:
            await flow.choose_store(db, session_id=opened.session_id, store_id=other.stores[0])

    found = await live(database, house, opened.token, clock)
    assert found is not None
    assert found.store_id == house.stores[1]
    async with database.tx(house.tenant_id) as db:
        assert await account.get_store(db, other.stores[0]) is None
