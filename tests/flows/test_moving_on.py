"""The transaction that confirms an effect moves its return on; what follows never costs the far side's answer."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retour.flows import effect as executor
from retour.flows import rma
from retour.store.db import Database, Db
from retour.store.jobs import Job, Queue, Task
from tests.flows.stage import Stage, now, staged

pytestmark = pytest.mark.anyio

QUEUED = "SELECT task_name FROM jobs.procrastinate_jobs WHERE args ->> 'tenant_id' = $1 AND id > $2 ORDER BY id"
LAST = "SELECT coalesce(max(id), 0) FROM jobs.procrastinate_jobs"


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def test_a_confirmed_refund_plans_what_follows_and_hands_it_to_its_caller(stage: Stage, owner: Any) -> None:
    rma_id = await stage.inspected(await stage.an_order(2))
    paying = await stage.to_the_refund(rma_id)
    last = await owner.fetchval(LAST)

    async def move_on(db: Db, tenant_id: UUID, rma_id: UUID) -> Sequence[Job]:
        return await rma.move_on(
            db, tenant_id=tenant_id, rma_id=rma_id, platforms=stage.platforms, policies=stage.policies, now=now()
        )

    carrier = replace(stage.carrier(), move_on=move_on)
    follows = await executor.carry_out(carrier, tenant_id=stage.tenant_id, effect_id=paying.id)

    (closing,) = await stage.effects(rma_id, "close_return")
    assert follows == [Job(Task.CARRY_OUT, closing.id, Queue.MONEY)]
    assert (await stage.effects(rma_id, "refund_tender"))[0].state == "confirmed"
    assert await stage.fetch("SELECT status, due_at FROM rma WHERE id = $1", rma_id) == [("resolved", None)]
    assert await owner.fetch(QUEUED, str(stage.tenant_id), last) == []


async def test_an_answer_is_kept_although_what_follows_fails(stage: Stage, owner: Any) -> None:
    rma_id = await stage.inspected(await stage.an_order(2))
    paying = await stage.to_the_refund(rma_id)
    last = await owner.fetchval(LAST)

    async def stumble(db: Db, _: UUID, rma_id: UUID) -> Sequence[Job]:
        await db.execute("UPDATE rma SET held = true WHERE id = $1", rma_id)
        raise RuntimeError("planted")

    carrier = replace(stage.carrier(), move_on=stumble)
    follows = await executor.carry_out(carrier, tenant_id=stage.tenant_id, effect_id=paying.id)

    assert follows == ()
    (after,) = await stage.effects(rma_id, "refund_tender")
    assert (after.state, after.tries) == ("confirmed", 1)
    assert await stage.fetch("SELECT held FROM rma WHERE id = $1", rma_id) == [(False,)]
    assert await stage.fetch("SELECT reserved_minor, refunded_minor FROM payment_capture") == [(0, after.amount_minor)]
    assert [row["task_name"] for row in await owner.fetch(QUEUED, str(stage.tenant_id), last)] == ["rma.advance"]
    await stage.drive(rma_id)
    assert (await stage.shop.effects())["refund"] == 1
    assert await stage.fetch("SELECT status FROM rma WHERE id = $1", rma_id) == [("resolved",)]
