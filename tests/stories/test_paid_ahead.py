"""What was paid before anybody saw the goods: worth less, refused, or never come; shown, and never taken back by itself."""

from collections.abc import Mapping
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import Moment
from retour.core.rma import Grade
from retour.flows import receiving, rma
from tests.stories.house import House, Units, now
from tests.stories.test_settle_moments import TEE, paid, paid_on

pytestmark = pytest.mark.anyio

# --- what is found afterwards -------------------------------------------------------------------------------------


def damaged(bp: int = 3000) -> Mapping[str, Any]:
    return {"deduction_basis_points": bp, "accepted": True}


async def test_what_an_inspection_would_have_taken_off_is_shown_and_not_clawed_back(house: House) -> None:
    await house.open(document=paid_on(Moment.RECEIVED))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})

    await house.inspect(rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED, damaged()))

    assert await house.refunded(order) == ("39.98", 1)
    (ref,) = [line.ref for line in order.order.lines]
    found = (await house.discrepancies())["paid_before_inspection"]
    assert found == {
        "currency": "EUR", "amount_minor": 600,  # 30 % of 19.99
        "units": [{"line_ref": ref, "units": 1, "grade": "damaged", "accepted": True, "deduction_bp": 3000, "amount_minor": 600}],
    }  # fmt: skip
    (inspected,) = [e for e in await house.events(rma_id) if e.type == "return.inspected"]
    assert inspected.data["paid_before"] == 2
    assert await house.status(rma_id) == "resolved"


async def test_units_refused_after_they_were_paid_are_shown_at_their_whole_worth(house: House) -> None:
    await house.open(document=paid_on(Moment.RECEIVED))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})

    await house.inspect(rma_id, Units(0, 2, Grade.DAMAGED, {"accepted": False, "disposition": None}))

    assert (await house.discrepancies())["paid_before_inspection"]["amount_minor"] == 2 * TEE
    assert await house.refunded(order) == ("39.98", 1)
    assert await house.status(rma_id) == "resolved"


async def test_an_inspection_before_the_payment_counts(house: House) -> None:
    await house.open(document=paid_on(Moment.RECEIVED, after_hours=48))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED, damaged(5000)))
    assert await paid(house, rma_id) == [("received", 2 * TEE, "quoted")]

    await house.later()

    assert await house.refunded(order) == ("29.98", 1)  # 39.98 less half of 19.99, half up
    assert await paid(house, rma_id) == [("received", 2998, "settled")]
    assert await house.discrepancies() == {}
    assert await house.status(rma_id) == "resolved"


async def test_units_inspected_before_anybody_quoted_them_keep_the_delay(house: House) -> None:
    await house.open(document=paid_on(Moment.RECEIVED, after_hours=48))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    lines = (await house.see(rma_id)).rma.lines
    await house.do(
        lambda db: receiving.receive(
            db,
            rma_id=rma_id,
            items=[receiving.ArrivedUnits(lines[0].id, 1)],
            location_ref=None,
            actor="dock",
            now=now(),
        )
    )

    await house.inspect(rma_id, Units(0, 1))  # before any job ran

    assert await paid(house, rma_id) == [("inspected", TEE, "quoted")]
    (settlement,) = await house.settlements(rma_id)
    assert settlement.not_before is not None
    await house.later()
    assert await house.refunded(order) == ("19.99", 1)


# --- goods that do not come -----------------------------------------------------------------------------------------


async def test_a_unit_that_was_paid_for_and_is_not_in_the_parcel_has_an_owner(house: House) -> None:
    await house.open(document=paid_on(Moment.FIRST_SCAN))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.scan(rma_id)

    await house.receive(rma_id, {0: 1})

    assert (await house.discrepancies())["paid_not_received"] == {"units": 1, "amount_minor": TEE, "currency": "EUR"}
    (owner,) = await house.row("SELECT owner FROM discrepancy WHERE kind = 'paid_not_received'")
    assert owner == "finance"

    await house.receive(rma_id, {0: 1})
    assert await house.discrepancies() == {}
    await house.inspect(rma_id, Units(0, 2))
    assert await house.status(rma_id) == "resolved"


async def test_cancelling_what_was_paid_for_leaves_a_difference_to_a_person(house: House) -> None:
    await house.open(document=paid_on(Moment.APPROVED))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    assert await house.refunded(order) == ("39.98", 1)

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()

    assert await house.status(rma_id) == "cancelled"
    assert (await house.discrepancies())["paid_not_received"] == {
        "units": 2,
        "amount_minor": 2 * TEE,
        "currency": "EUR",
    }
    assert await house.refunded(order) == ("39.98", 1)


async def test_cancelling_before_the_payment_pays_nothing(house: House) -> None:
    await house.open(document=paid_on(Moment.APPROVED, after_hours=24))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()

    assert await paid(house, rma_id) == [("approved", 0, "reversed")]
    assert "settlement.reversed" in [told.type for told in await house.events(rma_id)]
    await house.later()
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.discrepancies() == {}


async def test_only_what_is_still_coming_is_paid(house: House) -> None:
    await house.open(document=paid_on(Moment.FIRST_SCAN, after_hours=24))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.scan(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))  # the rest

    await house.later()

    assert await house.refunded(order) == ("19.99", 1)
    await house.inspect(rma_id, Units(0, 1))
    assert await house.status(rma_id) == "resolved"
    assert await house.discrepancies() == {}


async def test_a_shopper_cannot_cancel_what_was_paid(house: House) -> None:
    await house.open(document=paid_on(Moment.APPROVED))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})

    with pytest.raises(Refused) as refused:
        await house.do(
            lambda db: rma.cancel_as_shopper(db, rma_id=rma_id, order_id=order.id, actor="shopper", now=now())
        )

    assert refused.value.code == "handed_over"
    assert await house.status(rma_id) == "approved"


async def test_units_all_refused_before_the_payment_are_paid_nothing_and_the_return_ends(house: House) -> None:
    await house.open(document=paid_on(Moment.RECEIVED, after_hours=48))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2, Grade.DAMAGED, {"accepted": False}))

    await house.later()

    assert await paid(house, rma_id) == [("received", 0, "settled")]
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.status(rma_id) == "resolved"
    assert await house.discrepancies() == {}
