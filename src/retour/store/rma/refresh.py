"""After a change of a return: its event, its nudges, and what the core derives from its new state."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.core.rma import NO_STEPS, Ownership, Steps, blocked_by, derive_status, next_turn
from retour.store import event, jobs
from retour.store.db import Db
from retour.store.rma.load import ReturnHead, ReturnRecord, load
from retour.store.rma.save import touch

OURSELVES: Final = "retour"  # the actor of what we do by ourselves


async def refresh(
    db: Db,
    rma_id: UUID,
    *,
    at: datetime,
    due_at: datetime | None = None,
    by_somebody: bool = False,
) -> ReturnRecord:
    """Derive and store status and blocker of a return that was just changed; return it as it now stands."""
    record = await load(db, rma_id)
    assert record is not None, "a return that was just changed exists"
    return await settle_down(db, record, own=record.own, at=at, due_at=due_at, by_somebody=by_somebody)


async def settle_down(
    db: Db,
    record: ReturnRecord,
    *,
    own: Ownership,
    at: datetime,
    steps: Steps = NO_STEPS,
    due_at: datetime | None,
    by_somebody: bool = False,
) -> ReturnRecord:
    """Store status and blocker of a return as read under its lock, when nothing was changed since."""
    status = derive_status([line.decision for line in record.rma.lines])
    ret = replace(record.rma, status=status)
    blocked = blocked_by(ret, own, steps, now=at)
    version = await touch(
        db, record.rma.id, status=status, blocked=blocked, due_at=due_at, at=at, by_somebody=by_somebody,
        next_turn=next_turn(ret),
    )  # fmt: skip
    return replace(record, version=version, rma=ret)


async def changed(
    db: Db,
    record: ReturnRecord | ReturnHead,
    what: EventType,
    *,
    actor: str,
    at: datetime,
    data: Mapping[str, object],
) -> ReturnRecord:
    """Write the event of a change that was just made, enqueue what follows, and return the return as it now stands."""
    head = record if isinstance(record, ReturnHead) else record.head
    await event.tell(
        db,
        [(what, actor)],
        resource_kind="return",
        resource_id=head.id,
        store_id=head.store_id,
        at=at,
        data={"number": head.number, **data},
        nudges=[jobs.Job(jobs.Task.ADVANCE, head.id)],
    )
    # Should the job be lost, the sweep finds the return by its due time.
    return await refresh(db, head.id, at=at, due_at=at, by_somebody=actor != OURSELVES)
