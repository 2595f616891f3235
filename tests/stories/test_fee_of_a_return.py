"""A fee of the return as a whole is taken once, from the refund whose money moves first."""

from dataclasses import replace

import pytest

from retour.core.policy.document import Compare, Op, Rule
from retour.core.policy.outcome import Fee, FeePer, Fees, Moment, Outcomes, SettleOn
from retour.flows import rma
from tests.stories.house import TEE, House, now, under

pytestmark = pytest.mark.anyio
CAP = {"sku": "RT-CAP", "price": "30.00", "quantity": 1, "taxes": [["VAT", "0.19"]]}
LATER = Rule(
    "later", "Tees are paid a day later", Outcomes(settle_on=SettleOn(Moment.APPROVED, after_hours=24)),
    Compare("line.sku", Op.EQ, str(TEE["sku"])),
)  # fmt: skip


async def opened(house: House) -> None:
    fees = Fees(return_fee=Fee(fixed_minor=500, per=FeePer.RETURN))
    policy = replace(under(settle_on=SettleOn(Moment.APPROVED), fees=fees), currency="EUR", rules=(LATER,))
    await house.open(document=policy)


async def test_a_settlement_that_waits_keeps_no_fee_from_one_that_is_paid(house: House) -> None:
    await opened(house)
    order = await house.an_order(TEE, CAP)

    rma_id = await house.approved(order, {0: 2, 1: 1})

    assert await house.refunded(order) == ("25.00", 1)  # the cap, less the fee
    await house.later()
    assert await house.refunded(order) == ("64.98", 2)  # all of the tees
    assert [s.total_minor for s in await house.settlements(rma_id)] == [3998, 2500]


async def test_the_fee_is_not_lost_with_a_settlement_that_is_given_up(house: House) -> None:
    await opened(house)
    order = await house.an_order(TEE, CAP)
    rma_id = await house.approved(order, {0: 2, 1: 1})

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    await house.later()

    assert await house.refunded(order) == ("25.00", 1)
    assert [(s.state.value, s.total_minor) for s in await house.settlements(rma_id)] == [
        ("reversed", 0),
        ("settled", 2500),
    ]
