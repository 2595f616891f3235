"""Money before the inspection: at the moment the policy names, once, and never taken back by itself."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.policy.outcome import Approval, Approving, Moment, SettleOn
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
