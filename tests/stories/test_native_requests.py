"""A return that waits for a decision is a request on the platform; the decision answers it there."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from retour.core.effect import Effect, EffectKind, OnReturn, OpenReturn, ReturnedUnits
from retour.core.ports import Credential
from retour.core.removal import RemoveFromReturn
from retour.flows import rma
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from tests.stories.house import House, Units, now

pytestmark = pytest.mark.anyio
SHOE = {"sku": "RT-SHOE-42", "price": "20.00", "quantity": 2}
Facts = Mapping[str, object]
TEE = {"sku": "RT-TEE-BLK-M", "price": "19.99", "quantity": 2}


async def there(house: House, order: OrderRecord) -> list[str]:
    """Return the states of the order's returns on the platform, oldest first."""
    return [made["status"] for made in (await house.books(order))["returns"]]


async def do_there(
    house: House, kind: EffectKind, target: OpenReturn | OnReturn | RemoveFromReturn, *, guard: Facts | None = None
) -> str:
    """Do something on the platform past Retour and return the platform's id of the return."""
    theirs = Effect(
        new_id(), house.tenant, house.connection, kind, "theirs", 1, "theirs", 0, "theirs", target,
        guard_before=guard or {},
    )  # fmt: skip
    answer = await house.connector.send(Credential(house.address, house.secret), house.connector.build(theirs))
    said = house.connector.classify(theirs, answer)
    assert (said.verdict.value, said.far_id is None) == ("ok", False)
    return str(said.far_id)


async def answer_there(house: House, rma_id: UUID, kind: EffectKind) -> None:
    """Answer the request of a return on the platform, past Retour."""
    await do_there(house, kind, OnReturn(str((await house.effect(rma_id, EffectKind.REQUEST_RETURN)).far_id)))


async def test_a_reviewed_return_is_requested_there_then_open_then_closed(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    read = (await house.see(rma_id)).version

    await house.settle_down()

    assert (await house.see(rma_id)).version == read  # whoever decides on it was not overtaken by anybody
    assert await house.states(rma_id) == {"request_return": "confirmed"}
    assert await house.waits(rma_id) == ("agent", "decision_needed")
    assert await there(house, order) == ["REQUESTED"]

    await house.approve(rma_id)

    assert await house.states(rma_id) == {"request_return": "confirmed", "approve_return": "confirmed"}
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await there(house, order) == ["OPEN"]

    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2))

    assert await house.status(rma_id) == "resolved"
    assert await house.restocks() == [("RT-TEE-BLK-M", 2)]
    assert await house.refunded(order) == ("39.98", 1)
    assert await there(house, order) == ["CLOSED"]
    assert (await house.calls()).get("returnCreate", 0) == 0


async def test_a_rejected_request_is_declined_there_and_its_units_are_free(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    await house.settle_down()

    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="Worn.", actor="agent", now=now()))
    await house.settle_down()

    assert await house.waits(rma_id) is None
    assert await there(house, order) == ["DECLINED"]
    decline = await house.effect(rma_id, EffectKind.DECLINE_RETURN)
    assert (decline.state.value, decline.target["message"]) == ("confirmed", "Worn.")
    assert (await house.refunded(order), await house.restocks()) == (("0.00", 0), [])
    again = await house.returned(order, {0: 2})
    assert await house.status(again) == "resolved"
    assert await house.refunded(order) == ("39.98", 1)


async def test_a_request_the_shopper_cancels_is_declined_there(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    await house.settle_down()

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="shopper", now=now()))
    await house.settle_down()

    assert await house.waits(rma_id) is None
    assert await there(house, order) == ["DECLINED"]
    assert (await house.effect(rma_id, EffectKind.DECLINE_RETURN)).target["message"] == "cancelled"


async def test_what_is_approved_in_part_comes_back_in_a_return_of_its_own(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, SHOE)
    rma_id = await house.ask(order, {0: 1, 1: 1})
    await house.settle_down()
    tee, shoe = (line.id for line in (await house.see(rma_id)).rma.lines)

    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="Worn.", actor="agent", now=now(), line_ids=[shoe]))
    await house.settle_down()
    assert await there(house, order) == ["REQUESTED"]
    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now(), line_ids=[tee]))
    await house.settle_down()

    assert await there(house, order) == ["DECLINED", "OPEN"]
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    assert await house.status(rma_id) == "resolved"
    assert await there(house, order) == ["DECLINED", "CLOSED"]
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]
    assert (await house.books(order))["refunded"] == "19.99"


async def test_a_decision_that_is_faster_than_the_request_opens_the_return_directly(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    await house.advance(rma_id)  # planned, not sent
    assert await house.states(rma_id) == {"request_return": "intent"}

    await house.approve(rma_id)

    assert await house.states(rma_id) == {"request_return": "cancelled", "open_return": "confirmed"}
    assert await there(house, order) == ["OPEN"]
    assert (await house.calls()).get("returnRequest", 0) == 0
    withdrawn = await house.effect(rma_id, EffectKind.REQUEST_RETURN)
    told = [e.data for e in await house.events(rma_id) if e.type == "effect.withdrawn"]
    assert [data["effects"] for data in told] == [[str(withdrawn.id)]]


async def test_a_request_lost_on_its_way_is_found_again_and_approved(house: House) -> None:
    await house.open()
    order = await house.an_order()
    await house.misbehave("returnRequest", "timeout_after")
    rma_id = await house.ask(order, {0: 1})
    await house.advance(rma_id)
    await house.carry_out((await house.effect(rma_id, EffectKind.REQUEST_RETURN)).id)
    assert await house.states(rma_id) == {"request_return": "unknown"}

    await house.approve(rma_id)

    assert await house.states(rma_id) == {"request_return": "confirmed", "approve_return": "confirmed"}
    assert await there(house, order) == ["OPEN"]
    assert (await house.calls())["returnRequest"] == 1


async def test_a_request_that_the_platform_refuses_holds_up_nothing_and_is_shown(house: House) -> None:
    await house.open()
    order = await house.an_order()
    unit = order.order.fulfilments[0].units[0]
    theirs = OpenReturn(order.order.ref, (ReturnedUnits(unit.line_ref, unit.ref, 2),))
    ref = await do_there(house, EffectKind.OPEN_RETURN, theirs)
    rma_id = await house.ask(order, {0: 1})
    await house.settle_down()

    assert await house.states(rma_id) == {"request_return": "failed"}
    assert await house.waits(rma_id) == ("agent", "decision_needed")
    assert (await house.discrepancies())["effect_failed"]["kind"] == "request_return"

    await do_there(house, EffectKind.CANCEL_RETURN, OnReturn(ref))
    await house.approve(rma_id)

    assert (await house.states(rma_id))["open_return"] == "confirmed"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await there(house, order) == ["CANCELED", "OPEN"]


async def test_a_request_the_merchant_approved_there_is_taken_as_approved(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    await house.settle_down()
    await answer_there(house, rma_id, EffectKind.APPROVE_RETURN)

    await house.approve(rma_id)

    assert (await house.states(rma_id))["approve_return"] == "confirmed"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await there(house, order) == ["OPEN"]


async def test_a_request_the_merchant_declined_there_is_opened_anew_when_it_is_approved_here(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    await house.settle_down()
    await answer_there(house, rma_id, EffectKind.DECLINE_RETURN)

    await house.approve(rma_id)

    states = await house.states(rma_id)
    assert (states["approve_return"], states["open_return"]) == ("failed", "confirmed")
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await there(house, order) == ["DECLINED", "OPEN"]
    assert (await house.discrepancies())["effect_failed"]["far_code"] == "request_declined"
