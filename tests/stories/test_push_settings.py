"""What happens to returns on their way to a preferred system when the merchant changes what it prefers."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from retour.flows.intake.pushing import pushing_of
from retour.flows.intake.sources import add_source, remove_source, source_of
from retour.store import discrepancy
from retour.store.event import of_resource
from tests.stories.another_system import AnotherSystem, another_system
from tests.stories.house import House, now

pytestmark = pytest.mark.anyio


async def on_its_way(house: House) -> UUID:
    """Ask for a return that is about to be told, and has not been."""
    rma_id = await house.ask(await house.an_order(), {0: 1})
    await house.advance(rma_id)
    return rma_id


async def switched_off(system: AnotherSystem) -> None:
    await system.prefer()


async def another_preferred(system: AnotherSystem) -> None:
    house = system.house
    async with house.web.tx(house.tenant) as db:
        added, _ = await add_source(
            db, house.vault, tenant_id=house.tenant, store_id=house.store, name="Another", channel="event",
            decides=True, actor="owner", now=now(),
        )  # fmt: skip
    await AnotherSystem(house, added.id).prefer("return")


async def removed(system: AnotherSystem) -> None:
    await system.house.do(lambda db: remove_source(db, source_id=system.source_id, actor="owner", now=now()))


@pytest.mark.parametrize("change", [switched_off, another_preferred, removed])
async def test_what_was_not_sent_yet_is_withdrawn_and_that_is_told(house: House, change: object) -> None:
    await house.open()
    system = await another_system(house, "return")
    rma_id = await on_its_way(house)
    await change(system)  # type: ignore[operator]  # one of the three above
    await house.settle_down()

    (push,) = await system.pushes(rma_id)
    told = [(e.actor, e.data["effects"]) for e in await system.events(rma_id) if e.type == "effect.withdrawn"]
    assert (push.state.value, (await system.returns())["pushes"]) == ("cancelled", 0)
    assert told == [("owner", [str(push.id)])]


async def test_what_was_sent_is_still_looked_for_after_pushing_was_switched_off(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    house.platforms = replace(house.platforms, trusted_window=timedelta(0))
    await system.settings(faults=[{"acts": True}])
    rma_id = await on_its_way(house)
    await house.carry_out((await system.pushes(rma_id))[0].id)
    (lost,) = await system.pushes(rma_id)
    await system.prefer()
    async with house.web.tx(house.tenant) as db:
        told = pushing_of(await source_of(db, system.source_id))
    await house.settle_down()

    (push,) = await system.pushes(rma_id)
    (there,) = (await system.returns())["returns"]
    assert (lost.state.value, push.state.value, push.far_id) == ("unknown", "confirmed", there["id"])
    assert (told.url, told.kinds) == (f"{house.address}/returns-system/returns", ())


async def test_what_is_asked_for_while_the_system_refuses_us_is_told_once_its_secret_is_saved(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    await system.settings(faults=[{"status": 401}])
    first = await house.ask(await house.an_order(), {0: 1})
    await house.settle_down()
    meanwhile = await house.ask(await house.an_order(), {0: 1})
    await house.settle_down()
    async with house.web.tx(house.tenant) as db:
        refused = (await source_of(db, system.source_id)).state
    waiting = [[e.state.value for e in await system.pushes(rma_id)] for rma_id in (first, meanwhile)]
    shown = await house.do(lambda db: discrepancy.list_open(db, resource_id=system.source_id))
    secret = await system.prefer("return")
    await system.settings(push_secret=secret)
    await house.later()

    told = [[e.state.value for e in await system.pushes(rma_id)] for rma_id in (first, meanwhile)]
    there = [one["reference"] for one in (await system.returns())["returns"]]
    assert [one.kind for one in shown] == ["needs_reconnect"]
    assert await house.do(lambda db: discrepancy.list_open(db, resource_id=system.source_id)) == []
    assert (refused, waiting) == ("needs_reconnect", [["intent"], ["intent"]])
    assert (told, sorted(there)) == ([["confirmed"], ["confirmed"]], sorted([str(first), str(meanwhile)]))


async def test_each_new_secret_of_pushing_is_told_and_saving_the_same_again_is_not(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    secrets = [await system.prefer("return"), await system.prefer("return", "claim")]

    told = await house.do(lambda db: of_resource(db, resource_kind="connection", resource_id=system.source_id))
    assert secrets == [None, None]
    assert [(e.type, e.actor) for e in told if e.type != "connection.added"] == [
        ("connection.changed", "owner"),
        ("connection.resealed", "owner"),
        ("connection.changed", "owner"),
    ]


async def test_that_a_source_refused_us_is_shown_no_more_once_it_is_removed(house: House) -> None:
    await house.open()
    system = await another_system(house, "return")
    await system.settings(faults=[{"status": 401}])
    await on_its_way(house)
    await house.settle_down()
    shown = await house.do(lambda db: discrepancy.list_open(db, resource_id=system.source_id))
    await removed(system)

    assert [one.kind for one in shown] == ["needs_reconnect"]
    assert await house.do(lambda db: discrepancy.list_open(db, resource_id=system.source_id)) == []
