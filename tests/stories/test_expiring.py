"""What nobody sends or answers expires: reminded before, its units free again, its reason told; a hold stops the time."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.mail import MailKind
from retour.core.policy import template
from retour.core.policy.outcome import Moment, SettleOn
from retour.core.rma import Patience
from retour.flows import patience as patience_flow
from retour.flows import rma
from retour.store import patience
from retour.store.db import Database
from tests.stories.house import House, Units, a_house, now, under
from tests.stories.test_mails import JACKET, Mailing, mailing

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
WAITS = Patience(unsent_days=10, unanswered_days=4, remind_days=(7, 2))


@pytest.fixture
async def waiting(database: Database, executor_database: Database, owner: Any, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose store waits ten days for a parcel and four for an answer."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        await house.open()
        await be_patient(house, WAITS)
        yield house


async def be_patient(house: House, wanted: Patience) -> Patience:
    return await house.do(
        lambda db: patience_flow.change(db, store_id=house.store, patience=wanted, actor="owner", now=now())
    )


async def time_is(house: House, rma_id: UUID, at: datetime) -> None:
    """Look at a return as the worker does at that time."""
    await house.do(
        lambda db: rma.advance(
            db, tenant_id=house.tenant, rma_id=rma_id, platforms=house.platforms, policies=house.policies, now=at
        )
    )


async def due_at(house: House, rma_id: UUID) -> datetime:
    (found,) = await house.row("SELECT due_at FROM rma WHERE id = $1", rma_id)
    assert isinstance(found, datetime)
    return found


async def test_an_approved_return_that_nobody_sends_is_reminded_twice_and_then_over(waiting: House) -> None:
    house = waiting
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    end = (await house.see(rma_id)).rma.send_by
    assert end is not None
    assert timedelta(days=10) - timedelta(minutes=1) < end - now() <= 10 * DAY
    assert await due_at(house, rma_id) == end - 7 * DAY

    await time_is(house, rma_id, end - 7 * DAY)
    await time_is(house, rma_id, end - 6 * DAY)
    assert await due_at(house, rma_id) == end - 2 * DAY
    await time_is(house, rma_id, end - DAY)
    assert (await house.told(rma_id)).count("return.reminded") == 2
    assert await due_at(house, rma_id) == end
    await time_is(house, rma_id, end)
    await house.later()

    assert (await house.status(rma_id), await house.waits(rma_id)) == ("expired", None)
    (expired,) = [e for e in await house.events(rma_id) if e.type == "return.expired"]
    assert (expired.actor, expired.data["because"], expired.data["units"]) == ("retour", "parcel_not_sent", 2)
    assert await house.counters(order) == [(0, 0, 0)]
    assert [r["status"] for r in (await house.books(order))["returns"]] == ["CANCELED"]
    assert await house.refunded(order) == ("0.00", 0)
    again = await house.returned(order, {0: 2})
    assert await house.status(again) == "resolved"


@pytest.mark.parametrize("how", ["scanned", "received", "kept back"])
async def test_what_is_on_its_way_here_or_held_does_not_expire(waiting: House, how: str) -> None:
    house = waiting
    rma_id = await house.approved(await house.an_order(), {0: 2})
    if how == "scanned":
        await house.scan(rma_id)
    elif how == "received":
        await house.receive(rma_id, {0: 1})
    else:
        await house.do(lambda db: rma.hold(db, rma_id=rma_id, reason="strike", actor="agent", now=now()))

    await time_is(house, rma_id, now() + 400 * DAY)

    assert await house.status(rma_id) == "approved"
    assert not {"return.expired", "return.reminded"} & set(await house.told(rma_id))
    if how == "kept back":
        await house.do(lambda db: rma.release(db, rma_id=rma_id, actor="agent", now=now()))
        await time_is(house, rma_id, now() + 400 * DAY)
        assert await house.status(rma_id) == "expired"


async def test_a_question_that_nobody_answers_ends_the_undecided_lines_alone(waiting: House) -> None:
    house = waiting
    order = await house.an_order(JACKET, {**JACKET, "sku": "J2"})
    rma_id = await house.ask(order, {0: 1, 1: 1})
    await house.do(lambda db: rma.ask(db, rma_id=rma_id, question="Which?", actor="agent", now=now()))
    asked = (await house.see(rma_id)).rma.asked
    assert asked is not None
    assert asked.answer_by is not None
    first = (await house.see(rma_id)).rma.lines[0].id
    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now(), line_ids=[first]))

    await time_is(house, rma_id, asked.answer_by - DAY)
    await time_is(house, rma_id, asked.answer_by)

    lines = (await house.see(rma_id)).rma.lines
    assert [line.decision.value for line in lines] == ["approved", "expired"]
    (expired,) = [e for e in await house.events(rma_id) if e.type == "return.expired"]
    assert (expired.data["because"], expired.data["units"]) == ("no_answer", 1)
    assert [n for n, _, _ in await house.counters(order)] == [1, 0]
    assert (await house.see(rma_id)).rma.send_by is not None, "now the parcel is waited for"


async def test_a_store_without_limits_waits_for_ever(house: House) -> None:
    await house.open()
    rma_id = await house.approved(await house.an_order(), {0: 1})

    await time_is(house, rma_id, now() + 4000 * DAY)

    assert await house.status(rma_id) == "approved"


async def test_what_was_promised_to_the_shopper_stays_when_the_store_grows_impatient(waiting: House) -> None:
    house = waiting
    rma_id = await house.approved(await house.an_order(), {0: 1})
    await be_patient(house, Patience(unsent_days=1))

    await time_is(house, rma_id, now() + 5 * DAY)

    assert await house.status(rma_id) == "approved"


async def test_what_expires_although_it_was_paid_is_shown_to_finance(
    database: Database, executor_database: Database, owner: Any, tmp_path: Path
) -> None:
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        await house.open(document=under(template(automatic=True), settle_on=SettleOn(Moment.APPROVED, 0)))
        await be_patient(house, WAITS)
        order = await house.an_order()
        rma_id = await house.ask(order, {0: 1})
        await house.settle_down()
        assert await house.refunded(order) == ("19.99", 1)

        await time_is(house, rma_id, now() + 11 * DAY)
        await house.settle_down()

        assert await house.status(rma_id) == "expired"
        assert (await house.discrepancies())["paid_not_received"] == {
            "units": 1, "amount_minor": 1999, "currency": "EUR",
        }  # fmt: skip
        assert await house.refunded(order) == ("19.99", 1)


async def test_a_statutory_withdrawal_never_expires(waiting: House) -> None:
    house = waiting
    rma_id = await house.ask(await house.an_order(), {0: 1}, kind="withdrawal")
    await house.settle_down()

    await time_is(house, rma_id, now() + 400 * DAY)

    assert await house.status(rma_id) == "approved"


async def test_a_partial_return_that_comes_late_is_seen_and_not_counted(waiting: House) -> None:
    house = waiting
    rma_id = await house.approved(await house.an_order(), {0: 2})
    await time_is(house, rma_id, now() + 11 * DAY)

    await house.receive(rma_id, {0: 2})

    assert await house.status(rma_id) == "expired"
    assert (await house.discrepancies())["goods_not_expected"]["units"] == 2
    with pytest.raises(Refused):
        await house.inspect(rma_id, Units(0, 1))


async def test_reminders_and_the_end_are_mailed(house: House) -> None:
    async with mailing(house) as store:
        await store.change(silent=frozenset({MailKind.RETURN_REQUESTED, MailKind.RETURN_APPROVED}))
        await be_patient(house, WAITS)
        rma_id = await house.approved(await house.an_order(JACKET), {0: 1})
        number = await store.number(rma_id)

        await time_is(house, rma_id, now() + 4 * DAY)
        [first] = await _all_due(store)
        await time_is(house, rma_id, now() + 9 * DAY)
        [second] = await _all_due(store)
        await time_is(house, rma_id, now() + 11 * DAY)
        sent = await _all_due(store)

        assert first.header("Subject") == second.header("Subject") == f"Do not forget to send your return {number}"
        assert "Hand the parcel over by " in first.text
        assert [kept.header("Subject") for kept in sent] == [f"Your return {number} has expired"]
        assert "We got no parcel in time." in sent[0].text


async def _all_due(store: Mailing) -> list[Any]:
    """Send what is due by now or was planned by a clock that ran ahead."""
    await store.house.owner.execute("SELECT set_config('app.tenant', $1, false)", str(store.house.tenant))
    await store.house.owner.execute("UPDATE mail SET due_at = clock_timestamp() WHERE state = 'due'")
    return await store.send()


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Patience(unsent_days=0), "unsent_days"),
        (Patience(unanswered_days=366), "unanswered_days"),
        (Patience(remind_days=(0,)), "remind_days"),
        (Patience(remind_days=(1, 2, 3, 4, 5, 6)), "remind_days"),
    ],
)
async def test_impossible_patience_is_refused_with_its_field(house: House, wanted: Patience, field: str) -> None:
    await house.open()
    with pytest.raises(Refused) as no:
        await be_patient(house, wanted)
    assert (no.value.code, no.value.field) == ("days_out_of_range", field)
    async with house.web.tx(house.tenant) as db:
        assert await patience.of_store(db, house.store) == Patience(remind_days=(7, 2))


async def test_reminders_are_kept_in_their_order_each_once(house: House) -> None:
    await house.open()
    assert await be_patient(house, Patience(remind_days=(2, 9, 2))) == Patience(remind_days=(9, 2))
