"""Claims, cancellations and kept goods from the request to the money on the sandbox shop: nothing is waited for in vain."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.order import Fetched
from retour.core.policy.outcome import Approval, Approving, MethodKind, MethodOffer, Methods
from retour.flows import rma
from retour.store import refund as refunds
from tests.stories.house import House, now, under

pytestmark = pytest.mark.anyio

MUGS = {"sku": "RT-MUG-SET", "price": "38.00", "quantity": 3, "fulfilled": 1, "taxes": [["VAT", "0.19"]]}
AUTOMATIC = under(decision=Approving(Approval.AUTO_APPROVE))


def wish(order: Any, quantity: int, reason: str, **more: Any) -> list[rma.Wish]:
    return [rma.Wish(order.order.lines[0].ref, quantity, reason, **more)]


def sent(fetched: Fetched, units: int, at: datetime) -> Fetched:
    """Return the order as if so many units of its first line had been sent."""
    order = fetched.order
    parcel = order.fulfilments[0]
    some = replace(parcel, units=(replace(parcel.units[0], quantity=units),))
    return replace(fetched, order=replace(order, fulfilments=(some,), updated_at=at))


async def test_units_that_never_left_are_cancelled_and_paid_back_at_once(house: House) -> None:
    await house.open(document=AUTOMATIC)
    order = await house.an_order(MUGS)

    rma_id = await house.ask(order, wish(order, 1, "changed_mind"), kind="cancellation")
    await house.settle_down()

    seen = await house.see(rma_id)
    assert (seen.rma.kind, seen.rma.status.value, seen.rma.lines[0].claimed) == ("cancellation", "resolved", ((3, 3),))
    assert await house.states(rma_id) == {"refund_tender": "confirmed"}
    assert await house.refunded(order) == ("38.00", 1)
    after = await house.mirror(order.order.ref)
    line = after.record.order.lines[0]
    assert (line.quantity, line.cancelled, after.record.order.fulfilled(line.ref)) == (3, 1, 1)
    assert after.record.order.refunds[0].lines[0].quantity == 1


async def test_the_units_of_a_cancellation_are_counted_whatever_was_sent_or_cancelled(house: House) -> None:
    await house.open(document=AUTOMATIC)
    order = await house.an_order(MUGS)
    await house.ask(order, wish(order, 1, "changed_mind"), kind="cancellation")
    await house.settle_down()

    with pytest.raises(Refused) as more:
        await house.ask(order, wish(order, 2, "changed_mind"), kind="cancellation")
    assert (more.value.code, more.value.facts) == ("nothing_left", {"left": 1})
    await house.ask(order, wish(order, 1, "changed_mind"), kind="cancellation")
    with pytest.raises(Refused) as none:
        await house.ask(order, wish(order, 1, "changed_mind"), kind="cancellation")
    assert none.value.code == "already_shipped"
    returned = await house.ask(order, {0: 1})

    assert (await house.see(returned)).rma.lines[0].claimed == ((1, 1),)


async def test_a_cancellation_that_a_person_rejects_frees_its_units(house: House) -> None:
    await house.open()
    order = await house.an_order(MUGS)
    rma_id = await house.ask(order, wish(order, 2, "changed_mind"), kind="cancellation")
    assert (await house.see(rma_id)).rma.status.value == "requested"

    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="Already packed", actor="agent", now=now()))
    await house.settle_down()

    assert await house.refunded(order) == ("0.00", 0)
    assert await house.ask(order, wish(order, 2, "changed_mind"), kind="cancellation")


async def test_units_that_were_sent_before_the_money_moved_are_not_paid(house: House) -> None:
    await house.open()
    order = await house.an_order(MUGS)
    rma_id = await house.ask(order, wish(order, 2, "changed_mind"), kind="cancellation")
    await house.mirror(order.order.ref, bend=lambda seen: sent(seen, 3, now()))

    await house.approve(rma_id)

    assert await house.states(rma_id) == {}
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.waits(rma_id) == ("finance", "platform_disagrees")


async def test_units_that_the_platform_sent_while_we_asked_are_refused_there_and_nothing_moves(house: House) -> None:
    await house.open(document=AUTOMATIC)
    whole = {**MUGS, "fulfilled": 3}
    order = await house.an_order(whole, bend=lambda seen: sent(seen, 1, seen.order.updated_at))

    rma_id = await house.ask(order, wish(order, 1, "changed_mind"), kind="cancellation")
    await house.settle_down()

    assert await house.states(rma_id) == {"refund_tender": "failed"}
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.waits(rma_id) == ("finance", "effect_failed")


async def test_goods_that_never_arrived_are_paid_on_approval_without_a_parcel(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, wish(order, 1, "never_arrived"), kind="claim")
    assert (await house.see(rma_id)).rma.lines[0].method == "nothing"

    await house.approve(rma_id)

    seen = await house.see(rma_id)
    assert (seen.rma.status.value, seen.rma.received_at, seen.rma.inspections()) == ("resolved", None, ())
    assert await house.refunded(order) == ("19.99", 1)


async def test_a_claim_about_damage_waits_for_the_goods_as_a_return_does(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, wish(order, 1, "damaged"), kind="claim")

    await house.approve(rma_id)

    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await house.refunded(order) == ("0.00", 0)


async def test_a_policy_that_lets_the_goods_stay_pays_on_approval(house: House) -> None:
    await house.open(document=under(methods=Methods((MethodOffer(MethodKind.KEEP_ITEM),))))
    order = await house.an_order()
    rma_id = await house.ask(order, wish(order, 2, "damaged"), kind="claim")

    await house.approve(rma_id)

    assert (await house.see(rma_id)).rma.status.value == "resolved"
    assert await house.refunded(order) == ("39.98", 1)
    async with house.web.tx(house.tenant) as db:
        (settlement,) = await refunds.list_of_rma(db, rma_id)
    assert settlement.moment.value == "approved"
