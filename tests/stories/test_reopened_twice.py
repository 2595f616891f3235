"""Decided, and decided again: what was taken back is done again, what was paid is paid once, and each cent has its place."""

from typing import Any
from uuid import UUID

import pytest

from retour.core.policy.outcome import (
    Bonus,
    MethodKind,
    MethodOffer,
    Methods,
    Moment,
    RefundTerms,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    SettleOn,
)
from retour.core.rma import Grade
from retour.flows import hand_over, receiving, rma
from tests.stories.house import House, Units, now, under
from tests.stories.test_exchange_orders import exchanging, made, opened, shelved
from tests.stories.test_expiring import WAITS, be_patient, time_is
from tests.stories.test_kinds import MUGS, wish
from tests.stories.test_reopening import reject, reopen

pytestmark = pytest.mark.anyio

K = ResolutionKind


async def on_the_shelf(house: House) -> int:
    """Return how many tees lie in all places of the shop."""
    places = (await house.control("books"))["stock"]["RT-TEE-BLK-M"].values()
    return sum(states["available"] for states in places)


async def expired(house: House, rma_id: UUID) -> None:
    """Let the time of a return run out."""
    end = (await house.see(rma_id)).rma.send_by
    assert end is not None
    for _ in range(2):
        await time_is(house, rma_id, end)
    await house.later()
    assert await house.status(rma_id) == "expired"


async def test_units_taken_out_for_a_rejection_are_put_back_when_it_is_approved_after_all(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.returned(order, {0: 2})
    there = await on_the_shelf(house)

    seen = []
    for _ in range(2):
        await reopen(house, rma_id)
        await reject(house, rma_id)
        seen.append((await on_the_shelf(house) - there, sorted(await house.discrepancies())))
        await reopen(house, rma_id)
        await house.approve(rma_id)
        seen.append((await on_the_shelf(house) - there, sorted(await house.discrepancies())))

    assert seen == [(-2, ["paid_and_rejected"]), (0, [])] * 2
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("39.98", 1))
    moved = [e.business_ref.split(":")[0] for e in await house.effects(rma_id) if e.kind.value == "restock"]
    assert moved == ["unrestock", "restock_again", "unrestock", "restock_again"]


async def test_an_exchange_that_was_taken_back_is_made_again_when_it_is_approved_after_all(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-SAME")
    await house.later()
    await reopen(house, rma_id)
    await reject(house, rma_id)
    await house.later()
    assert await made(house) == {"draft": 1, "order_from_draft": 1, "order_cancelled": 1}

    await reopen(house, rma_id)
    await house.approve(rma_id)
    await house.later()

    assert await made(house) == {"draft": 2, "order_from_draft": 2, "order_cancelled": 1}
    states = [(s.state.value, s.total_minor) for s in await house.settlements(rma_id)]
    assert (states, await house.status(rma_id)) == ([("reversed", 0), ("settled", 1999)], "resolved")
    assert (await house.refunded(order), await house.discrepancies()) == (("0.00", 0), {})


async def test_an_exchange_approved_again_while_it_is_being_taken_back_is_made_again(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    rma_id = await exchanging(house, order, "RT-SAME")
    await house.later()

    for act in ("reopen", "reject", "reopen", "approve"):
        more: dict[str, Any] = {"reopen": {"reason": "why"}, "reject": {"message": "no"}}.get(act, {})
        await house.do(lambda db: getattr(rma, act)(db, rma_id=rma_id, actor="agent", now=now(), **more))  # noqa: B023
    await house.settle_down()
    await house.later()

    assert await made(house) == {"draft": 2, "order_from_draft": 2, "order_cancelled": 1}
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("0.00", 0))


async def test_a_unit_paid_before_it_expired_is_the_one_that_comes_back_and_is_not_paid_again(house: House) -> None:
    await house.open(document=under(settle_on=SettleOn(Moment.APPROVED)))
    await be_patient(house, WAITS)
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await expired(house, rma_id)
    assert (await house.discrepancies())["paid_not_received"]["amount_minor"] == 1999

    await reopen(house, rma_id)
    assert (await house.see(rma_id)).rma.lines[0].claimed == ((1, 1),)
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("19.99", 1))
    assert (await house.restocks(), await house.discrepancies()) == ([("RT-TEE-BLK-M", 1)], {})


async def test_what_expired_before_its_payment_is_paid_once_it_comes_after_all(house: House) -> None:
    await house.open(document=under(settle_on=SettleOn(Moment.APPROVED, 20 * 24)))
    await be_patient(house, WAITS)
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await expired(house, rma_id)
    assert [r["status"] for r in (await house.books(order))["returns"]] == ["CANCELED"]

    await reopen(house, rma_id)
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    await house.later()

    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("19.99", 1))
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]
    assert [s.state.value for s in await house.settlements(rma_id)] == ["reversed", "settled"]


async def test_an_expired_return_that_is_opened_again_ends_by_itself_although_the_platforms_own_is_cancelled(
    house: House,
) -> None:
    await house.open()
    await be_patient(house, WAITS)
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await expired(house, rma_id)

    await reopen(house, rma_id)
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED))

    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("39.98", 1))
    assert {"failed", "unknown"} & set((await house.states(rma_id)).values()) == set()


