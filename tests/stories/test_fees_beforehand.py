"""A fee that is paid before the goods are sent: invoiced once, to the cent, never charged twice, never lost."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from retour.core.policy import PolicyDocument
from retour.core.policy.outcome import (
    Approval,
    Approving,
    Beforehand,
    Fee,
    FeePer,
    Fees,
    FeeTax,
    MethodKind,
    MethodOffer,
    Methods,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
)
from retour.core.refund import FeeKind, explain
from retour.flows import fee as flow
from retour.flows import rma
from retour.store import fee as rows
from retour.store.fee import FeeInvoice
from tests.stories.house import House, Units, now, under
from tests.stories.test_exchange_orders import balances
from tests.stories.test_labels import place

pytestmark = pytest.mark.anyio

K = ResolutionKind
TEE = 1999
OFFERS = Resolutions((ResolutionOffer(K.REFUND_ORIGINAL), ResolutionOffer(K.REPAIR)))


def a_fee(minor: int = 690, back: Beforehand = Beforehand.REFUNDED, **more: Any) -> Fee:
    return Fee(
        fixed_minor=minor, per=FeePer.RETURN, tax=FeeTax.SUPPLY, tax_bp=1_900, beforehand=back, **more
    )  # fmt: skip


def charging(fee: Fee | None = None, **defaults: Any) -> PolicyDocument:
    wanted = {"fees": Fees(return_fee=fee or a_fee()), "resolutions": OFFERS} | defaults
    return replace(under(**wanted), currency="EUR")


async def the_fee(house: House, rma_id: UUID) -> FeeInvoice:
    async with house.web.tx(house.tenant) as db:
        found = await rows.get(db, rma_id)
    assert found is not None
    return found


async def made(house: House) -> dict[str, int]:
    effects = (await house.control("counts"))["effects"]
    wanted = ("draft", "order_from_draft", "invoice", "draft_deleted", "order_cancelled")
    return {name: effects[name] for name in wanted if effects.get(name)}


async def asked(house: House, resolution: K = K.REFUND_ORIGINAL) -> tuple[Any, UUID]:
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=resolution.value)
    return order, await house.ask(order, [wish])


async def approved(house: House, resolution: K = K.REFUND_ORIGINAL) -> tuple[Any, UUID]:
    order, rma_id = await asked(house, resolution)
    await house.approve(rma_id)
    return order, rma_id


async def pay(house: House) -> None:
    await house.control("pay-invoice", {})
    await house.later()


async def test_a_fee_is_invoiced_paid_before_the_label_and_not_withheld_again(house: House) -> None:
    await house.open(document=charging(methods=Methods((MethodOffer(MethodKind.LABEL),))))
    await place(house)
    order, rma_id = await approved(house)

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, [(p.kind.value, p.amount.presentment) for p in fee.parts]) == ("unpaid", [("return", 690)])
    assert await house.waits(rma_id) == ("shopper", "fee_unpaid")
    assert await made(house) == {"draft": 1, "invoice": 1}
    assert fee.pay_url
    assert (await house.see(rma_id)).rma.labels == ()
    assert await balances(house) == {}

    await pay(house)

    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.collected_minor) == ("paid", 690)
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert [label.state.value for label in (await house.see(rma_id)).rma.labels] == ["made"]
    assert await balances(house) == {"gateway:shopify_payments": -690, "merchant:fees": 690}
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("19.99", 1)
    told = {row.code: row for row in explain((await house.settlement(rma_id)).plan)}
    assert (told["return_fee"].amount.presentment, told["ahead"].amount.presentment) == (0, 690)
    assert await balances(house) == {
        "gateway:shopify_payments": TEE - 690, "merchant:fees": 690, "merchant:refunds": -TEE,
    }  # fmt: skip
    assert await made(house) == {"draft": 1, "invoice": 1, "order_from_draft": 1}
    assert await house.discrepancies() == {}


async def test_a_repair_pays_nothing_back_and_its_fee_is_paid_beforehand(house: House) -> None:
    await house.open(document=charging(a_fee(1_250)))
    order, rma_id = await approved(house, K.REPAIR)

    assert await house.waits(rma_id) == ("shopper", "fee_unpaid")
    await pay(house)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    settlement = await house.settlement(rma_id)
    assert (settlement.plan.total.presentment, settlement.plan.billed.presentment) == (0, 0)
    assert sum(fee.ahead.presentment for fee in settlement.plan.fees) == 1_250
    assert await house.waits(rma_id) == ("warehouse", "awaiting_repair")
    assert await house.refunded(order) == ("0.00", 0)
    assert await balances(house) == {"gateway:shopify_payments": -1_250, "merchant:fees": 1_250}


@pytest.mark.parametrize(
    ("back", "state", "left"),
    [(Beforehand.REFUNDED, "refunded", {}), (Beforehand.KEPT, "kept", {"merchant:fees": 690})],
)
async def test_cancelled_after_it_was_paid_the_fee_goes_back_or_is_kept_as_the_policy_says(
    house: House, back: Beforehand, state: str, left: dict[str, int]
) -> None:
    await house.open(document=charging(a_fee(back=back)))
    _, rma_id = await approved(house)
    await pay(house)

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()

    fee = await the_fee(house, rma_id)
    assert fee.state.value == state
    paid_back = [e for e in await house.effects(rma_id) if e.kind.value == "refund_tender"]
    assert [(e.amount_minor, e.state.value) for e in paid_back] == ([(690, "confirmed")] if state == "refunded" else [])
    assert {path: minor for path, minor in (await balances(house)).items() if path.startswith("merchant")} == left
    for _ in range(2):
        await house.later()
    assert (await the_fee(house, rma_id)).state.value == state


async def test_cancelled_before_it_was_paid_the_invoice_is_withdrawn(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await approved(house)

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()

    assert (await the_fee(house, rma_id)).state.value == "ended"
    assert await made(house) == {"draft": 1, "invoice": 1, "draft_deleted": 1}
    assert await balances(house) == {}
    assert await house.status(rma_id) == "cancelled"


async def test_rejected_it_was_never_invoiced(house: House) -> None:
    await house.open(document=charging())
    _, rma_id = await asked(house)
    await house.settle_down()

    assert (await the_fee(house, rma_id)).state.value == "due"
    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="no", actor="agent", now=now()))
    await house.settle_down()

    assert (await the_fee(house, rma_id)).state.value == "ended"
    assert await made(house) == {}


async def waive(house: House, rma_id: UUID, kind: FeeKind | None = None) -> None:
    await house.do(
        lambda db: rma.waive_fees(db, rma_id=rma_id, kind=kind, reason="our mistake", actor="staff:1", now=now())
    )
    await house.settle_down()


async def test_waived_the_return_is_free_at_once_and_nothing_is_charged_later(house: House) -> None:
    await house.open(document=charging())
    order, rma_id = await approved(house)

    await waive(house, rma_id)

    assert (await the_fee(house, rma_id)).state.value == "free"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await made(house) == {"draft": 1, "invoice": 1, "draft_deleted": 1}
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    assert await house.refunded(order) == ("19.99", 1)
    told = {row.code: row for row in explain((await house.settlement(rma_id)).plan)}
    assert (told["waived"].amount.presentment, told["waived"].reason) == (690, "our mistake")


async def test_waived_after_it_was_paid_it_goes_back(house: House) -> None:
    await house.open(document=charging(a_fee(back=Beforehand.KEPT)))
    order, rma_id = await approved(house)
    await pay(house)

    await waive(house, rma_id)

    assert (await the_fee(house, rma_id)).state.value == "free"
    assert await balances(house) == {}
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    assert await house.refunded(order) == ("19.99", 1)
    assert (await balances(house))["merchant:refunds"] == -TEE


async def test_a_person_lets_the_refund_bear_it(house: House) -> None:
    await house.open(document=charging())
    order, rma_id = await approved(house)

    await house.do(lambda db: flow.act(db, rma_id=rma_id, do=flow.Do.WITHHOLD, actor="staff:1", now=now()))
    assert (await house.see(rma_id)).rma.fee is not None
    await house.settle_down()

    assert (await the_fee(house, rma_id)).state.value == "withheld"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    assert await house.refunded(order) == ("13.09", 1)
    assert await balances(house) == {"gateway:shopify_payments": TEE - 690, "merchant:refunds": 690 - TEE}


async def test_what_is_added_after_it_was_paid_is_withheld_and_no_more(house: House) -> None:
    wanted = charging(decision=Approving(Approval.AUTO_APPROVE))
    await house.open(document=wanted)
    order, rma_id = await asked(house)
    await house.settle_down()
    await pay(house)
    await house.change(
        "UPDATE fee_invoice SET parts = jsonb_set(parts, '{0,amount}', '{\"presentment\": 500, \"shop\": 500}')"
    )

    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    assert await house.refunded(order) == ("18.09", 1)  # 6.90 in all: 5.00 beforehand, 1.90 withheld
    plan = (await house.settlement(rma_id)).plan
    assert sum(f.ahead.presentment + f.charged.presentment for f in plan.fees) == 690


async def test_changed_while_it_is_unpaid_it_is_invoiced_anew(house: House) -> None:
    await house.open(document=charging(decision=Approving(Approval.AUTO_APPROVE)))
    order, rma_id = await asked(house)
    await house.settle_down()
    assert await house.waits(rma_id) == ("shopper", "fee_unpaid")

    content = rma.Content((rma.Wish(order.order.lines[0].ref, 2, "too_small"),))
    await house.do(
        lambda db: rma.edit_return(
            db, rma_id=rma_id, content=content, actor="shopper", now=now(), policies=house.policies
        )
    )
    await house.settle_down()

    assert await made(house) == {"draft": 2, "invoice": 2, "draft_deleted": 1}
    fee = await the_fee(house, rma_id)
    assert (fee.state.value, fee.tries, [part.amount.presentment for part in fee.parts]) == ("unpaid", 2, [690])
    await pay(house)
    assert (await the_fee(house, rma_id)).collected_minor == 690


async def test_a_withdrawal_never_waits_for_a_fee(house: House) -> None:
    await house.open(document=charging())
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1}, kind="withdrawal")
    await house.settle_down()

    assert (await house.see(rma_id)).rma.fee is None
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")


async def test_a_return_without_such_a_fee_has_no_row_of_it(house: House) -> None:
    await house.open(document=charging(Fee(fixed_minor=690, per=FeePer.RETURN)))
    order, rma_id = await approved(house)

    assert (await house.see(rma_id)).rma.fee is None
    assert await made(house) == {}
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    assert await house.refunded(order) == ("13.09", 1)
