"""Everything that stops effects: the kill switch, a quarantine, paused payments; and that they go on afterwards."""

import pytest

from tests.stories.house import House, Units

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("stop", "go"),
    [
        ("UPDATE instance SET kill_switch = true", "UPDATE instance SET kill_switch = false"),
        (
            "UPDATE instance SET quarantined = true, quarantine_reason = 'restored'",
            "UPDATE instance SET quarantined = false, quarantine_reason = NULL",
        ),
    ],
    ids=["kill switch", "quarantine"],
)
async def test_nothing_leaves_the_house_while_it_is_stopped(house: House, stop: str, go: str) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    before = await house.calls()
    await house.owner.execute(stop)
    try:
        await house.approve(rma_id)
        await house.later()
        assert await house.states(rma_id) == {"open_return": "intent"}
        assert await house.calls() == before
    finally:
        await house.owner.execute(go)

    await house.later()

    assert await house.states(rma_id) == {"open_return": "confirmed"}
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("19.99", 1)


@pytest.mark.parametrize("where", ["store", "account"])
async def test_paused_payments_let_goods_move_and_no_money(house: House, where: str) -> None:
    await house.open()
    pause = {"store": "UPDATE store SET payments_paused = $1", "account": "UPDATE account SET payments_paused = $1"}[
        where
    ]
    order = await house.an_order()
    await house.change(pause, True)

    rma_id = await house.returned(order, {0: 1})
    await house.later()

    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.waits(rma_id) == ("finance", "payments_paused")
    assert (await house.settlement(rma_id)).state.value == "due"
    await house.change(pause, False)
    await house.later()
    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("19.99", 1)
