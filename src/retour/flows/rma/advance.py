"""Moving a return on: read its state, plan what is due, write down whom it waits for. Running it twice adds nothing."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from retour.core.effect import Disposed, EffectKind, ProcessReturn, Restock
from retour.core.event import EventType
from retour.core.platforms import Platforms, serial_key
from retour.core.ports import CapabilityRecord
from retour.core.rma import Decision, Due, Steps, derive_status, next_steps
from retour.core.rma.state import SettlementState
from retour.store import connection as connections
from retour.store import effect as effects
from retour.store import event, jobs, order, policy, receiving
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord


async def advance(db: Db, *, tenant_id: UUID, rma_id: UUID, platforms: Platforms, now: datetime) -> Steps:
    """Plan what is due on a return and return it; nothing for a return that does not exist."""
    record = await returns.lock(db, rma_id)
    if record is None:
        return Steps()
    found = await order.load(db, record.order_id)
    store = await policy.context(db, record.store_id)
    connection = await connections.get(db, record.connection_id)
    assert found is not None
    assert store is not None
    known = platforms.records.get(connection.platform if connection else "", {})
    own = store.ownership(frozenset(known))
    steps = next_steps(record.rma, found.order, own)
    if steps:
        await _carry_on(db, tenant_id, record, steps, known, platforms, own.location_ref, now)
    once_more = now if steps.resolve or steps.hand_over else None  # what follows from these is due at once
    await returns.refresh(db, rma_id, own=own, at=now, steps=steps, due_at=once_more)
    return steps


async def _carry_on(
    db: Db,
    tenant_id: UUID,
    record: ReturnRecord,
    steps: Steps,
    known: Mapping[EffectKind, CapabilityRecord],
    platforms: Platforms,
    default_location: str | None,
    now: datetime,
) -> None:
    nudges: list[jobs.Job] = []
    if steps.withdraw:
        await effects.withdraw(db, steps.withdraw, at=now)
    for due in steps.effects:
        planned = await _plan(db, tenant_id, record, due, known[due.kind], platforms, now)
        if planned is not None:
            await _restock(db, record, due, planned, default_location, now)
            nudges.append(jobs.Job(jobs.Task.CARRY_OUT, planned, jobs.Queue.MONEY))
    if steps.resolve:
        await _resolve(db, record, steps.resolve, now)
    for settlement_id in steps.settle:
        if await refunds.set_due(db, settlement_id, due_at=now):
            nudges.append(jobs.Job(jobs.Task.SETTLE, settlement_id, jobs.Queue.MONEY, priority=10))
    for settlement_id in steps.hand_over:
        await _hand_over(db, record, settlement_id, now)
    await jobs.defer(db, nudges)


async def _plan(
    db: Db,
    tenant_id: UUID,
    record: ReturnRecord,
    due: Due,
    capability: CapabilityRecord,
    platforms: Platforms,
    now: datetime,
) -> UUID | None:
    return await effects.plan(
        db,
        effects.Planned(
            kind=due.kind,
            business_ref=due.business_ref,
            reference=f"R-{record.rma.number}",
            target=due.target,
            connection_id=record.connection_id,
            order_id=record.order_id,
            rma_id=record.rma.id,
            quiet_period=platforms.quiet(capability),
            trusted_window=platforms.window(capability),
            serial_key=serial_key(capability, record.order_id),
            repeat_harmless=capability.repeat_harmless,
        ),
        tenant_id=tenant_id,
        at=now,
    )


async def _restock(
    db: Db, record: ReturnRecord, due: Due, effect_id: UUID, default_location: str | None, now: datetime
) -> None:
    if not due.restocks:
        return
    locations = {i.id: i.location_ref for i in record.rma.inspections()}
    fallback = record.rma.location_ref or default_location or _location_in(due)
    for inspection_id in due.restocks:
        location = locations[inspection_id] or fallback
        assert location is not None, "an inspection to restock has a location"
        await receiving.restock(
            db, [inspection_id], location_ref=location, carried_by="retour", effect_id=effect_id, at=now
        )


def _location_in(due: Due) -> str | None:
    if isinstance(due.target, Restock):
        return due.target.location_ref
    assert isinstance(due.target, ProcessReturn)
    disposed: tuple[Disposed, ...] = due.target.lines
    return next((line.location_ref for line in disposed if line.restock), None)


async def _resolve(db: Db, record: ReturnRecord, line_ids: tuple[UUID, ...], now: datetime) -> None:
    await returns.decide(db, line_ids, Decision.RESOLVED, actor="retour", at=now)
    after = [Decision.RESOLVED if line.id in line_ids else line.decision for line in record.rma.lines]
    if derive_status(after) is Decision.RESOLVED:
        # Once more, so that the platform's own return is closed now that everything is done.
        settled = sum(s.total_minor for s in record.rma.settlements)
        await _tell(db, record, EventType.RETURN_RESOLVED, now, {"settled_minor": settled})


async def _hand_over(db: Db, record: ReturnRecord, settlement_id: UUID, now: datetime) -> None:
    """Tell whoever masters refunds what to pay; nothing is paid by us."""
    if await refunds.move(
        db, settlement_id, came_from=[SettlementState.QUOTED], to=SettlementState.HANDED_OVER, at=now
    ):
        await _tell(db, record, EventType.SETTLEMENT_HANDED_OVER, now, {"settlement_id": settlement_id})


async def _tell(db: Db, record: ReturnRecord, what: EventType, now: datetime, data: dict[str, object]) -> None:
    """Write the event of a step and look at the return once more afterwards."""
    await event.tell(
        db,
        [(what, "retour")],
        resource_kind="return",
        resource_id=record.rma.id,
        store_id=record.store_id,
        at=now,
        data={"number": record.rma.number, **data},
        nudges=[jobs.Job(jobs.Task.ADVANCE, record.rma.id)],
    )
