"""A closed return is decided again: units claimed again, nothing paid twice, what was done is taken back or shown."""

from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind
from retour.flows import receiving, rma
from retour.store.db import Db
from tests.stories.house import House, Units, now
from tests.stories.test_handed_over import offered, paid, returned_for

pytestmark = pytest.mark.anyio


async def reopen(house: House, rma_id: UUID, **more: object) -> None:
    await house.do(
        lambda db: rma.reopen(db, rma_id=rma_id, reason="a closer look", actor="agent", now=now(), **more)  # type: ignore[arg-type]
    )
    await house.settle_down()


async def reject(house: House, rma_id: UUID) -> None:
    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="No.", actor="agent", now=now()))
    await house.settle_down()


async def test_a_rejected_return_is_opened_again_and_goes_its_way(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    await reject(house, rma_id)

    await reopen(house, rma_id)

    assert (await house.status(rma_id), await house.waits(rma_id)) == ("reopened", ("agent", "decision_needed"))
    assert [claimed for claimed, _, _ in await house.counters(order)] == [2]
    (event,) = [e for e in await house.events(rma_id) if e.type == "return.reopened"]
    assert (event.data["units"], event.data["reason"], event.data["stands"]) == (2, "a closer look", [])
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2))
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("39.98", 1))


async def test_units_that_another_return_has_by_now_are_not_claimed_again(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    await reject(house, rma_id)
    await house.ask(order, {0: 1})
    before = await house.traces(order)

    with pytest.raises(Refused) as no:
        await reopen(house, rma_id)

    assert (no.value.code, await house.status(rma_id), await house.traces(order)) == (
        "more_than_returnable", "rejected", before,
    )  # fmt: skip


async def test_a_resolved_return_that_is_approved_again_stays_as_it_was(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.returned(order, {0: 2})
    stock = await house.restocks()

    await reopen(house, rma_id)
    assert await house.waits(rma_id) == ("agent", "decision_needed")
    await house.approve(rma_id)

    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("39.98", 1))
    assert await house.restocks() == stock
    assert await house.discrepancies() == {}


async def test_a_resolved_return_that_is_rejected_takes_the_stock_out_and_shows_the_money(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.returned(order, {0: 2})
    (settled,) = await house.settlements(rma_id)
    before = await house.control("counts")

    await reopen(house, rma_id)
    await reject(house, rma_id)

    assert await house.status(rma_id) == "rejected"
    assert await house.refunded(order) == ("39.98", 1)
    assert (await house.discrepancies())["paid_and_rejected"] == {
        "rma_id": str(rma_id), "settlement_id": str(settled.id), "amount_minor": 3998, "currency": "EUR",
        "resolution": "refund_original",
    }  # fmt: skip
    undone = [e for e in await house.effects(rma_id) if e.business_ref.startswith("unrestock:")]
    assert [(e.kind.value, e.state.value) for e in undone] == [("restock", "confirmed")]
    assert (await house.calls())["inventoryAdjustQuantities"] == before["calls"].get("inventoryAdjustQuantities", 0) + 1
    with pytest.raises(Refused):
        await house.ask(order, {0: 1})
    assert [claimed for claimed, _, _ in await house.counters(order)] == [2], "what is here stays with its return"


async def test_where_the_warehouse_keeps_the_stock_a_person_takes_the_units_out(house: House) -> None:
    await house.open(restocks_by="warehouse")
    order = await house.an_order()
    rma_id = await house.returned(order, {0: 1})
    inspections = [i.id for i in (await house.see(rma_id)).rma.inspections()]

    async def report(db: Db) -> None:
        await receiving.restocked(
            db, rma_id=rma_id, inspection_ids=inspections, location_ref="A1", actor="dock", now=now()
        )

    await house.do(report)
    await house.settle_down()
    assert await house.status(rma_id) == "resolved"

    await reopen(house, rma_id)
    await reject(house, rma_id)
    await house.settle_down()

    assert (await house.discrepancies())["restock_to_undo"]["units"] == 1


async def test_whoever_issued_something_else_is_asked_to_take_it_back(house: House) -> None:
    await offered(house, ResolutionKind.STORE_CREDIT)
    order = await house.an_order()
    rma_id = await returned_for(house, order, ResolutionKind.STORE_CREDIT)
    (handed,) = await house.settlements(rma_id)
    await paid(house, handed.id)
    assert await house.status(rma_id) == "resolved"

    await reopen(house, rma_id)
    await reject(house, rma_id)

    assert (await house.discrepancies())["reversal_asked"]["amount_minor"] == 1999
    (asked,) = [e for e in await house.events(rma_id) if e.type == "settlement.reversal_asked"]
    assert (asked.data["settlement_id"], asked.data["amount_minor"]) == (str(handed.id), 1999)


@pytest.mark.parametrize("how", ["open", "cancelled", "no reason", "stale"])
async def test_what_cannot_be_reopened_is_refused_and_nothing_moves(house: House, how: str) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    if how == "cancelled":
        await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    elif how != "open":
        await reject(house, rma_id)
    before = await house.traces(order)
    more: dict[str, object] = {"expect_version": 99} if how == "stale" else {}
    reason = " " if how == "no reason" else "why"

    with pytest.raises(Refused) as no:
        await house.do(
            lambda db: rma.reopen(db, rma_id=rma_id, reason=reason, actor="agent", now=now(), **more)  # type: ignore[arg-type]
        )

    codes = {
        "open": "not_closed",
        "cancelled": "move_not_allowed",
        "no reason": "reason_missing",
        "stale": "state_changed",
    }
    assert (no.value.code, await house.traces(order)) == (codes[how], before)


async def test_one_line_of_an_open_return_is_opened_again(house: House) -> None:
    await house.open()
    order = await house.an_order(
        {"sku": "A", "price": "5.00", "quantity": 1}, {"sku": "B", "price": "7.00", "quantity": 1}
    )
    rma_id = await house.ask(order, {0: 1, 1: 1})
    first, second = (line.id for line in (await house.see(rma_id)).rma.lines)
    await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="no", actor="agent", now=now(), line_ids=[second]))
    await house.approve(rma_id)

    await reopen(house, rma_id, line_ids=[second])

    decisions = [line.decision.value for line in (await house.see(rma_id)).rma.lines]
    assert decisions == ["approved", "reopened"]
    with pytest.raises(Refused) as no:
        await reopen(house, rma_id, line_ids=[first])
    assert no.value.code == "not_closed"
