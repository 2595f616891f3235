"""A new order that is taken back while it is being made, after it was paid, or once somebody else carried it out."""

from datetime import timedelta
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import Bonus, DownCharge, Moment, ResolutionOffer, SettleOn
from retour.flows import exchange as flow
from retour.flows import hand_over, rma
from retour.store import exchange_order as rows
from retour.store import order as orders
from tests.stories.house import House, now, under
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
    terms,
    want,
)
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio


async def begun(house: House, sku: str, price: str, down: DownCharge = DownCharge.REFUND) -> UUID:
    """Return a return that is approved, its new order to be made before its goods come, and nothing done yet."""
    offers = (ResolutionOffer(K.EXCHANGE, exchange=terms(down)), ResolutionOffer(K.REFUND_ORIGINAL))
    await house.open(document=under(offering(*offers), settle_on=SettleOn(Moment.APPROVED)))
    await shelved(house, sku, price)
    order = await house.an_order()
    rma_id = await house.ask(order, [rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.EXCHANGE.value)])
    await want(house, rma_id, sku)
    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now()))
    return rma_id


async def cancel(house: House, rma_id: UUID) -> None:
    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    await house.later()


async def test_a_rest_is_not_paid_out_for_an_order_that_is_released_while_its_return_is_cancelled(house: House) -> None:
    rma_id = await begun(house, "RT-CUP", "12.00")
    await house.run_until_exchange(rma_id, "releasing")

    await cancel(house, rma_id)

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await made(house) == {"draft": 1, "order_from_draft": 1, "order_cancelled": 1}
    (settlement,) = await house.settlements(rma_id)
    assert (settlement.state.value, settlement.total_minor) == ("reversed", 0)
    assert await house.rows("SELECT 1 FROM payment_capture WHERE refunded_minor + reserved_minor > 0") == []
    assert await balances(house) == {}
    assert await house.rows("SELECT 1 FROM exchange") == []


async def test_a_look_that_failed_does_not_undo_what_was_decided_meanwhile(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-VASE")
    seen = await new_order(house, rma_id)
    await house.do(lambda db: flow.act(db, settlement_id=seen.settlement_id, do=flow.Do.REFUND, actor="s", now=now()))

    await house.do(lambda db: rows.postpone(db, seen, due=now() + timedelta(hours=1)))
    await house.settle_down()

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await house.refunded(order) == ("19.99", 1)


async def differing(house: House) -> UUID:
    """Return a return whose new order was paid for, and has other lines than it was drafted with."""
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    rma_id = await exchanging(house, await house.an_order(), "RT-VASE")
    await house.change("UPDATE exchange_order SET articles = jsonb_set(articles, '{0,quantity}', '2')")
    await house.control("pay-invoice", {})
    await house.later()
    assert (await new_order(house, rma_id)).problem == "lines_differ"
    return rma_id


async def report(house: House, settlement_id: UUID, reference: str = "X-1") -> None:
    await house.do(
        lambda db: hand_over.report_paid(
            db, settlement_id=settlement_id, reference=reference, actor="staff:1", now=now()
        )
    )
    await house.settle_down()


async def reject(house: House, rma_id: UUID) -> None:
    await house.do(lambda db: rma.reopen(db, rma_id=rma_id, reason="the wrong item came", actor="agent", now=now()))
    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="not ours", actor="agent", now=now()))
    await house.settle_down()
    await house.later()


