"""Approving, rejecting, cancelling and holding a return."""

import pytest

from retour.core.errors import Refused
from retour.core.policy import template
from retour.flows import rma
from tests.stories.house import House, Units, now

pytestmark = pytest.mark.anyio


async def test_the_policy_approves_at_once(house: House) -> None:
    await house.open(document=template(automatic=True))
    order = await house.an_order()

    rma_id = await house.ask(order, {0: 1})

    assert await house.status(rma_id) == "approved"
    assert [(e.type, e.actor) for e in await house.events(rma_id)] == [
        ("return.requested", "shopper"), ("return.approved", "policy"),
    ]  # fmt: skip
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    await house.settle_down()
    assert await house.states(rma_id) == {"open_return": "confirmed"}


async def test_a_rejection_frees_the_units_and_moves_nothing(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    with pytest.raises(Refused) as refused:
        await house.ask(order, {0: 1})
    assert refused.value.code == "nothing_left"

    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="Worn.", actor="agent", now=now()))
    await house.settle_down()

    assert await house.status(rma_id) == "rejected"
    assert await house.waits(rma_id) is None
    assert await house.counters(order) == [(0, 0, 0)]
    assert await house.effects(rma_id) == []
    assert (await house.calls()).get("returnCreate", 0) == 0
    again = await house.returned(order, {0: 2})
    assert await house.status(again) == "resolved"
    assert await house.refunded(order) == ("39.98", 1)


async def test_a_return_cancelled_before_anything_arrived_leaves_nothing_behind(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.scan(rma_id)

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="shopper", now=now()))
    await house.settle_down()

    assert await house.status(rma_id) == "cancelled"
    assert await house.waits(rma_id) is None
    assert await house.counters(order) == [(0, 0, 0)]
    books = await house.books(order)
    assert [r["status"] for r in books["returns"]] == ["CANCELED"]
    assert (books["tags"], books["refunded"]) == ([], "0.00")
    assert await house.restocks() == []


async def test_the_rest_of_a_partial_receipt_is_cancelled(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    assert await house.waits(rma_id) == ("shopper", "awaiting_rest")

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="shopper", now=now()))
    await house.settle_down()

    assert await house.status(rma_id) == "resolved"
    assert await house.counters(order) == [(1, 1, 1)]
    assert await house.refunded(order) == ("19.99", 1)
    with pytest.raises(Refused) as refused:
        await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="shopper", now=now()))
    assert refused.value.code == "already_decided"


async def test_what_arrived_whole_cannot_be_cancelled(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    before = await house.traces(order)

    with pytest.raises(Refused) as refused:
        await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="shopper", now=now()))

    assert refused.value.code == "already_received"
    assert await house.traces(order) == before


async def test_whoever_decides_on_an_old_reading_is_told(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    version = (await house.see(rma_id)).version
    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="one", now=now(), expect_version=version))
    before = await house.traces(order)

    with pytest.raises(Refused) as stale:
        await house.do(
            lambda db: rma.reject(db, rma_id=rma_id, message="", actor="two", now=now(), expect_version=version)
        )
    with pytest.raises(Refused) as twice:
        await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="two", now=now()))

    assert (stale.value.code, stale.value.facts["status"]) == ("state_changed", "approved")
    assert twice.value.code == "already_decided"
    assert await house.traces(order) == before


async def test_a_held_return_plans_nothing_until_it_is_released(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await house.receive(rma_id, {0: 1})

    await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="asked the shopper", actor="agent", now=now()))
    planned = len(await house.effects(rma_id))
    await house.inspect(rma_id, Units(0, 1))

    assert await house.waits(rma_id) == ("agent", "held")
    told = await house.told(rma_id)
    assert "return.held" in told
    await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="asked the shopper", actor="agent", now=now()))
    assert await house.told(rma_id) == told
    assert len(await house.effects(rma_id)) == planned
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.restocks() == []
    await house.do(lambda db: rma.release(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    assert (await house.told(rma_id)).count("return.released") == 1
    assert await house.status(rma_id) == "resolved"
    with pytest.raises(Refused) as closed:
        await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="too late", actor="agent", now=now()))
    assert closed.value.code == "already_decided"
    assert await house.refunded(order) == ("19.99", 1)


async def test_a_settlement_that_was_due_when_the_hold_came_is_not_paid(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1), drain=False)
    await house.run_until(rma_id, "settlement due")

    await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="asked the shopper", actor="agent", now=now()))
    await house.settle_down()

    assert (await house.settlement(rma_id)).state.value == "quoted"
    assert await house.refunded(order) == ("0.00", 0)
    await house.do(lambda db: rma.release(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    assert await house.refunded(order) == ("19.99", 1)
