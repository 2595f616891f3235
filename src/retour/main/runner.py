"""How a process looks for work and does it, whichever its role is."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from retour.doors.queue import Runner, Sweep, Tempo
from retour.main.house import House, Work
from retour.store.db import Db
from retour.store.jobs import Queue, Task

CONCURRENCY: Final = 8  # tasks at once


def found(
    find: Callable[..., Awaitable[list[tuple[UUID, UUID]]]],
) -> Callable[[Db, int, timedelta], Awaitable[list[tuple[UUID, UUID]]]]:
    """Return a search for what is due, as a sweep asks for it."""

    async def found(db: Db, most: int, overdue: timedelta) -> list[tuple[UUID, UUID]]:
        return await find(db, most=most, overdue=overdue)

    return found


def runner_of(here: House, queues: list[Queue], tasks: Mapping[Task, Work], sweeps: list[Sweep]) -> Runner:
    """Return a process that does these tasks, as they are nudged and as the sweeps find them."""
    settings = here.settings
    return Runner(
        database=here.database,
        url=here.url,
        queues=queues,
        tasks=tasks,
        sweeps=sweeps,
        tempo=Tempo(
            concurrency=CONCURRENCY,
            sweep_s=settings.sweep_s,
            overdue=timedelta(seconds=min(5.0, settings.sweep_s)),
        ),
    )
