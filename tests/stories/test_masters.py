"""Who masters what: the store says it, and Retour does no more than its own part."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.order import Fetched
from retour.flows import receiving
from tests.stories.house import House, now

pytestmark = pytest.mark.anyio


def without_places(fetched: Fetched) -> Fetched:
    """Return the order as if its parcels named no place they came from."""
    parcels = tuple(replace(parcel, location_ref=None) for parcel in fetched.order.fulfilments)
    return replace(fetched, order=replace(fetched.order, fulfilments=parcels))


async def test_the_warehouse_restocks_by_itself_and_its_word_is_awaited(house: House) -> None:
    await house.open(restocks_by="warehouse")
    order = await house.an_order()

    rma_id = await house.returned(order, {0: 2})

    assert await house.refunded(order) == ("39.98", 1)
    assert await house.restocks() == []
    assert await house.waits(rma_id) == ("warehouse", "awaiting_restock")
    ids = [i.id for i in (await house.see(rma_id)).rma.inspections()]
    await house.do(
        lambda db: receiving.restocked(
            db, rma_id=rma_id, inspection_ids=ids, location_ref="dock 7", actor="wms", now=now()
        )
    )
    await house.settle_down()
    assert await house.status(rma_id) == "resolved"
    assert await house.restocks() == []
    assert await house.row("SELECT location_ref, carried_by FROM restock") == ("dock 7", "warehouse")
    with pytest.raises(Refused) as twice:
        await house.do(
            lambda db: receiving.restocked(
                db, rma_id=rma_id, inspection_ids=ids, location_ref="dock 7", actor="wms", now=now()
            )
        )
    assert twice.value.code == "already_restocked"


async def test_the_warehouse_has_no_word_where_retour_keeps_the_stock(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.returned(order, {0: 1})
    ids = [i.id for i in (await house.see(rma_id)).rma.inspections()]

    with pytest.raises(Refused) as refused:
        await house.do(
            lambda db: receiving.restocked(
                db, rma_id=rma_id, inspection_ids=ids, location_ref="dock 7", actor="wms", now=now()
            )
        )

    assert refused.value.code == "another_master"
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]


async def test_refunds_of_the_platform_are_handed_over_and_nothing_is_paid(house: House) -> None:
    await house.open(refunds_by="platform")
    order = await house.an_order()

    rma_id = await house.returned(order, {0: 1})

    assert await house.status(rma_id) == "resolved"
    settlement = await house.settlement(rma_id)
    assert (settlement.state.value, settlement.total_minor) == ("handed_over", 1999)
    assert await house.waits(rma_id) is None
    assert "settlement.handed_over" in await house.told(rma_id)
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.captures(order) == [(3998, 0, 0, 0)]
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]


async def test_returns_of_the_platform_are_asked_for_there(house: House) -> None:
    await house.open(returns_by="platform")
    order = await house.an_order()
    before = await house.traces(order)

    with pytest.raises(Refused) as refused:
        await house.ask(order, {0: 1})

    assert refused.value.code == "another_master"
    assert await house.traces(order) == before


async def test_stock_of_the_platform_is_left_to_it(house: House) -> None:
    await house.open(restocks_by="platform")
    order = await house.an_order()

    rma_id = await house.returned(order, {0: 1})

    assert await house.status(rma_id) == "resolved"
    assert await house.restocks() == []
    assert await house.refunded(order) == ("19.99", 1)


async def test_a_warehouse_says_the_place_only_when_it_has_restocked(house: House) -> None:
    await house.open(restocks_by="warehouse")
    order = await house.an_order(bend=without_places)

    rma_id = await house.returned(order, {0: 1})

    assert await house.waits(rma_id) == ("warehouse", "awaiting_restock")
