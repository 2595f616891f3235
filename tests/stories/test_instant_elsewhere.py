"""What somebody does at the card's provider itself: an authorisation is let go there, or captured, and it is noticed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.hold import LONGEST
from retour.core.rma import Grade
from tests.stories.house import House, Units, now
from tests.stories.test_exchange_orders import balances, made
from tests.stories.test_instant_exchange import (
    TEE,
    cards,
    come_back,
    confirm,
    days_pass,
    desk,
    held,
    hold,
    kinds,
    opened,
)
from tests.stories.test_instant_turns import owing

pytestmark = pytest.mark.anyio
HELD = {"pages": 1, "authorised": 1}


async def looked(house: House, hours: float = 12) -> None:
    """Let the daily look take place, with what follows from it."""
    house.ahead += timedelta(hours=hours)
    for _ in range(3):
        await house.later()


async def said(house: House, rma_id: UUID) -> dict[str, Any]:
    """Return what was told last about the card, without ids and moments."""
    row = await house.row(
        "SELECT data FROM event WHERE resource_id = $1 AND type LIKE 'return.instant%' ORDER BY seq DESC LIMIT 1",
        rma_id,
    )
    return {key: value for key, value in row[0].items() if key not in ("hold_id", "held_until", "send_by", "number")}


async def difference(house: House) -> dict[str, Any] | None:
    found = await house.rows("SELECT details FROM discrepancy WHERE kind = 'charged_elsewhere' AND resolved_at IS NULL")
    return found[0][0] if found else None


async def test_what_was_let_go_there_is_noticed_within_a_day_and_held_anew_on_the_saved_card(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    before = await hold(house, rma_id)
    assert before.due_at is not None
    assert before.due_at <= now() + LONGEST
    await desk(house, let_go="last")
    assert (await cards(house))[0] == 0

    await looked(house)

    after = await hold(house, rma_id)
    assert (after.state.value, after.amount_minor, after.intent_ref != before.intent_ref) == ("authorised", TEE, True)
    assert await cards(house) == (TEE, 0, {"pages": 1, "authorised": 2, "let_go": 1})
    assert (await kinds(house, rma_id))[-3:] == ["authorized", "failed", "authorized"]
    told = await house.row(
        "SELECT data ->> 'because', data ->> 'said' FROM event WHERE resource_id = $1 AND type LIKE '%exchange.failed'",
        rma_id,
    )
    assert tuple(told) == ("canceled", "requested_by_customer")
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    await come_back(house, rma_id)
    assert ((await hold(house, rma_id)).state.value, await cards(house)) == (
        "released", (0, 0, {"pages": 1, "authorised": 2, "let_go": 1, "released": 1})
    )  # fmt: skip


async def test_where_the_card_refuses_to_be_held_again_the_shopper_is_asked_and_another_one_takes_its_place(
    house: House,
) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, let_go="last", faults=[{"where": "authorise", "how": "decline"}])

    await looked(house)

    asked = await hold(house, rma_id)
    assert (asked.state.value, asked.owes, asked.problem) == ("dunning", "confirm", "insufficient_funds")
    assert await house.waits(rma_id) == ("shopper", "card_refused")
    mails = await house.rows("SELECT 1 FROM event WHERE resource_id = $1 AND type = 'return.reminded'", rma_id)
    assert len(mails) == 1
    await confirm(house)
    assert (await hold(house, rma_id)).state.value == "authorised"
    assert await cards(house) == (TEE, 0, {"pages": 2, "authorised": 2, "let_go": 1})


async def test_what_is_let_go_as_soon_as_it_is_held_is_not_held_again_without_the_shopper(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, let_go="last")

    await looked(house, hours=0.5)

    asked = await hold(house, rma_id)
    assert (asked.state.value, asked.owes, asked.problem) == ("dunning", "confirm", "canceled")
    assert await house.waits(rma_id) == ("shopper", "card_refused")
    assert (await cards(house))[2] == {"pages": 2, "authorised": 1, "let_go": 1}


async def test_what_was_let_go_there_before_the_goods_are_found_in_order_is_released_without_a_call(
    house: House,
) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await house.receive(rma_id, {0: 1})
    await desk(house, let_go="last")

    await house.inspect(rma_id, Units(0, 1))
    await house.later()

    assert (await hold(house, rma_id)).state.value == "released"
    assert await cards(house) == (0, 0, {"pages": 1, "authorised": 1, "let_go": 1})
    assert await house.status(rma_id) == "resolved"


async def test_what_was_let_go_there_is_asked_for_where_the_goods_are_damaged(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, let_go="last", faults=[{"where": "authorise", "how": "decline"}])

    house.ahead += timedelta(hours=2)
    await come_back(house, rma_id, Grade.DAMAGED)
    for _ in range(2):
        await house.later()

    asked = await hold(house, rma_id)
    assert (asked.state.value, asked.owes, asked.owed_minor) == ("dunning", "pay", 600)
    await confirm(house)
    assert ((await hold(house, rma_id)).captured_minor, (await cards(house))[1]) == (600, 600)


async def test_what_somebody_captured_there_is_booked_once_and_asked_of_nobody(house: House) -> None:
    await opened(house)
    order, rma_id = await held(house)
    await desk(house, capture="last")

    await looked(house)

    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor) == ("captured", TEE)
    assert await difference(house) == {"amount_minor": TEE, "owed_minor": None, "currency": "EUR"}
    assert await said(house, rma_id) == {
        "amount_minor": TEE, "currency": "EUR", "charged_minor": TEE, "lines": [str(done.line_ids[0])], "elsewhere": True,
    }  # fmt: skip
    assert (await house.status(rma_id), await house.waits(rma_id)) == ("expired", None)
    await days_pass(house, 30)
    assert await cards(house) == (0, TEE, {**HELD, "captured": 1})
    assert await house.refunded(order) == ("0.00", 0)
    assert await balances(house) == {
        "merchant:refunds": -TEE, "outside:exchange": TEE, "gateway:stripe": -TEE, "merchant:sales": TEE,
    }  # fmt: skip


async def test_what_is_captured_there_while_the_shopper_is_asked_closes_the_page_and_ends_it(house: House) -> None:
    rma_id = await owing(house)
    asked = await hold(house, rma_id)
    await desk(house, capture="last")

    for _ in range(3):
        await house.later()

    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor, done.page_ref) == ("captured", TEE, None)
    books = await desk(house)
    assert {page["id"]: page["status"] for page in books["pages"]}[asked.page_ref] == "expired"
    assert (books["captured"], books["counts"].get("paid", 0), books["counts"]["captured"]) == (TEE, 0, 1)
    assert await difference(house) is None
    assert await house.status(rma_id) == "expired"
    assert await house.waits(rma_id) is None
    assert (await balances(house))["merchant:sales"] == TEE


async def test_what_is_captured_there_and_paid_on_the_page_at_once_is_shown_to_finance(house: House) -> None:
    rma_id = await owing(house)
    page = (await hold(house, rma_id)).page_ref
    await desk(house, capture="last")
    await desk(house, confirm=page)

    for _ in range(2):
        await house.later()

    assert ((await hold(house, rma_id)).state.value, (await cards(house))[1]) == ("captured", 2 * TEE)
    assert await difference(house) == {"amount_minor": 2 * TEE, "owed_minor": TEE, "currency": "EUR"}
    assert (await balances(house))["merchant:sales"] == TEE  # the other one is to be paid back


async def test_another_card_that_is_confirmed_meanwhile_is_let_go(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, faults=[{"where": "authorise", "how": "decline"}])
    await days_pass(house, 6)
    asked = await hold(house, rma_id)
    assert (asked.state.value, asked.owes) == ("dunning", "confirm")
    await desk(house, capture=asked.intent_ref)
    await desk(house, confirm=asked.page_ref)

    for _ in range(2):
        await house.later()

    assert ((await hold(house, rma_id)).state.value, (await cards(house))[:2]) == ("captured", (0, TEE))


async def until_it_is(house: House, rma_id: UUID, state: str) -> None:
    """Do the jobs one by one and stop when the hold awaits a call in that state."""
    while (found := await hold(house, rma_id)).state.value != state or found.effect_id is None:
        work, id_ = (await house._overdue())[0]
        await work(id_)


async def test_a_capture_of_ours_that_comes_too_late_asks_nobody_for_what_was_taken(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1, Grade.DAMAGED), drain=False)
    await until_it_is(house, rma_id, "capturing")
    await desk(house, capture="last")

    for _ in range(3):
        await house.later()

    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor) == ("captured", TEE)
    assert await kinds(house, rma_id) == ["asked", "authorized", "charged"]
    assert await difference(house) == {"amount_minor": TEE, "owed_minor": 600, "currency": "EUR"}
    assert await cards(house) == (0, TEE, {**HELD, "captured": 1})
    assert (await balances(house))["merchant:sales"] == TEE


async def test_a_release_of_ours_that_comes_too_late_books_what_was_taken_for_finance_to_pay_back(
    house: House,
) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1), drain=False)
    await until_it_is(house, rma_id, "releasing")
    await desk(house, capture="last", amount=1_000)

    for _ in range(3):
        await house.later()

    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor) == ("captured", 1_000)
    assert await kinds(house, rma_id) == ["asked", "authorized", "charged"]
    assert await difference(house) == {"amount_minor": 1_000, "owed_minor": 0, "currency": "EUR"}
    assert (await balances(house))["merchant:sales"] == 1_000
    assert await house.status(rma_id) == "resolved"


async def test_a_key_that_the_provider_takes_no_more_is_shown_while_a_card_is_held(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, faults=[{"where": "see_intent", "how": "401", "times": 9}])

    await looked(house)

    assert [row[0] for row in await house.rows("SELECT state FROM connection WHERE platform = 'stripe'")] == [
        "needs_reconnect"
    ]
    assert [row[0] for row in await house.rows("SELECT state FROM connection WHERE platform = 'shopify'")] == [
        "connected"
    ]
    assert "needs_reconnect" in await house.discrepancies()
    assert (await hold(house, rma_id)).state.value == "authorised"
    assert await made(house) == {"draft": 1, "order_from_draft": 1}


async def test_a_provider_that_does_not_answer_is_asked_again_and_nothing_is_concluded(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    before = await hold(house, rma_id)
    await desk(house, faults=[{"where": "see_intent", "how": "500"}, {"where": "see_intent", "how": "lost"}])

    await looked(house)

    after = await hold(house, rma_id)
    assert (after.state.value, after.intent_ref) == ("authorised", before.intent_ref)
    assert await cards(house) == (TEE, 0, HELD)
