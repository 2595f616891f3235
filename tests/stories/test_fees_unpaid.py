"""A fee that is not paid: reminded of, withdrawn, lapsed; and what stands in the way of its invoice."""

from asyncio import gather
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import Beforehand, Fee, FeePer, FeeTax
from retour.core.rma.fee import FeeBack
from retour.flows import fee as flow
from retour.flows import rma
from tests.stories.house import House, Units, now
from tests.stories.test_exchange_orders import balances
from tests.stories.test_fees_beforehand import TEE, a_fee, approved, asked, charging, made, pay, the_fee, waive

pytestmark = pytest.mark.anyio


async def past(house: House, days: int) -> None:
    moved = ", ".join(f"{name} = {name} - interval '{days} days'" for name in ("expires_at", "since"))
    await house.change(f"UPDATE fee_invoice SET {moved}")
    await house.later()


async def unpaid(house: House) -> tuple[Any, UUID]:
    await house.open(document=charging())
    await house.change("UPDATE store SET unpaid_days = 7, remind_days = '{2}'")
    return await approved(house)


async def test_not_paid_in_time_the_return_is_reminded_of_expires_and_its_invoice_is_withdrawn(house: House) -> None:
    order, rma_id = await unpaid(house)

    await past(house, 4)
    assert "return.reminded" not in await house.told(rma_id)
    await past(house, 2)
    assert (await house.told(rma_id)).count("return.reminded") == 1
    await past(house, 2)
    await house.later()

    assert (await the_fee(house, rma_id)).state.value == "lapsed"
    assert await house.status(rma_id) == "expired"
    assert (await house.told(rma_id)).count("return.reminded") == 1
    assert await made(house) == {"draft": 1, "invoice": 1, "draft_deleted": 1}
    again = await house.ask(order, {0: 2})  # its units are free
    assert again != rma_id


async def test_paid_in_the_moment_it_lapses_the_payment_wins(house: House) -> None:
    _, rma_id = await unpaid(house)
    await house.control("pay-invoice", {})

    await past(house, 8)
    await house.later()

    assert (await the_fee(house, rma_id)).state.value == "paid"
    assert await house.status(rma_id) == "approved"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await balances(house) == {"gateway:shopify_payments": -690, "merchant:fees": 690}


async def test_paid_between_the_last_look_and_the_withdrawal_the_payment_wins(house: House) -> None:
    _, rma_id = await unpaid(house)
    await house.change("UPDATE fee_invoice SET back = 'lapsed'")  # decided, and paid before the draft was deleted
    await house.control("pay-invoice", {})

    await house.later()
    await house.later()

    assert (await the_fee(house, rma_id)).state.value == "paid"
    assert await house.status(rma_id) == "approved"
    assert await made(house) == {"draft": 1, "invoice": 1, "order_from_draft": 1}


async def test_where_tax_comes_on_top_the_invoice_comes_to_the_fee_with_its_tax(house: House) -> None:
    await house.open(document=charging(a_fee(580, tax_included=False)))
    await house.control("settings", {"taxes_included": False})
    order = await house.an_order(taxes_included=False)
    rma_id = await house.ask(order, {0: 1})
    await house.approve(rma_id)

    fee = await the_fee(house, rma_id)
    assert [part.amount.presentment for part in fee.parts] == [690]
    assert fee.state.value == "unpaid"
    await pay(house)
    assert (await the_fee(house, rma_id)).collected_minor == 690


async def test_a_total_of_the_platform_that_is_another_waits_for_a_person(house: House) -> None:
    await house.open(document=charging(Fee(fixed_minor=690, per=FeePer.RETURN, tax=FeeTax.SUPPLY, tax_bp=700,
                                           tax_included=False, beforehand=Beforehand.REFUNDED)))  # fmt: skip
    await house.control("settings", {"taxes_included": False})
    order = await house.an_order(taxes_included=False)
    rma_id = await house.ask(order, {0: 1})
    await house.approve(rma_id)

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.problem) == ("stuck", "total_differs")
    assert await house.waits(rma_id) == ("agent", "fee_stuck")
    await waive(house, rma_id)
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert (await made(house))["draft_deleted"] == 1


