"""Between the first scan and the receipt the order, or the customer, carries a tag; carriers speak late and twice."""

from datetime import timedelta

import pytest

from retour.core.errors import Refused
from retour.core.shipping import TrackingEvent
from retour.flows import shipping
from tests.stories.house import TEE, House, now

pytestmark = pytest.mark.anyio


async def test_the_tag_is_there_only_between_first_scan_and_receipt(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    assert (await house.books(order))["tags"] == []

    await house.scan(rma_id)
    assert (await house.books(order))["tags"] == ["return-in-transit"]
    assert "is on its way back" in (await house.books(order))["note"]
    await house.receive(rma_id, {0: 1})

    assert (await house.books(order))["tags"] == []


async def test_a_label_that_names_the_return_is_enough(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    number = (await house.see(rma_id)).rma.number
    said = TrackingEvent("dhl", "JD0001", "in_transit", now(), reference=f" r-{number} ")

    assert await house.do(lambda db: shipping.track(db, said=said, now=now()))
    assert not await house.do(lambda db: shipping.track(db, said=said, now=now()))

    await house.settle_down()
    seen = (await house.see(rma_id)).rma
    assert [(s.tracking_number, s.status.value) for s in seen.shipments] == [("JD0001", "in_transit")]
    assert (await house.books(order))["tags"] == ["return-in-transit"]


@pytest.mark.parametrize("reference", ["", "R-", "R-0", "10001", "R-999999999999999999999", "R-1 OR 1=1", "#1001"])
async def test_a_label_that_names_no_return_is_not_believed(house: House, reference: str) -> None:
    await house.open()
    said = TrackingEvent("dhl", "JD0001", "in_transit", now(), reference=reference)

    with pytest.raises(Refused) as refused:
        await house.do(lambda db: shipping.track(db, said=said, now=now()))

    assert refused.value.code == "tracking_number_not_found"


async def test_a_label_that_names_a_return_nobody_approved_announces_nothing(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    said = TrackingEvent("dhl", "JD0001", "in_transit", now(), reference=f"R-{(await house.see(rma_id)).rma.number}")

    with pytest.raises(Refused) as refused:
        await house.do(lambda db: shipping.track(db, said=said, now=now()))

    assert refused.value.code == "tracking_number_not_found"
    assert (await house.see(rma_id)).rma.shipments == ()


async def test_a_second_return_in_transit_keeps_the_tag(house: House) -> None:
    await house.open()
    order = await house.an_order()
    one, two = await house.approved(order, {0: 1}), await house.approved(order, {0: 1})
    await house.scan(one)
    await house.scan(two)

    await house.receive(one, {0: 1})
    assert (await house.books(order))["tags"] == ["return-in-transit"]
    await house.receive(two, {0: 1})

    assert (await house.books(order))["tags"] == []


async def test_the_customer_is_tagged_where_the_store_says_so(house: House) -> None:
    await house.open(tag_on="customer")
    order = await house.an_order()
    customer = house.sandbox.shop.orders[order.order.ref].customer
    rma_id = await house.approved(order, {0: 1})

    await house.scan(rma_id)
    assert (await house.books(order))["tags"] == []
    assert customer.tags == ["return-in-transit"]
    await house.receive(rma_id, {0: 1})

    assert customer.tags == []


async def test_a_customer_with_another_parcel_on_its_way_keeps_the_tag(house: House) -> None:
    await house.open(tag_on="customer")
    first, second = await house.an_order(), await house.an_order()
    shop = house.sandbox.shop
    customer = shop.orders[first.order.ref].customer
    shop.orders[second.order.ref].customer = customer
    second = (await house.mirror(second.order.ref)).record
    one, two = await house.approved(first, {0: 1}), await house.approved(second, {0: 1})
    await house.scan(one)
    await house.scan(two)

    await house.receive(one, {0: 1})
    assert customer.tags == ["return-in-transit"]
    await house.receive(two, {0: 1})

    assert customer.tags == []


async def test_a_store_that_wants_no_tags_gets_none(house: House) -> None:
    await house.open(tag_on="nothing")
    order = await house.an_order(TEE)
    rma_id = await house.approved(order, {0: 1})

    await house.scan(rma_id)

    assert "tag" not in await house.states(rma_id)
    assert (await house.books(order))["tags"] == []


async def test_an_older_event_moves_nothing_backwards(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    at = now()
    assert await house.scan(rma_id, "delivered", at=at)
    before = await house.traces(order)

    assert not await house.scan(rma_id, "in_transit", at=at - timedelta(hours=3))
    assert not await house.scan(rma_id, "in_transit", at=at + timedelta(hours=1))
    assert not await house.scan(rma_id, "delivered", at=at)
    assert not await house.scan(rma_id, "label_created", at=at + timedelta(hours=2))

    record = await house.see(rma_id)
    assert [s.status.value for s in record.rma.shipments] == ["delivered"]
    assert await house.traces(order) == before


async def test_a_scan_from_before_the_parcel_was_announced_is_news(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    yesterday = now() - timedelta(days=1)

    assert await house.scan(rma_id, "in_transit", at=yesterday)

    assert (await house.see(rma_id)).rma.in_transit_at == yesterday
    assert await house.waits(rma_id) == ("carrier", "in_transit")


async def test_a_parcel_on_the_last_stretch_of_its_way_is_on_its_way(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})

    assert await house.scan(rma_id, "out_for_delivery")

    assert [s.status.value for s in (await house.see(rma_id)).rma.shipments] == ["in_transit"]
    assert await house.waits(rma_id) == ("carrier", "in_transit")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (TrackingEvent("dhl", "nobodys-1", "in_transit", now()), "tracking_number_not_found"),
        (TrackingEvent("dhl", "nobodys-1", "eaten by a dog", now()), "unknown_tracking_status"),
    ],
)
async def test_a_carrier_event_that_fits_nothing_is_refused(house: House, said: TrackingEvent, code: str) -> None:
    await house.open()

    with pytest.raises(Refused) as refused:
        await house.do(lambda db: shipping.track(db, said=said, now=now()))

    assert refused.value.code == code


async def test_a_parcel_belongs_to_one_approved_return(house: House) -> None:
    await house.open()
    order = await house.an_order()
    asked, approved = await house.ask(order, {0: 1}), await house.approved(order, {0: 1})
    await house.scan(approved)

    for rma_id, number, code in ((asked, "T1", "not_approved"), (approved, f"{approved}-1", "already_exists")):
        with pytest.raises(Refused) as refused:
            await house.do(
                lambda db, rma_id=rma_id, number=number: shipping.add_shipment(  # type: ignore[misc]
                    db, rma_id=rma_id, carrier="dhl", tracking_number=number, actor="shopper", now=now()
                )
            )
        assert refused.value.code == code


async def test_a_scan_of_the_future_outdates_none_that_is_to_come(house: House) -> None:
    await house.open()
    rma_id = await house.approved(await house.an_order(), {0: 1})

    assert await house.scan(rma_id, "in_transit", at=now() + timedelta(days=400))
    seen = (await house.see(rma_id)).rma
    assert seen.in_transit_at is not None
    assert seen.in_transit_at <= now()
    assert await house.scan(rma_id, "delivered", at=now())

    assert await house.waits(rma_id) == ("warehouse", "awaiting_receipt")
