"""What a preferred system says of the end of a return: both come to stand alike, or a person is shown that they do not."""

from uuid import UUID

import pytest

from retour.flows import rma
from retour.store import discrepancy
from tests.core.intake.papers import a_return
from tests.stories.another_system import AnotherSystem, another_system
from tests.stories.house import House, now
from tests.stories.test_push_settings import on_its_way

pytestmark = pytest.mark.anyio


async def asked(house: House) -> UUID:
    rma_id = await house.ask(await house.an_order(), {0: 1})
    await house.settle_down()
    return rma_id


async def open_on(house: House, rma_id: UUID) -> list[tuple[str, object, object]]:
    """Return (kind, there, here) of every difference that is open on a return."""
    async with house.web.tx(house.tenant) as db:
        found = await discrepancy.list_open(db, resource_kind="return", resource_id=rma_id)
    return [(one.kind, one.details.get("there"), one.details.get("here")) for one in found]


async def test_what_ended_there_is_shown_until_the_return_ends_here_without_another_word_from_there(
    house: House,
) -> None:
    await house.open()
    system = await another_system(house, "return", decides=False)
    rma_id = await asked(house)

    await system.say(await system.advance(rma_id, "closed"))
    apart = await open_on(house, rma_id)
    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()

    assert apart == [("ended_elsewhere", "closed", "requested")]
    assert await system.differences() == [("ended_elsewhere", "resolved")]


async def test_what_a_person_has_settled_is_not_shown_again_by_itself(house: House) -> None:
    await house.open()
    system = await another_system(house, "return", decides=False)
    rma_id = await asked(house)
    await system.say(await system.advance(rma_id, "closed"))

    async with house.web.tx(house.tenant) as db:
        await discrepancy.resolve(
            db, "ended_elsewhere", resource_kind="return", resource_id=rma_id, by="owner", at=now()
        )
    await house.approve(rma_id)
    settled = await open_on(house, rma_id)
    await system.say(await system.advance(rma_id, "closed"))

    assert settled == []
    assert await open_on(house, rma_id) == [("ended_elsewhere", "closed", "approved")]


async def test_that_it_was_over_there_before_the_answer_came_is_shown(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    await system.settings(faults=[{"acts": True}])
    rma_id = await on_its_way(house)
    await house.carry_out((await system.pushes(rma_id))[0].id)
    await system.advance(rma_id, "rejected")
    await house.settle_down()

    (push,) = await system.pushes(rma_id)
    assert push.state.value == "confirmed"
    assert await open_on(house, rma_id) == [("ended_elsewhere", "rejected", "requested")]


async def test_a_return_that_a_person_holds_is_shown_as_refunded_there_before_it_can_be_paid_again(
    house: House,
) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id = await asked(house)
    await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="Ask the shopper", actor="agent", now=now()))

    await system.say(await system.advance(rma_id, "refunded"))

    assert [kind for kind, _, _ in await open_on(house, rma_id)] == ["refunded_elsewhere"]
    assert (await house.see(rma_id)).rma.held


async def confirmed_as(house: House, system: AnotherSystem, *, dismissed: bool | None) -> tuple[UUID, str]:
    """Tell a return whose answer is lost, let the system speak of it under its own id alone, then hear the answer.

    What was said meanwhile opened another return, or waits (`dismissed` is False), or was dismissed.
    """
    await system.settings(faults=[{"acts": True}, {"status": 401}] if dismissed else [{"acts": True}])
    rma_id = await on_its_way(house)
    await house.carry_out((await system.pushes(rma_id))[0].id)
    (there,) = (await system.returns())["returns"]
    other = await house.an_order()
    items = [{"line": other.order.lines[0].ref, "quantity": 1}]
    order = {"number": "#nobody"} if dismissed is not None else {"id": other.order.ref, "number": other.order.name}
    said = await system.say(a_return(id=there["id"], order=order, items=items))
    assert said == ("opened" if dismissed is None else "parked: order_not_found")
    if dismissed:
        async with house.web.tx(house.tenant) as db:
            intake_id = await db.fetchval("SELECT id FROM intake WHERE external_id = $1", there["id"])
            await db.execute(
                "UPDATE intake SET state = 'dismissed', why = NULL, decided_by = 'owner', reason = 'Not ours' "
                "WHERE id = $1", intake_id,
            )  # fmt: skip
        await system.settings(push_secret=await system.prefer("return"))
    await house.later()
    return rma_id, there["id"]


async def test_an_answer_with_the_id_of_another_return_is_shown(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id, far_id = await confirmed_as(house, system, dismissed=None)

    async with house.web.tx(house.tenant) as db:
        (other,) = await db.fetch("SELECT number, rma_id FROM intake i JOIN rma r ON r.id = i.rma_id")
    assert other["rma_id"] != rma_id
    assert await open_on(house, rma_id) == [("known_as_another", far_id, f"R-{other['number']}")]


@pytest.mark.parametrize("dismissed", [False, True])
async def test_what_waited_under_the_id_of_the_answer_is_the_return_from_then_on_and_that_is_told(
    house: House, dismissed: bool
) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id, far_id = await confirmed_as(house, system, dismissed=dismissed)

    (known,) = await system.known_as(rma_id)
    async with house.web.tx(house.tenant) as db:
        told = await db.fetch("SELECT actor, resource_id, data FROM event WHERE type = 'intake.opened'")
    number = (await house.see(rma_id)).rma.number
    assert (known.external_id, known.state, known.decided_by, known.reason) == (far_id, "opened", "push", None)
    assert [(e["actor"], e["resource_id"], e["data"]["return_id"], e["data"]["number"]) for e in told] == [
        ("retour", known.id, str(rma_id), number)
    ]
    assert await open_on(house, rma_id) == []
