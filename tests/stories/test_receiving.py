"""What the dock finds: too much, too little, twice, damaged, worthless."""

import pytest

from retour.core.errors import Refused
from retour.core.rma import Disposition, Grade
from retour.flows import receiving
from tests.stories.house import TEE, House, Units, now

pytestmark = pytest.mark.anyio


async def test_surplus_is_a_discrepancy_and_never_counted(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})

    surplus = await house.receive(rma_id, {0: 3})

    assert surplus == 2
    assert await house.counters(order) == [(1, 1, 0)]
    assert await house.discrepancies() == {"surplus_received": {"units": 2}}
    await house.inspect(rma_id, Units(0, 1))
    assert await house.refunded(order) == ("19.99", 1)
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]


async def test_a_line_named_twice_in_one_receipt_is_counted_together(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    (line,) = (await house.see(rma_id)).rma.lines

    items = [receiving.ArrivedUnits(line.id, 1), receiving.ArrivedUnits(line.id, 1)]
    await house.do(
        lambda db: receiving.receive(db, rma_id=rma_id, items=items, location_ref=None, actor="dock", now=now())
    )

    assert await house.counters(order) == [(2, 2, 0)]
    assert await house.discrepancies() == {}


async def test_a_line_that_is_here_already_does_not_hold_up_the_others_of_the_receipt(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, {**TEE, "sku": "RT-TEE-WHT-S"})
    rma_id = await house.approved(order, {0: 1, 1: 1})
    await house.receive(rma_id, {0: 1})

    assert await house.receive(rma_id, {0: 1, 1: 1}) == 1

    assert sorted(await house.counters(order)) == [(1, 1, 0), (1, 1, 0)]
    assert await house.discrepancies() == {"surplus_received": {"units": 1}}
    before = await house.traces(order)
    with pytest.raises(Refused) as refused:
        await house.receive(rma_id, {0: 1, 1: 1})
    assert refused.value.code == "already_received"
    assert await house.traces(order) == before


@pytest.mark.parametrize("quantity", [0, -1])
async def test_no_units_cannot_arrive_and_none_can_be_judged(house: House, quantity: int) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    before = await house.traces(order)

    with pytest.raises(Refused) as received:
        await house.receive(rma_id, {0: quantity})
    with pytest.raises(Refused) as inspected:
        await house.inspect(rma_id, Units(0, quantity))

    assert (received.value.code, inspected.value.code) == ("quantity_not_positive", "quantity_not_positive")
    assert await house.traces(order) == before


async def test_goods_of_a_return_nobody_approved_are_kept_and_never_counted(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    before = await house.counters(order)

    assert await house.receive(rma_id, {0: 1}) == 0

    assert await house.counters(order) == before
    assert await house.status(rma_id) == "requested"
    assert await house.discrepancies() == {"goods_not_expected": {"units": 1}}
    with pytest.raises(Refused) as refused:
        await house.inspect(rma_id, Units(0, 1))
    assert refused.value.code == "not_approved"
    assert await house.refunded(order) == ("0.00", 0)


async def test_goods_seen_before_the_decision_are_no_difference_once_they_are_received(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    await house.receive(rma_id, {0: 1})

    await house.approve(rma_id)
    assert await house.discrepancies() == {"goods_not_expected": {"units": 1}}
    await house.receive(rma_id, {0: 1})

    assert await house.discrepancies() == {}
    await house.inspect(rma_id, Units(0, 1))
    assert await house.refunded(order) == ("19.99", 1)


async def test_surplus_that_comes_in_two_parcels_is_summed(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, {**TEE, "sku": "RT-TEE-WHT-S"})
    rma_id = await house.approved(order, {0: 1, 1: 1})

    await house.receive(rma_id, {0: 3})
    await house.receive(rma_id, {1: 2})

    assert await house.discrepancies() == {"surplus_received": {"units": 3}}


@pytest.mark.parametrize("judged", [[Units(0, 2)], [Units(0, 1), Units(0, 1, Grade.DAMAGED)]])
async def test_more_than_received_cannot_be_inspected(house: House, judged: list[Units]) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 1})
    before = await house.traces(order)

    with pytest.raises(Refused) as refused:
        await house.inspect(rma_id, *judged)

    assert refused.value.code == "more_than_received"
    assert await house.traces(order) == before
    assert await house.refunded(order) == ("0.00", 0)


@pytest.mark.parametrize(("deduction", "code"), [(-1, "wrong_sign"), (10_001, "amount_above_entitlement")])
async def test_a_deduction_is_a_part_of_the_unit(house: House, deduction: int, code: str) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await house.receive(rma_id, {0: 1})
    before = await house.traces(order)

    with pytest.raises(Refused) as refused:
        await house.inspect(rma_id, Units(0, 1, more={"deduction_basis_points": deduction}))

    assert refused.value.code == code
    assert await house.traces(order) == before


async def test_units_that_fail_inspection_are_not_paid(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})

    refused = {"accepted": False, "disposition": Disposition.RETURN_TO_CUSTOMER}
    await house.inspect(rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED, refused))

    assert await house.refunded(order) == ("19.99", 1)
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]
    assert await house.status(rma_id) == "resolved"


async def test_a_return_of_which_nothing_is_accepted_ends_without_money(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await house.receive(rma_id, {0: 1})

    refused = {"accepted": False, "disposition": Disposition.RETURN_TO_CUSTOMER}
    await house.inspect(rma_id, Units(0, 1, Grade.DAMAGED, refused))

    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.settlements(rma_id) == []


async def test_a_unit_worth_nothing_any_more_ends_with_a_settlement_of_nothing(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await house.receive(rma_id, {0: 1})

    await house.inspect(rma_id, Units(0, 1, Grade.DAMAGED, {"deduction_basis_points": 10_000}))

    assert await house.status(rma_id) == "resolved"
    settlement = await house.settlement(rma_id)
    assert (settlement.state.value, settlement.total_minor, settlement.comparison) == ("settled", 0, "equal")
    assert await house.refunded(order) == ("0.00", 0)
    assert "refund_tender" not in await house.states(rma_id)


async def test_a_free_gift_comes_back_without_money(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, {"sku": "RT-GIFT-POUCH", "price": "0.00", "quantity": 1})

    rma_id = await house.returned(order, {1: 1})

    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.restocks() == [("RT-GIFT-POUCH", 1)]
