"""Jobs: nudges for workers, enqueued inside the transaction of the change; the truth stays on the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.store.db import Db

DEFER: Final = """
SELECT jobs.procrastinate_defer_jobs_v1(ARRAY(
  SELECT ROW(queue, task, priority, NULL, NULL, jsonb_build_object('tenant_id', current_tenant(), 'id', id), NULL)
         ::jobs.procrastinate_job_to_defer_v1
    FROM unnest($1::text[], $2::text[], $3::int[], $4::uuid[]) AS wanted (queue, task, priority, id)))
"""


class Queue(StrEnum):
    """Who works on a job: the executor alone takes `money`."""

    MONEY = "money"
    WORK = "work"


class Task(StrEnum):
    """What a job asks for; its only arguments are the tenant and one id."""

    CARRY_OUT = "effect.carry_out"
    ADVANCE = "rma.advance"
    SETTLE = "settlement.settle"
    DELIVER = "delivery.deliver"
    MAIL = "mail.deliver"
    READ_INBOX = "inbox.read"
    SYNC_ORDERS = "order.sync"
    FETCH_ORDER = "order.fetch"
    FETCH_PICTURE = "picture.fetch"
    LOOK_UP = "visit.look_up"
    SIMULATE = "simulation.run"
    MATCH_WITHDRAWAL = "withdrawal.match"
    LABEL = "label.make"
    EXCHANGE = "exchange.carry_on"
    CARD_HOLD = "card_hold.carry_on"
    ALARM = "alarm.tell"
    PRIVACY = "privacy.answer"
    NOTICE = "notice.tell"
    CATALOGUE = "catalogue.answer"


@dataclass(frozen=True, slots=True)
class Job:
    """One nudge: which task for which row; money goes before everything else."""

    task: Task
    id: UUID
    queue: Queue = Queue.WORK
    priority: int = 0


async def defer(db: Db, jobs: Sequence[Job]) -> None:
    """Enqueue jobs in the open transaction; a rollback takes them back."""
    if jobs:
        await db.fetchval(DEFER, *columns(jobs))


def columns(jobs: Sequence[Job]) -> tuple[list[str], list[str], list[int], list[UUID]]:
    """Return jobs as the arrays of a statement that enqueues them: queue, task, priority, id."""
    return (
        [j.queue.value for j in jobs],
        [j.task.value for j in jobs],
        [j.priority for j in jobs],
        [j.id for j in jobs],
    )
