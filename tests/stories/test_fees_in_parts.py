"""Several fees on one invoice, fees that go back in part, and money that does not want to go back."""

from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import (
    Beforehand,
    Fee,
    FeePer,
    MethodKind,
    MethodOffer,
    Methods,
    ResolutionOffer,
    Resolutions,
)
from retour.core.refund import FeeKind
from retour.flows import fee as flow
from retour.flows import rma
from tests.stories.house import House, Units, now
from tests.stories.test_exchange_orders import balances, shelved, terms, want
from tests.stories.test_fees_beforehand import TEE, K, a_fee, approved, charging, made, pay, the_fee, waive
from tests.stories.test_labels import place

pytestmark = pytest.mark.anyio

LABEL = Fee(fixed_minor=400, per=FeePer.PARCEL, beforehand=Beforehand.KEPT)


async def both(house: House) -> tuple[Any, UUID]:
    """A return that costs 6.90, given back if nothing comes of it, and 4.00 for its label, kept."""
    await house.open(document=charging(methods=Methods((MethodOffer(MethodKind.LABEL, fee=LABEL),))))
    await place(house)
    return await approved(house)


async def parts(house: House, rma_id: UUID) -> list[tuple[str, int]]:
    return [(part.kind.value, part.amount.presentment) for part in (await the_fee(house, rma_id)).parts]


async def cancel(house: House, rma_id: UUID) -> None:
    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()


async def test_two_fees_are_one_invoice_and_each_goes_its_own_way(house: House) -> None:
    _, rma_id = await both(house)
    assert await parts(house, rma_id) == [("label", 400), ("return", 690)]
    await pay(house)
    assert (await the_fee(house, rma_id)).collected_minor == 1_090

    await cancel(house, rma_id)

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.collected_minor, await parts(house, rma_id)) == ("kept", 400, [("label", 400)])
    assert await balances(house) == {
        "gateway:shopify_payments": -400, "merchant:fees": 400,
    }  # fmt: skip
    assert (await made(house)).get("order_cancelled") is None


async def test_a_second_parcel_costs_its_own_label_which_is_withheld(house: House) -> None:
    order, rma_id = await both(house)
    await pay(house)

    for parcel in ("1", "2"):
        await house.scan(rma_id, parcel=parcel)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    assert await house.refunded(order) == ("15.99", 1)  # 19.99 less 4.00 for the second label
    plan = (await house.settlement(rma_id)).plan
    assert {fee.term.kind.value: (fee.ahead.presentment, fee.charged.presentment) for fee in plan.fees} == {
        "label": (400, 400), "return": (690, 0),
    }  # fmt: skip


async def test_waived_in_part_the_rest_is_invoiced_anew_and_after_payment_it_is_all_or_none(house: House) -> None:
    _, rma_id = await both(house)

    await waive(house, rma_id, FeeKind.LABEL)

    assert await parts(house, rma_id) == [("return", 690)]
    assert (await the_fee(house, rma_id)).state.value == "unpaid"
    assert await made(house) == {"draft": 2, "invoice": 2, "draft_deleted": 1}
    await pay(house)
    await waive(house, rma_id, FeeKind.RETURN)
    assert (await the_fee(house, rma_id)).state.value == "free"
    assert await balances(house) == {}


async def test_a_part_of_what_was_paid_is_not_waived_alone(house: House) -> None:
    _, rma_id = await both(house)
    await pay(house)

    with pytest.raises(Refused) as no:
        await waive(house, rma_id, FeeKind.LABEL)

    assert no.value.code == "fee_paid"
    assert (await the_fee(house, rma_id)).state.value == "paid"
    assert "return.fees_waived" not in await house.told(rma_id)


async def test_waived_and_paid_in_the_same_moment_it_goes_back(house: House) -> None:
    await house.open(document=charging(a_fee(back=Beforehand.KEPT)))
    _, rma_id = await approved(house)
    await house.control("pay-invoice", {})

    await waive(house, rma_id)
    await house.later()

    assert (await the_fee(house, rma_id)).state.value == "free"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await balances(house) == {}


