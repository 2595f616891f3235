"""What one settlement of an order leaves for the next: fees by parcel, and units that never left the shop."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.money import Sides
from retour.core.order import Fetched, PlatformRefund, RefundedLine
from retour.core.policy import PolicyDocument
from retour.core.policy.document import Compare, Op, PromotionCondition, Rule
from retour.core.policy.outcome import (
    ChargeMode,
    Fee,
    FeePer,
    MethodKind,
    MethodOffer,
    Methods,
    Moment,
    Outcomes,
    PromotionMode,
    RefundTerms,
    SettleOn,
)
from retour.core.rma import Grade
from retour.flows import rma
from tests.stories.house import TEE, House, Units, now, under

pytestmark = pytest.mark.anyio
MUG = {"sku": "RT-MUG-SET", "price": "8.50", "quantity": 1}
LABEL = MethodOffer(MethodKind.LABEL, fee=Fee(fixed_minor=490, per=FeePer.PARCEL))


def one_never_sent(gross: int) -> Any:
    """Return what makes the mirror see one of two units cancelled before it was sent, and paid back by the shop."""

    def bend(seen: Fetched) -> Fetched:
        order = seen.order
        line, sent = order.lines[0], order.fulfilments[0]
        refund = PlatformRefund(
            "gid://shopify/Refund/77", datetime(2026, 1, 1, tzinfo=UTC), Sides(gross, gross), "cancelled",
            (RefundedLine(line.ref, 1, Sides(gross, gross)),),
        )  # fmt: skip
        fulfilment = replace(sent, units=(replace(sent.units[0], quantity=1),))
        changed = replace(
            order, lines=(replace(line, cancelled=1),), fulfilments=(fulfilment,), refunds=(refund,)
        )  # fmt: skip
        return replace(seen, order=changed)

    return bend


async def totals(house: House, rma_id: UUID) -> list[tuple[int, str]]:
    return [(s.total_minor, s.state.value) for s in await house.settlements(rma_id)]


async def test_a_parcel_is_charged_once_when_the_settlement_quoted_first_is_paid_last(house: House) -> None:
    dear = Rule(
        "dear", "Dear goods are paid a day after approval", Outcomes(settle_on=SettleOn(Moment.APPROVED, 24)),
        Compare("line.sku", Op.EQ, "RT-TEE-BLK-M"),
    )  # fmt: skip
    document = replace(under(methods=Methods((LABEL,))), currency="EUR", rules=(dear,))
    await house.open(document=document)
    order = await house.an_order(TEE, {**MUG, "quantity": 2})
    rma_id = await house.approved(order, {0: 2, 1: 2})
    assert await totals(house, rma_id) == [(3_508, "quoted")]  # the first parcel
    for parcel in ("1", "2"):
        await house.scan(rma_id, parcel=parcel)

    await house.receive(rma_id, {1: 2})
    await house.inspect(rma_id, Units(1, 2))
    assert await totals(house, rma_id) == [(3_508, "quoted"), (720, "settled")]  # both parcels: its money moved first
    await house.later()

    assert await totals(house, rma_id) == [(3_998, "settled"), (720, "settled")]


async def test_a_unit_that_was_never_sent_does_not_keep_the_return_from_being_whole(house: House) -> None:
    await house.open(document=under(refund_terms=RefundTerms(shipping=ChargeMode.ON_FULL_RETURN)))
    shipping = {"price": "4.90", "taxes": [["VAT", "0.19"]]}
    order = await house.an_order(shipping=shipping, bend=one_never_sent(1_999))

    rma_id = await house.returned(order, {0: 1})

    assert await totals(house, rma_id) == [(1_999 + 490, "settled")]


async def test_no_discount_is_taken_back_for_a_unit_that_was_never_sent(house: House) -> None:
    terms = RefundTerms(promotions=PromotionMode.CLAWBACK)
    promotion = PromotionCondition("HELLO", minimum_minor=3_000)
    await house.open(document=replace(under(refund_terms=terms), currency="EUR", promotions=(promotion,)))
    order = await house.an_order(
        {**TEE, "price": "20.00"}, order_discount={"percent": "10", "code": "HELLO"}, bend=one_never_sent(1_800)
    )

    rma_id = await house.returned(order, {0: 1})

    assert await totals(house, rma_id) == [(1_800, "settled")]


def paid_on(moment: Moment, after_hours: int = 0) -> PolicyDocument:
    return under(settle_on=SettleOn(moment, after_hours))


async def test_a_unit_that_was_paid_and_cancelled_leaves_the_other_one_to_be_returned(house: House) -> None:
    await house.open(document=paid_on(Moment.APPROVED))
    order = await house.an_order()
    first = await house.approved(order, {0: 1})
    await house.do(lambda db: rma.cancel(db, rma_id=first, actor="agent", now=now()))
    with pytest.raises(Refused) as refused:
        await house.ask(order, {0: 2})
    assert refused.value.code == "more_than_returnable"

    second = await house.approved(order, {0: 1})

    assert (await house.see(second)).rma.lines[0].claimed == ((2, 2),)
    assert await house.refunded(order) == ("39.98", 2)


async def test_what_somebody_else_pays_after_the_delay_is_what_the_inspection_left_of_it(house: House) -> None:
    await house.open(document=paid_on(Moment.RECEIVED, 24), refunds_by="platform")
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    damaged = {"deduction_basis_points": 3_000, "accepted": True}
    await house.inspect(rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED, damaged))

    await house.later()

    assert await totals(house, rma_id) == [(3_998 - 600, "handed_over")]
