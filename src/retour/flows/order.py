"""Orders come in: by the sync, by a webhook's hint or on demand; read outside any transaction, saved in one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import msgspec

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.money import NOTHING, Sides
from retour.core.order import Fetched, Order
from retour.core.ports import CommerceConnector, Credential, Page, Unreachable
from retour.core.refund import with_kits
from retour.core.rma import SettlementState
from retour.store import connection as connections
from retour.store import discrepancy, event, jobs, kits, sync
from retour.store import intake as intakes
from retour.store import order as orders
from retour.store import picture as pictures
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Database, Db
from retour.store.discrepancy import Owner
from retour.store.jobs import Job, Task
from retour.store.order import Finding, Mirrored, OrderRecord
from retour.store.vault import Vault

Clock = Callable[[], datetime]

OVERLAP: Final = timedelta(minutes=2)
LEASE: Final = timedelta(minutes=2)
EVERY: Final = timedelta(minutes=5)
PAUSE: Final = timedelta(seconds=30)
GONE: Final = timedelta(hours=1)  # without credentials; connecting again lets the sync run at once
PAGES_PER_RUN: Final = 50
ACTOR: Final = "sync"
LATER: Final = -10  # pictures wait for everything else

# What a document of an unexpected shape raises; one such order must not hold up the others.
UNREADABLE: Final = (Refused, ValueError, LookupError, TypeError, AttributeError, msgspec.MsgspecError)

_STEPS: Final[Mapping[str, tuple[Owner, str]]] = {
    "refunded_outside_too_much": (Owner.FINANCE, "Compare the refunds on the platform with the money taken"),
    "returned_more_than_fulfilled": (Owner.WAREHOUSE, "Compare the units on the platform with the returns here"),
    "order_does_not_close": (Owner.FINANCE, "Compare lines and charges with the total on the platform"),
    "sums_do_not_close": (Owner.FINANCE, "Compare lines and charges with the total on the platform"),
    "refund_without_capture": (Owner.FINANCE, "Find out which payment the refund belongs to"),
    "sku_missing": (Owner.WAREHOUSE, "Give the article a SKU on the platform"),
    "variant_missing": (Owner.WAREHOUSE, "Decide where returned units of the deleted article go"),
}
_ANY_STEP: Final = (Owner.OPERATOR, "Look at the order on the platform")


@dataclass(frozen=True, slots=True)
class Source:
    """Where orders are read: a connection of a tenant, its connector and its opened read credential."""

    tenant_id: UUID
    connection_id: UUID
    connector: CommerceConnector
    credential: Credential


@dataclass(frozen=True, slots=True)
class Synced:
    """What one run of the sync did; `done` is False when it stopped before the end, `problem` says why."""

    read: int = 0
    changed: int = 0
    done: bool = False
    problem: str | None = None


async def mirror(
    db: Db, vault: Vault, *, connection_id: UUID, fetched: Fetched, at: datetime, cause: str | None = None
) -> Mirrored:
    """Save a fetched order with its events and discrepancies, and wake the returns and settlements it concerns.

    Kits that the store has declared are taken apart as it is read: everything else knows their parts alone.
    """
    parts = await kits.in_force(db, connection_id=connection_id, at=fetched.order.placed_at)
    fetched = replace(fetched, order=with_kits(fetched.order, parts))
    saved = await orders.save_mirrored(db, vault, connection_id=connection_id, fetched=fetched, at=at)
    if saved.stale:
        return saved
    record = saved.record
    if saved.added or saved.changed:
        data = {"version": record.version, "order_ref": record.order.ref, "total_minor": record.order.total.presentment}
        deliveries = await event.put(
            db, EventType.ORDER_MIRRORED if saved.added else EventType.ORDER_CHANGED, resource_kind="order",
            resource_id=record.id, store_id=record.store_id, actor=ACTOR, cause=cause, at=at, data=data,
        )  # fmt: skip
        await jobs.defer(db, [Job(Task.DELIVER, delivery) for delivery in deliveries])
    if saved.added:
        await intakes.wake(
            db, store_id=record.store_id, order_id=record.id, number_folded=orders.fold_name(record.order.name),
            ref=record.order.ref, connection_id=connection_id, at=at,
        )  # fmt: skip
    fresh = await pictures.want(db, urls=[line.image_url for line in record.order.lines], at=at)
    await jobs.defer(db, [Job(Task.FETCH_PICTURE, picture, priority=LATER) for picture in fresh])
    findings = (*saved.findings, *_found(fetched.findings), *check(record.order))
    await _show(db, record, findings=findings, withdrawn=saved.withdrawn, at=at)
    if saved.changed:
        await jobs.defer(db, [Job(Task.ADVANCE, rma) for rma in await orders.open_returns(db, record.id)])
    for effect_id in saved.withdrawn:
        await _quote_again(db, effect_id, at)
    return replace(saved, findings=findings)


async def _quote_again(db: Db, effect_id: UUID, at: datetime) -> None:
    """Let the settlement of a refund that gave way be quoted anew, from what is left; its booked rows go."""
    settlement_id = await refunds.find_by_effect(db, effect_id)
    settlement = await refunds.get(db, settlement_id) if settlement_id else None
    if settlement is None or (record := await returns.lock(db, settlement.rma_id)) is None:
        return
    if await refunds.move(
        db, settlement.id, came_from=[SettlementState.DUE], to=SettlementState.QUOTED, at=at
    ):  # fmt: skip
        await refunds.drop_lines(db, settlement.id)
        await refunds.set_due(db, settlement.id, due_at=at)
        await jobs.defer(db, [Job(Task.SETTLE, settlement.id)])
        data = {"settlement_id": settlement.id, "because": "refund_gave_way"}
        await returns.changed(db, record, EventType.SETTLEMENT_QUOTED, actor=ACTOR, at=at, data=data)


def check(order: Order) -> list[Finding]:
    """Return where an order contradicts itself: sums that do not close, refs that name nothing or two things."""
    found = []
    amounts = [line.gross for line in order.lines] + [charge.gross for charge in order.charges]
    parts = sum(amounts, start=NOTHING)
    if parts != order.total:
        found.append(Finding("order_does_not_close", {"total": _pair(order.total), "parts": _pair(parts)}))
    refs = [line.ref for line in order.lines]
    named = [u.line_ref for f in order.fulfilments for u in f.units]
    named += [line.line_ref for refund in order.refunds for line in refund.lines]
    wrong = sorted({ref for ref in named if ref not in refs} | {ref for ref in refs if refs.count(ref) > 1})
    if wrong:
        found.append(Finding("id_mismatch", {"refs": wrong[:50]}))
    return found


def _pair(amount: Sides) -> dict[str, int]:
    return {"minor": amount.presentment, "shop_minor": amount.shop}


def _found(texts: Sequence[str]) -> list[Finding]:
    """Return the connector's findings (`code ref detail`) by code."""
    by_code: dict[str, list[str]] = {}
    for text in texts:
        by_code.setdefault(text.partition(" ")[0][:100], []).append(text[:200])
    return [Finding(code, {"found": lines[:50]}) for code, lines in by_code.items()]


