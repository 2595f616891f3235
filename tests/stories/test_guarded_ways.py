"""Every way that money or its worth leaves by is guarded alike: a pause stops it, and the breaker counts it."""

from typing import Any
from uuid import UUID

import pytest

from retour.core.breaker import Limits
from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind
from retour.core.rma import Grade
from retour.core.second import SecondRule
from retour.flows import guard, hand_over, rma
from tests.stories import test_exchange_orders as exchanges
from tests.stories import test_exchanged as exchanged
from tests.stories import test_instant_exchange as instant
from tests.stories.house import House, Units, now
from tests.stories.test_handed_over import offered, offering, returned_for

pytestmark = pytest.mark.anyio
K = ResolutionKind
PAUSED = ("finance", "payments_paused")


async def limited(house: House, limits: Limits) -> None:
    await house.do(
        lambda db: guard.change_guard(
            db, store_id=house.store, second=SecondRule(), limits=limits, actor="staff:1", now=now()
        )
    )


async def paused(house: House, by: str = "staff:1") -> None:
    await house.do(
        lambda db: guard.pause_payments(
            db, tenant_id=house.tenant, store_id=house.store, actor=by, now=now(), reason="a leaked key"
        )
    )
    await house.settle_down()


async def resumed(house: House) -> None:
    await house.do(
        lambda db: guard.resume_payments(
            db, tenant_id=house.tenant, store_id=house.store, actor="staff:1", now=now(), reason="all were looked at"
        )
    )
    await house.later()


async def stopped_by(house: House) -> tuple[Any, ...]:
    return (await house.rows("SELECT payments_paused, paused_by, paused_because FROM store"))[0]


async def state_of(house: House, rma_id: UUID) -> str:
    return str((await house.settlement(rma_id)).state.value)


@pytest.mark.parametrize("kind", [K.STORE_CREDIT, K.GIFT_CARD, K.REFUND_SERVICE])
async def test_a_paused_store_hands_nothing_over_until_payments_go_on(house: House, kind: K) -> None:
    refs = await offered(house, kind)
    order = await house.an_order()
    await paused(house)

    rma_id = await returned_for(house, order, kind, ref=refs[kind])
    await house.later()

    assert await state_of(house, rma_id) == "quoted"
    assert await house.waits(rma_id) == PAUSED
    assert "settlement.handed_over" not in [e.type for e in await house.events(rma_id)]
    await resumed(house)
    assert await state_of(house, rma_id) == "handed_over"
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")


@pytest.mark.parametrize("limits", [Limits(60, window_refunds=2), Limits(60, window_minor=3_998)])
async def test_the_breaker_counts_credit_and_refunds_together(house: House, limits: Limits) -> None:
    await offered(house, K.STORE_CREDIT)
    await limited(house, limits)

    first = await returned_for(house, await house.an_order(), K.STORE_CREDIT)
    second = await returned_for(house, await house.an_order(), K.REFUND_ORIGINAL)
    assert (await state_of(house, first), await state_of(house, second)) == ("handed_over", "settled")
    third = await returned_for(house, await house.an_order(), K.STORE_CREDIT)
    fourth = await returned_for(house, await house.an_order(), K.REFUND_ORIGINAL)

    assert (await state_of(house, third), await state_of(house, fourth)) == ("quoted", "due")
    assert await house.waits(third) == await house.waits(fourth) == PAUSED
    assert (await stopped_by(house))[:2] == (True, "breaker")
    assert await house.rows("SELECT kind FROM discrepancy WHERE state = 'open'") == [("breaker_tripped",)]
    await resumed(house)
    assert (await state_of(house, third), await state_of(house, fourth)) == ("handed_over", "settled")


async def test_a_refund_after_as_much_credit_as_is_allowed_does_not_leave(house: House) -> None:
    await offered(house, K.STORE_CREDIT)
    await limited(house, Limits(day_minor=2_000))

    await returned_for(house, await house.an_order(), K.STORE_CREDIT)
    order = await house.an_order()
    rma_id = await returned_for(house, order, K.REFUND_ORIGINAL)
    await house.advance(rma_id)

    assert await house.waits(rma_id) == PAUSED
    assert await house.refunded(order) == ("0.00", 0)
    assert (await stopped_by(house))[:3] == (True, "breaker", "day_amount")


async def test_what_is_worth_nothing_is_neither_counted_nor_held_up(house: House) -> None:
    await offered(house, K.REPAIR)
    await limited(house, Limits(60, window_refunds=1))
    for _ in range(2):
        await returned_for(house, await house.an_order(), K.REPAIR)

    assert (await stopped_by(house))[0] is False


async def test_an_exchange_for_nothing_more_is_not_completed_while_payments_are_paused(house: House) -> None:
    await exchanges.opened(house)
    await exchanges.shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.EXCHANGE.value)
    rma_id = await house.ask(order, [wish])
    await exchanges.want(house, rma_id, "RT-SAME")
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1), drain=False)
    await house.run_until_exchange(rma_id, "releasing")

    await paused(house)
    await house.later()
    await house.advance(rma_id)

    assert (await house.states(rma_id))["release_exchange"] == "intent"
    assert await house.waits(rma_id) == PAUSED
    await resumed(house)
    assert (await house.states(rma_id))["release_exchange"] == "confirmed"
    assert await house.status(rma_id) == "resolved"


async def test_no_card_is_charged_while_payments_are_paused(house: House) -> None:
    await instant.opened(house)
    _, rma_id = await instant.held(house)
    await paused(house)

    await instant.come_back(house, rma_id, Grade.DAMAGED)

    assert (await house.states(rma_id))["capture_card"] == "intent"
    assert await house.waits(rma_id) == PAUSED
    await resumed(house)
    assert (await house.states(rma_id))["capture_card"] == "confirmed"
    assert (await instant.hold(house, rma_id)).captured_minor == 600


async def test_what_the_platform_disagrees_with_is_not_paid_by_hand_while_payments_are_paused(house: House) -> None:
    await house.open(document=offering(*exchanged.OFFERS))
    _, settlement = await exchanged.handed_in(house, await house.an_order())
    new = await house.an_order(exchanged.vase("19.99", discounts=[{"title": "Swap", "amount": "19.99"}]))
    await exchanged.exchanged(house, settlement.id, new)
    rma_id, settlement = await exchanged.handed_in(house, new, K.REFUND_ORIGINAL)
    await paused(house)

    with pytest.raises(Refused) as no:
        await house.do(
            lambda db: hand_over.pay_outside(
                db, settlement_id=settlement.id, reason="seen", actor="staff:1", now=now(), policies=house.policies
            )
        )

    assert no.value.code == "payments_paused"
    assert await state_of(house, rma_id) == "quoted"
    await resumed(house)
    assert await house.waits(rma_id) == ("finance", "platform_disagrees")
