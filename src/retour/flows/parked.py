"""Effects that wait for a person: given back to the executor, which reads back before it sends."""

from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.store import discrepancy, jobs
from retour.store import effect as effects
from retour.store import rma as returns
from retour.store.db import Db


async def hand_back(db: Db, *, effect_id: UUID, actor: str, now: datetime) -> None:
    """Give a parked effect back; raise Refused(effect_not_found, move_not_allowed if it is not parked)."""
    row = await effects.get(db, effect_id)
    if row is None:
        raise Refused("effect_not_found", "there is no such effect")
    record = await returns.lock(db, row.rma_id) if row.rma_id is not None else None
    if not await effects.hand_back(db, effect_id, at=now):
        raise Refused("move_not_allowed", "the effect does not wait for a person", facts={"state": row.state.value})
    await discrepancy.resolve(db, "effect_unknown", resource_kind="effect", resource_id=effect_id, by=actor, at=now)
    await jobs.defer(db, [jobs.Job(jobs.Task.CARRY_OUT, effect_id, jobs.Queue.MONEY, priority=10)])
    if record is not None:
        facts: dict[str, object] = {"effect_id": effect_id, "handed_back": True}
        await returns.changed(db, record, EventType.EFFECT_PENDING, actor=actor, at=now, data=facts)
