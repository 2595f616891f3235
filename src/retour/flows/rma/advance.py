"""Moving a return on: read its state, plan what is due, write down whom it waits for. Running it twice adds nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from retour.core.effect import Disposed, EffectKind, ProcessReturn, Restock
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.label import unlabelled
from retour.core.platforms import Platforms
from retour.core.ports import CapabilityRecord
from retour.core.promise import kept
from retour.core.rma import Decision, Due, Steps, awaits_fee, derive_status, next_steps
from retour.core.rma.hold import ENDED
from retour.core.rma.state import EffectView, SettlementState
from retour.core.settling import again
from retour.core.warehouse import announcement, expected
from retour.flows.rma.charge import charge
from retour.flows.rma.early import quote_early, void
from retour.flows.rma.expire import turn
from retour.flows.rma.push import compare, push
from retour.flows.rma.reopen import show_stock_to_undo
from retour.store import card_hold, event, fraud, jobs, receiving
from retour.store import effect as effects
from retour.store import label as labels
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.refund import outside
from retour.store.rma import ReturnRecord


async def advance(
    db: Db, *, tenant_id: UUID, rma_id: UUID, platforms: Platforms, policies: PolicyCache, now: datetime
) -> Steps:
    """Plan what is due on a return and return it; nothing for a return that does not exist.

    What follows from the steps taken (the platform's own return is closed once all is done) is planned in the same go.
    """
    record = await returns.lock(db, rma_id)
    if record is None:
        return Steps()
    while await turn(db, record, now=now):
        record = await _again(db, record)
    steps, nudges = await _advance(db, tenant_id, record, platforms, policies, now)
    await jobs.defer(db, nudges)
    if record.rma.fee is not None:  # the mail of the approval waits for it, and is the worker's to send
        await labels.release_mail(db, record.rma.id, at=now)
    return steps


async def move_on(
    db: Db, *, tenant_id: UUID, rma_id: UUID, platforms: Platforms, policies: PolicyCache, now: datetime
) -> Sequence[jobs.Job]:
    """Do the same for a return whose lock the caller holds, and return the executor's jobs instead of enqueuing them.

    The caller takes them on itself; should it die before, the sweep finds the rows by their due times.
    """
    record = await returns.load(db, rma_id)
    assert record is not None, "a locked return exists"
    _, nudges = await _advance(db, tenant_id, record, platforms, policies, now)
    return nudges


async def _advance(
    db: Db, tenant_id: UUID, record: ReturnRecord, platforms: Platforms, policies: PolicyCache, now: datetime
) -> tuple[Steps, list[jobs.Job]]:
    ground = await returns.ground(db, record.order_id)
    assert ground is not None
    if await _approve(db, record, now):
        record = await _again(db, record)
    while record.rma.fee is not None and await charge(db, record, now=now):
        record = await _again(db, record)
    if lacking := unlabelled(record.rma):
        await labels.plan(db, record.rma.id, lacking, at=now)
        record = await _again(db, record)
    if (
        record.rma.warehouse
        and not awaits_fee(record.rma)
        and (units := expected(record.rma)) != (record.rma.announced or {})
    ):
        await returns.announce(db, record.rma.id, units)
        lines = announcement(record.rma, ground.order.order)
        await _tell(db, record, EventType.RETURN_EXPECTED, now, {"order": ground.order.order.name, "lines": lines})
    if record.told_since:
        await fraud.renew(db, record.rma.id, at=now)
    pushed = await push(db, tenant_id, record, ground.order.order, platforms, now)
    known, order = platforms.records.get(ground.platform, {}), ground.order.order
    own = ground.store.ownership(frozenset(known))
    await show_stock_to_undo(db, record, order, own, now=now)
    steps, nudges = next_steps(record.rma, order, own), pushed
    withdrawn = await effects.withdraw(db, steps.withdraw, at=now) if steps.withdraw else []
    if withdrawn:
        await _tell(db, record, EventType.EFFECT_WITHDRAWN, now, {"effects": withdrawn})
        # What gave way may have been in the way of something else: read the return as it stands without it.
        record = await _again(db, record)
        steps = next_steps(record.rma, order, own)
    first = steps
    if steps.quote or steps.void:
        await quote_early(db, record=record, found=ground.order, due=steps.quote, policies=policies, now=now)
        for settlement_id in steps.void:
            await void(db, record=record, settlement_id=settlement_id, now=now)
        record = await _again(db, record)
        steps = next_steps(record.rma, order, own)
    while steps:
        nudged, planned = await _carry_on(
            db, tenant_id, record, ground.order, steps, known, platforms, policies, own.location_ref, now
        )
        nudges += nudged
        handed_over = bool(set(steps.hand_over) - _later(record, now))
        if handed_over or len(planned) < len(steps.effects):
            record = await _again(db, record)
        else:
            record = _with(record, resolved=steps.resolve, planned=planned, now=now)
        if not (steps.resolve or handed_over):
            break
        steps = next_steps(record.rma, order, own)  # what follows from these is due at once
    await compare(db, record, now)
    if record.rma.card is not None and record.rma.card.state not in ENDED:
        await card_hold.wake(db, record.rma.id, at=now)
    await returns.settle_down(db, record, own=own, at=now, steps=steps, due_at=None)
    return first, nudges


def _with(
    record: ReturnRecord, *, resolved: Sequence[UUID], planned: Sequence[EffectView], now: datetime
) -> ReturnRecord:
    """Return the return as it stands after these steps, where nothing else has changed."""
    lines = tuple(
        replace(line, decision=Decision.RESOLVED, decided_at=now) if line.id in resolved else line
        for line in record.rma.lines
    )
    return replace(record, rma=replace(record.rma, lines=lines, effects=(*record.rma.effects, *planned)))


def _later(record: ReturnRecord, now: datetime) -> set[UUID]:
    """Return the settlements whose time has not come; the return is due again when it does."""
    if record.rma.fee is not None and record.rma.fee.is_unsure:
        return {s.id for s in record.rma.settlements}
    return {s.id for s in record.rma.settlements if s.not_before is not None and s.not_before > now}


async def _approve(db: Db, record: ReturnRecord, now: datetime) -> bool:
    """Approve what the policy wants approved by now and nobody has decided; return whether that was anything."""
    ret = record.rma
    if ret.approve_at is None or ret.approve_at > now or ret.held or ret.asked is not None:
        return False
    waiting = [line.id for line in ret.lines if line.decision is Decision.REQUESTED]
    if not waiting:
        return False
    await returns.decide(db, waiting, Decision.APPROVED, actor="policy", at=now)
    await event.tell(
        db, [(EventType.RETURN_APPROVED, "policy")], resource_kind="return", resource_id=ret.id,
        store_id=record.store_id, at=now, data={"number": ret.number, "lines": waiting, "because": "time_passed"},
    )  # fmt: skip
    return True


async def _again(db: Db, record: ReturnRecord) -> ReturnRecord:
    found = await returns.load(db, record.rma.id)
    assert found is not None, "a locked return exists"
    return found


async def _carry_on(
    db: Db,
    tenant_id: UUID,
    record: ReturnRecord,
    found: OrderRecord,
    steps: Steps,
    known: Mapping[EffectKind, CapabilityRecord],
    platforms: Platforms,
    policies: PolicyCache,
    default_location: str | None,
    now: datetime,
) -> tuple[list[jobs.Job], list[EffectView]]:
    """Take the steps; return the jobs that follow, all of them the executor's, and the effects that were new."""
    nudges, new = list[jobs.Job](), list[EffectView]()
    for due in steps.effects:
        planned = await _plan(db, tenant_id, record, due, known[due.kind], platforms, now)
        if planned is not None:
            await _restock(db, record, due, planned, default_location, now)
            nudges.append(jobs.Job(jobs.Task.CARRY_OUT, planned, jobs.Queue.MONEY))
            new.append(effects.as_planned(planned, due.kind, due.business_ref, at=now))
    if steps.resolve:
        await _resolve(db, record, steps.resolve, now)
    later = _later(record, now)
    for settlement_id in (s for s in steps.settle if s not in later):
        if await refunds.set_due(db, settlement_id, due_at=now):
            nudges.append(jobs.Job(jobs.Task.SETTLE, settlement_id, jobs.Queue.MONEY, priority=10))
    for settlement_id in (s for s in steps.hand_over if s not in later):
        await _hand_over(db, record, found, settlement_id, policies, now)
    return nudges, new


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
            platforms=platforms,
            capability=capability,
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
        settled = sum(s.total_minor for s in record.rma.settlements)
        facts: dict[str, object] = {"settled_minor": settled, **await _difference(db, record, line_ids)}
        await _tell(db, record, EventType.RETURN_RESOLVED, now, facts)


async def _difference(db: Db, record: ReturnRecord, line_ids: tuple[UUID, ...]) -> dict[str, object]:
    """Return what was promised, and the reason of every minor unit between that and what is paid."""
    lines = tuple(
        replace(line, decision=Decision.RESOLVED) if line.id in line_ids else line for line in record.rma.lines
    )
    rows = await refunds.list_of_rma(db, record.rma.id)
    told = kept(replace(record.rma, lines=lines), await returns.promised(db, record.rma.id), refunds.plans_of(rows))
    return {
        "promised_minor": told.promised.presentment,
        "currency": record.rma.currency,
        "difference": [
            {"code": part.code, "ref": part.ref, "amount_minor": part.amount.presentment, "units": part.units}
            for part in told.parts
        ],
    }


async def _hand_over(
    db: Db, record: ReturnRecord, found: OrderRecord, settlement_id: UUID, policies: PolicyCache, now: datetime
) -> None:
    """Tell whoever masters refunds what to pay as it is now; nothing is paid by us."""
    row = await refunds.get(db, settlement_id)
    assert row is not None, "it was just read with its return"
    try:
        standing = await returns.standing(db, record, found.order, policies, before=row.seq)
        plan = again(
            found.order, record.rma, row.plan, standing, batch_id=row.batch_id, units=row.units,
            resolution=row.resolution, ref=row.resolution_ref,
        )  # fmt: skip
    except Refused:  # the platform has paid for these units already: it is told what they were worth
        plan = row.plan
    if await refunds.move(
        db, settlement_id, came_from=[SettlementState.QUOTED], to=SettlementState.HANDED_OVER, at=now
    ):
        reasons = sorted({r.kind.value for r in plan.adjustments})
        await outside.to_platform(db, settlement_id, plan=plan, reasons=reasons, at=now)
        await _tell(db, record, EventType.SETTLEMENT_HANDED_OVER, now, {"settlement_id": settlement_id})


async def _tell(db: Db, record: ReturnRecord, what: EventType, now: datetime, data: dict[str, object]) -> None:
    await event.tell(
        db,
        [(what, "retour")],
        resource_kind="return",
        resource_id=record.rma.id,
        store_id=record.store_id,
        at=now,
        data={"number": record.rma.number, **data},
    )
