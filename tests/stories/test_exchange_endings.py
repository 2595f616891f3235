"""A new order that comes to nothing: not paid in time, given up, cancelled, or beyond recall."""

import pytest

from retour.core.policy.outcome import DownCharge, Moment, ResolutionOffer, SettleOn
from retour.flows import exchange as flow
from retour.flows import rma
from tests.stories.house import House, now, under
from tests.stories.test_exchange_orders import (
    TEE,
    VASE,
    K,
    act,
    balances,
    exchanging,
    made,
    new_order,
    opened,
    shelved,
    terms,
    want,
    worth,
)
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("down", "paid"), [(DownCharge.REFUND, True), (DownCharge.CREDIT, False)])
async def test_an_invoice_that_is_not_paid_in_time_is_given_up_and_paid_as_the_policy_pays_back(
    house: House, down: DownCharge, paid: bool
) -> None:
    await opened(house, terms(down))
    await shelved(house, "RT-VASE", "71.40")
    await house.change("UPDATE store SET unpaid_days = 7, remind_days = '{2}'")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-VASE")

    await house.change(
        "UPDATE exchange_order SET expires_at = expires_at - interval '6 days', since = since - interval '6 days'"
    )
    await house.later()
    assert "return.reminded" in await house.told(rma_id)
    await house.later()
    assert (await house.told(rma_id)).count("return.reminded") == 1
    await house.change("UPDATE exchange_order SET expires_at = expires_at - interval '2 days'")
    await house.later()

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await made(house) == {"draft": 1, "invoice": 1, "draft_deleted": 1}
    settlement = await house.settlement(rma_id)
    if paid:
        assert await house.refunded(order) == ("19.99", 1)
        assert (settlement.resolution, settlement.state.value) == ("refund_original", "settled")
        assert await house.status(rma_id) == "resolved"
        assert await balances(house) == {"merchant:refunds": -TEE, "gateway:shopify_payments": TEE}
    else:
        assert (settlement.resolution, settlement.state.value) == ("store_credit", "handed_over")
        assert await house.waits(rma_id) == ("finance", "awaiting_payout")
        assert await house.refunded(order) == ("0.00", 0)


async def test_paid_at_the_last_moment_wins_over_giving_up(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-VASE")
    await house.control("pay-invoice", {})

    await act(house, rma_id, flow.Do.REFUND)
    for _ in range(3):
        await house.later()

    assert (await new_order(house, rma_id)).state.value == "made"
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.status(rma_id) == "resolved"


async def test_a_person_lets_it_be_refunded_instead_or_carries_it_out_by_hand(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    first, second = await house.an_order(), await house.an_order()
    refunded = await exchanging(house, first, "RT-VASE")
    by_hand = await exchanging(house, second, "RT-VASE")

    await act(house, refunded, flow.Do.REFUND)
    await act(house, by_hand, flow.Do.BY_HAND)

    assert await house.refunded(first) == ("19.99", 1)
    assert await house.status(refunded) == "resolved"
    assert await made(house) == {"draft": 2, "invoice": 2, "draft_deleted": 2}
    assert await house.waits(by_hand) == ("finance", "awaiting_payout")
    replacement = await house.an_order(VASE | {"fulfilled": 1})
    settlement = await house.settlement(by_hand)
    line = flow.NewLine(replacement.order.lines[0].ref, 1)
    await house.do(
        lambda db: flow.name_exchange(
            db, settlement_id=settlement.id, order_id=replacement.id, lines=[line], collected_minor=5141,
            actor="staff:1", now=now(), policies=house.policies,
        )
    )  # fmt: skip
    assert await worth(house, replacement.id) == 7140


async def test_opened_again_and_rejected_the_new_order_is_cancelled_and_everything_reversed(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-SAME")
    assert await house.status(rma_id) == "resolved"

    await house.do(lambda db: rma.reopen(db, rma_id=rma_id, reason="the wrong item came", actor="agent", now=now()))
    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="not ours", actor="agent", now=now()))
    await house.settle_down()
    await house.later()

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await made(house) == {"draft": 1, "order_from_draft": 1, "order_cancelled": 1}
    settlement = await house.settlement(rma_id)
    assert (settlement.state.value, settlement.total_minor) == ("reversed", 0)
    assert await balances(house) == {}
    assert "reversal_asked" not in await house.discrepancies()


async def test_a_new_order_that_was_sent_is_said_to_be_beyond_recall(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    rma_id = await exchanging(house, await house.an_order(), "RT-SAME")
    await house.control("fulfil", {"order": (await new_order(house, rma_id)).order_ref})

    await house.do(lambda db: rma.reopen(db, rma_id=rma_id, reason="the wrong item came", actor="agent", now=now()))
    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="not ours", actor="agent", now=now()))
    await house.settle_down()

    assert (await new_order(house, rma_id)).state.value == "made"
    assert (await made(house)).get("order_cancelled") is None
    assert {"exchange_sent", "reversal_asked"} <= set(await house.discrepancies())
    assert (await house.settlement(rma_id)).state.value == "settled"


async def test_released_on_approval_it_is_taken_back_when_the_return_is_cancelled(house: House) -> None:
    document = offering(ResolutionOffer(K.EXCHANGE, exchange=terms()))
    await house.open(document=under(document, settle_on=SettleOn(Moment.APPROVED)))
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    rma_id = await house.ask(order, [rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.EXCHANGE.value)])
    await want(house, rma_id, "RT-SAME")

    await house.approve(rma_id)

    assert (await new_order(house, rma_id)).state.value == "made"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    await house.later()

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await made(house) == {"draft": 1, "order_from_draft": 1, "order_cancelled": 1}
    assert await balances(house) == {}