async def test_cancelled_and_paid_in_the_same_moment_it_goes_back(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await approved(house)
    await house.control("pay-invoice", {})

    await cancel(house, rma_id)
    await house.later()

    assert (await the_fee(house, rma_id)).state.value == "refunded"
    assert await balances(house) == {}


async def test_what_the_platform_does_not_pay_back_waits_for_a_person_and_is_tried_again(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await approved(house)
    await pay(house)
    settings = house.sandbox.shop.settings
    granted = list(settings.scopes)
    settings.scopes = [scope for scope in granted if scope != "write_orders"]

    await cancel(house, rma_id)
    await house.later()

    assert [e.state.value for e in await house.effects(rma_id) if e.kind.value == "refund_tender"] != ["confirmed"]
    assert (await balances(house))["merchant:fees"] == 690
    settings.scopes = granted
    await house.reconnect()
    for _ in range(2):
        await house.later()

    assert (await the_fee(house, rma_id)).state.value == "refunded"
    assert await house.waits(rma_id) is None
    assert await balances(house) == {}


async def test_a_fee_that_somebody_paid_back_by_hand_is_not_paid_back_twice(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await approved(house)
    await pay(house)
    fee = await the_fee(house, rma_id)
    await house.control("admin-refund", {"order": fee.order_ref, "amount": "6.90"})

    await cancel(house, rma_id)
    await house.later()

    assert (await the_fee(house, rma_id)).state.value == "unrefunded"
    assert await house.waits(rma_id) == ("agent", "fee_stuck")
    assert fee.order_ref is not None
    await house.mirror(fee.order_ref)
    await house.do(lambda db: flow.act(db, rma_id=rma_id, do=flow.Do.AGAIN, actor="staff:1", now=now()))
    await house.settle_down()
    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.problem) == ("unrefunded", "nothing_to_refund_to")


async def test_where_another_system_pays_refunds_a_person_gives_the_fee_back(house: House) -> None:
    await house.open(document=charging(), refunds_by="platform")
    _, rma_id = await approved(house)
    await pay(house)

    await cancel(house, rma_id)

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.problem) == ("unrefunded", "refunds_elsewhere")
    assert [e.kind.value for e in await house.effects(rma_id) if e.kind.value == "refund_tender"] == []


async def test_an_exchange_of_the_same_price_bears_its_fee_by_the_invoice_alone(house: House) -> None:
    offers = Resolutions((ResolutionOffer(K.EXCHANGE, exchange=terms()),))
    await house.open(document=charging(resolutions=offers))
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.EXCHANGE.value)
    rma_id = await house.ask(order, [wish])
    await want(house, rma_id, "RT-SAME")
    await house.approve(rma_id)
    assert await house.waits(rma_id) == ("shopper", "fee_unpaid")
    await pay(house)

    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    assert await house.status(rma_id) == "resolved"
    assert await made(house) == {"draft": 2, "invoice": 1, "order_from_draft": 2}
    assert await house.refunded(order) == ("0.00", 0)
    assert await balances(house) == {
        "gateway:shopify_payments": -690, "merchant:fees": 690, "merchant:refunds": -TEE, "outside:exchange": TEE,
    }  # fmt: skip


async def test_an_invoice_that_cannot_be_withdrawn_is_shown(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await approved(house)
    settings = house.sandbox.shop.settings
    settings.scopes = [scope for scope in settings.scopes if scope != "write_draft_orders"]

    await waive(house, rma_id)

    assert (await the_fee(house, rma_id)).state.value == "free"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert "fee_invoice_stands" in await house.discrepancies()


async def test_merged_returns_pay_their_fee_once(house: House) -> None:
    await house.open(document=charging())
    order = await house.an_order()
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 1})
    await house.settle_down()

    await house.do(lambda db: rma.merge(db, rma_id=second, into=first, actor="staff:ana", now=now()))
    await house.approve(first)

    assert (await the_fee(house, second)).state.value == "ended"
    assert await parts(house, first) == [("return", 690)]
    assert await made(house) == {"draft": 1, "invoice": 1}


async def test_without_the_scope_a_person_decides(house: House) -> None:
    await house.open(document=charging())
    settings = house.sandbox.shop.settings
    settings.scopes = [scope for scope in settings.scopes if scope != "write_draft_orders"]

    _, rma_id = await approved(house)

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.problem) == ("stuck", "access_denied")
    assert await house.waits(rma_id) == ("agent", "fee_stuck")
    assert await made(house) == {}


async def test_a_fee_that_is_waived_in_part_in_the_moment_it_was_paid_goes_back_whole(house: House) -> None:
    order, rma_id = await both(house)
    await house.control("pay-invoice", {})

    await waive(house, rma_id, FeeKind.LABEL)
    for _ in range(2):
        await house.later()

    assert (await the_fee(house, rma_id)).state.value == "free"
    assert await balances(house) == {}
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    assert await house.refunded(order) == ("13.09", 1)  # the return's own fee is withheld after all


async def test_no_second_invoice_is_made_beside_one_that_cannot_be_withdrawn(house: House) -> None:
    _, rma_id = await both(house)
    before = (await house.control("settings"))["scopes"]
    await house.control("settings", {"scopes": ["read_orders"]})

    await waive(house, rma_id, FeeKind.LABEL)
    await house.later()

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.problem, fee.draft_ref is not None) == ("stuck", "access_denied", True)
    assert (await made(house))["draft"] == 1
    await house.control("settings", {"scopes": before})
    await house.do(lambda db: flow.act(db, rma_id=rma_id, do=flow.Do.AGAIN, actor="staff:1", now=now()))
    await house.settle_down()
    await house.later()
    assert (await the_fee(house, rma_id)).state.value == "unpaid"
    assert await parts(house, rma_id) == [("return", 690)]
    assert await made(house) == {"draft": 2, "invoice": 2, "draft_deleted": 1}
