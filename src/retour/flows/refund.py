"""Settling: ask the platform for its figures, compare, reserve, and plan the one effect that pays."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from retour.core import refund
from retour.core.breaker import counted
from retour.core.cancelling import check_unsent, refunded
from retour.core.effect import EffectKind, Leg, RefundTender
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.payout import plain_units, refunded_shipping
from retour.core.platforms import Platforms
from retour.core.ports import CommerceConnector, Credential, PlatformQuote, QuotedLine, Unreachable
from retour.core.refund import Agreement, Comparison, Plan
from retour.core.rma import SettlementState
from retour.core.settling import again
from retour.store import breaker, discrepancy, event, jobs, order
from retour.store import connection as connections
from retour.store import effect as effects
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store import second as seconds
from retour.store.connection import Connection
from retour.store.db import Database, Db
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.refund import SettlementRow
from retour.store.rma import ReturnRecord

RETRY_READ = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Settling:
    """A settlement with all that it is computed from, as read in one transaction."""

    row: SettlementRow
    record: ReturnRecord
    order: OrderRecord
    connection: Connection
    plan: Plan


HandOver = Callable[[Db, ReturnRecord, SettlementRow, Plan, datetime], Awaitable[None]]
Opener = Callable[[Connection], Credential]
Clock = Callable[[], datetime]


async def settle(
    database: Database,
    *,
    tenant_id: UUID,
    settlement_id: UUID,
    connectors: Callable[[str], CommerceConnector],
    open_credential: Opener,
    policies: PolicyCache,
    platforms: Platforms,
    clock: Clock,
    hand_over: HandOver,
    is_in_a_row: bool = False,
) -> Sequence[jobs.Job]:
    """Compare a quoted settlement with the platform and pay it, or open a discrepancy and pay nothing.

    Return the effect that pays as a job if the caller does it next (`is_in_a_row`); else it is enqueued.

    The platform is read outside any transaction; then one transaction re-quotes under the order's lock, compares,
    books the rows, reserves the captures and plans the refund. Running it twice pays once.
    """
    async with database.tx(tenant_id) as db:
        try:
            settling = await _glance(db, settlement_id, policies) or await _load(db, settlement_id, policies)
        except Refused as no:
            await _show_unquotable(db, settlement_id, no, clock())
            return ()
        if settling is None:  # held, disputed or paid: whoever lets it go on makes it due again
            await refunds.set_due(db, settlement_id, due_at=None)
            return ()
        if settling.row.not_before is not None and settling.row.not_before > clock():
            await refunds.set_due(db, settlement_id, due_at=settling.row.not_before)
            return ()
        if not settling.record.own.pays(settling.row.resolution):
            await _hand_on(db, settlement_id, policies, hand_over, clock())
            return ()
        if settling.connection.state != "connected":
            await refunds.set_due(db, settlement_id, due_at=clock() + RETRY_READ)
            return ()
    figures = await _figures(database, tenant_id, settling, connectors, open_credential, clock)
    if figures is None:
        return ()

    async def pay(db: Db) -> Sequence[jobs.Job]:
        again = await _load(db, settlement_id, policies)
        if again is None or not again.record.own.pays(again.row.resolution):
            return ()
        paying = await _compare_and_pay(db, tenant_id, again, figures, platforms, clock())
        if not is_in_a_row:
            await jobs.defer(db, paying)
        return paying if is_in_a_row else ()

    return await database.run(tenant_id, pay)


async def _figures(
    database: Database,
    tenant_id: UUID,
    settling: Settling,
    connectors: Callable[[str], CommerceConnector],
    open_credential: Opener,
    clock: Clock,
) -> PlatformQuote | None:
    """Return what the platform computes for the same units; nothing where it cannot be asked now, which is due later."""
    asked = [QuotedLine(r.line_ref, r.quantity) for r in plain_units(settling.plan, settling.order.order)]
    shipping = refunded_shipping(settling.plan, settling.order.order)
    try:
        return await connectors(settling.connection.platform).quote_refund(
            open_credential(settling.connection), order_ref=settling.order.order.ref, lines=asked,
            shipping_minor=shipping,
        )  # fmt: skip
    except Unreachable as gone:
        async with database.tx(tenant_id) as db:
            wait = max(timedelta(seconds=gone.retry_after_s), RETRY_READ if gone.needs_reconnect else timedelta(0))
            await refunds.set_due(db, settling.row.id, due_at=clock() + wait)
            if gone.needs_reconnect:
                await connections.lock_out(db, settling.connection.id, actor="retour", at=clock())
        return None


async def retry(db: Db, *, settlement_id: UUID, actor: str, now: datetime) -> SettlementRow:
    """Let a failed settlement be paid again by a new effect; raise Refused(settlement_not_found, move_not_allowed)."""
    row = await _locked_row(db, settlement_id)
    if not await refunds.move(db, settlement_id, came_from=[SettlementState.FAILED], to=SettlementState.QUOTED, at=now):
        raise Refused("move_not_allowed", f"the settlement is {row.state.value}", facts={"state": row.state.value})
    assert row.effect_id is not None, "a settlement fails by its effect"
    await discrepancy.resolve(db, "effect_failed", resource_kind="effect", resource_id=row.effect_id, by=actor, at=now)
    return await _told(db, row, EventType.SETTLEMENT_QUOTED, actor, now)


async def accept_difference(db: Db, *, settlement_id: UUID, actor: str, now: datetime) -> SettlementRow:
    """Decide that our own figure is paid although the platform computes another; raise Refused as `retry` does."""
    row = await _locked_row(db, settlement_id)
    if not await refunds.accept_difference(db, settlement_id):
        raise Refused("move_not_allowed", "there is no difference to decide", facts={"state": row.state.value})
    await discrepancy.resolve(
        db, "platform_disagrees", resource_kind="settlement", resource_id=settlement_id, by=actor, at=now
    )
    return await _told(db, row, EventType.SETTLEMENT_QUOTED, actor, now)


async def _told(db: Db, row: SettlementRow, what: EventType, actor: str, now: datetime) -> SettlementRow:
    record = await returns.load(db, row.rma_id)
    assert record is not None
    await returns.changed(db, record, what, actor=actor, at=now, data={"settlement_id": row.id})
    after = await refunds.get(db, row.id)
    assert after is not None
    return after


async def _locked_row(db: Db, settlement_id: UUID) -> SettlementRow:
    row = await refunds.get(db, settlement_id)
    if row is None or await returns.lock(db, row.rma_id) is None:
        raise Refused("settlement_not_found", "there is no such settlement")
    return row


async def _glance(db: Db, settlement_id: UUID, policies: PolicyCache) -> Settling | None:
    """Return a settlement as `_load` does but without a lock, to know what to ask the platform; nothing if in doubt."""
    row = await refunds.get(db, settlement_id)
    record = None if row is None else await returns.load(db, row.rma_id)
    if row is None or record is None:
        return None
    try:
        return await _settling(db, row, record, policies)
    except Refused:
        return None


async def _load(db: Db, settlement_id: UUID, policies: PolicyCache) -> Settling | None:
    """Lock a settlement's order, return and captures, then return it re-quoted from the present ledger.

    Nothing if it is not (or no longer) to be paid. Raises Refused if its units cannot be quoted any more.
    """
    row = await refunds.get(db, settlement_id)
    if row is None:
        return None
    record = await returns.lock(db, row.rma_id)
    assert record is not None
    await refunds.lock_captures(db, row.order_id)
    row = await refunds.get(db, settlement_id)
    assert row is not None
    return await _settling(db, row, record, policies)


async def _settling(db: Db, row: SettlementRow, record: ReturnRecord, policies: PolicyCache) -> Settling | None:
    if row.state is not SettlementState.QUOTED or row.comparison == "differs" or row.second_at or record.rma.held:
        return None
    if record.rma.fee is not None and record.rma.fee.is_unsure:
        return None
    found = await order.load(db, row.order_id)
    connection = await connections.get(db, record.connection_id)
    assert found is not None
    assert connection is not None
    check_unsent(record.rma, found.order)
    return Settling(row, record, found, connection, await _as_now(db, row, record, found, policies))


async def _hand_on(db: Db, settlement_id: UUID, policies: PolicyCache, hand_over: HandOver, now: datetime) -> None:
    """Hand a settlement over as it is under the locks, if it still is one to hand over."""
    settling = await _load(db, settlement_id, policies)
    if settling is None or settling.record.own.pays(settling.row.resolution):
        return
    record, row, plan = settling.record, settling.row, settling.plan
    if await seconds.wait_for_second(db, record, row, plan, at=now, is_outside=True):
        return
    leaves = counted(row.resolution, plan.total.shop + plan.bonus_shop)
    if leaves and await breaker.holds_back(db, record.store_id, minor=leaves, at=now):
        await refunds.set_due(db, row.id, due_at=now + RETRY_READ)
        await returns.refresh(db, record.rma.id, at=now)
        return
    await hand_over(db, record, row, plan, now)


async def _as_now(db: Db, row: SettlementRow, record: ReturnRecord, found: OrderRecord, policies: PolicyCache) -> Plan:
    standing = await returns.standing(db, record, found.order, policies, before=row.seq)
    return again(
        found.order, record.rma, row.plan, standing, batch_id=row.batch_id, units=row.units,
        resolution=row.resolution, ref=row.resolution_ref,
    )  # fmt: skip


async def _compare_and_pay(
    db: Db, tenant_id: UUID, settling: Settling, figures: PlatformQuote, platforms: Platforms, now: datetime
) -> Sequence[jobs.Job]:
    """Reserve and plan what is to be paid and return it as a job; nothing where nothing is to be sent."""
    compared = refund.compare(settling.plan, figures, apart=settling.order.order.shares)
    accepted = settling.row.comparison == "accepted_by_person" and _is_as_shown(settling.plan, settling.row.plan)
    plan = settling.plan if accepted else compared.reconciled
    if plan is None or (plan.unallocated and not (accepted and plan.legs)):
        await _dispute(db, settling, figures, compared, now)
        return ()
    comparison = "accepted_by_person" if accepted else "equal"
    if not accepted and compared.agreement is Agreement.RECONCILED:
        comparison = "rounded"
    reasons = sorted({r.kind.value for r in plan.adjustments})
    await refunds.save_comparison(
        db, settling.row.id, platform_quote=figures, comparison=comparison, plan=plan, reasons=reasons
    )
    if await seconds.wait_for_second(db, settling.record, settling.row, plan, at=now, is_override=accepted):
        return ()
    await refunds.add_lines(db, settling.row.id, settling.row.order_id, plan)
    if not plan.legs:
        await _settle_nothing(db, settling, now)
        return ()
    await refunds.reserve(db, settling.row.order_id, [(leg.capture_ref, leg.amount_minor) for leg in plan.legs])
    effect_id = await _plan_refund(db, tenant_id, settling, plan, platforms, now)
    await refunds.move(
        db,
        settling.row.id,
        came_from=[SettlementState.QUOTED],
        to=SettlementState.DUE,
        at=now,
        effect_id=effect_id,
    )
    await _emit(db, settling.record, EventType.SETTLEMENT_DUE, now, {"settlement_id": settling.row.id})
    record = _paying(settling, plan, comparison, effect_id, now)
    await returns.settle_down(db, record, own=record.own, at=now, due_at=None)
    return [jobs.Job(jobs.Task.CARRY_OUT, effect_id, jobs.Queue.MONEY, priority=10)]


def _paying(settling: Settling, plan: Plan, comparison: str, effect_id: UUID, now: datetime) -> ReturnRecord:
    """Return the return as it stands once the refund of a settlement is planned."""
    ret, row = settling.record.rma, settling.row
    sent = effects.as_planned(effect_id, EffectKind.REFUND_TENDER, f"refund:{row.id}", at=now)
    paid = sum(leg.amount_minor for leg in plan.legs)
    due = [replace(s, state=SettlementState.DUE, comparison=comparison, total_minor=paid) for s in ret.settlements]
    settlements = [new if new.id == row.id else old for old, new in zip(ret.settlements, due, strict=True)]
    return replace(settling.record, rma=replace(ret, settlements=tuple(settlements), effects=(*ret.effects, sent)))


def _is_as_shown(plan: Plan, shown: Plan) -> bool:
    """Return whether a plan moves the money that a person saw; what they accepted holds for no other figures."""
    return (plan.total, plan.taxes, plan.legs) == (shown.total, shown.taxes, shown.legs)


async def _settle_nothing(db: Db, settling: Settling, now: datetime) -> None:
    """Settle units that are worth nothing any more: they count as paid for, and there is nothing to send."""
    row, money = settling.row, {"amount_minor": 0, "currency": settling.plan.currency}
    await refunds.move(db, row.id, came_from=[SettlementState.QUOTED], to=SettlementState.SETTLED, at=now)
    facts: dict[str, object] = {"settlement_id": row.id, **money}
    await returns.changed(db, settling.record, EventType.SETTLEMENT_SETTLED, actor="retour", at=now, data=facts)


async def _plan_refund(
    db: Db, tenant_id: UUID, settling: Settling, plan: Plan, platforms: Platforms, now: datetime
) -> UUID:
    capability = platforms.records[settling.connection.platform][EffectKind.REFUND_TENDER]
    business_ref = f"refund:{settling.row.id}"
    order, own = settling.order.order, settling.record.own
    lines = refunded(settling.record.rma, order, plain_units(plan, order), location_ref=own.location_ref)
    legs = tuple(Leg(leg.capture_ref, leg.gateway, leg.amount_minor) for leg in plan.legs)
    effect_id = await effects.plan(
        db,
        effects.Planned(
            kind=EffectKind.REFUND_TENDER,
            business_ref=business_ref,
            seq=await effects.next_seq(db, kind=EffectKind.REFUND_TENDER, business_ref=business_ref),
            reference=f"R-{settling.record.rma.number}",
            target=RefundTender(order.ref, tuple(lines), legs, refunded_shipping(plan, order)),
            connection_id=settling.connection.id,
            order_id=settling.row.order_id,
            rma_id=settling.row.rma_id,
            platforms=platforms,
            capability=capability,
            amount_minor=sum(leg.amount_minor for leg in plan.legs),
            shop_minor=max(plan.total.shop, 0),
            currency=plan.currency,
            legs=tuple(effects.Leg(leg.capture_ref, leg.amount_minor) for leg in plan.legs),
        ),
        tenant_id=tenant_id,
        at=now,
    )
    assert effect_id is not None, "a new number of a refund cannot be planned already"
    return effect_id


async def _dispute(db: Db, settling: Settling, figures: PlatformQuote, compared: Comparison, now: datetime) -> None:
    """Pay nothing and show both computations; a person decides."""
    row = settling.row
    await refunds.save_comparison(
        db, row.id, platform_quote=figures, comparison="differs", plan=settling.plan, reasons=row.reasons
    )
    differences = [
        {"ref": d.ref, "component": d.component, "ours": d.ours, "theirs": d.theirs} for d in compared.differences
    ]
    if settling.plan.unallocated:
        differences.append({"ref": None, "component": "unallocated", "ours": settling.plan.unallocated, "theirs": 0})
    await discrepancy.open_(
        db,
        "platform_disagrees",
        resource_kind="settlement",
        resource_id=row.id,
        store_id=settling.record.store_id,
        owner=discrepancy.Owner.FINANCE,
        next_step="compare both computations, then accept ours or correct the order",
        details={"return_id": str(row.rma_id), "differences": differences},
        at=now,
    )
    await _emit(db, settling.record, EventType.SETTLEMENT_DISPUTED, now, {"settlement_id": row.id})
    await returns.refresh(db, settling.record.rma.id, at=now)


async def _show_unquotable(db: Db, settlement_id: UUID, no: Refused, now: datetime) -> None:
    """Pay nothing for units that the order no longer has to give, and show it."""
    row = await refunds.get(db, settlement_id)
    assert row is not None, "it was just read under its return's lock"
    record = await returns.load(db, row.rma_id)
    assert record is not None
    await refunds.save_comparison(
        db, row.id, platform_quote=None, comparison="differs", plan=row.plan, reasons=row.reasons
    )
    await discrepancy.open_(
        db,
        "platform_disagrees",
        resource_kind="settlement",
        resource_id=row.id,
        store_id=record.store_id,
        owner=discrepancy.Owner.FINANCE,
        next_step="find out what was refunded outside, then correct the order or accept",
        details={"return_id": str(row.rma_id), "refused": no.code, "field": no.field},
        at=now,
    )
    await _emit(db, record, EventType.SETTLEMENT_DISPUTED, now, {"settlement_id": row.id})
    await returns.refresh(db, record.rma.id, at=now)


async def _emit(db: Db, record: ReturnRecord, what: EventType, now: datetime, data: dict[str, object]) -> None:
    await event.tell(
        db,
        [(what, "retour")],
        resource_kind="return",
        resource_id=record.rma.id,
        store_id=record.store_id,
        at=now,
        data={"number": record.rma.number, **data},
    )
