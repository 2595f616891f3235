"""Staff ask the shopper before they decide: the return waits, the shopper answers, it goes on where it was."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from retour.core.errors import Refused
from retour.core.mail import MailKind
from retour.core.policy.outcome import Approval, Approving
from retour.core.rma import Grade
from retour.flows import rma
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import questions
from tests.stories.house import House, Units, now, under
from tests.stories.test_expiring import time_is
from tests.stories.test_mails import JACKET, Mailing, mailing
from tests.stories.test_reopening import reopen

pytestmark = pytest.mark.anyio

BERLIN = ZoneInfo("Europe/Berlin")  # where the store keeps its days


async def asked(house: House, rma_id: UUID, question: str = "Which size did you get?", **more: int) -> None:
    await house.do(lambda db: rma.ask(db, rma_id=rma_id, question=question, actor="agent", now=now(), **more))
    await house.settle_down()


async def answered(house: House, rma_id: UUID, text: str = "M, the label says.") -> None:
    await house.do(lambda db: rma.answer(db, rma_id=rma_id, text=text, actor="shopper", now=now()))
    await house.settle_down()


async def told(house: House, rma_id: UUID) -> list[tuple[str, str | None, str | None]]:
    """Return (question, answer, outcome) of each question of a return."""
    async with house.web.tx(house.tenant) as db:
        return [(q.question, q.answer, q.outcome) for q in await questions.of_return(db, rma_id)]


async def test_a_question_waits_for_the_shopper_and_the_answer_leads_back_to_the_decision(house: House) -> None:
    await house.open()
    rma_id = await house.ask(await house.an_order(), {0: 1})

    await asked(house, rma_id)
    assert (await house.status(rma_id), await house.waits(rma_id)) == ("requested", ("shopper", "info_needed"))
    await answered(house, rma_id)

    assert (await house.status(rma_id), await house.waits(rma_id)) == ("requested", ("agent", "decision_needed"))
    assert await told(house, rma_id) == [("Which size did you get?", "M, the label says.", "answered")]
    told_of = [what for what in await house.told(rma_id) if what.startswith("return.")]
    assert told_of == ["return.requested", "return.info_asked", "return.info_given"]
    await asked(house, rma_id, "And the colour?")
    assert await house.waits(rma_id) == ("shopper", "info_needed")


async def test_what_the_policy_approves_later_waits_for_the_answer_and_is_approved_then(house: House) -> None:
    await house.open(document=under(decision=Approving(Approval.AUTO_APPROVE, after_hours=1)))
    rma_id = await house.ask(await house.an_order(), {0: 1})
    await asked(house, rma_id)

    await house.later()
    assert (await house.status(rma_id), await house.waits(rma_id)) == ("requested", ("shopper", "info_needed"))
    await answered(house, rma_id)

    assert await house.status(rma_id) == "approved"


async def test_a_decision_overtakes_the_question(house: House) -> None:
    await house.open()
    rma_id = await house.ask(await house.an_order(), {0: 1})
    await asked(house, rma_id)

    await house.approve(rma_id)

    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")
    assert await told(house, rma_id) == [("Which size did you get?", None, "overtaken")]
    with pytest.raises(Refused) as no:
        await answered(house, rma_id)
    assert no.value.code == "nothing_asked"


async def test_a_question_about_what_is_left_stays_open_while_a_part_is_decided(house: House) -> None:
    await house.open()
    rma_id = await house.ask(await house.an_order(JACKET, {**JACKET, "sku": "J2"}), {0: 1, 1: 1})
    await asked(house, rma_id)
    first = (await house.see(rma_id)).rma.lines[0].id

    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now(), line_ids=[first]))

    assert await house.waits(rma_id) == ("shopper", "info_needed")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"question": " "}, "text_missing"),
        ({"question": "a\0b"}, "text_missing"),
        ({"question": "x" * 10_001}, "text_missing"),
        ({"question": "Why?", "answer_days": 0}, "days_out_of_range"),
        ({"question": "Why?", "answer_days": 366}, "days_out_of_range"),
        ({"question": "Why?", "expect_version": 99}, "state_changed"),
    ],
)
async def test_a_question_that_is_none_is_refused_and_nothing_moves(
    house: House, wish: dict[str, object], code: str
) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    before = await house.traces(order)

    with pytest.raises(Refused) as no:
        await house.do(lambda db: rma.ask(db, rma_id=rma_id, actor="agent", now=now(), **wish))  # type: ignore[arg-type]

    assert (no.value.code, await told(house, rma_id), await house.traces(order)) == (code, [], before)


async def test_the_answer_is_the_shoppers_of_that_order_alone(house: House) -> None:
    await house.open()
    mine, other = await house.an_order(), await house.an_order()
    rma_id = await house.ask(mine, {0: 1})
    await asked(house, rma_id)

    async def answer(db: Db) -> returns.ReturnRecord:
        return await rma.answer(db, rma_id=rma_id, text="mine", actor="shopper", now=now(), order_id=other.id)

    with pytest.raises(Refused) as no:
        await house.do(answer)
    assert no.value.code == "return_not_found"
    assert await told(house, rma_id) == [("Which size did you get?", None, None)]


async def test_two_answers_at_once_are_one(house: House) -> None:
    await house.open()
    rma_id = await house.ask(await house.an_order(), {0: 1})
    await asked(house, rma_id)
    await answered(house, rma_id)

    with pytest.raises(Refused) as no:
        await answered(house, rma_id, "L")

    assert no.value.code == "nothing_asked"
    assert await told(house, rma_id) == [("Which size did you get?", "M, the label says.", "answered")]


async def test_each_question_is_mailed_once_with_its_words_and_its_day(house: House) -> None:
    async with mailing(house) as store:
        await store.change(silent=frozenset({MailKind.RETURN_REQUESTED}))
        rma_id = await house.ask(await house.an_order(JACKET), {0: 1})
        await asked(house, rma_id, "Which size?\nThe label says it.", answer_days=5)
        [first] = await store.send()
        await answered(house, rma_id)
        await asked(house, rma_id, "And the colour?")
        [second] = await store.send()

        number = await _number(store, rma_id)
        assert first.header("Subject") == second.header("Subject") == f"We have a question about your return {number}"
        day = (now() + timedelta(days=5)).astimezone(BERLIN)
        assert f"Please answer by {day.day} {day:%b}" in first.text.replace("Sept", "Sep")
        assert "Which size?\nThe label says it." in first.text
        assert ("And the colour?" in second.text, "Please answer by" in second.text) == (True, False)
        assert await store.send() == []


async def _number(store: Mailing, rma_id: UUID) -> str:
    return await store.number(rma_id)


async def test_an_unanswered_question_about_what_was_paid_already_leaves_the_decision_to_staff(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1, Grade.SEALED))
    await house.settle_down()
    paid = await house.refunded(order)
    assert await house.status(rma_id) == "resolved"
    await reopen(house, rma_id)
    await asked(house, rma_id, answer_days=2)

    await time_is(house, rma_id, now() + timedelta(days=2, minutes=1))

    assert (await house.status(rma_id), await house.waits(rma_id)) == ("reopened", ("agent", "decision_needed"))
    assert await told(house, rma_id) == [("Which size did you get?", None, "expired")]
    assert [what for what in await house.told(rma_id) if what.startswith("return.")][-1] == "return.unanswered"
    assert await house.refunded(order) == paid
    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", paid)
