"""Units given up leave the platform's own return at once: whoever asks for them again gets a return that it opens."""

from uuid import UUID

import pytest

from retour.core.effect import EffectKind
from retour.core.errors import Refused
from retour.core.removal import RemoveFromReturn, StayingUnits
from retour.flows import effect, rma
from retour.store.order import OrderRecord
from tests.stories.house import House, Units, now
from tests.stories.test_native_requests import do_there, there

pytestmark = pytest.mark.anyio
TEE = {"sku": "RT-TEE-BLK-M", "price": "19.99", "quantity": 2, "taxes": [["VAT", "0.19"]]}
SHOE = {"sku": "RT-SHOE-42", "price": "20.00", "quantity": 1}


async def change(house: House, order: OrderRecord, rma_id: UUID, *wishes: tuple[int, int, str]) -> None:
    """Change what a return holds to (index of the order line, units, reason)."""
    content = rma.Content(tuple(rma.Wish(order.order.lines[i].ref, n, reason) for i, n, reason in wishes))
    await house.do(
        lambda db: rma.edit_return(
            db, rma_id=rma_id, content=content, actor="agent", now=now(), policies=house.policies
        )
    )
    await house.settle_down()


async def fewer(house: House, order: OrderRecord, rma_id: UUID, quantity: int) -> None:
    """Change a return to so many units of the order's first line."""
    await change(house, order, rma_id, (0, quantity, "too_small"))


async def reject_changed(house: House, order: OrderRecord, rma_id: UUID) -> None:
    """Let a return of two tees and a shoe give another reason for the shoe, and reject that."""
    await change(house, order, rma_id, (0, 2, "too_small"), (1, 1, "damaged"))
    shoe = (await house.see(rma_id)).rma.lines[1].id
    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="no", actor="agent", now=now(), line_ids=[shoe]))
    await house.settle_down()


async def reopen_shoe(house: House, rma_id: UUID) -> None:
    shoe = (await house.see(rma_id)).rma.lines[1].id
    await house.do(
        lambda db: rma.reopen(db, rma_id=rma_id, reason="a closer look", actor="agent", now=now(), line_ids=[shoe])
    )
    await house.approve(rma_id)


async def holds(house: House, order: OrderRecord) -> list[tuple[str, int]]:
    """Return the state of each of the order's returns on the platform, and how many units it holds."""
    found = house.sandbox.shop.orders[order.order.ref].returns
    return [(made.status, sum(line.quantity for line in made.lines)) for made in found]


async def taken_in(house: House, rma_id: UUID, index: int, units: int) -> None:
    await house.receive(rma_id, {index: units})
    await house.inspect(rma_id, Units(index, units))


async def test_a_unit_given_up_is_asked_for_again_and_both_returns_end_with_their_exact_money(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE)
    first = await house.approved(order, {0: 2})
    assert await holds(house, order) == [("OPEN", 2)]

    await fewer(house, order, first, 1)
    await house.approve(first)
    second = await house.approved(order, {0: 1})

    assert await holds(house, order) == [("OPEN", 1), ("OPEN", 1)]
    assert (await house.waits(first), await house.waits(second)) == (("shopper", "awaiting_shipment"),) * 2
    await taken_in(house, first, 0, 1)
    await taken_in(house, second, 0, 1)
    assert [await house.status(one) for one in (first, second)] == ["resolved", "resolved"]
    assert await there(house, order) == ["CLOSED", "CLOSED"]
    assert await house.refunded(order) == ("39.98", 2)
    assert await house.restocks() == [("RT-TEE-BLK-M", 1), ("RT-TEE-BLK-M", 1)]
    assert (await house.calls())["removeFromReturn"] == 1
    assert await house.discrepancies() == {}


async def test_of_two_lines_the_rejected_one_leaves_and_the_other_ends_as_ever(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, SHOE)
    first = await house.approved(order, {0: 2, 1: 1})

    await reject_changed(house, order, first)
    second = await house.approved(order, {1: 1})

    (removal,) = [e for e in await house.effects(first) if e.kind is EffectKind.REMOVE_FROM_RETURN]
    assert (removal.state.value, removal.seq, removal.business_ref) == ("confirmed", 1, f"remove:{first}:1")
    assert await holds(house, order) == [("OPEN", 2), ("OPEN", 1)]
    await taken_in(house, first, 0, 2)
    await taken_in(house, second, 0, 1)
    assert await there(house, order) == ["CLOSED", "CLOSED"]
    assert await house.refunded(order) == ("59.98", 2)
    assert sum(units for _, units in await house.restocks()) == 3


