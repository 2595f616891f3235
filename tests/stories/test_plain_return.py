"""The whole life of a plain return: from request to refund and restock, and what the shop's own books say."""

import pytest

from tests.stories.house import House, Units

pytestmark = pytest.mark.anyio


async def test_a_plain_return_is_paid_and_restocked_once(house: House) -> None:
    await house.open()
    order = await house.an_order()

    rma_id = await house.ask(order, {0: 2})
    assert (await house.blocked(rma_id)).code == "decision_needed"
    await house.approve(rma_id)
    assert (await house.blocked(rma_id)).code == "awaiting_shipment"
    await house.scan(rma_id)
    assert (await house.blocked(rma_id)).code == "in_transit"
    assert (await house.books(order))["tags"] == ["return-in-transit"]
    await house.scan(rma_id, "delivered")
    assert (await house.blocked(rma_id)).code == "awaiting_receipt"
    await house.receive(rma_id, {0: 2})
    assert (await house.blocked(rma_id)).code == "awaiting_inspection"
    assert (await house.books(order))["tags"] == []
    assert await house.refunded(order) == ("0.00", 0)
    await house.inspect(rma_id, Units(0, 2))

    assert await house.blocked(rma_id) is None
    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("39.98", 1)
    assert await house.restocks() == [("RT-TEE-BLK-M", 2)]
    assert await house.captures(order) == [(3998, 0, 3998, 0)]
    assert await house.counters(order) == [(2, 2, 2)]
    assert (await house.books(order))["returns"][0]["status"] == "CLOSED"
    assert await house.discrepancies() == {}
    print(await house.told(rma_id))
