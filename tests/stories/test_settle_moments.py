"""Money before the inspection: at the moment the policy names, once, and never taken back by itself."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import Approval, Approving, Moment, SettleOn
from retour.core.rma import Grade
from retour.flows import rma
from tests.stories.house import House, Units, now, under

pytestmark = pytest.mark.anyio
TEE = 1999  # minor units of one unit


def paid_on(moment: Moment, after_hours: int = 0, **more: Any) -> Any:
    return under(settle_on=SettleOn(moment, after_hours), **more)


async def paid(house: House, rma_id: UUID) -> list[tuple[str, int, str]]:
    return [(s.moment.value, s.total_minor, s.state.value) for s in await house.settlements(rma_id)]


async def come_to(house: House, rma_id: UUID, moment: Moment) -> None:
    """Let everything before a moment happen, and the moment itself."""
    if moment is Moment.FIRST_SCAN:
        await house.scan(rma_id)
    if moment is Moment.DELIVERED:
        await house.scan(rma_id)
        assert await paid(house, rma_id) == []
        await house.scan(rma_id, "delivered")
    if moment is Moment.RECEIVED:
        await house.scan(rma_id, "delivered")
        assert await paid(house, rma_id) == []
        await house.receive(rma_id, {0: 2})


EARLY = [Moment.APPROVED, Moment.FIRST_SCAN, Moment.DELIVERED, Moment.RECEIVED]


@pytest.mark.parametrize("moment", EARLY)
async def test_money_leaves_at_the_moment_the_policy_names_and_the_return_still_ends_by_itself(
    house: House, moment: Moment
) -> None:
    await house.open(document=paid_on(moment))
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    await house.settle_down()
    assert await house.refunded(order) == ("0.00", 0)

    await house.approve(rma_id)
    await come_to(house, rma_id, moment)

    assert await house.refunded(order) == ("39.98", 1)
    assert await paid(house, rma_id) == [(moment.value, 2 * TEE, "settled")]
    assert await house.restocks() == []
    assert await house.status(rma_id) == "approved"

    if moment is not Moment.RECEIVED:
        await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2))

    assert await house.refunded(order) == ("39.98", 1)
    assert await house.restocks() == [("RT-TEE-BLK-M", 2)]
    assert await house.status(rma_id) == "resolved"
    assert await house.discrepancies() == {}
    assert (await house.told(rma_id)).count("settlement.settled") == 1


async def test_each_parcel_is_paid_when_it_arrives(house: House) -> None:
    await house.open(document=paid_on(Moment.RECEIVED))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})

    await house.receive(rma_id, {0: 1})
    assert await house.refunded(order) == ("19.99", 1)
    await house.receive(rma_id, {0: 1})

    assert await house.refunded(order) == ("39.98", 2)
    await house.inspect(rma_id, Units(0, 2))
    assert await house.refunded(order) == ("39.98", 2)
    assert await house.status(rma_id) == "resolved"


@pytest.mark.parametrize("moment", EARLY)
async def test_after_some_hours_means_not_before(house: House, moment: Moment) -> None:
    await house.open(document=paid_on(moment, after_hours=24))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await come_to(house, rma_id, moment)

    assert await paid(house, rma_id) == [(moment.value, 2 * TEE, "quoted")]
    (settlement,) = await house.settlements(rma_id)
    assert settlement.not_before is not None
    assert timedelta(hours=23, minutes=59) < settlement.not_before - now() <= timedelta(hours=24)
    (due_at,) = await house.row("SELECT due_at FROM rma WHERE id = $1", rma_id)
    assert due_at == settlement.not_before
    assert await house.refunded(order) == ("0.00", 0)

    await house.later()

    assert await house.refunded(order) == ("39.98", 1)
    assert await paid(house, rma_id) == [(moment.value, 2 * TEE, "settled")]


async def test_inspected_and_some_hours_later(house: House) -> None:
    await house.open(document=paid_on(Moment.INSPECTED, after_hours=2))
    order = await house.an_order()
    rma_id = await house.returned(order, {0: 2})

    assert await house.refunded(order) == ("0.00", 0)
    assert await house.waits(rma_id) == ("retour", "settles_later")
    assert await house.restocks() == [("RT-TEE-BLK-M", 2)]

    await house.later()

    assert await house.refunded(order) == ("39.98", 1)
    assert await house.status(rma_id) == "resolved"


async def test_a_payment_asked_for_too_early_is_not_made(house: House) -> None:
    await house.open(document=paid_on(Moment.APPROVED, after_hours=24))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    (settlement,) = await house.settlements(rma_id)

    await house.settle(settlement.id)

    assert await house.refunded(order) == ("0.00", 0)
    assert (await house.settlement(rma_id)).due_at == settlement.not_before


async def test_a_held_return_pays_nothing_when_the_time_comes(house: House) -> None:
    await house.open(document=paid_on(Moment.APPROVED, after_hours=24))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="looks odd", actor="agent", now=now()))
    await house.settle_down()

    await house.later()
    assert await house.refunded(order) == ("0.00", 0)

    await house.do(lambda db: rma.release(db, rma_id=rma_id, actor="agent", now=now()))
    await house.later()
    assert await house.refunded(order) == ("39.98", 1)


async def test_a_held_return_quotes_nothing_before_it_is_released(house: House) -> None:
    await house.open(document=paid_on(Moment.FIRST_SCAN))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="looks odd", actor="agent", now=now()))

    await house.scan(rma_id)
    assert await paid(house, rma_id) == []

    await house.do(lambda db: rma.release(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    assert await house.refunded(order) == ("39.98", 1)


async def test_the_timeline_says_why_money_was_due(house: House) -> None:
    await house.open(document=paid_on(Moment.FIRST_SCAN))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})

    await house.scan(rma_id)

    (quoted,) = [e for e in await house.events(rma_id) if e.type == "settlement.quoted"]
    assert quoted.actor == "policy"
    wanted = {"because": "first_scan", "units": 2, "amount_minor": 2 * TEE, "currency": "EUR"}
    assert {key: quoted.data[key] for key in wanted} == wanted


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
    from retour.flows import receiving

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


async def test_cancelling_before_the_payment_pays_nothing(house: House) -> None:
    await house.open(document=paid_on(Moment.APPROVED, after_hours=24))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()

    assert await paid(house, rma_id) == [("approved", 0, "reversed")]
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


# --- approved by the policy after a while ---------------------------------------------------------------------------


async def test_the_policy_approves_after_some_hours_what_nobody_decided(house: House) -> None:
    await house.open(document=under(decision=Approving(Approval.AUTO_APPROVE, after_hours=12)))
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    await house.settle_down()

    assert await house.status(rma_id) == "requested"
    assert await house.waits(rma_id) == ("retour", "approves_later")
    (due_at, approve_at) = await house.row("SELECT due_at, approve_at FROM rma WHERE id = $1", rma_id)
    assert due_at == approve_at

    await house.later()

    assert await house.status(rma_id) == "approved"
    (approved,) = [e for e in await house.events(rma_id) if e.type == "return.approved"]
    assert (approved.actor, approved.data["because"]) == ("policy", "time_passed")


@pytest.mark.parametrize("decided", ["rejected", "held"])
async def test_the_policy_approves_nothing_that_somebody_decided_or_holds(house: House, decided: str) -> None:
    await house.open(document=under(decision=Approving(Approval.AUTO_APPROVE, after_hours=12)))
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    if decided == "rejected":
        await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="No", actor="agent", now=now()))
    else:
        await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="odd", actor="agent", now=now()))
    await house.settle_down()

    await house.later()

    assert await house.status(rma_id) == ("rejected" if decided == "rejected" else "requested")


async def test_a_refund_on_approval_after_some_hours_is_one_chain(house: House) -> None:
    await house.open(
        document=paid_on(Moment.APPROVED, 1, decision=Approving(Approval.AUTO_APPROVE, after_hours=12)),
    )
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    await house.settle_down()
    await house.later()
    assert await paid(house, rma_id) == [("approved", 2 * TEE, "quoted")]

    await house.later()

    assert await house.refunded(order) == ("39.98", 1)


async def test_what_somebody_else_pays_is_handed_over_at_the_moment(house: House) -> None:
    await house.open(document=paid_on(Moment.FIRST_SCAN), refunds_by="platform")
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    assert await paid(house, rma_id) == []

    await house.scan(rma_id)

    assert await paid(house, rma_id) == [("first_scan", 2 * TEE, "handed_over")]
    assert await house.refunded(order) == ("0.00", 0)


async def test_what_somebody_else_pays_is_handed_over_after_the_delay(house: House) -> None:
    await house.open(document=paid_on(Moment.FIRST_SCAN, 24), refunds_by="platform")
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.scan(rma_id)
    assert await paid(house, rma_id) == [("first_scan", 2 * TEE, "quoted")]

    await house.later()

    assert await paid(house, rma_id) == [("first_scan", 2 * TEE, "handed_over")]


async def test_what_somebody_else_pays_after_the_delay_is_what_the_inspection_left_of_it(house: House) -> None:
    await house.open(document=paid_on(Moment.RECEIVED, 24), refunds_by="platform")
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED, damaged()))

    await house.later()

    assert await paid(house, rma_id) == [("received", 2 * TEE - 600, "handed_over")]
