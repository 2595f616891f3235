"""A return that begins here is told to the merchant's preferred system once, and followed there."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.flows import rma
from retour.flows.effect import again
from retour.flows.intake.pushing import Pushing, set_pushing
from retour.flows.intake.sources import remove_source
from retour.store.desk import began
from tests.core.intake.papers import a_return
from tests.stories.another_system import AnotherSystem, another_system
from tests.stories.house import House, now

pytestmark = pytest.mark.anyio


async def asked(house: House, **more: str) -> UUID:
    """Ask for a return of one unit and let everything follow."""
    rma_id = await house.ask(await house.an_order(), {0: 1}, **more)
    await house.settle_down()
    return rma_id


async def status(house: House, rma_id: UUID) -> str:
    return (await house.see(rma_id)).rma.status.value


async def test_a_return_is_told_with_what_is_needed_and_names_nobody(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id = await asked(house)

    (push,) = await system.pushes(rma_id)
    (there,) = (await system.returns())["returns"]
    (known,) = await system.known_as(rma_id)
    record = await house.see(rma_id)
    told = next(e.data for e in await system.events(rma_id) if e.data.get("effect_id") == str(push.id))

    assert (push.state.value, push.far_id, push.tries) == ("confirmed", there["id"], 1)
    assert (there["reference"], there["status"]) == (str(rma_id), "requested")
    assert [(item["quantity"], item["sku"]) for item in there["items"]] == [(1, "RT-TEE-BLK-M")]
    assert there["metadata"] == {"retour_return": str(rma_id), "number": f"R-{record.rma.number}"}
    assert "ann@example.com" not in str(there)
    assert (known.external_id, known.far_status, known.state, known.decided_by) == (
        there["id"],
        "requested",
        "opened",
        "push",
    )
    async with house.web.tx(house.tenant) as db:
        assert await began.of_return(db, rma_id) == []
    assert (told["far_id"], told["kind"]) == (there["id"], "push_return")


async def test_it_is_told_once_although_the_answer_is_lost(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    await system.settings(faults=[{"acts": True}, {"status": 500, "acts": True}])
    rma_id = await asked(house)

    (push,) = await system.pushes(rma_id)
    at = await system.returns()

    assert (push.state.value, push.tries, at["pushes"]) == ("confirmed", 3, 3)
    assert [(one["reference"], one["times_opened"]) for one in at["returns"]] == [(str(rma_id), 1)]
    assert push.far_id == at["returns"][0]["id"]


async def test_after_the_window_of_its_key_it_is_looked_for_before_it_is_told_again(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    house.platforms = replace(house.platforms, trusted_window=timedelta(0))
    await system.settings(faults=[{"acts": True}])
    rma_id = await asked(house)

    (push,) = await system.pushes(rma_id)
    at = await system.returns()

    assert (push.state.value, push.tries, at["pushes"]) == ("confirmed", 1, 1)
    assert push.far_id == at["returns"][0]["id"]


async def test_a_busy_system_is_told_later_and_one_that_refuses_is_shown(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    await system.settings(faults=[{"status": 429}, {"status": 503}])
    busy = await asked(house)
    await system.settings(faults=[{"status": 422}])
    refused = await asked(house)

    (first,), (second,) = await system.pushes(busy), await system.pushes(refused)
    assert (first.state.value, first.tries) == ("confirmed", 3)
    assert (second.state.value, second.far_code, second.message) == ("failed", "422", "as you wished")
    assert (await house.see(refused)).rma.status.value == "requested"
    async with house.web.tx(house.tenant) as db:
        assert (await db.fetchval("SELECT blocked_code FROM rma WHERE id = $1", refused)) == "decision_needed"
        found = await db.fetch("SELECT kind, owner FROM discrepancy WHERE resource_id = $1", second.id)
        await again.retry(db, effect_id=second.id, actor="owner", now=now())
    assert [(row["kind"], row["owner"]) for row in found] == [("effect_failed", "operator")]
    await house.settle_down()
    assert [e.state.value for e in await system.pushes(refused)] == ["failed", "confirmed"]


async def test_its_state_there_is_followed_by_messages_in_any_order_and_a_replay_changes_nothing(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id = await asked(house)
    approved = await system.advance(rma_id, "approved")
    parcel = {"carrier": "DHL", "tracking_number": "JJD1", "status": "in_transit"}
    moving = await system.advance(rma_id, "in_transit", shipping=parcel)

    said = [
        await system.say(moving, known_as="b"),
        await system.say(approved, known_as="a"),
        await system.say(moving, known_as="b"),
        await system.say(moving, known_as="c"),
    ]
    before = await system.events(rma_id)
    asked_for = await system.asked()

    assert said == ["followed", "stale", None, "unchanged"]
    assert asked_for == ["unchanged"]
    assert await system.events(rma_id) == before
    record = await house.see(rma_id)
    assert (record.rma.status.value, [s.tracking_number for s in record.rma.shipments]) == ("approved", ["JJD1"])
    assert [e.data["status"] for e in before if e.type == "return.told_elsewhere"] == ["in_transit"]
    assert len(await system.pushes(rma_id)) == 1


async def test_its_state_there_is_found_by_asking_where_messages_get_lost(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id = await asked(house)
    await system.advance(rma_id, "approved")

    assert (await system.asked(), await system.asked()) == (["followed"], [])
    assert await status(house, rma_id) == "approved"
    (known,) = await system.known_as(rma_id)
    assert (known.far_status, known.state) == ("approved", "opened")


async def test_a_message_that_comes_before_the_answer_opens_no_second_return(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id = await house.ask(await house.an_order(), {0: 1})
    await house.advance(rma_id)
    (planned,) = await system.pushes(rma_id)
    document = a_return(id="EXT-early", status="approved", metadata={"retour_return": str(rma_id)})

    early = await system.say(document)
    await house.settle_down()

    assert (planned.state.value, early) == ("intent", "followed")
    async with house.web.tx(house.tenant) as db:
        assert await db.fetchval("SELECT count(*) FROM rma") == 1
    assert await status(house, rma_id) == "approved"
    assert {one.rma_id for one in await system.known_as(rma_id)} == {rma_id}


async def test_what_ended_there_otherwise_is_shown_until_both_stand_alike(house: House) -> None:
    await house.open()
    system = await another_system(house, "return", decides=False)
    rma_id = await asked(house)

    await system.say(await system.advance(rma_id, "rejected", notes="Worn"))
    apart = await system.differences()
    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="Worn", actor="agent", now=now()))
    await system.say(await system.advance(rma_id, "rejected"))

    assert apart == [("ended_elsewhere", "open")]
    assert await system.differences() == [("ended_elsewhere", "resolved")]


async def test_what_the_system_decides_holds_here_without_a_difference(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id = await asked(house)

    await system.say(await system.advance(rma_id, "rejected", notes="Worn"))

    assert (await status(house, rma_id), await system.differences()) == ("rejected", [])


async def test_a_return_that_came_from_there_is_not_told_back(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    order = await house.an_order()
    line = order.order.lines[0].ref
    document = a_return(
        id="EXT-1",
        order={"id": order.order.ref, "number": order.order.name},
        items=[{"line": line, "quantity": 1, "reason": {"code": "too_small"}}],
    )

    assert await system.say(document) == "opened"
    await house.settle_down()
    async with house.web.tx(house.tenant) as db:
        rma_id = await db.fetchval("SELECT id FROM rma")

    assert (await system.pushes(rma_id), (await system.returns())["pushes"]) == ([], 0)
    await house.approve(rma_id)
    assert (await system.pushes(rma_id), (await system.returns())["pushes"]) == ([], 0)


async def test_only_the_kinds_the_merchant_named_are_told_and_none_from_before(house: House) -> None:
    await house.open()
    system = await another_system(house)
    earlier = await asked(house)
    await system.settings(push_secret=await system.prefer("claim"))
    other = await asked(house)
    claim = await asked(house, kind="claim")
    await system.prefer("return", "claim")
    for rma_id in (earlier, other):
        await house.approve(rma_id)
    await system.prefer()
    never = await asked(house)

    told = [len(await system.pushes(one)) for one in (earlier, other, claim, never)]
    assert told == [0, 1, 1, 0]


async def test_where_it_is_told_once_approved_nothing_is_told_before(house: House) -> None:
    await house.open()
    system = await another_system(house, "return", moment="approved")
    rma_id = await asked(house)

    assert await system.pushes(rma_id) == []
    await house.approve(rma_id)
    (there,) = (await system.returns())["returns"]
    assert there["status"] == "approved"


async def test_a_source_that_is_removed_is_told_nothing_that_was_not_on_its_way(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id = await house.ask(await house.an_order(), {0: 1})
    await house.advance(rma_id)
    await house.do(lambda db: remove_source(db, source_id=system.source_id, actor="owner", now=now()))
    await house.settle_down()

    (push,) = await system.pushes(rma_id)
    assert (push.state.value, (await system.returns())["pushes"]) == ("cancelled", 0)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Pushing("http://plain.example", ("return",)), "invalid_url"),
        (Pushing("https://far.example", ("gift",)), "invalid_kind"),
        (Pushing("https://far.example", ("return", "return")), "invalid_kind"),
        (Pushing("https://far.example", ("return",), "later"), "invalid_moment"),
    ],
)
async def test_a_wish_that_cannot_be_followed_changes_nothing(house: House, wish: Pushing, code: str) -> None:
    await house.open()
    system: AnotherSystem = await another_system(house)

    with pytest.raises(Refused) as refused:
        async with house.web.tx(house.tenant) as db:
            await set_pushing(db, house.vault, source_id=system.source_id, wish=wish, actor="owner", now=now())
    assert refused.value.code == code
    assert await system.pushes(await asked(house)) == []