async def test_what_was_carried_out_by_hand_is_asked_back_from_whoever_did_and_never_paid_twice(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-VASE")
    await act(house, rma_id, flow.Do.BY_HAND)
    (settlement,) = await house.settlements(rma_id)
    await report(house, settlement.id)

    with pytest.raises(Refused) as no:
        await act(house, rma_id, flow.Do.REFUND)
    assert (no.value.code, no.value.facts) == ("move_not_allowed", {"settlement": "settled"})
    await reject(house, rma_id)

    assert "reversal_asked" in await house.discrepancies()
    assert [s.state.value for s in await house.settlements(rma_id)] == ["settled"]
    assert (await new_order(house, rma_id)).state.value == "by_hand"
    assert await balances(house) == {"merchant:refunds": -TEE, "outside:exchange": TEE}
    assert await house.refunded(order) == ("0.00", 0)


async def test_an_order_that_was_paid_stands_when_a_person_carries_on_by_hand(house: House) -> None:
    rma_id = await differing(house)
    (settlement,) = await house.settlements(rma_id)

    await act(house, rma_id, flow.Do.BY_HAND)
    with pytest.raises(Refused) as no:
        await want(house, rma_id, "RT-VASE")

    assert no.value.code == "exchange_under_way"
    assert (await new_order(house, rma_id)).state.value == "by_hand"
    assert await made(house) == {"draft": 1, "invoice": 1, "order_from_draft": 1}
    await report(house, settlement.id)
    assert await house.status(rma_id) == "resolved"


async def test_lines_that_a_person_names_for_a_differing_order_lead_to_its_end(house: House) -> None:
    rma_id = await differing(house)
    new, (settlement,) = await new_order(house, rma_id), await house.settlements(rma_id)
    assert new.order_id is not None
    async with house.web.tx(house.tenant) as db:
        found = await orders.load(db, new.order_id)
    assert found is not None
    line = flow.NewLine(found.order.lines[0].ref, 1)

    await house.do(
        lambda db: flow.name_exchange(
            db, settlement_id=settlement.id, order_id=found.id, lines=[line], collected_minor=5141, actor="staff:1",
            now=now(), policies=house.policies,
        )
    )  # fmt: skip
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")
    await report(house, settlement.id)

    assert await house.status(rma_id) == "resolved"
    assert await house.rows("SELECT order_id FROM exchange") == [(found.id,)]


async def test_a_draft_that_may_not_be_deleted_waits_for_a_person_who_ends_it_by_hand(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-VASE")
    await house.control("settings", {"scopes": ["read_orders"]})

    await act(house, rma_id, flow.Do.REFUND)

    new = await new_order(house, rma_id)
    assert (new.state.value, new.problem, new.due_at) == ("stuck", "access_denied", None)
    assert await house.waits(rma_id) == ("agent", "exchange_stuck")
    assert await house.refunded(order) == ("0.00", 0)
    await act(house, rma_id, flow.Do.BY_HAND)
    assert (await new_order(house, rma_id)).state.value == "by_hand"
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")


async def test_a_draft_that_may_be_deleted_again_is_taken_back_as_it_was_decided(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-VASE")
    before = (await house.control("settings"))["scopes"]
    await house.control("settings", {"scopes": ["read_orders"]})
    await act(house, rma_id, flow.Do.REFUND)
    await house.control("settings", {"scopes": before})

    await act(house, rma_id, flow.Do.AGAIN)

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await house.refunded(order) == ("19.99", 1)


@pytest.mark.parametrize("do", [flow.Do.REFUND, flow.Do.CREDIT])
async def test_an_order_that_was_made_is_cancelled_and_its_goods_paid_for_otherwise(house: House, do: flow.Do) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-SAME")
    assert await house.status(rma_id) == "resolved"

    await act(house, rma_id, do)
    await house.later()

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await made(house) == {"draft": 1, "order_from_draft": 1, "order_cancelled": 1}
    (settlement,) = await house.settlements(rma_id)
    if do is flow.Do.REFUND:
        assert (settlement.resolution, settlement.state.value) == ("refund_original", "settled")
        assert await house.refunded(order) == ("19.99", 1)
        assert await balances(house) == {"merchant:refunds": -TEE, "gateway:shopify_payments": TEE}
    else:
        assert (settlement.resolution, settlement.state.value) == ("store_credit", "handed_over")
        await report(house, settlement.id)
        assert await balances(house) == {"merchant:refunds": -TEE, "outside:store_credit": TEE}
    assert await house.status(rma_id) == "resolved"
    assert {"settlement.quoted", "settlement.settled"} <= set(await house.told(rma_id))


async def test_what_was_paid_back_of_it_is_not_paid_once_more_with_the_whole(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-CUP", "12.00")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-CUP")

    with pytest.raises(Refused) as no:
        await act(house, rma_id, flow.Do.REFUND)

    assert no.value.code == "move_not_allowed"
    assert await house.refunded(order) == ("7.99", 1)
    assert await made(house) == {"draft": 1, "order_from_draft": 1}


async def test_credit_that_was_issued_stays_out_when_the_rest_is_reversed(house: House) -> None:
    await opened(house, terms(DownCharge.CREDIT))
    await shelved(house, "RT-CUP", "12.00")
    rma_id = await exchanging(house, await house.an_order(), "RT-CUP")
    (settlement,) = await house.settlements(rma_id)
    await report(house, settlement.id, "C-1")

    await reject(house, rma_id)

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await balances(house) == {"merchant:refunds": -799, "outside:exchange": 799}
    assert "reversal_asked" in await house.discrepancies()
    assert "settlement.reversed" in await house.told(rma_id)


async def test_what_was_left_to_a_person_and_not_reported_is_not_carried_out_for_a_cancelled_return(
    house: House,
) -> None:
    rma_id = await begun(house, "RT-VASE", "71.40")
    await house.settle_down()
    await act(house, rma_id, flow.Do.BY_HAND)

    await cancel(house, rma_id)

    assert await house.waits(rma_id) is None
    (settlement,) = await house.settlements(rma_id)
    assert (settlement.state.value, settlement.total_minor) == ("reversed", 0)
    assert await balances(house) == {}
    assert "paid_not_received" in await house.discrepancies()
    with pytest.raises(Refused) as no:
        await report(house, settlement.id)
    assert no.value.code == "move_not_allowed"


async def test_a_bonus_goes_back_to_its_own_pocket_when_its_exchange_is_reversed(house: House) -> None:
    offer = ResolutionOffer(K.EXCHANGE, exchange=terms(), bonus=Bonus(bp=1_000))
    await house.open(document=offering(offer, ResolutionOffer(K.REFUND_ORIGINAL)))
    await shelved(house, "RT-SAME", "21.99")
    rma_id = await exchanging(house, await house.an_order(), "RT-SAME")
    assert await balances(house) == {"merchant:refunds": -TEE, "merchant:bonus": -200, "outside:exchange": TEE + 200}

    await reject(house, rma_id)

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await balances(house) == {}
