"""Parcels that never arrive, and that turn up after all: paid once, restocked once, waited for by nobody in between."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import MethodKind, MethodOffer, Methods, Moment, RefundTerms, ResolutionKind, SettleOn
from retour.core.rma import Grade
from retour.flows import receiving, rma
from tests.stories.house import House, Units, now, under
from tests.stories.test_exchange_orders import made, opened, shelved, want

pytestmark = pytest.mark.anyio


async def lose(house: House, rma_id: UUID, **more: Any) -> None:
    how: dict[str, Any] = {"reason": "the carrier pays for it", "actor": "agent", "now": now()} | more
    await house.do(lambda db: rma.treat_as_lost(db, rma_id=rma_id, **how))
    await house.settle_down()


async def on_its_way(house: House, *lines: Any, units: int = 2) -> tuple[Any, UUID]:
    order = await house.an_order(*lines)
    rma_id = await house.approved(order, {0: units})
    await house.scan(rma_id)
    return order, rma_id


async def test_a_parcel_that_the_carrier_lost_waits_for_an_agent_who_has_it_paid(house: House) -> None:
    await house.open()
    order, rma_id = await on_its_way(house)

    assert await house.scan(rma_id, "lost")
    assert await house.waits(rma_id) == ("agent", "parcel_exception")
    await lose(house, rma_id)

    assert (await house.status(rma_id), await house.waits(rma_id)) == ("resolved", None)
    assert (await house.refunded(order), await house.restocks()) == (("39.98", 1), [])
    (event,) = [e for e in await house.events(rma_id) if e.type == "return.lost"]
    assert (event.actor, event.data["units"], event.data["reason"]) == ("agent", 2, "the carrier pays for it")
    assert await house.discrepancies() == {}
    with pytest.raises(Refused) as no:
        await house.ask(order, {0: 1})
    assert no.value.code in ("more_than_returnable", "nothing_left")


async def test_lost_goods_that_turn_up_are_inspected_and_restocked_and_not_paid_again(house: House) -> None:
    await house.open(document=under(refund_terms=RefundTerms(damaged_deduction_bp=3_000)))
    order, rma_id = await on_its_way(house)
    await lose(house, rma_id)

    await house.receive(rma_id, {0: 2})
    assert (await house.status(rma_id), await house.waits(rma_id)) == ("approved", ("warehouse", "awaiting_inspection"))
    await house.inspect(rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED))

    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("39.98", 1))
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]
    assert {kind: said["amount_minor"] for kind, said in (await house.discrepancies()).items()} == {
        "paid_before_inspection": 600
    }


async def test_what_came_of_a_line_goes_its_way_while_the_rest_of_it_is_lost(house: House) -> None:
    await house.open()
    order, rma_id = await on_its_way(house)
    await house.receive(rma_id, {0: 1})
    assert await house.waits(rma_id) == ("warehouse", "awaiting_inspection")

    await lose(house, rma_id)
    assert await house.refunded(order) == ("19.99", 1)
    await house.inspect(rma_id, Units(0, 1))

    lines = (await house.see(rma_id)).rma.lines
    assert [(x.decision.value, x.claimed, x.requested_quantity) for x in lines] == [
        ("resolved", ((1, 1),), 1), ("resolved", ((2, 2),), 1),
    ]  # fmt: skip
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("39.98", 2))
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]


async def test_what_came_before_the_rest_was_lost_is_paid_for_having_come(house: House) -> None:
    await house.open(document=under(settle_on=SettleOn(Moment.RECEIVED)))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    came = [receiving.ArrivedUnits((await house.see(rma_id)).rma.lines[0].id, 1)]
    await house.do(
        lambda db: receiving.receive(db, rma_id=rma_id, items=came, location_ref=None, actor="dock", now=now())
    )

    await lose(house, rma_id)

    assert [s.state.value for s in (await house.see(rma_id)).rma.settlements] == ["settled", "settled"]
    assert await house.refunded(order) == ("39.98", 2)
    await house.inspect(rma_id, Units(0, 1))
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("39.98", 2))


async def test_money_that_was_to_come_later_for_all_units_comes_for_all_though_a_part_of_them_is_lost(
    house: House,
) -> None:
    await house.open(document=under(settle_on=SettleOn(Moment.APPROVED, after_hours=1)))
    order, rma_id = await on_its_way(house)
    await house.receive(rma_id, {0: 1})

    await lose(house, rma_id)
    house.ahead += timedelta(hours=2)
    await house.later()

    assert await house.refunded(order) == ("39.98", 1)
    await house.inspect(rma_id, Units(0, 1))
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("39.98", 1))


async def test_units_paid_at_the_first_scan_end_when_they_are_lost_without_another_payment(house: House) -> None:
    await house.open(document=under(settle_on=SettleOn(Moment.FIRST_SCAN)))
    order, rma_id = await on_its_way(house)
    assert await house.refunded(order) == ("39.98", 1)

    await lose(house, rma_id)

    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("39.98", 1))


async def test_the_new_article_of_a_lost_exchange_is_ordered(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 2, "too_small", resolution=ResolutionKind.EXCHANGE.value)
    rma_id = await house.ask(order, [wish])
    await want(house, rma_id, "RT-SAME")
    await house.approve(rma_id)
    await house.scan(rma_id)
    await house.receive(rma_id, {0: 1})

    await lose(house, rma_id)
    await house.later()
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
    await house.inspect(rma_id, Units(0, 1))
    await house.later()

    assert await made(house) == {"draft": 2, "order_from_draft": 2}
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("0.00", 0))


async def test_goods_that_are_kept_are_not_missed_when_another_parcel_is_emptied(house: House) -> None:
    kept = under(methods=Methods((MethodOffer(MethodKind.OWN_CARRIER),)), settle_on=SettleOn(Moment.FIRST_SCAN))
    await house.open(document=kept)
    tee = {"sku": "A", "price": "5.00", "quantity": 1}
    order = await house.an_order(tee, {**tee, "sku": "B", "price": "7.00"})
    refs = [line.ref for line in order.order.lines]
    rma_id = await house.ask(
        order, [rma.Wish(refs[0], 1, "never_arrived"), rma.Wish(refs[1], 1, "damaged")], kind="claim"
    )
    await house.approve(rma_id)
    await house.scan(rma_id)

    await house.receive(rma_id, {1: 1})

    assert await house.discrepancies() == {}


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("not sent", "not_sent"),
        ("no reason", "reason_missing"),
        ("stale", "state_changed"),
        ("all here", "already_received"),
        ("closed", "already_decided"),
        ("not decided", "not_approved"),
    ],
)
async def test_what_is_not_on_its_way_is_not_lost_and_nothing_moves(house: House, how: str, code: str) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    if how != "not decided":
        await house.approve(rma_id)
    if how not in ("not sent", "not decided"):
        await house.scan(rma_id)
    if how in ("all here", "closed"):
        await house.receive(rma_id, {0: 2})
    if how == "closed":
        await house.inspect(rma_id, Units(0, 2))
    before = await house.traces(order)

    with pytest.raises(Refused) as no:
        await lose(
            house,
            rma_id,
            **({"reason": " "} if how == "no reason" else {"expect_version": 99} if how == "stale" else {}),
        )

    assert (no.value.code, await house.traces(order)) == (code, before)
