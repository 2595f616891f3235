"""A new order that is there before its money is, or with another total; and one that the platform does not cancel."""

from dataclasses import replace
from uuid import UUID

import pytest

from retour.core.effect import EffectKind
from retour.core.exchange_order import Back
from retour.flows import exchange as flow
from retour.flows import rma
from retour.store import exchange_order as rows
from retour.store.order import OrderRecord
from tests.stories.house import House, Units, now
from tests.stories.test_exchange_orders import (
    TEE,
    K,
    act,
    balances,
    exchanging,
    made,
    new_order,
    opened,
    shelved,
    want,
    worth,
)
from tests.stories.test_exchange_taken_back import reject

pytestmark = pytest.mark.anyio


async def invoiced(house: House) -> UUID:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    return await exchanging(house, await house.an_order(), "RT-VASE")


async def exchanging_until(house: House, order: OrderRecord, state: str) -> UUID:
    """Return a return whose goods are judged sound, its new order of a vase standing there."""
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.EXCHANGE.value)
    rma_id = await house.ask(order, [wish])
    await want(house, rma_id, "RT-VASE")
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1), drain=False)
    await house.run_until_exchange(rma_id, state)
    return rma_id


async def test_an_order_whose_payment_is_pending_settles_nothing_until_the_money_is_there(house: House) -> None:
    rma_id = await invoiced(house)
    await house.control("pay-invoice", {"pending": True})

    for _ in range(2):
        await house.later()

    new = await new_order(house, rma_id)
    assert (new.state.value, new.order_ref is not None) == ("unpaid", True)
    assert await house.waits(rma_id) == ("shopper", "exchange_unpaid")
    assert await balances(house) == {}
    assert await house.rows("SELECT 1 FROM exchange") == []

    await house.control("pay-invoice", {"order": new.order_ref})
    await house.later()

    new = await new_order(house, rma_id)
    assert (new.state.value, await house.status(rma_id)) == ("made", "resolved")
    assert await balances(house) == {"merchant:refunds": -TEE, "outside:exchange": TEE}
    assert new.order_id is not None
    assert await worth(house, new.order_id) == TEE + 5141


async def test_a_payment_that_does_not_come_in_time_waits_for_a_person_who_has_the_order_cancelled(
    house: House,
) -> None:
    rma_id = await invoiced(house)
    await house.change("UPDATE store SET unpaid_days = 7")
    await house.control("pay-invoice", {"pending": True})
    await house.later()
    await house.change("UPDATE exchange_order SET expires_at = since - interval '1 day'")
    await house.later()

    new = await new_order(house, rma_id)
    assert (new.state.value, new.problem) == ("stuck", "payment_pending")
    assert await house.waits(rma_id) == ("agent", "exchange_stuck")
    await act(house, rma_id, flow.Do.AGAIN)
    assert (await new_order(house, rma_id)).state.value == "unpaid"
    await act(house, rma_id, flow.Do.REFUND)
    await house.later()

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await made(house) == {"draft": 1, "invoice": 1, "order_from_draft": 1, "order_cancelled": 1}
    assert await balances(house) == {"merchant:refunds": -TEE, "gateway:shopify_payments": TEE}


async def test_a_total_that_staff_changed_on_the_platform_waits_for_a_person_who_takes_it(house: House) -> None:
    rma_id = await invoiced(house)
    await house.control("pay-invoice", {"price": "61.40"})
    await house.later()

    new = await new_order(house, rma_id)
    assert (new.state.value, new.problem) == ("stuck", "total_differs")
    assert await house.rows("SELECT 1 FROM exchange") == []
    await act(house, rma_id, flow.Do.AGAIN)

    new = await new_order(house, rma_id)
    assert (new.state.value, new.figures and new.figures.collect.presentment) == ("made", 4141)
    assert new.order_id is not None
    assert await worth(house, new.order_id) == TEE + 4141


@pytest.mark.parametrize("how", ["refused", "undone"])
async def test_an_order_that_the_platform_does_not_cancel_is_shown_and_not_asked_for_ever(
    house: House, how: str
) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    rma_id = await exchanging(house, await house.an_order(), "RT-SAME")
    await house.control("settings", {"cancels": how})

    await reject(house, rma_id)
    for _ in range(6):
        await house.later()

    assert (await new_order(house, rma_id)).state.value == "made"
    assert {"exchange_not_cancelled", "reversal_asked"} <= set(await house.discrepancies())
    assert (await house.settlement(rma_id)).state.value == "settled"
    assert await balances(house) == {"merchant:refunds": -TEE, "outside:exchange": TEE}
    sent = await house.rows("SELECT tries, state FROM effect WHERE kind = 'cancel_exchange'")
    assert sent == [(3 if how == "refused" else 1, "failed")]


async def test_while_an_order_is_taken_back_its_closed_return_says_so(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    rma_id = await exchanging(house, await house.an_order(), "RT-SAME")

    await house.do(lambda db: rma.reopen(db, rma_id=rma_id, reason="the wrong item came", actor="agent", now=now()))
    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="not ours", actor="agent", now=now()))
    await house.run_until_exchange(rma_id, "dropping")

    assert (await new_order(house, rma_id)).state.value == "dropping"
    assert await house.waits(rma_id) == ("platform", "effect_in_flight")


async def test_an_invoice_that_is_paid_while_it_is_given_up_is_found_before_its_draft_is_deleted(house: House) -> None:
    rma_id = await invoiced(house)
    await house.control("pay-invoice", {})

    await act(house, rma_id, flow.Do.CREDIT)
    await house.later()

    assert (await new_order(house, rma_id)).state.value == "made"
    assert await house.rows("SELECT 1 FROM effect WHERE kind = 'drop_exchange'") == []
    assert await house.status(rma_id) == "resolved"


async def test_a_draft_that_is_invoiced_while_it_is_given_up_is_deleted_without_waiting_for_the_next_look(
    house: House,
) -> None:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    order = await house.an_order()
    rma_id = await exchanging_until(house, order, "invoicing")
    (settlement,) = await house.settlements(rma_id)

    await house.do(lambda db: rows.ask_back(db, settlement.id, back=Back.REFUND, at=now()))
    await house.settle_down()

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await made(house) == {"draft": 1, "invoice": 1, "draft_deleted": 1}
    assert await house.refunded(order) == ("19.99", 1)


async def test_where_the_platform_can_make_nothing_what_was_asked_back_is_reversed_and_what_is_owed_goes_by_hand(
    house: House,
) -> None:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    rma_id = await exchanging_until(house, await house.an_order(), "preparing")
    fewer = dict(house.platforms.records["shopify"])
    del fewer[EffectKind.DRAFT_EXCHANGE]
    house.platforms = replace(house.platforms, records={"shopify": fewer})

    (settlement,) = await house.settlements(rma_id)
    await house.do(lambda db: rows.ask_back(db, settlement.id, back=Back.REVERSE, at=now()))
    await house.settle_down()

    async with house.web.tx(house.tenant) as db:
        assert [order.state.value for order in await rows.list_of_rma(db, rma_id)] == ["cancelled", "by_hand"]
    settlements = (await house.see(rma_id)).rma.settlements
    assert [(s.state.value, s.total_minor) for s in settlements] == [("reversed", 0), ("handed_over", 1999)]
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")