async def _show(
    db: Db, record: OrderRecord, *, findings: Sequence[Finding], withdrawn: Sequence[UUID], at: datetime
) -> None:
    """Open what stands now, resolve what an earlier reading had opened and this one does not show any more."""
    before = await discrepancy.list_open(db, resource_kind="order", resource_id=record.id)
    gone = {d.kind for d in before if d.details.get("by") == ACTOR} - {finding.kind for finding in findings}
    if gone:
        await discrepancy.resolve(
            db, frozenset(gone), resource_kind="order", resource_id=record.id, by=ACTOR, at=at
        )  # fmt: skip
    if withdrawn:
        findings = [*findings, Finding("refund_gave_way", {"effects": [str(effect) for effect in withdrawn]})]
    for finding in findings:
        owner, step = _STEPS.get(finding.kind, _ANY_STEP)
        by = {} if finding.kind == "refund_gave_way" else {"by": ACTOR}
        await discrepancy.open_(
            db, finding.kind, resource_kind="order", resource_id=record.id, store_id=record.store_id, owner=owner,
            next_step=step, details={**finding.details, **by}, at=at, actor=ACTOR,
        )  # fmt: skip


# --- reading from the platform ---------------------------------------------------------------------------------------


async def read_order(
    database: Database,
    *,
    source: Source,
    clock: Clock,
    ref: str | None = None,
    name: str | None = None,
) -> Fetched | None:
    """Return the order of that ref or name from the platform, or nothing if it has none that can be read.

    An unreadable or mismatched answer becomes a discrepancy. Raises Unreachable; lost credentials mark the connection.
    """
    try:
        if ref is not None:
            fetched = await source.connector.get_order(source.credential, ref=ref)
        else:
            fetched = await source.connector.find_order(source.credential, name=name or "", proof=None)
    except Unreachable as far:
        if far.needs_reconnect:
            await mark_needs_reconnect(
                database, tenant_id=source.tenant_id, connection_id=source.connection_id, at=clock()
            )
        raise
    except UNREADABLE as error:
        await _unreadable(database, source, ref or name or "", error, at=clock())
        return None
    if fetched is not None and ref is not None and fetched.order.ref != ref:
        await _set_aside(database, source, ref, kind="id_mismatch", at=clock(), details={"got": fetched.order.ref})
        return None
    return fetched


