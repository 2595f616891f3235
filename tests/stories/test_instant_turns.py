"""What changes while a card is asked for: less is owed, somebody pays meanwhile, the article must wait."""

from datetime import timedelta
from uuid import UUID

import pytest

from retour.core.hold import Decided
from retour.core.rma import Grade
from retour.flows import card_hold as flow
from retour.flows import rma
from tests.stories.house import House, now
from tests.stories.test_exchange_orders import balances, made, new_order
from tests.stories.test_instant_exchange import (
    TEE,
    approved,
    ask,
    cards,
    come_back,
    confirm,
    days_pass,
    desk,
    held,
    hold,
    opened,
)

pytestmark = pytest.mark.anyio


async def owing(house: House) -> UUID:
    """Return a return whose goods did not come in time, and whose card refused the charge."""
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, faults=[{"where": "capture", "how": "decline"}])
    await days_pass(house, 14.5)
    asked = await hold(house, rma_id)
    assert (asked.state.value, asked.owes, asked.owed_minor) == ("dunning", "pay", TEE)
    return rma_id


async def test_goods_that_come_back_damaged_after_all_lower_what_is_asked_for(house: House) -> None:
    rma_id = await owing(house)

    await come_back(house, rma_id, Grade.DAMAGED)
    for _ in range(3):
        await house.later()

    asked = await hold(house, rma_id)
    assert (asked.state.value, asked.owes, asked.owed_minor) == ("dunning", "pay", 600)
    await confirm(house)
    assert ((await hold(house, rma_id)).state.value, (await hold(house, rma_id)).captured_minor) == ("captured", 600)
    assert ((await cards(house))[1], (await balances(house))["merchant:sales"]) == (600, 600)


async def test_what_is_paid_on_a_page_that_is_being_closed_is_found_and_asked_for_once(house: House) -> None:
    rma_id = await owing(house)
    page = (await hold(house, rma_id)).page_ref
    assert page is not None
    await desk(house, faults=[{"where": "close_page", "how": "throttled", "times": 1}])

    await house.do(
        lambda db: flow.decide(
            db,
            rma_id=rma_id,
            do=Decided.CAPTURE,
            amount_minor=600,
            reason="agreed",
            actor="staff:1",
            now=now(),
        )
    )
    await house.settle_down()
    await desk(house, confirm=page)
    for _ in range(4):
        await house.later()

    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor) == ("captured", TEE)
    _, captured, counts = await cards(house)
    assert (captured, counts["paid"], counts["pages"]) == (TEE, 1, 2)
    assert (await balances(house))["merchant:sales"] == TEE


async def test_a_key_that_the_provider_takes_no_more_is_shown_while_a_page_is_open(house: House) -> None:
    rma_id = await owing(house)
    await desk(house, faults=[{"where": "see_page", "how": "401", "times": 9}])

    house.ahead += timedelta(hours=1)
    await house.later()

    states = await house.rows("SELECT state FROM connection WHERE platform = 'stripe'")
    assert [row[0] for row in states] == ["needs_reconnect"]
    assert (await hold(house, rma_id)).state.value == "dunning"


async def charge(house: House, rma_id: UUID, minor: int | None) -> None:
    """Let staff charge the card, or a part of what is held on it."""
    await house.do(
        lambda db: flow.decide(
            db, rma_id=rma_id, do=Decided.CAPTURE, amount_minor=minor, reason="agreed", actor="staff:1", now=now()
        )
    )
    await house.settle_down()
    await house.later()
    assert (await hold(house, rma_id)).state.value == "captured"


async def test_what_staff_charges_whole_is_bought_and_not_waited_for(house: House) -> None:
    await opened(house)
    order, rma_id = await held(house)

    await charge(house, rma_id, None)

    assert (await house.status(rma_id), await house.waits(rma_id)) == ("expired", None)
    assert (await new_order(house, rma_id)).state.value == "made"
    assert await cards(house) == (0, TEE, {"pages": 1, "authorised": 1, "captured": 1})
    assert await house.refunded(order) == ("0.00", 0)


async def test_a_return_that_is_cancelled_after_a_charge_leaves_the_shopper_what_was_paid_for(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await charge(house, rma_id, 500)
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="staff:1", now=now()))
    for _ in range(3):
        await house.later()

    assert await house.status(rma_id) == "cancelled"
    assert (await new_order(house, rma_id)).state.value == "made"
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
    assert (await cards(house))[:2] == (0, 500)
    assert await balances(house) == {
        "merchant:refunds": -TEE, "outside:exchange": TEE, "gateway:stripe": -500, "merchant:sales": 500,
    }  # fmt: skip


async def test_a_held_return_charges_no_card_and_the_card_stays_held_until_it_is_let_go_on(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="she called", actor="staff:1", now=now()))

    await days_pass(house, 14.5)

    assert (await hold(house, rma_id)).state.value == "authorised"
    assert (await cards(house))[:2] == (TEE, 0)
    assert "return.reminded" not in [e.type for e in await house.events(rma_id)]
    assert await house.waits(rma_id) == ("agent", "held")
    await house.do(lambda db: rma.release(db, rma_id=rma_id, actor="staff:1", now=now()))
    await house.later()
    await house.later()
    assert ((await hold(house, rma_id)).state.value, (await cards(house))[:2]) == ("captured", (0, TEE))


async def test_what_a_person_decides_about_a_card_is_done_though_the_return_is_held(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="she called", actor="staff:1", now=now()))

    await house.do(
        lambda db: flow.decide(
            db, rma_id=rma_id, do=Decided.CAPTURE, amount_minor=500, reason="agreed", actor="staff:1", now=now()
        )
    )
    await house.later()
    await house.later()

    assert (await hold(house, rma_id)).captured_minor == 500


async def test_what_was_charged_for_an_article_that_is_not_sent_any_more_is_shown_to_finance(house: House) -> None:
    await opened(house)
    _, rma_id = await approved(house)
    await ask(house, rma_id)
    await house.control("stock", {"sku": "RT-SAME", "available": 0})
    await confirm(house)
    await charge(house, rma_id, 500)

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="staff:1", now=now()))
    for _ in range(3):
        await house.later()

    assert (await made(house), (await cards(house))[:2]) == ({}, (0, 500))
    assert (await house.discrepancies())["charged_and_not_sent"] == {"amount_minor": 500, "currency": "EUR"}
    assert await house.status(rma_id) == "cancelled"
    assert (await balances(house)) == {"gateway:stripe": -500, "merchant:sales": 500}
