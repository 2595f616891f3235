"""Waits that last too long on the real database: told once for each wait, by the limits of the store as they are now."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from retour.core.account import Role
from retour.core.errors import Refused
from retour.flows import escalation
from retour.store import account, alarm, due
from retour.store.db import Database
from retour.store.desk import queues
from retour.store.sla import OwnLimit
from tests.flows.guard.scene import a_person
from tests.flows.stage import Stage, now, staged

pytestmark = pytest.mark.anyio
NOW = now()


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def waiting_for(stage: Stage, hours: int) -> UUID:
    """Return a return that waits for a decision for so many hours."""
    rma_id = await stage.request(await stage.an_order(1))
    await stage.advance(rma_id)
    await stage.fetch(
        "UPDATE rma SET blocked_code = 'decision_needed', blocked_actor = 'agent', blocked_since = $2 WHERE id = $1"
        " RETURNING id",
        rma_id, NOW - timedelta(hours=hours),
    )  # fmt: skip
    return rma_id


async def sweep(stage: Stage, at: datetime = NOW) -> list[UUID]:
    """Look for what waits too long, as the worker does, escalate it, and return the account's share."""
    async with stage.database.tx(None) as db:
        found = await due.escalations(db, most=200, overdue=timedelta(0))
    mine = [rma_id for tenant, rma_id in found if tenant == stage.tenant_id]
    for rma_id in mine:
        async with stage.database.tx(stage.tenant_id) as db:
            await escalation.escalate(db, rma_id=rma_id, now=at)
    return mine


async def limit(stage: Stage, hours: int | None, who: str | None = None) -> None:
    staff = UUID(who.removeprefix("staff:")) if who else None
    async with stage.database.tx(stage.tenant_id) as db:
        await escalation.change_limits(
            db, store_id=stage.store_id, own={"decision_needed": OwnLimit(hours, staff)}, actor="test", now=NOW
        )


async def told(stage: Stage) -> list[str]:
    """Tell every alarm and return who got a mail."""
    async with stage.database.tx(stage.tenant_id) as db:
        alarms = [row["id"] for row in await db.fetch("SELECT id FROM alarm WHERE due_at IS NOT NULL")]
        for alarm_id in alarms:
            for _ in range(2):
                await escalation.tell(
                    db,
                    stage.vault,
                    tenant_id=stage.tenant_id,
                    alarm_id=alarm_id,
                    public_url="https://r.example",
                    now=NOW,
                )
        rows = await db.fetch("SELECT id, sealed_address FROM mail WHERE kind = 'store_alarm' ORDER BY id")
    return sorted(
        stage.vault.unlock(row["sealed_address"], tenant_id=stage.tenant_id, purpose=f"mail:{row['id']}").decode()
        for row in rows
    )


async def test_a_wait_beyond_its_limit_is_escalated_once_and_told_to_the_owners(stage: Stage) -> None:
    owners, agent = [await a_person(stage), await a_person(stage)], await a_person(stage, Role.AGENT)
    late, young = await waiting_for(stage, 25), await waiting_for(stage, 23)

    assert await sweep(stage) == [late]
    assert await sweep(stage) == []

    events = await stage.fetch("SELECT resource_id, actor, data->>'hours' FROM event WHERE type = 'return.escalated'")
    assert events == [(late, "retour", "24")]
    async with stage.database.tx(stage.tenant_id) as db:
        mails = {f"staff:{member.id}": member.email for member in await account.staff(db)}
    assert await told(stage) == sorted(mails[who] for who in owners)
    assert mails[agent] not in await told(stage)
    assert young != late


async def test_a_new_wait_for_the_same_reason_is_escalated_anew(stage: Stage) -> None:
    rma_id = await waiting_for(stage, 30)
    assert await sweep(stage) == [rma_id]
    await stage.fetch("UPDATE rma SET blocked_since = $2 WHERE id = $1 RETURNING id", rma_id, NOW - timedelta(hours=26))

    assert await sweep(stage, NOW + timedelta(hours=1)) == [rma_id]

    assert await stage.fetch("SELECT count(*) FROM event WHERE type = 'return.escalated'") == [(2,)]
    assert await stage.fetch("SELECT count(*) FROM alarm") == [(2,)]


async def test_many_late_returns_make_one_mail_an_hour(stage: Stage) -> None:
    for _ in range(3):
        await waiting_for(stage, 40)

    assert len(await sweep(stage)) == 3

    assert await stage.fetch("SELECT count(*) FROM alarm") == [(1,)]


async def test_the_store_s_own_limit_counts_at_once(stage: Stage) -> None:
    rma_id, agent = await waiting_for(stage, 5), await a_person(stage, Role.AGENT)
    await a_person(stage)
    assert await sweep(stage) == []

    await limit(stage, 4, agent)
    async with stage.database.tx(stage.tenant_id) as db:
        (queue,) = [q for q in await queues.queues(db, store_id=stage.store_id, now=NOW) if q.code == "decision_needed"]
        assert (queue.actor, queue.count, queue.late, queue.hours) == ("agent", 1, 1, 4)
        assert (queue.day, queue.three_days, queue.oldest) == (1, 0, NOW - timedelta(hours=5))
        assert await queues.late(db, store_id=None, now=NOW) == 1
    assert await sweep(stage) == [rma_id]
    assert len(await told(stage)) == 1
    await limit(stage, None)
    async with stage.database.tx(stage.tenant_id) as db:
        assert await queues.late(db, store_id=None, now=NOW) == 0


async def test_a_limit_that_cannot_be_is_refused_and_nothing_changes(stage: Stage) -> None:
    async def refused(code: str, limit_: OwnLimit) -> str:
        with pytest.raises(Refused) as no:
            async with stage.database.tx(stage.tenant_id) as db:
                await escalation.change_limits(db, store_id=stage.store_id, own={code: limit_}, actor="test", now=NOW)
        return no.value.code

    assert await refused("no_such_wait", OwnLimit(3)) == "invalid_limit"
    assert await refused("decision_needed", OwnLimit(9_000)) == "invalid_limit"
    assert await refused("decision_needed", OwnLimit(3, UUID(int=5))) == "staff_not_found"
    assert await stage.fetch("SELECT count(*) FROM blocker_limit") == [(0,)]


async def test_an_alarm_is_told_to_the_owners_where_the_named_person_has_left(stage: Stage) -> None:
    owner = await a_person(stage)
    async with stage.database.tx(stage.tenant_id) as db:
        nobody = await alarm.recipients(db, UUID(int=9))
        email = (await account.staff(db))[0].email
    assert owner
    assert [whom.email for whom in nobody] == [email]
