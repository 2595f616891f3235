"""The queues over the API: what waits for whom and why, by age, with the limit and what unblocks it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta

from retour.core.withdrawal import repay_by
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import Asked, Told
from retour.store import intake as intakes
from retour.store import withdrawal_waits as waits
from retour.store.desk import queues as rows
from retour.store.desk.queues import Queue
from retour.store.intake import IntakeQueue
from retour.store.withdrawal_waits import WithdrawalQueue


class QueueQuery(Asked):
    """Which queues are wanted; all by default."""

    actor: Literal["agent", "warehouse", "finance", "operator", "shopper", "carrier", "platform", "retour"] | None = (
        None
    )
    code: Annotated[str, Meta(max_length=60, pattern="^[a-z_]*$")] | None = None
    late: bool = False


class AgesOut(Told):
    """How many wait since when: less than a day, one to three days, three to seven, longer."""

    day: int
    three_days: int
    week: int
    older: int


class QueueOut(Told):
    """Returns of one store that wait for the same one for the same reason; `late` are beyond `limit_hours`.

    The oldest is named with its evidence and what unblocks it.
    """

    store_id: UUID
    shop_name: str
    actor: str
    code: str
    count: int
    late: int
    limit_hours: int | None
    ages: AgesOut
    oldest_since: datetime
    oldest_number: str
    unblocks: str | None
    evidence: Mapping[str, Any]


class ParkedOut(Told):
    """What was sent in and waits for a person for the same reason; the longest is named."""

    store_id: UUID
    why: str
    count: int
    oldest_since: datetime
    oldest_id: UUID


class StatedOut(Told):
    """Statements of withdrawal that wait: for a person (`withdrawal_waiting`, `why`) or for their money.

    `repay_by` is the day by which the money of the one stated first goes back; `late` are beyond `limit_hours`.
    """

    store_id: UUID
    code: str
    why: str | None
    count: int
    late: int
    limit_hours: int | None
    ages: AgesOut
    oldest_since: datetime
    oldest_id: UUID
    repay_by: date


class QueuesOut(Told):
    """Every queue, those with late returns first; `count` and `late` count returns, `intakes` are what is none yet."""

    count: int
    late: int
    items: list[QueueOut]
    intakes: list[ParkedOut]
    withdrawals: list[StatedOut]


async def get_queues(call: Call, query: QueueQuery) -> QueuesOut:
    """Return what waits."""
    found = await rows.queues(
        call.db, store_id=call.store, now=call.now, actors=(query.actor,) if query.actor else (),
        codes=(query.code,) if query.code else (),
    )  # fmt: skip
    items = [_out(queue) for queue in found if queue.late or not query.late]
    is_narrow = query.code or query.late or query.actor not in (None, "agent")
    parked = [] if is_narrow else await intakes.queues(call.db, store_id=call.store, now=call.now)
    stated = (
        [] if query.actor not in (None, "agent") else await waits.queues(call.db, store_id=call.store, now=call.now)
    )
    return QueuesOut(
        count=sum(x.count for x in items), late=sum(x.late for x in items), items=items,
        intakes=[_parked(queue) for queue in parked],
        withdrawals=[
            _stated(one) for one in stated if query.code in (None, "", one.code) and (one.late or not query.late)
        ],
    )  # fmt: skip


def _parked(queue: IntakeQueue) -> ParkedOut:
    return ParkedOut(
        store_id=queue.store_id, why=queue.why, count=queue.count, oldest_since=queue.oldest, oldest_id=queue.oldest_id
    )


def _stated(queue: WithdrawalQueue) -> StatedOut:
    return StatedOut(
        store_id=queue.store_id, code=queue.code, why=queue.why, count=queue.count, late=queue.late,
        limit_hours=queue.hours, oldest_since=queue.oldest, oldest_id=queue.oldest_id,
        ages=AgesOut(day=queue.day, three_days=queue.three_days, week=queue.week, older=queue.older),
        repay_by=repay_by(queue.stated_on),
    )  # fmt: skip


def _out(queue: Queue) -> QueueOut:
    evidence = {name: value for name, value in queue.evidence.items() if name != "unblocks"}
    unblocks = queue.evidence.get("unblocks")
    return QueueOut(
        store_id=queue.store_id, shop_name=queue.shop_name, actor=queue.actor, code=queue.code, count=queue.count,
        late=queue.late, limit_hours=queue.hours, oldest_since=queue.oldest, oldest_number=f"R-{queue.number}",
        ages=AgesOut(day=queue.day, three_days=queue.three_days, week=queue.week, older=queue.older),
        unblocks=None if unblocks is None else str(unblocks), evidence=evidence,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="get_queues", method="GET", path="/queues", tag="Returns", query=QueueQuery, answer=QueuesOut,
        summary="Read what waits for whom, by reason and age", do=get_queues,
        description="With X-Shop-Name: that store alone. `late` are returns that wait longer than their store lets "
        "that reason last; `retour` works on by itself.",
    ),
)  # fmt: skip
