"""Orders paid with more than one kind of money."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from retour.core.order import Fetched
from retour.core.policy.outcome import CaptureOrder, RefundTerms
from tests.stories.house import House, under

pytestmark = pytest.mark.anyio
MIXED = {"payments": [{"gateway": "gift_card", "amount": "15.00"}, {"gateway": "shopify_payments"}]}


async def test_a_refund_beyond_the_card_spills_over_to_the_gift_card(house: House) -> None:
    await house.open()
    order = await house.an_order(payments=MIXED["payments"])

    rma_id = await house.returned(order, {0: 2})

    legs = (await house.settlement(rma_id)).plan.legs
    assert [(leg.kind.value, leg.amount_minor) for leg in legs] == [("card", 2498), ("gift_card", 1500)]
    assert await house.refunded(order) == ("39.98", 1)
    assert await house.captures(order) == [(1500, 0, 1500, 0), (2498, 0, 2498, 0)]
    balances = await house.rows("SELECT path, posted_minor FROM ledger_account ORDER BY path")
    assert balances == [("gateway:gift_card", 1500), ("gateway:shopify_payments", 2498), ("merchant:refunds", -3998)]


def a_day_apart(fetched: Fetched) -> Fetched:
    """Return the order with its first payment taken a day before the second."""
    first, second = fetched.order.captures
    earlier = replace(first, captured_at=first.captured_at - timedelta(days=1))
    return replace(fetched, order=replace(fetched.order, captures=(earlier, second)))


@pytest.mark.parametrize(
    ("which", "expected"),
    [(CaptureOrder.NEWEST, [(1, 1999)]), (CaptureOrder.OLDEST, [(0, 1500), (1, 499)])],
)
async def test_of_two_cards_the_policy_says_which_is_paid_back_first(
    house: House, which: CaptureOrder, expected: list[tuple[int, int]]
) -> None:
    cards: Any = [{"gateway": "shopify_payments", "amount": "15.00"}, {"gateway": "shopify_payments"}]
    await house.open(document=under(refund_terms=RefundTerms(capture_order=which)))
    order = await house.an_order(payments=cards, bend=a_day_apart)

    rma_id = await house.returned(order, {0: 1})

    refs = [capture.ref for capture in order.order.captures]
    legs = (await house.settlement(rma_id)).plan.legs
    assert [(refs.index(leg.capture_ref), leg.amount_minor) for leg in legs] == expected
    assert await house.refunded(order) == ("19.99", 1)


async def test_two_returns_fill_the_tenders_one_after_the_other(house: House) -> None:
    await house.open()
    order = await house.an_order(payments=MIXED["payments"])

    first, second = await house.returned(order, {0: 1}), await house.returned(order, {0: 1})

    legs = [
        [(leg.kind.value, leg.amount_minor) for leg in (await house.settlement(r)).plan.legs] for r in (first, second)
    ]
    assert legs == [[("card", 1999)], [("card", 499), ("gift_card", 1500)]]
    assert await house.captures(order) == [(1500, 0, 1500, 0), (2498, 0, 2498, 0)]
