"""Who looks after a return: assigned, watched, tagged and put in order; every mark is told and none moves it."""

from typing import Any
from uuid import UUID

import pytest

from retour.core.account import Role
from retour.core.attention import MOST_TAGS, Priority
from retour.core.errors import Refused
from retour.flows import account as accounts
from retour.flows import rma
from retour.store.ids import new_id
from tests.stories.house import House, now

pytestmark = pytest.mark.anyio


async def hired(house: House, name: str) -> UUID:
    async with house.web.tx(house.tenant) as db:
        member = await accounts.add_staff(
            db,
            email=f"{new_id().hex}@example.com",
            name=name,
            role=Role.AGENT,
            password_hash=None,
            actor="cli",
            now=now(),
        )
    return member.id


async def marks(house: House, rma_id: UUID) -> list[str]:
    kinds = ("return.assigned", "return.watched", "return.tagged", "return.prioritised")
    return [e.type.removeprefix("return.") for e in await house.events(rma_id) if e.type in kinds]


async def test_marks_are_told_once_and_change_neither_state_nor_version(house: House) -> None:
    await house.open()
    ana = await hired(house, "Ana")
    rma_id = await house.ask(await house.an_order(), {0: 1})
    before = await house.see(rma_id)
    who: dict[str, Any] = {"rma_id": rma_id, "actor": "staff:ben", "now": now()}

    for _ in range(2):  # what is so already is not told again
        await house.do(lambda db: rma.assign(db, staff_id=ana, **who))
        await house.do(lambda db: rma.watch(db, staff_id=ana, watching=True, **who))
        await house.do(lambda db: rma.retag(db, add=["  Call  BACK", "vip"], remove=["old"], **who))
        found = await house.do(lambda db: rma.prioritise(db, priority=Priority.URGENT, **who))

    assert (found.assignee_id, found.watchers, found.tags, found.priority) == (
        ana,
        (ana,),
        ("call back", "vip"),
        "urgent",
    )
    assert await marks(house, rma_id) == ["assigned", "watched", "tagged", "prioritised"]
    after = await house.see(rma_id)
    assert (after.version, after.rma.status) == (before.version, before.rma.status)
    (tagged,) = [e for e in await house.events(rma_id) if e.type == "return.tagged"]
    assert (tagged.actor, tagged.data["added"], tagged.data["removed"]) == ("staff:ben", ["call back", "vip"], [])


async def test_marks_are_taken_off_again(house: House) -> None:
    await house.open()
    ana = await hired(house, "Ana")
    rma_id = await house.ask(await house.an_order(), {0: 1})
    who: dict[str, Any] = {"rma_id": rma_id, "actor": "staff:ben", "now": now()}
    await house.do(lambda db: rma.assign(db, staff_id=ana, **who))
    await house.do(lambda db: rma.watch(db, staff_id=ana, watching=True, **who))
    await house.do(lambda db: rma.retag(db, add=["vip"], remove=[], **who))

    await house.do(lambda db: rma.assign(db, staff_id=None, **who))
    await house.do(lambda db: rma.watch(db, staff_id=ana, watching=False, **who))
    found = await house.do(lambda db: rma.retag(db, add=["new"], remove=["VIP"], **who))

    assert (found.assignee_id, found.watchers, found.tags) == (None, (), ("new",))


async def test_who_is_not_there_and_too_many_tags_are_refused_and_nothing_is_told(house: House) -> None:
    await house.open()
    rma_id = await house.ask(await house.an_order(), {0: 1})
    who: dict[str, Any] = {"rma_id": rma_id, "actor": "staff:ben", "now": now()}
    many = [f"tag {n}" for n in range(MOST_TAGS + 1)]

    for work, code in (
        (lambda db: rma.assign(db, staff_id=new_id(), **who), "staff_not_found"),
        (lambda db: rma.watch(db, staff_id=new_id(), watching=True, **who), "staff_not_found"),
        (lambda db: rma.retag(db, add=many, remove=[], **who), "too_many_tags"),
        (lambda db: rma.retag(db, add=["x" * 41], remove=[], **who), "tag_not_valid"),
        (lambda db: rma.assign(db, staff_id=None, **{**who, "rma_id": new_id()}), "return_not_found"),
    ):
        with pytest.raises(Refused) as no:
            await house.do(work)
        assert no.value.code == code

    assert await marks(house, rma_id) == []
    assert await house.rows("SELECT count(*) FROM rma_tag") == [(0,)]


async def test_a_colleague_who_left_gets_nothing_new(house: House) -> None:
    await house.open()
    ana = await hired(house, "Ana")
    rma_id = await house.ask(await house.an_order(), {0: 1})
    async with house.web.tx(house.tenant) as db:
        await db.execute("UPDATE staff SET disabled_at = now() WHERE id = $1", ana)

    with pytest.raises(Refused) as no:
        await house.do(lambda db: rma.assign(db, rma_id=rma_id, staff_id=ana, actor="staff:ben", now=now()))

    assert no.value.code == "staff_not_found"