async def fetch_order(
    database: Database,
    vault: Vault,
    *,
    source: Source,
    ref: str,
    clock: Clock,
    cause: str | None = None,
) -> Mirrored | None:
    """Read one order by ref and save it; nothing if the platform does not have it. Raises Unreachable."""
    fetched = await read_order(database, source=source, ref=ref, clock=clock)
    return await _save(database, vault, source, fetched, clock=clock, cause=cause)


async def fetch_on_demand(
    database: Database,
    vault: Vault,
    *,
    source: Source,
    name: str,
    clock: Clock,
) -> Mirrored | None:
    """Read one order by its name and save it; nothing if the platform does not have it. Raises Unreachable."""
    fetched = await read_order(database, source=source, name=name, clock=clock)
    return await _save(database, vault, source, fetched, clock=clock, cause="asked for")


async def _save(
    database: Database,
    vault: Vault,
    source: Source,
    fetched: Fetched | None,
    *,
    clock: Clock,
    cause: str | None,
) -> Mirrored | None:
    if fetched is None:
        return None
    try:
        return await database.run(
            source.tenant_id,
            lambda db: mirror(db, vault, connection_id=source.connection_id, fetched=fetched, at=clock(), cause=cause),
        )
    except ValueError as error:  # a figure or text that no column can hold
        await _unreadable(database, source, fetched.order.ref, error, at=clock())
        return None


async def _unreadable(database: Database, source: Source, ref: str, error: BaseException, *, at: datetime) -> None:
    code = error.code if isinstance(error, Refused) else type(error).__name__  # the words may quote the document
    await _set_aside(database, source, ref, kind="order_unreadable", at=at, details={"problem": code})


async def _set_aside(
    database: Database,
    source: Source,
    ref: str,
    *,
    kind: str,
    at: datetime,
    details: Mapping[str, object],
) -> None:
    ref = ref.replace("\0", "\ufffd")[:300]
    async with database.tx(source.tenant_id) as db:
        await discrepancy.open_(
            db, kind, resource_kind="far_order", resource_id=uuid5(source.connection_id, ref), owner=Owner.OPERATOR,
            next_step="Look at the order on the platform and report it with its ref", at=at, actor=ACTOR,
            store_id=await sync.store_of(db, source.connection_id),
            details={"connection_id": str(source.connection_id), "order_ref": ref, **details},
        )  # fmt: skip


async def mark_needs_reconnect(database: Database, *, tenant_id: UUID, connection_id: UUID, at: datetime) -> None:
    """Mark a connection whose credentials are gone, with a discrepancy for the operator."""
    async with database.tx(tenant_id) as db:
        await connections.lock_out(db, connection_id, actor=ACTOR, at=at)