@pytest.mark.parametrize("how", ["timeout_after", "500_after", "truncated", "timeout_before", "500"])
async def test_an_answer_that_is_lost_is_read_back_and_the_unit_leaves_once(house: House, how: str) -> None:
    await house.open()
    order = await house.an_order({**TEE, "quantity": 3})
    first = await house.approved(order, {0: 3})
    await house.misbehave("removeFromReturn", how)

    await fewer(house, order, first, 2)
    await house.later()

    assert (await house.states(first))["remove_from_return"] == "confirmed"
    assert await holds(house, order) == [("OPEN", 2)]
    assert (await house.control("counts"))["effects"]["removal"] == 1
    await house.approve(first)
    await taken_in(house, first, 0, 2)
    assert (await house.status(first), await house.refunded(order)) == ("resolved", ("39.98", 1))


async def test_what_was_taken_out_there_by_hand_is_not_taken_out_again(house: House) -> None:
    await house.open()
    order = await house.an_order({**TEE, "quantity": 3})
    first = await house.approved(order, {0: 3})
    opened = (await house.effect(first, EffectKind.OPEN_RETURN)).result
    (row,) = opened["lines"]  # type: ignore[misc]
    target = RemoveFromReturn(str(opened["return_ref"]), (StayingUnits(row["return_line_ref"], 2),))
    await do_there(
        house,
        EffectKind.REMOVE_FROM_RETURN,
        target,
        guard={"status": "open", "quantities": {row["return_line_ref"]: 3}},
    )
    await house.mirror(order.order.ref)
    assert await holds(house, order) == [("OPEN", 2)]

    await fewer(house, order, first, 2)

    assert (await house.states(first))["remove_from_return"] == "confirmed"
    assert await holds(house, order) == [("OPEN", 2)]
    assert (await house.control("counts"))["effects"]["removal"] == 1
    await house.approve(first)
    await taken_in(house, first, 0, 2)
    assert (await house.status(first), await house.refunded(order)) == ("resolved", ("39.98", 1))


async def test_what_the_platform_refuses_is_told_to_finance_and_the_return_goes_on_to_its_end(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, SHOE)
    first = await house.approved(order, {0: 2, 1: 1})
    made = house.sandbox.shop.orders[order.order.ref].returns[0]
    made.lines[1].refunded = 1  # somebody refunded the shoe there, in the platform's own return

    await reject_changed(house, order, first)

    refused = await house.effect(first, EffectKind.REMOVE_FROM_RETURN)
    assert (refused.state.value, refused.far_code) == ("failed", "LESS_THAN_OR_EQUAL_TO")
    assert await house.waits(first) == ("finance", "effect_failed")
    assert (await house.discrepancies())["effect_failed"]["kind"] == "remove_from_return"
    assert await holds(house, order) == [("OPEN", 3)]

    made.lines[1].refunded = 0
    await house.do(lambda db: effect.retry(db, effect_id=refused.id, actor="boss", now=now()))
    await house.settle_down()

    assert await holds(house, order) == [("OPEN", 2)]
    assert await house.waits(first) == ("shopper", "awaiting_shipment")
    assert await house.discrepancies() == {}


async def test_a_return_whose_units_the_platform_does_not_let_go_ends_without_a_second_call(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, SHOE)
    first = await house.approved(order, {0: 2, 1: 1})
    house.sandbox.shop.orders[order.order.ref].returns[0].lines[1].refunded = 1

    await reject_changed(house, order, first)
    await taken_in(house, first, 0, 2)

    assert (await house.status(first), await house.waits(first)) == ("resolved", None)
    assert await there(house, order) == ["CLOSED"]
    assert await house.refunded(order) == ("39.98", 1)
    assert (await house.calls())["removeFromReturn"] == 1


async def test_what_somebody_takes_out_between_two_tries_is_not_taken_out_again(house: House) -> None:
    await house.open()
    order = await house.an_order({**TEE, "quantity": 3})
    first = await house.approved(order, {0: 3})
    await house.misbehave("removeFromReturn", "throttled")
    content = rma.Content((rma.Wish(order.order.lines[0].ref, 2, "too_small"),))
    await house.do(
        lambda db: rma.edit_return(db, rma_id=first, content=content, actor="agent", now=now(), policies=house.policies)
    )
    await house.advance(first)
    await house.carry_out((await house.effect(first, EffectKind.REMOVE_FROM_RETURN)).id)
    assert (await house.states(first))["remove_from_return"] == "intent"
    (line,) = house.sandbox.shop.orders[order.order.ref].returns[0].lines
    line.quantity, line.fulfillment_line_item.returned = 2, 2  # by hand, there

    await house.later()

    assert (await house.states(first))["remove_from_return"] == "confirmed"
    assert await holds(house, order) == [("OPEN", 2)]


