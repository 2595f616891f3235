"""The job queue under the working roles: enqueued in our transaction, carried out by a real worker."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from procrastinate import App, PsycopgConnector

from retour.ops.postgres import Urls
from retour.store.db import Database, Db

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
