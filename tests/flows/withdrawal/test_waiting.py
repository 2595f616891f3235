"""Statements that wait too long: for a person, and for the money that goes back within 14 days; told once for each."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.account import Role
from retour.core.withdrawal import WithdrawalState
from retour.flows import account as accounts
from retour.flows import escalation, rma
from retour.store import due, withdrawal_waits
from retour.store.sla import OwnLimit
from retour.store.withdrawal_waits import WithdrawalQueue
from tests.flows.withdrawal.conftest import NOW, SAID, Counter

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SENT = "UPDATE rma SET in_transit_at = $2 WHERE id = $1 RETURNING id"
ALARMS = "SELECT count(*) AS n, count(DISTINCT facts->>'code') AS codes FROM alarm"


async def queues(counter: Counter, at: datetime, store_id: UUID | None = None) -> list[WithdrawalQueue]:
    async with counter.database.tx(counter.tenant_id) as db:
        return await withdrawal_waits.queues(db, store_id=store_id or counter.store_id, now=at)


async def sweep(counter: Counter, at: datetime) -> bool:
    """Look for what waits too long, as the worker does, and return whether there was anything of this account."""
    async with counter.database.tx(None) as db:
        found = await due.withdrawal_waits(db, most=1_000, overdue=timedelta(0))
    mine = [id_ for tenant_id, id_ in found if tenant_id == counter.tenant_id]
    for id_ in mine:
        async with counter.database.tx(counter.tenant_id) as db:
            await escalation.escalate_withdrawal(db, withdrawal_id=id_, now=at)
    return bool(mine)


async def escalated(counter: Counter, id_: UUID) -> list[tuple[str, str]]:
    async with counter.database.tx(counter.tenant_id) as db:
        rows = await db.fetch(
            "SELECT data->>'waits_for', data->>'hours' FROM event WHERE type = 'withdrawal.escalated' AND resource_id = $1"
            " ORDER BY seq",
            id_,
        )
    return [tuple(row.values()) for row in rows]


async def test_what_waits_for_a_person_stands_in_the_queues_by_reason_and_age(counter: Counter) -> None:
    id_ = await counter.state()
    assert (await counter.match(id_)).state is WithdrawalState.WAITING

    person, money = await queues(counter, NOW + 30 * HOUR)

    assert (person.code, person.why, person.count, person.late, person.hours) == (
        "withdrawal_waiting", "no_order", 1, 1, 24,
    )  # fmt: skip
    assert (person.day, person.three_days, person.oldest, person.oldest_id) == (0, 1, NOW, id_)
    assert (money.code, money.why, money.count, money.late, money.hours) == ("withdrawal_unpaid", None, 1, 0, 312)
    assert money.stated_on == date(2026, 5, 4)
    assert await queues(counter, NOW, UUID(int=1)) == []


async def test_a_statement_is_escalated_once_for_the_person_and_once_for_its_money(counter: Counter) -> None:
    id_ = await counter.state()
    await counter.match(id_)
    async with counter.database.tx(counter.tenant_id) as db:
        await escalation.escalate_withdrawal(db, withdrawal_id=id_, now=NOW + 23 * HOUR)
    early = await escalated(counter, id_)
    async with counter.database.tx(counter.tenant_id) as db:
        await escalation.escalate_withdrawal(db, withdrawal_id=id_, now=NOW + 24 * HOUR)
    waited = await escalated(counter, id_)

    assert await sweep(counter, NOW + 13 * DAY)
    assert not await sweep(counter, NOW + 20 * DAY)

    assert (early, waited) == ([], [("withdrawal_waiting", "24")])
    assert await escalated(counter, id_) == [("withdrawal_waiting", "24"), ("withdrawal_unpaid", "312")]
    assert tuple((await counter.one(ALARMS)).values()) == (2, 2)


async def test_the_owners_are_mailed_what_the_law_gives_them(counter: Counter) -> None:
    async with counter.database.tx(counter.tenant_id) as db:
        await accounts.add_staff(
            db, email=f"o-{counter.tenant_id}@acme.example", name="O", role=Role.OWNER, password_hash="x", actor="test",
            now=NOW,
        )  # fmt: skip
    await counter.match(await counter.state())
    assert await sweep(counter, NOW + 13 * DAY)
    async with counter.database.tx(counter.tenant_id) as db:
        raised = [row["id"] for row in await db.fetch("SELECT id FROM alarm ORDER BY facts->>'code'")]
        for alarm_id in raised:
            await escalation.tell(
                db, counter.vault, tenant_id=counter.tenant_id, alarm_id=alarm_id, public_url="https://r.example",
                now=NOW + 13 * DAY,
            )  # fmt: skip
    told = [said for _, _, said in await counter.letters(counter.store_id)]

    assert [(said["code"], said["count"], said["hours"]) for said in told if "code" in said] == [
        ("withdrawal_unpaid", "1", "312"), ("withdrawal_waiting", "1", "24"),
    ]  # fmt: skip


async def test_a_return_counts_from_when_its_goods_were_sent_until_it_is_paid(counter: Counter) -> None:
    await counter.order()
    found = await counter.match(await counter.state())
    assert (found.state, await queues(counter, NOW + 20 * DAY)) == (WithdrawalState.MATCHED, [])
    assert not await sweep(counter, NOW + 20 * DAY)

    await counter.one(SENT, found.rma_id, NOW + DAY)
    (queue,) = await queues(counter, NOW + 13 * DAY)
    assert (queue.code, queue.late, queue.oldest) == ("withdrawal_unpaid", 1, NOW)
    assert await sweep(counter, NOW + 13 * DAY)
    assert await escalated(counter, found.id) == [("withdrawal_unpaid", "312")]

    await counter.one(
        "UPDATE rma SET resolved_at = $2, status = 'resolved' WHERE id = $1 RETURNING id", found.rma_id, NOW
    )
    assert await queues(counter, NOW + 13 * DAY) == []


async def test_two_statements_whose_returns_were_merged_both_wait_for_their_money(counter: Counter) -> None:
    order_id, found = await counter.order(), []
    for part in ("the first", "the second"):
        waiting = await counter.match(await counter.state(replace(SAID, goods=part)))
        await counter.assign(waiting.id, order_id, quantities={"line-1": 1})
        found.append(await counter.get(waiting.id))
    first, second = found
    assert first.rma_id is not None
    assert second.rma_id is not None
    async with counter.database.tx(counter.tenant_id) as db:
        await rma.merge(db, rma_id=second.rma_id, into=first.rma_id, actor="staff:1", now=NOW)
    await counter.one(SENT, first.rma_id, NOW + DAY)

    (queue,) = await queues(counter, NOW + 13 * DAY)
    assert (queue.code, queue.count, queue.late) == ("withdrawal_unpaid", 2, 2)
    assert await sweep(counter, NOW + 13 * DAY)
    assert [await escalated(counter, one.id) for one in found] == [[("withdrawal_unpaid", "312")]] * 2
    assert [(await counter.get(one.id)).number for one in found] == [first.number] * 2


@pytest.mark.parametrize(("hours", "late"), [(48, 0), (12, 1), (None, 0)])
async def test_the_stores_own_limit_counts(counter: Counter, hours: int | None, late: int) -> None:
    id_ = await counter.state()
    await counter.match(id_)
    own: Any = {"withdrawal_waiting": OwnLimit(hours), "withdrawal_unpaid": OwnLimit(None)}
    async with counter.database.tx(counter.tenant_id) as db:
        await escalation.change_limits(db, store_id=counter.store_id, own=own, actor="test", now=NOW)

    waiting = next(q for q in await queues(counter, NOW + 30 * HOUR) if q.code == "withdrawal_waiting")
    async with counter.database.tx(counter.tenant_id) as db:
        await escalation.escalate_withdrawal(db, withdrawal_id=id_, now=NOW + 30 * HOUR)

    assert (waiting.late, waiting.hours) == (late, hours)
    assert len(await escalated(counter, id_)) == late