async def test_a_refused_removal_is_not_tried_again_once_its_unit_comes_back_after_all(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, SHOE)
    first = await house.approved(order, {0: 2, 1: 1})
    made = house.sandbox.shop.orders[order.order.ref].returns[0]
    made.lines[1].refunded = 1
    await reject_changed(house, order, first)
    made.lines[1].refunded = 0
    await reopen_shoe(house, first)
    await house.receive(first, {1: 1})
    await house.inspect(first, Units(1, 1), drain=False)
    await house.advance(first)
    states = await house.states(first)
    assert (states["process_return"], states["remove_from_return"]) == ("intent", "failed")

    refused = await house.effect(first, EffectKind.REMOVE_FROM_RETURN)
    with pytest.raises(Refused, match="back after all"):
        await house.do(lambda db: effect.retry(db, effect_id=refused.id, actor="boss", now=now()))
    await house.settle_down()
    await taken_in(house, first, 0, 2)

    assert (await house.status(first), await house.waits(first)) == ("resolved", None)
    assert await house.refunded(order) == ("59.98", 2)
    assert sorted(await house.restocks()) == [("RT-SHOE-42", 1), ("RT-TEE-BLK-M", 2)]


async def test_a_rejected_line_that_is_opened_again_is_processed_without_the_platforms_return(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, SHOE)
    first = await house.approved(order, {0: 2, 1: 1})
    await reject_changed(house, order, first)

    await reopen_shoe(house, first)
    await taken_in(house, first, 1, 1)
    await taken_in(house, first, 0, 2)

    assert (await house.status(first), await house.waits(first)) == ("resolved", None)
    assert await there(house, order) == ["CLOSED"]
    assert await house.refunded(order) == ("59.98", 2)
    assert sorted(await house.restocks()) == [("RT-SHOE-42", 1), ("RT-TEE-BLK-M", 2)]
    assert (await house.states(first))["restock"] == "confirmed"
    assert await house.discrepancies() == {}


async def test_where_nothing_stays_the_platforms_return_is_cancelled_though_another_line_is_open(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, SHOE)
    first = await house.ask(order, {0: 2, 1: 1})
    shoe = (await house.see(first)).rma.lines[1].id
    await house.do(lambda db: rma.reject(db, rma_id=first, message="no", actor="agent", now=now(), line_ids=[shoe]))
    await house.approve(first)
    await reopen_shoe(house, first)
    assert await holds(house, order) == [("OPEN", 2)]

    await change(house, order, first, (1, 1, "too_small"))

    assert (await house.states(first))["cancel_return"] == "confirmed"
    assert await holds(house, order) == [("CANCELED", 2)]
    await taken_in(house, first, 1, 1)
    assert (await house.status(first), await house.refunded(order)) == ("resolved", ("20.00", 1))
    assert await house.restocks() == [("RT-SHOE-42", 1)]


async def test_goods_that_come_while_an_answer_is_lost_wait_for_it_and_are_restocked_once(house: House) -> None:
    await house.open()
    order = await house.an_order({**TEE, "quantity": 3})
    first = await house.approved(order, {0: 3})
    await house.receive(first, {0: 1})
    await house.misbehave("removeFromReturn", "timeout_after")
    await house.do(lambda db: rma.cancel(db, rma_id=first, actor="agent", now=now()))
    await house.inspect(first, Units(0, 1))
    await house.later()

    assert (await house.status(first), await house.refunded(order)) == ("resolved", ("19.99", 1))
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]
    assert await holds(house, order) == [("CLOSED", 1)]


async def test_lost_units_stay_in_the_platforms_return_until_it_is_closed(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, SHOE)
    first = await house.approved(order, {0: 2, 1: 1})
    await reject_changed(house, order, first)
    await house.scan(first)
    await house.receive(first, {0: 1})

    await house.do(lambda db: rma.treat_as_lost(db, rma_id=first, reason="gone", actor="agent", now=now()))
    await house.settle_down()

    assert await holds(house, order) == [("OPEN", 2)]
    await house.inspect(first, Units(0, 1))
    assert (await house.status(first), await house.refunded(order)) == ("resolved", ("39.98", 2))
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]
    assert (await house.calls())["removeFromReturn"] == 1


async def test_a_duplicate_that_is_merged_asks_nothing_of_what_was_given_up_before(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, SHOE)
    first = await house.approved(order, {0: 2})
    await fewer(house, order, first, 1)
    await house.approve(first)
    other = await house.ask(order, {1: 1})
    await house.do(lambda db: rma.merge(db, rma_id=other, into=first, actor="agent", now=now()))
    await house.settle_down()
    await house.approve(first)

    assert await holds(house, order) == [("OPEN", 1)]
    await taken_in(house, first, 0, 1)
    await taken_in(house, first, 1, 1)
    assert (await house.status(first), await house.refunded(order)) == ("resolved", ("39.99", 2))
    assert sorted(await house.restocks()) == [("RT-SHOE-42", 1), ("RT-TEE-BLK-M", 1)]
