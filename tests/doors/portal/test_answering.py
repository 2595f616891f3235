"""A shopper reads the question of the shop on the page of the return, and answers it there."""

from uuid import UUID

import pytest

from retour.flows import rma
from retour.store.rma import questions
from tests.doors.portal.conftest import Counter
from tests.doors.portal.test_drafting import all_returns, reviewed

pytestmark = pytest.mark.anyio


async def asked(counter: Counter, question: str, days: int | None = None) -> UUID:
    (row,) = await all_returns(counter)
    now = counter.clock.now()
    await counter.do(
        lambda db: rma.ask(db, rma_id=row["id"], question=question, actor="agent", now=now, answer_days=days)
    )
    rma_id: UUID = row["id"]
    return rma_id


async def test_the_question_stands_on_the_page_and_the_answer_reaches_the_shop(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    rma_id = await asked(counter, "Which size?\n<b>bold</b>", days=3)

    page = await shopper.open(f"/{status.path}")
    assert page.heading == "The shop has a question"
    assert "Which size? <b>bold</b>" in " ".join(page.text.split())
    assert "<b>bold</b>" not in page.source
    empty = await shopper.send(f"/{status.path}/answer", answer="  ")
    assert "Write an answer" in empty.text
    done = await shopper.send(f"/{status.path}/answer", answer="M, <i>I think</i>")

    assert done.heading == "The shop is checking your request"
    assert "You answered" in done.text
    assert "M, <i>I think</i>" in done.text
    assert "<i>I think</i>" not in done.source
    async with counter.database.tx(counter.tenant_id) as db:
        (kept,) = await questions.of_return(db, rma_id)
    assert (kept.answer, kept.outcome) == ("M, <i>I think</i>", "answered")
    assert kept.closed_by is not None
    assert kept.closed_by.startswith("shopper:")


async def test_an_answer_that_comes_too_late_leads_to_the_page_as_it_is_now(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    rma_id = await asked(counter, "Which size?")
    page = await shopper.open(f"/{status.path}")
    form = page.form(f"/{status.path}/answer")
    await counter.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=counter.clock.now()))

    late = await shopper.post(form.action, {**{k: v[0] for k, v in form.fields.items()}, "answer": "M"})

    assert (late.status_code, late.headers["location"]) == (303, f"{counter.base}/{status.path}")
    assert (await shopper.open(f"/{status.path}")).heading == "Send your parcel"
    async with counter.database.tx(counter.tenant_id) as db:
        (kept,) = await questions.of_return(db, rma_id)
    assert (kept.answer, kept.outcome) == (None, "overtaken")


async def test_nobody_answers_for_another_order(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    await asked(counter, "Which size?")
    stranger = await counter.let_in(number="#1002")

    assert (await stranger.open(f"/{status.path}")).status == 404
    assert (await stranger.open(f"/{status.path}/answer")).status == 404
