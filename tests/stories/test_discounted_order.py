"""An order with line and order discounts and two taxes comes back in parts, one unit of it damaged."""

from typing import Any

import pytest

from retour.core.policy.outcome import RefundTerms
from retour.core.rma import Grade
from tests.stories.house import House, Units, under

pytestmark = pytest.mark.anyio

# 3 x 19.99 - 10 % = 53.97, 8.50; 5.00 off over both: 4.32 and 0.68. So 49.65 for the tees, 7.82 for the mug.
TEES = {
    "sku": "RT-TEE-BLK-M", "price": "19.99", "quantity": 3, "taxes": [["VAT", "0.19"]], "discounts": [{"percent": "10"}]
}  # fmt: skip
MUG = {"sku": "RT-MUG-SET", "price": "8.50", "quantity": 1, "taxes": [["VAT", "0.19"], ["ECO", "0.01"]]}
SPEC: dict[str, Any] = {
    "shipping": {"price": "4.90", "taxes": [["VAT", "0.19"]]},
    "order_discount": {"amount": "5.00", "code": "HELLO"},
}


async def test_a_partial_damaged_receipt_pays_to_the_cent_and_the_rest_later(house: House) -> None:
    await house.open(document=under(refund_terms=RefundTerms(damaged_deduction_bp=4000)))
    order = await house.an_order(TEES, MUG, **SPEC)
    assert [line.gross.presentment for line in order.order.lines] == [4965, 782]
    rma_id = await house.approved(order, {0: 3, 1: 1})

    await house.receive(rma_id, {0: 2, 1: 1})
    await house.inspect(rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED), Units(1, 1, Grade.OPENED))

    # 2 x 16.55 + 7.82 - 40 % of 16.55
    assert await house.refunded(order) == ("34.30", 1)
    first = await house.settlement(rma_id)
    assert [(r.kind.value, r.payable.presentment) for r in (*first.plan.rows, *first.plan.adjustments)] == [
        ("units", 3310), ("units", 782), ("damage", -662),
    ]  # fmt: skip
    assert (first.state.value, first.comparison) == ("settled", "equal")
    assert sorted(await house.restocks()) == [("RT-MUG-SET", 1), ("RT-TEE-BLK-M", 1)]
    assert await house.waits(rma_id) == ("shopper", "awaiting_rest")

    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    assert await house.refunded(order) == ("50.85", 2)
    assert sorted(await house.restocks()) == [("RT-MUG-SET", 1), ("RT-TEE-BLK-M", 1), ("RT-TEE-BLK-M", 1)]
    assert await house.status(rma_id) == "resolved"
    assert await house.captures(order) == [(6237, 0, 5085, 0)]
    taxes = {t.bucket: t.amount.presentment for s in await house.settlements(rma_id) for t in s.plan.taxes}
    assert set(taxes) == {t.bucket for line in order.order.lines for t in line.taxes}


async def test_the_promise_is_what_is_paid_when_all_arrives_sound(house: House) -> None:
    await house.open()
    order = await house.an_order(TEES, MUG, **SPEC)

    rma_id = await house.returned(order, {0: 3, 1: 1})

    (promised,) = await house.row("SELECT promised->>'total_minor' FROM rma WHERE id = $1", rma_id)
    assert (int(promised), (await house.settlement(rma_id)).total_minor) == (5747, 5747)
    assert await house.refunded(order) == ("57.47", 1)
