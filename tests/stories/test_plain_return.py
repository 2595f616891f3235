"""The whole life of a plain return: from request to refund and restock, and what the shop's own books say."""

import pytest

from tests.stories.house import House, Units

pytestmark = pytest.mark.anyio


async def test_a_plain_return_is_paid_and_restocked_once(house: House) -> None:
    await house.open()
    order = await house.an_order()

    rma_id = await house.ask(order, {0: 2})
    assert await house.waits(rma_id) == ("agent", "decision_needed")
    await house.approve(rma_id)
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    await house.scan(rma_id)
    assert await house.waits(rma_id) == ("carrier", "in_transit")
    assert (await house.books(order))["tags"] == ["return-in-transit"]
    await house.scan(rma_id, "delivered")
    assert await house.waits(rma_id) == ("warehouse", "awaiting_receipt")
    await house.receive(rma_id, {0: 2})
    assert await house.waits(rma_id) == ("warehouse", "awaiting_inspection")
    assert (await house.books(order))["tags"] == []
    assert await house.refunded(order) == ("0.00", 0)
    await house.inspect(rma_id, Units(0, 2))

    assert await house.waits(rma_id) is None
    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("39.98", 1)
    assert await house.restocks() == [("RT-TEE-BLK-M", 2)]
    assert await house.captures(order) == [(3998, 0, 3998, 0)]
    assert await house.counters(order) == [(2, 2, 2)]
    assert (await house.books(order))["returns"][0]["status"] == "CLOSED"
    assert await house.discrepancies() == {}
    assert [t for t in await house.told(rma_id) if not t.startswith("effect.")] == [
        "return.requested", "return.approved", "return.parcel_updated", "return.in_transit", "return.delivered",
        "return.received", "return.inspected", "settlement.due", "settlement.settled", "return.resolved",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("currency", "fx", "price", "refunded", "minor"),
    [
        ("JPY", "1", "2000", "2000", 2000),
        ("JPY", "164.3", "1480", "1480", 1480),
        ("KWD", "0.335", "4.175", "4.175", 4175),
    ],
)
async def test_every_currency_is_paid_in_its_own_minor_units(
    house: House, currency: str, fx: str, price: str, refunded: str, minor: int
) -> None:
    await house.open()
    line = {"sku": "RT-MUG-SET", "price": price, "quantity": 1, "taxes": [["VAT", "0.05"]]}
    order = await house.an_order(line, currency=currency, fx=fx)

    rma_id = await house.returned(order, {0: 1})

    assert await house.refunded(order) == (refunded, 1)
    settlement = await house.settlement(rma_id)
    assert (settlement.currency, settlement.total_minor) == (currency, minor)
    assert await house.captures(order) == [(minor, 0, minor, 0)]


async def test_both_sides_of_an_order_in_two_currencies_close_unit_by_unit(house: House) -> None:
    await house.open()
    line = {"sku": "RT-MUG-SET", "price": "33.35", "quantity": 3, "taxes": [["VAT", "0.2"]]}
    order = await house.an_order(line, currency="GBP", fx="0.8531")
    gross = order.order.lines[0].gross

    totals = []
    for _ in range(3):
        rma_id = await house.returned(order, {0: 1})
        totals.append((await house.settlement(rma_id)).plan.total)

    assert sum(t.presentment for t in totals) == gross.presentment == 10005
    assert sum(t.shop for t in totals) == gross.shop
    books = await house.books(order)
    assert (books["refunded"], len(books["refunds"])) == ("100.05", 3)
