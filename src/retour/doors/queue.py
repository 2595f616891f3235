"""The processes behind the web: take jobs from the queue, and sweep for what lost its job."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import procrastinate
import psycopg
import structlog
from procrastinate import PsycopgConnector

from retour.store.db import Database, Db
from retour.store.jobs import Queue, Task

_log = structlog.get_logger(__name__)

Work = Callable[[UUID, UUID], Awaitable[None]]
Overdue = Callable[[Db, int, timedelta], Awaitable[list[tuple[UUID, UUID]]]]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where to look for overdue rows, and what to do with each."""

    name: str
    find: Overdue
    work: Work


@dataclass(frozen=True, slots=True)
class Tempo:
    """How many jobs run at once, how often the sweep looks, and how long a row may be due before it does."""

    concurrency: int = 8
    sweep_s: float = 60.0
    overdue: timedelta = timedelta(seconds=5)
    poll_s: float = 1.0
    batch: int = 200


class Runner:
    """One process's share of the queue: its tasks, its sweeps, its end."""

    def __init__(
        self,
        *,
        database: Database,
        url: str,
        queues: list[Queue],
        tasks: Mapping[Task, Work],
        sweeps: list[Sweep],
        tempo: Tempo,
    ):
        self._database = database
        self._queues = queues
        self._sweeps = sweeps
        self._tempo = tempo
        self._slots = asyncio.Semaphore(tempo.concurrency)
        self._stopping = asyncio.Event()
        connector = PsycopgConnector(
            conninfo=url,
            kwargs={"options": "-c search_path=jobs,public"},
            configure=_single_statements,
            min_size=1,
            max_size=4,
        )
        self._app = procrastinate.App(connector=connector)
        for task, work in tasks.items():
            self._register(task, work)

    async def run(self) -> None:
        """Work until `stop`; jobs that are running then end by themselves."""
        async with self._app.open_async():
            queue = asyncio.create_task(
                self._app.run_worker_async(
                    queues=[q.value for q in self._queues],
                    concurrency=self._tempo.concurrency,
                    fetch_job_polling_interval=self._tempo.poll_s,
                    abort_job_polling_interval=60.0,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    listen_notify=True,
                )
            )
            sweep = asyncio.create_task(self._sweep_for_ever())
            stopping = asyncio.create_task(self._stopping.wait())
            tasks: set[asyncio.Task[object]] = {queue, sweep, stopping}
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()

    def stop(self) -> None:
        """Ask the process to end."""
        self._stopping.set()

    async def sweep_once(self) -> int:
        """Look once for everything overdue, work on it, and return how much it was."""
        found = 0
        for sweep in self._sweeps:
            async with self._database.tx(None) as db:
                due = await sweep.find(db, self._tempo.batch, self._tempo.overdue)
            found += len(due)
            await asyncio.gather(*(self._guarded(sweep.name, sweep.work, tenant, id_) for tenant, id_ in due))
        return found

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self.sweep_once()
            except (OSError, TimeoutError, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError):
                    raise
                _log.warning("the sweep could not reach the database", error=str(error))
            await asyncio.sleep(self._tempo.sweep_s)

    def _register(self, task: Task, work: Work) -> None:
        async def run(tenant_id: str, id: str) -> None:  # noqa: A002 - the job's argument
            await self._guarded(task.value, work, UUID(tenant_id), UUID(id))

        self._app.task(name=task.value)(run)

    async def _guarded(self, name: str, work: Work, tenant_id: UUID, id_: UUID) -> None:
        """Run one piece of work; whatever goes wrong is written down, and the sweep comes back to the row."""
        async with self._slots:
            try:
                await work(tenant_id, id_)
            except Exception:  # noqa: BLE001 - the worker's edge: the truth is on the row, not in the job
                _log.exception("a job failed", job=name, tenant=str(tenant_id), id=str(id_))


async def _single_statements(connection: psycopg.AsyncConnection[Any]) -> None:
    """Let each statement of the queue be a transaction of its own, without BEGIN and COMMIT around it."""
    await connection.set_autocommit(True)
