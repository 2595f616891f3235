"""What a person decides about an effect that stands still: to look again, or to try anew."""

from datetime import datetime
from uuid import UUID

import msgspec

from retour.core.effect import CARD_KINDS, EXCHANGE_KINDS, MONEY_KINDS, EffectKind
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.removal import RemoveFromReturn
from retour.core.rma.there import may_leave
from retour.store import discrepancy, jobs
from retour.store import effect as effects
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.effect import EffectRow
from retour.store.rma import ReturnRecord


async def hand_back(db: Db, *, effect_id: UUID, actor: str, now: datetime) -> None:
    """Give a parked effect back, to be read back before it is sent; raise Refused(effect_not_found, move_not_allowed)."""
    row, record = await _locked(db, effect_id)
    if not await effects.hand_back(db, effect_id, at=now):
        raise Refused("move_not_allowed", "the effect does not wait for a person", facts={"state": row.state.value})
    await discrepancy.resolve(db, "effect_unknown", resource_kind="effect", resource_id=effect_id, by=actor, at=now)
    await jobs.defer(db, [jobs.Job(jobs.Task.CARRY_OUT, effect_id, jobs.Queue.MONEY, priority=10)])
    if record is not None:
        facts: dict[str, object] = {"effect_id": effect_id, "handed_back": True}
        await returns.changed(db, record, EventType.EFFECT_PENDING, actor=actor, at=now, data=facts)


async def retry(db: Db, *, effect_id: UUID, actor: str, now: datetime) -> UUID:
    """Try a failed effect again, as a new one of the same reference, and return its id.

    A person's decision, after the cause is gone. Raises Refused: `effect_not_found`, `move_not_allowed` if the effect
    has not failed, was tried again already, moves money (then the settlement is retried, which quotes anew), or makes
    the new order of an exchange or holds
    a card (then that is tried again, as the return's page offers), or takes units out of the platform's return that go
    back through it by now.
    """
    row, record = await _locked(db, effect_id)
    if record is not None and row.kind is EffectKind.REMOVE_FROM_RETURN:
        await _check_leaving(db, row, record)
    again = None if row.kind in MONEY_KINDS | EXCHANGE_KINDS | CARD_KINDS else await effects.plan_again(db, row, at=now)
    if again is None:
        raise Refused("move_not_allowed", "the effect cannot be tried again", facts={"state": row.state.value})
    await discrepancy.resolve(db, "effect_failed", resource_kind="effect", resource_id=effect_id, by=actor, at=now)
    await jobs.defer(db, [jobs.Job(jobs.Task.CARRY_OUT, again, jobs.Queue.MONEY)])
    if record is not None:
        facts: dict[str, object] = {"effect_id": again, "tried_again": effect_id}
        await returns.changed(db, record, EventType.EFFECT_PENDING, actor=actor, at=now, data=facts)
    return again


async def _check_leaving(db: Db, row: EffectRow, record: ReturnRecord) -> None:
    ground, target = await returns.ground(db, record.order_id), msgspec.convert(row.target, RemoveFromReturn)
    assert ground is not None, "a return has an order"
    staying = {line.return_line_ref: line.quantity for line in target.lines}
    if not may_leave(record.rma, ground.order.order, staying):
        said = "its units are processed, or come back after all: the platform's return keeps them"
        raise Refused("move_not_allowed", said, facts={"state": row.state.value})


async def _locked(db: Db, effect_id: UUID) -> tuple[EffectRow, ReturnRecord | None]:
    row = await effects.get(db, effect_id)
    if row is None:
        raise Refused("effect_not_found", "there is no such effect")
    return row, await returns.lock(db, row.rma_id) if row.rma_id is not None else None
