"""Terms of the policy: lines under different terms are settled apart, and a fee of the return is charged once."""

from dataclasses import replace

import pytest

from retour.core.policy import template
from retour.core.policy.document import Compare, Op, PolicyDocument, Rule
from retour.core.policy.outcome import (
    ChargeMode,
    Fee,
    FeePer,
    Outcomes,
    RefundTerms,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
)
from tests.stories.house import TEE, House, Units, under

pytestmark = pytest.mark.anyio
MUG = {"sku": "RT-MUG-SET", "price": "8.50", "quantity": 1}


def with_fee(per: FeePer, *, bp: int = 0, fixed_minor: int = 0) -> PolicyDocument:
    fee = Fee(bp, fixed_minor, per)
    offer = ResolutionOffer(ResolutionKind.REFUND_ORIGINAL, restocking_fee=fee)
    return replace(under(resolutions=Resolutions((offer,))), currency="EUR")


def mugs_without_fee(document: PolicyDocument) -> PolicyDocument:
    free = Outcomes(resolutions=Resolutions((ResolutionOffer(ResolutionKind.REFUND_ORIGINAL),)))
    rule = Rule("mugs", "Mugs are free", free, Compare("line.sku", Op.EQ, "RT-MUG-SET"))
    return replace(document, rules=(rule,))


async def test_a_fixed_fee_of_the_return_is_charged_once_however_often_goods_arrive(house: House) -> None:
    await house.open(document=with_fee(FeePer.RETURN, fixed_minor=300))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})

    for _ in range(2):
        await house.receive(rma_id, {0: 1})
        await house.inspect(rma_id, Units(0, 1))

    assert [s.total_minor for s in await house.settlements(rma_id)] == [1699, 1999]
    assert await house.refunded(order) == ("36.98", 2)


async def test_a_fee_of_each_unit_is_charged_with_each(house: House) -> None:
    await house.open(document=with_fee(FeePer.UNIT, fixed_minor=100))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})

    for _ in range(2):
        await house.receive(rma_id, {0: 1})
        await house.inspect(rma_id, Units(0, 1))

    assert await house.refunded(order) == ("37.98", 2)


async def test_lines_under_other_terms_are_settled_apart_and_both_are_paid(house: House) -> None:
    await house.open(document=mugs_without_fee(with_fee(FeePer.UNIT, bp=1000)))
    order = await house.an_order(TEE, MUG)

    rma_id = await house.returned(order, {0: 2, 1: 1})

    settlements = await house.settlements(rma_id)
    assert [(s.part, s.total_minor, s.state.value) for s in settlements] == [(1, 3598, "settled"), (2, 850, "settled")]
    assert await house.refunded(order) == ("44.48", 2)
    assert await house.status(rma_id) == "resolved"
    (promised,) = await house.row("SELECT promised->>'total_minor' FROM rma WHERE id = $1", rma_id)
    assert int(promised) == 4448


async def test_the_terms_of_the_request_hold_whatever_is_published_later(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    async with house.web.tx(house.tenant) as db:
        await house.publish(with_fee(FeePer.UNIT, bp=5000), db=db)

    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    assert await house.refunded(order) == ("19.99", 1)


@pytest.mark.parametrize(
    ("mode", "paid"),
    [
        (ChargeMode.NONE, ["19.99", "39.98"]),
        (ChargeMode.ALL, ["24.89", "44.88"]),
        (ChargeMode.ON_FULL_RETURN, ["19.99", "44.88"]),
        (ChargeMode.PROPORTIONAL, ["22.44", "44.88"]),
    ],
)
async def test_shipping_goes_back_as_the_policy_says(house: House, mode: ChargeMode, paid: list[str]) -> None:
    await house.open(document=under(template(), refund_terms=RefundTerms(shipping=mode)))
    order = await house.an_order(shipping={"price": "4.90", "taxes": [["VAT", "0.19"]]})

    seen = []
    for _ in range(2):
        await house.returned(order, {0: 1})
        seen.append((await house.refunded(order))[0])

    assert seen == paid
