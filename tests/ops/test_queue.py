"""The job queue under the working roles: enqueued in our transaction, carried out by a real worker."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from procrastinate import App, PsycopgConnector

from retour.doors.queue import Runner, Tempo
from retour.ops.postgres import Urls
from retour.store import jobs
from retour.store.db import Database, Db
from retour.store.jobs import Job, Queue, Task
from tests.waiting import until

pytestmark = pytest.mark.anyio

ENQUEUE = """
SELECT jobs.procrastinate_defer_jobs_v1(
  ARRAY[ROW('money', 'effect.run', 0, NULL, NULL, $1, NULL)::jobs.procrastinate_job_to_defer_v1])
"""


@pytest.mark.parametrize("role", ["app", "executor"])
async def test_a_job_of_a_committed_transaction_is_carried_out_and_gone(
    database: Database, urls: Urls, owner: Any, role: str
) -> None:
    app = App(connector=PsycopgConnector(conninfo=getattr(urls, role), kwargs={"options": "-c search_path=jobs"}))
    done: list[int] = []

    @app.task(name="effect.run")
    async def run(n: int) -> None:
        done.append(n)

    async def enqueue_and_fail(db: Db) -> None:
        await db.execute(ENQUEUE, {"n": 2})
        await db.execute("SELECT 1 / 0")

    async with database.tx(uuid4()) as db:
        await db.execute(ENQUEUE, {"n": 1})
    with pytest.raises(asyncpg.DivisionByZeroError):
        await database.run(uuid4(), enqueue_and_fail)
    async with app.open_async():
        await app.run_worker_async(
            queues=["money"], wait=False, install_signal_handlers=False, delete_jobs="successful"
        )

    assert done == [1]
    assert await owner.fetchval("SELECT count(*) FROM jobs.procrastinate_jobs") == 0


async def test_a_process_hears_of_a_job_at_once(database: Database, urls: Urls, owner: Any) -> None:
    taken: asyncio.Future[tuple[UUID, UUID]] = asyncio.get_running_loop().create_future()

    async def work(tenant_id: UUID, id_: UUID) -> None:
        taken.set_result((tenant_id, id_))

    patient = Tempo(sweep_s=600.0, poll_s=600.0, overdue=timedelta(minutes=5))
    runner = Runner(
        database=database, url=urls.app, queues=[Queue.WORK], tasks={Task.ADVANCE: work}, sweeps=[], tempo=patient
    )
    running = asyncio.create_task(runner.run())

    async def last_said(what: str) -> int:
        async with database.tx(None) as db:  # a role sees what its own sessions said last
            return int(await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query LIKE $1", what))

    await until(lambda: last_said("LISTEN %"))
    tenant, wanted = uuid4(), uuid4()
    async with database.tx(tenant) as db:
        await jobs.defer(db, [Job(Task.ADVANCE, wanted)])

    assert await asyncio.wait_for(taken, 10) == (tenant, wanted)

    async def is_gone() -> bool:
        return bool(await owner.fetchval("SELECT count(*) = 0 FROM jobs.procrastinate_jobs"))

    await until(is_gone)
    runner.stop()
    await running
