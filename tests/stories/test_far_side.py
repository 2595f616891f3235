"""What the platform answers to a refund: no, later, not under this key, not with these credentials."""

import pytest

from retour.core.effect import EffectKind
from retour.core.errors import Refused
from retour.flows import refund
from tests.stories.house import House, Units, now

pytestmark = pytest.mark.anyio


async def test_a_refused_refund_frees_its_reservation(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2), drain=False)
    await house.run_until(rma_id, "refund planned")
    await house.control("admin-refund", {"order": order.order.ref, "amount": "30.00"})

    await house.settle_down()

    settlement = await house.settlement(rma_id)
    assert settlement.state.value == "failed"
    assert await house.waits(rma_id) == ("finance", "effect_failed")
    assert await house.captures(order) == [(3998, 0, 0, 0)]
    assert await house.rows("SELECT n FROM settlement_line") == []
    assert await house.refunded(order) == ("30.00", 1)
    assert "effect_failed" in await house.discrepancies()

    await house.mirror(order.order.ref)
    await house.do(lambda db: refund.retry(db, settlement_id=settlement.id, actor="boss", now=now()))
    await house.settle_down()

    assert await house.refunded(order) == ("39.98", 2)
    assert await house.captures(order) == [(3998, 0, 998, 3000)]
    assert await house.status(rma_id) == "resolved"
    assert "effect_failed" not in await house.discrepancies()


async def test_a_pending_refund_is_settled_when_the_bank_agrees(house: House) -> None:
    await house.open()
    await house.control("settings", {"refund_pending": "SUCCESS", "refund_pending_s": 3600})
    order = await house.an_order()

    rma_id = await house.returned(order, {0: 1})

    assert (await house.settlement(rma_id)).state.value == "pending"
    assert await house.waits(rma_id) == ("platform", "effect_in_flight")
    assert await house.captures(order) == [(3998, 1999, 0, 0)]
    await house.later()
    assert (await house.settlement(rma_id)).state.value == "pending"
    await house.control("settings", {"advance_s": 4000})
    await house.later()
    assert (await house.settlement(rma_id)).state.value == "settled"
    assert await house.captures(order) == [(3998, 0, 1999, 0)]
    assert await house.status(rma_id) == "resolved"


async def test_a_pending_refund_that_fails_is_paid_once_when_somebody_tries_again(house: House) -> None:
    await house.open()
    await house.control("settings", {"refund_pending": "FAILURE", "refund_pending_s": 3600})
    order = await house.an_order()
    rma_id = await house.returned(order, {0: 1})
    await house.control("settings", {"advance_s": 4000, "refund_pending": None})
    await house.later()
    settlement = await house.settlement(rma_id)
    assert settlement.state.value == "failed"
    assert await house.captures(order) == [(3998, 0, 0, 0)]
    assert await house.refunded(order) == ("0.00", 1)

    await house.do(lambda db: refund.retry(db, settlement_id=settlement.id, actor="boss", now=now()))
    await house.settle_down()

    assert await house.waits(rma_id) is None
    assert (await house.settlement(rma_id)).state.value == "settled"
    assert (await house.books(order))["refunded"] == "19.99"
    assert await house.captures(order) == [(3998, 0, 1999, 0)]
    await house.mirror(order.order.ref)
    assert await house.discrepancies() == {}
    assert [e.seq for e in await house.effects(rma_id) if e.kind is EffectKind.REFUND_TENDER] == [1, 2]
    with pytest.raises(Refused) as twice:
        await house.do(lambda db: refund.retry(db, settlement_id=settlement.id, actor="boss", now=now()))
    assert twice.value.code == "move_not_allowed"
    assert await house.status(rma_id) == "resolved"
    await house.ask(order, {0: 1})  # what failed has not used up the other unit


async def test_a_spent_key_is_followed_by_the_next_one(house: House) -> None:
    await house.open()
    order = await house.an_order()
    await house.misbehave("refundCreate", "failed_attempt")

    rma_id = await house.returned(order, {0: 1})
    await house.later()

    effect = await house.effect(rma_id, EffectKind.REFUND_TENDER)
    assert (effect.state.value, effect.key_generation, effect.tries) == ("confirmed", 1, 3)
    assert await house.refunded(order) == ("19.99", 1)
    assert await house.status(rma_id) == "resolved"


async def test_lost_credentials_stop_every_call_of_the_connection(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    house.secret = "revoked"

    await house.approve(rma_id)

    assert await house.row("SELECT state FROM connection") == ("needs_reconnect",)
    assert "needs_reconnect" in await house.discrepancies()
    before = await house.calls()
    await house.later()
    await house.later()
    assert await house.calls() == before
    await house.reconnect()
    assert await house.states(rma_id) == {"open_return": "confirmed"}
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await house.discrepancies() == {}


async def test_lost_credentials_at_the_comparison_stop_every_call_too(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1), drain=False)
    await house.run_until(rma_id, "settlement due")
    house.secret = "revoked"

    await house.settle_down()

    assert await house.row("SELECT state FROM connection") == ("needs_reconnect",)
    assert "needs_reconnect" in await house.discrepancies()
    before = await house.calls()
    await house.later()
    assert await house.calls() == before
    assert await house.waits(rma_id) == ("operator", "needs_reconnect")
    await house.reconnect()
    assert await house.refunded(order) == ("19.99", 1)
    assert await house.status(rma_id) == "resolved"
