"""While a card refuses: no new order is begun, a page is closed before money moves, and nothing is held for nothing."""

from datetime import timedelta
from uuid import UUID

import pytest

from retour.core.policy.outcome import UpCharge
from retour.core.rma import Grade
from retour.flows import exchange, rma
from tests.stories.house import House, now
from tests.stories.test_exchange_orders import act, balances, made, new_order, shelved, want
from tests.stories.test_instant_exchange import (
    TEE,
    K,
    approved,
    ask,
    cards,
    come_back,
    confirm,
    days_pass,
    desk,
    held,
    hold,
    kinds,
    opened,
)

pytestmark = pytest.mark.anyio


async def refused_before_it_was_ordered(house: House) -> UUID:
    """Return a return whose article was out of stock once the card was held, and whose card refuses by now."""
    await opened(house)
    _, rma_id = await approved(house)
    await ask(house, rma_id)
    await house.control("stock", {"sku": "RT-SAME", "available": 0})
    await confirm(house)
    assert await house.waits(rma_id) == ("agent", "exchange_stuck")
    await desk(house, let_go="last", faults=[{"where": "authorise", "how": "decline"}])
    house.ahead += timedelta(hours=12)
    for _ in range(3):
        await house.later()
    assert (await hold(house, rma_id)).state.value == "dunning"
    await house.control("stock", {"sku": "RT-SAME", "available": 5})
    return rma_id


async def test_no_order_of_new_goods_is_begun_while_the_card_refuses(house: House) -> None:
    rma_id = await refused_before_it_was_ordered(house)

    await act(house, rma_id, exchange.Do.AGAIN)
    for _ in range(3):
        await house.later()

    assert (await new_order(house, rma_id)).state.value == "preparing"
    assert await made(house) == {}
    assert await house.waits(rma_id) == ("shopper", "card_refused")
    await confirm(house)
    await house.later()
    assert (await new_order(house, rma_id)).state.value == "made"
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
    assert await cards(house) == (TEE, 0, {"pages": 2, "authorised": 2, "let_go": 1})


async def test_a_return_that_is_given_up_while_the_card_refuses_sends_and_charges_nothing(house: House) -> None:
    rma_id = await refused_before_it_was_ordered(house)
    await act(house, rma_id, exchange.Do.AGAIN)

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="staff:1", now=now()))
    for _ in range(4):
        await house.later()

    assert (await hold(house, rma_id)).state.value == "released"
    assert await made(house) == {}
    assert (await cards(house))[:2] == (0, 0)
    assert await balances(house) == {}
    assert await house.waits(rma_id) is None


@pytest.mark.parametrize("up", [UpCharge.INVOICE, UpCharge.WAIVE])
async def test_nothing_is_held_for_goods_that_are_worth_nothing(house: House, up: UpCharge) -> None:
    await opened(house, up=up)
    await shelved(house, "RT-SAME", "19.99")
    free = {"sku": "RT-TEE-BLK-M", "price": "0.00", "quantity": 1, "taxes": [["VAT", "0.19"]]}
    order = await house.an_order(free)
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.EXCHANGE.value)
    rma_id = await house.ask(order, [wish])
    await want(house, rma_id, "RT-SAME")
    await house.approve(rma_id)

    gone = await ask(house, rma_id)

    assert (gone.state.value, gone.problem, gone.amount_minor) == ("lapsed", "nothing_to_hold", None)
    assert await cards(house) == (0, 0, {})
    assert await kinds(house, rma_id) == ["asked", "failed"]
    assert await made(house) == {}
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")


async def test_the_page_that_asks_for_another_card_is_closed_before_the_standing_one_is_charged(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, faults=[{"where": "authorise", "how": "decline"}])
    await days_pass(house, 6)
    asked = await hold(house, rma_id)
    assert (asked.state.value, asked.owes, asked.page_ref is not None) == ("dunning", "confirm", True)

    await come_back(house, rma_id, Grade.DAMAGED)
    await house.later()

    books = await desk(house)
    assert {page["id"]: page["status"] for page in books["pages"]}[asked.page_ref] == "expired"
    assert (books["held"], books["captured"]) == (0, 600)
    assert books["counts"] == {"pages": 2, "authorised": 1, "captured": 1}
    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor, done.page_ref) == ("captured", 600, None)
    assert (await balances(house))["merchant:sales"] == 600


async def test_another_card_that_was_confirmed_while_the_page_was_being_closed_is_the_one_that_is_charged(
    house: House,
) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, faults=[{"where": "authorise", "how": "decline"}])
    await days_pass(house, 6)
    first = await hold(house, rma_id)
    await desk(house, confirm=first.page_ref)

    await come_back(house, rma_id, Grade.DAMAGED)
    for _ in range(2):
        await house.later()

    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor, done.intent_ref != first.intent_ref) == ("captured", 600, True)
    assert await cards(house) == (0, 600, {"pages": 2, "authorised": 2, "captured": 1, "released": 1})
    assert (await balances(house))["merchant:sales"] == 600