# --- the sync --------------------------------------------------------------------------------------------------------


async def start_sync(db: Db, *, connection_id: UUID, since: datetime, at: datetime) -> None:
    """Let the sync of a connection begin with orders changed since then, now."""
    await sync.start(db, connection_id, since=since, due_at=at)
    await jobs.defer(db, [Job(Task.SYNC_ORDERS, connection_id)])


async def sync_orders(
    database: Database,
    vault: Vault,
    *,
    source: Source,
    clock: Clock,
    pages: int = PAGES_PER_RUN,
) -> Synced:
    """Read the orders changed since the cursor, page by page, each order in its own transaction.

    The cursor is written after each page, so a crash repeats one page at most; an unreachable platform backs off and
    keeps what was read. Does nothing while another worker holds the sync or it is not due.
    """
    now = clock()
    async with database.tx(source.tenant_id) as db:
        position = await sync.take(db, source.connection_id, now=now, lease_until=now + LEASE)
    if position is None:
        return Synced(problem="not_due")
    run, through = Synced(), position.changed_since
    for turn in range(1, pages + 1):
        try:
            page = await source.connector.list_orders(
                source.credential, since=position.changed_since - OVERLAP, cursor=position.cursor
            )  # fmt: skip
            for ref in page.order_refs:
                saved = await fetch_order(database, vault, source=source, ref=ref, clock=clock, cause="sync")
                run = replace(run, read=run.read + 1, changed=run.changed + _counts(saved))
        except Unreachable as far:
            return await _back_off(database, source, position, far, run=run, now=clock())
        through = max(through, page.updated_through or through)
        position = _after(position, page, through)
        await _keep(database, source, position, clock(), again=turn == pages)
        if position.cursor is None:
            return replace(run, done=True)
    return run


def _counts(saved: Mirrored | None) -> int:
    return int(saved is not None and (saved.added or saved.changed))


def _after(position: sync.Cursor, page: Page, through: datetime) -> sync.Cursor:
    """Return where to go on: on the next page of the same question, or with a new question from the newest change."""
    since = position.changed_since if page.cursor else through
    return replace(position, changed_since=since, cursor=page.cursor, problem=None)


async def _keep(database: Database, source: Source, position: sync.Cursor, now: datetime, *, again: bool) -> None:
    """Write the cursor: due again later at the end, at once when a run stops in between, after the lease otherwise."""
    pause = EVERY if position.cursor is None else timedelta() if again else LEASE
    async with database.tx(source.tenant_id) as db:
        await sync.keep(
            db, source.connection_id, changed_since=position.changed_since, cursor=position.cursor, due_at=now + pause
        )
        if again and position.cursor is not None:
            await jobs.defer(db, [Job(Task.SYNC_ORDERS, source.connection_id)])
        if position.cursor is None:
            await discrepancy.resolve(
                db, "needs_reconnect", resource_kind="connection", resource_id=source.connection_id, by=ACTOR, at=now
            )  # fmt: skip


async def _back_off(
    database: Database,
    source: Source,
    position: sync.Cursor,
    far: Unreachable,
    *,
    run: Synced,
    now: datetime,
) -> Synced:
    """Write down the problem and wait; a page cursor that failed twice is given up, as it may have expired."""
    problem = "needs_reconnect" if far.needs_reconnect else "unreachable"
    if far.needs_reconnect:
        await mark_needs_reconnect(database, tenant_id=source.tenant_id, connection_id=source.connection_id, at=now)
    cursor = None if position.problem else position.cursor
    async with database.tx(source.tenant_id) as db:
        await sync.keep(
            db, source.connection_id, changed_since=position.changed_since, cursor=cursor, problem=problem,
            due_at=now + max(timedelta(seconds=far.retry_after_s), GONE if far.needs_reconnect else PAUSE),
        )  # fmt: skip
    return replace(run, problem=problem)
