"""A new order that is taken back while it is being made, after it was paid, or once somebody else carried it out."""

from datetime import timedelta
from uuid import UUID

import pytest

from retour.core.policy.outcome import DownCharge, Moment, ResolutionOffer, SettleOn
from retour.flows import exchange as flow
from retour.flows import rma
from retour.store import exchange_order as rows
from tests.stories.house import House, now, under
from tests.stories.test_exchange_orders import K, balances, exchanging, made, new_order, opened, shelved, terms, want
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