async def test_a_cancellation_opened_again_cancels_units_that_were_never_sent(house: House) -> None:
    await house.open()
    order = await house.an_order(MUGS)
    rma_id = await house.ask(order, wish(order, 1, "changed_mind"), kind="cancellation")
    await reject(house, rma_id)

    await reopen(house, rma_id)
    assert ((await house.see(rma_id)).rma.lines[0].claimed, await house.counters(order)) == (((3, 3),), [(0, 0, 0)])
    await house.approve(rma_id)

    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("38.00", 1))
    assert (await house.see(await house.ask(order, {0: 1}))).rma.lines[0].claimed == ((1, 1),)


async def test_kept_goods_that_were_rejected_after_their_payment_are_opened_again_without_another_one(
    house: House,
) -> None:
    await house.open(document=under(methods=Methods((MethodOffer(MethodKind.KEEP_ITEM),))))
    order = await house.an_order()
    rma_id = await house.ask(order, wish(order, 1, "damaged"), kind="claim")
    await house.approve(rma_id)
    await reopen(house, rma_id)
    await reject(house, rma_id)
    assert (await house.discrepancies())["paid_and_rejected"]["amount_minor"] == 1999

    await reopen(house, rma_id)
    await house.approve(rma_id)

    assert (await house.see(rma_id)).rma.lines[0].claimed == ((1, 1),)
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("19.99", 1))
    assert await house.discrepancies() == {}


async def test_only_what_the_rejected_line_was_given_is_asked_back_with_its_part_of_the_bonus(house: House) -> None:
    offers = (ResolutionOffer(K.REFUND_ORIGINAL), ResolutionOffer(K.STORE_CREDIT, bonus=Bonus(bp=1_000)))
    await house.open(document=under(resolutions=Resolutions(offers)))
    order = await house.an_order(
        *({"sku": sku, "price": price, "quantity": 1} for sku, price in (("A", "5.00"), ("B", "7.00"), ("C", "9.99")))
    )
    kinds = ("refund_original", "store_credit", "store_credit")
    rma_id = await house.ask(
        order, [rma.Wish(x.ref, 1, "too_small", resolution=k) for x, k in zip(order.order.lines, kinds, strict=True)]
    )
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1, 1: 1, 2: 1})
    await house.inspect(rma_id, *(Units(i, 1) for i in range(3)))
    (credit,) = [s for s in await house.settlements(rma_id) if s.resolution == "store_credit"]
    await house.do(
        lambda db: hand_over.report_paid(db, settlement_id=credit.id, reference="GC", actor="staff:1", now=now())
    )
    await house.settle_down()
    second, third = (line.id for line in (await house.see(rma_id)).rma.lines[1:])

    async def shown() -> dict[str, int]:
        return {kind: said["amount_minor"] for kind, said in (await house.discrepancies()).items()}

    asked = []
    for line in (second, third):
        await reopen(house, rma_id, line_ids=[line])
        await reject(house, rma_id)
        asked.append(await shown())
    await reopen(house, rma_id, line_ids=[second])
    await house.approve(rma_id)
    asked.append(await shown())

    # 7.00 and 9.99 with ten per cent on top: 18.69 in all, of which 7.70 are the second line's and 10.99 the third's
    assert (credit.plan.total.presentment, credit.plan.bonus) == (1699, 170)
    assert asked == [{"reversal_asked": 770}, {"reversal_asked": 1869}, {"reversal_asked": 1099}]
    events = [e for e in await house.events(rma_id) if e.type == "settlement.reversal_asked"]
    assert [e.data["amount_minor"] for e in events] == [770, 1099]


async def test_where_a_person_takes_units_out_of_the_stock_nobody_is_asked_to_any_more(house: House) -> None:
    await house.open(restocks_by="warehouse")
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    ids = [i.id for i in (await house.see(rma_id)).rma.inspections()]
    await house.do(
        lambda db: receiving.restocked(
            db, rma_id=rma_id, inspection_ids=ids, location_ref="A1", actor="dock", now=now()
        )
    )
    await house.settle_down()

    shown = []
    for _ in range(2):
        await reopen(house, rma_id)
        await reject(house, rma_id)
        shown.append("restock_to_undo" in await house.discrepancies())
        await reopen(house, rma_id)
        await house.approve(rma_id)
        shown.append("restock_to_undo" in await house.discrepancies())

    assert shown == [True, False, True, False]


async def test_what_was_deducted_when_it_was_paid_is_no_difference_once_another_unit_is_inspected(
    house: House,
) -> None:
    terms = RefundTerms(damaged_deduction_bp=3_000)
    await house.open(document=under(settle_on=SettleOn(Moment.RECEIVED, 48), refund_terms=terms))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1, Grade.DAMAGED))
    await house.later()
    assert await house.refunded(order) == ("13.99", 1)

    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    await house.later()

    assert (await house.refunded(order), await house.discrepancies()) == (("33.98", 2), {})


async def test_a_cancellation_that_is_changed_is_paid_as_it_was_changed(house: House) -> None:
    await house.open()
    order = await house.an_order(MUGS)
    rma_id = await house.ask(order, wish(order, 1, "changed_mind"), kind="cancellation")

    content = rma.Content(tuple(wish(order, 2, "changed_mind")))
    await house.do(
        lambda db: rma.edit_return(
            db, rma_id=rma_id, content=content, actor="agent", now=now(), policies=house.policies
        )
    )
    assert await house.counters(order) == [(0, 0, 0)]
    await house.approve(rma_id)

    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("76.00", 1))
