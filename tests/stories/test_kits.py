"""Kits: sold as one article, returned, refunded and restocked by the part."""

from datetime import timedelta

import pytest

from retour.core.effect import EffectKind
from retour.core.money import Sides
from retour.core.order import BundlePart
from retour.core.rma import Disposition, Grade
from retour.flows import kit as kit_flow
from retour.store.order import OrderRecord
from tests.stories.house import House, Units, now

pytestmark = pytest.mark.anyio
SET = {"sku": "RT-TEA-SET", "price": "84.50", "quantity": 2, "taxes": [["VAT", "0.07"]],
       "holds": [["RT-POT-1L", 1], ["RT-CUP", 2]]}  # fmt: skip
PARTS = (
    BundlePart("pot", "Teapot", Sides(4500, 4500), sku="RT-POT-1L"),
    BundlePart("cup", "Cup", Sides(2750, 2750), quantity=2, sku="RT-CUP"),
)


async def declared(house: House, *parts: BundlePart, days_ago: int = 90) -> None:
    at = now() - timedelta(days=days_ago)
    await house.do(
        lambda db: kit_flow.declare(
            db, store_id=house.store, sku=str(SET["sku"]), parts=parts or PARTS, actor="owner", now=at
        )
    )


def told(order: OrderRecord) -> list[tuple[str, int, int]]:
    return [(line.title, line.quantity, line.gross.presentment) for line in order.order.lines]


async def test_a_kit_is_read_as_its_parts_with_its_price_shared_by_theirs(house: House) -> None:
    await house.open()
    await declared(house)

    order = await house.an_order(SET)

    assert told(order) == [("Teapot", 2, 7605), ("Cup", 4, 9295)]
    assert sum(line.taxes[0].amount.presentment for line in order.order.lines) == 1106
    assert order.order.fulfilled(order.order.lines[1].ref) == 4
    assert order.order.total.presentment == 16_900


async def test_one_cup_of_a_set_comes_back_is_paid_and_goes_back_to_its_own_stock(house: House) -> None:
    await house.open()
    stock = (await house.an_order({"sku": "RT-CUP", "price": "27.50", "quantity": 1})).order.lines[0].inventory_ref
    await declared(house, PARTS[0], BundlePart("cup", "Cup", Sides(2750, 2750), 2, "RT-CUP", stock))
    order = await house.an_order(SET)

    first = await house.returned(order, {1: 1})

    assert await house.refunded(order) == ("23.24", 1)
    assert (await house.settlement(first)).comparison == "equal"
    assert await house.restocks() == [("RT-CUP", 1)]
    assert await house.status(first) == "resolved"
    assert await house.discrepancies() == {}
    assert EffectKind.OPEN_RETURN not in {effect.kind for effect in await house.effects(first)}
    await house.mirror(order.order.ref)  # the platform's own figures change nothing about the parts
    await house.returned(order, {1: 3, 0: 2})
    assert await house.refunded(order) == ("169.00", 2)


async def test_a_part_beside_another_article_leaves_the_platform_s_return_to_that_article(house: House) -> None:
    await house.open()
    await declared(house)
    order = await house.an_order(SET, {"sku": "RT-TEE-BLK-M", "price": "19.99", "quantity": 1, "taxes": []})
    lines = {line.title: at for at, line in enumerate(order.order.lines)}

    rma_id = await house.returned(order, {lines["Teapot"]: 1, 2: 1})

    assert await house.refunded(order) == ("58.02", 1)  # 38.03 and 19.99
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]
    assert await house.status(rma_id) == "resolved"


async def test_an_order_placed_before_the_kit_was_declared_stays_as_it_was(house: House) -> None:
    await house.open()
    order = await house.an_order(SET)

    await declared(house, days_ago=0)
    again = await house.mirror(order.order.ref)

    assert told(again.record) == told(order)
    assert len(again.record.order.lines) == 1
    assert not again.changed


async def test_units_of_a_kit_refunded_elsewhere_are_units_of_each_part(house: House) -> None:
    await house.open()
    await declared(house)
    order = await house.an_order(SET)

    seen = await house.refund_elsewhere(order, lines=[{"index": 0, "quantity": 1}])

    rows = await house.rows("SELECT line_ref, refunded_without_return FROM order_line_counter ORDER BY line_ref")
    assert [left for _, left in rows] == [2, 1]
    assert [(r.quantity, r.gross.presentment) for r in seen.record.order.refunds[0].lines] == [(1, 3803), (2, 4647)]


async def test_what_arrived_damaged_of_a_part_is_deducted_from_that_part(house: House) -> None:
    await house.open()
    await declared(house)
    order = await house.an_order(SET)
    rma_id = await house.approved(order, {1: 2})
    await house.receive(rma_id, {0: 2})

    await house.inspect(
        rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED, {"accepted": False, "disposition": Disposition.DISPOSE})
    )

    assert await house.refunded(order) == ("23.24", 1)


async def test_parts_that_the_platform_sold_as_a_bundle_come_back_by_the_part_in_its_own_return(house: House) -> None:
    await house.open()
    bundle = {"group": "Tea set", "taxes": [["VAT", "0.07"]], "discounts": [{"percent": "10", "title": "Bundle"}]}
    order = await house.an_order(
        {"sku": "RT-POT-1L", "price": "45.00", "quantity": 1, **bundle},
        {"sku": "RT-CUP", "price": "27.50", "quantity": 2, **bundle},
    )
    assert [(line.bundle and line.bundle.title, line.gross.presentment) for line in order.order.lines] == [
        ("Tea set", 4050),
        ("Tea set", 4950),
    ]

    await house.returned(order, {1: 1})

    assert await house.refunded(order) == ("24.75", 1)
    assert await house.restocks() == [("RT-CUP", 1)]
    await house.returned(order, {0: 1, 1: 1})
    assert await house.refunded(order) == ("90.00", 2)
    assert await house.restocks() == [("RT-CUP", 1), ("RT-POT-1L", 1), ("RT-CUP", 1)]