async def test_a_draft_whose_answer_was_lost_is_found_and_not_made_twice(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await asked(house)
    await house.misbehave("draftOrderCreate", "timeout_after")
    await house.approve(rma_id)
    for _ in range(3):
        await house.later()

    assert (await made(house))["draft"] == 1
    assert (await the_fee(house, rma_id)).state.value == "unpaid"


async def test_a_draft_that_somebody_deleted_is_made_again_when_a_person_says_so(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await approved(house)
    async with house.web.tx(house.tenant) as db:
        with pytest.raises(Refused) as no:
            await flow.act(db, rma_id=rma_id, do=flow.Do.AGAIN, actor="staff:1", now=now())
    assert no.value.code == "move_not_allowed"
    house.sandbox.shop.drafts.clear()
    await house.later()
    assert (await the_fee(house, rma_id)).problem == "draft_gone"

    await house.do(lambda db: flow.act(db, rma_id=rma_id, do=flow.Do.AGAIN, actor="staff:1", now=now()))
    await house.settle_down()

    assert (await the_fee(house, rma_id)).state.value == "unpaid"
    assert await made(house) == {"draft": 2, "invoice": 2}


async def test_opened_again_after_it_lapsed_the_fee_is_charged_again(house: House) -> None:
    _, rma_id = await unpaid(house)
    await past(house, 8)
    await house.later()
    assert await house.status(rma_id) == "expired"

    await house.do(lambda db: rma.reopen(db, rma_id=rma_id, reason="they called", actor="agent", now=now()))
    await house.approve(rma_id)

    assert (await the_fee(house, rma_id)).state.value == "unpaid"
    assert await house.waits(rma_id) == ("shopper", "fee_unpaid")
    await pay(house)
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")


async def test_two_looks_at_once_make_one_invoice_and_book_one_payment(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await asked(house)
    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now()))
    await house.advance(rma_id)

    await gather(*(house.carry_on_fee(rma_id) for _ in range(4)))
    await house.settle_down()
    await house.control("pay-invoice", {})
    await house.change("UPDATE fee_invoice SET due_at = clock_timestamp()")
    await gather(*(house.carry_on_fee(rma_id) for _ in range(4)))
    await house.settle_down()

    assert await made(house) == {"draft": 1, "invoice": 1, "order_from_draft": 1}
    assert (await house.told(rma_id)).count("return.fee_paid") == 1
    assert await balances(house) == {"gateway:shopify_payments": -690, "merchant:fees": 690}


async def test_nothing_of_the_order_that_paid_a_fee_comes_back(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await approved(house)
    await pay(house)
    fee = await the_fee(house, rma_id)
    assert fee.order_id is not None
    (ref,) = await house.row("SELECT far_ref FROM sales_order WHERE id = $1", fee.order_id)
    order = (await house.mirror(ref)).record

    for kind in ("cancellation", "return"):
        with pytest.raises(Refused) as no:
            await house.ask(order, {0: 1}, kind=kind)
        assert no.value.code == "fee_not_returnable"
    async with house.web.tx(house.tenant) as db:
        considered = await rma.consider(
            db, store_id=house.store, order_id=order.id, kind="cancellation", channel="portal", now=now(),
            policies=house.policies,
        )  # fmt: skip
    assert considered.lines == ()
    assert await house.discrepancies() == {}


async def test_an_order_whose_payment_is_pending_frees_nothing_until_the_money_is_there(house: House) -> None:
    _, rma_id = await unpaid(house)
    await house.control("pay-invoice", {"pending": True})

    for _ in range(2):
        await house.later()

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.order_ref is not None, fee.collected_minor) == ("unpaid", True, None)
    assert await house.waits(rma_id) == ("shopper", "fee_unpaid")
    assert await balances(house) == {}

    await house.control("pay-invoice", {"order": fee.order_ref})
    await house.later()

    assert ((await the_fee(house, rma_id)).state.value, (await the_fee(house, rma_id)).collected_minor) == ("paid", 690)
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await balances(house) == {"gateway:manual": -690, "merchant:fees": 690}


async def test_a_payment_that_stays_pending_waits_for_a_person_and_its_order_is_cancelled_before_it_is_charged_anew(
    house: House,
) -> None:
    _, rma_id = await unpaid(house)
    await house.control("pay-invoice", {"pending": True})
    await house.later()
    await past(house, 8)

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.problem) == ("stuck", "payment_pending")
    assert await house.waits(rma_id) == ("agent", "fee_stuck")
    assert await house.status(rma_id) == "approved"

    await house.do(lambda db: flow.act(db, rma_id=rma_id, do=flow.Do.AGAIN, actor="staff:1", now=now()))
    await house.settle_down()
    await house.later()

    again = await the_fee(house, rma_id)
    assert (again.state.value, again.tries, again.order_ref) == ("unpaid", 2, None)
    assert await made(house) == {"draft": 2, "invoice": 2, "order_from_draft": 1, "order_cancelled": 1}
    assert await balances(house) == {}


async def test_a_fee_that_is_waived_while_its_payment_is_pending_has_its_order_cancelled(house: House) -> None:
    _, rma_id = await unpaid(house)
    await house.control("pay-invoice", {"pending": True})
    await house.later()

    await waive(house, rma_id)
    await house.later()

    assert (await the_fee(house, rma_id)).state.value == "free"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await made(house) == {"draft": 1, "invoice": 1, "order_from_draft": 1, "order_cancelled": 1}
    assert await balances(house) == {}


async def test_borne_by_the_refund_in_the_moment_it_was_paid_it_is_not_withheld_as_well(house: House) -> None:
    _, rma_id = await unpaid(house)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    await house.control("pay-invoice", {})

    await house.do(lambda db: flow.act(db, rma_id=rma_id, do=flow.Do.WITHHOLD, actor="staff:1", now=now()))
    await house.later()
    await house.later()

    assert (await the_fee(house, rma_id)).state.value == "paid"
    assert await balances(house) == {
        "gateway:shopify_payments": TEE - 690,
        "merchant:fees": 690,
        "merchant:refunds": -TEE,
    }


async def test_a_waived_fee_that_was_paid_and_cannot_go_back_waits_for_a_person(house: House) -> None:
    _, rma_id = await unpaid(house)
    await house.control("pay-invoice", {})
    await house.change("UPDATE store SET refund_master = 'platform'")

    await waive(house, rma_id)
    for _ in range(2):
        await house.later()

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.problem, fee.back) == ("unrefunded", "refunds_elsewhere", FeeBack.FREE)
