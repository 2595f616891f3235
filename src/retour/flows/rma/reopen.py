"""Opening a closed return again: it is decided once more; what was done stays until it is decided the other way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.ahead import paid_ahead
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.kind import Kind, highest, unsent
from retour.core.order import Order
from retour.core.refund import Plan, paid_for
from retour.core.rma import (
    Act,
    Decision,
    Ownership,
    Return,
    ReturnLine,
    Span,
    allow,
    count,
    decide_line,
    lowest,
    minus,
)
from retour.core.rma.moves import FREEING, OPEN
from retour.core.rma.reversal import Owed, owed_back, stock_to_undo
from retour.core.rma.state import join_spans
from retour.flows.rma.exchanged import ask_back
from retour.flows.rma.locking import locked
from retour.store import discrepancy, event
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.refund import Position
from retour.store.rma import ReturnRecord, edit

REASON_MOST: Final = 1_000  # characters
_REOPENS: Final = frozenset({Decision.REJECTED, Decision.EXPIRED, Decision.RESOLVED})


async def reopen(
    db: Db,
    *,
    rma_id: UUID,
    reason: str,
    actor: str,
    now: datetime,
    expect_version: int | None = None,
    line_ids: Sequence[UUID] | None = None,
) -> ReturnRecord:
    """Let closed lines be decided again (all but the cancelled ones by default); units given up are claimed again.

    Raises Refused: `return_not_found`, `state_changed`, `not_closed`, `move_not_allowed`, `return_line_not_found`,
    `reason_missing`, `more_than_returnable` if another return has the units by now or they were paid for otherwise.
    """
    record = await locked(db, rma_id, expect_version)
    said = reason.strip()
    if not said or len(said) > REASON_MOST:
        raise Refused("reason_missing", f"say why, in at most {REASON_MOST} characters", field="reason")
    lines = _chosen(record, line_ids)
    at = await refunds.position(db, record.order_id, past=False)
    claimed = 0
    for line in (one for one in lines if one.decision in FREEING):
        units = _units(at, line, record.rma)
        claimed += count(units)
        await edit.claim(db, line_id=line.id, order_id=record.order_id, line_ref=line.line_ref, units=units)
        at = at.with_claims((line.line_ref, lo, hi) for lo, hi in units)
    await returns.decide(db, [line.id for line in lines], Decision.REOPENED, actor=actor, at=now)
    await edit.begin_anew(db, rma_id)
    standing = owed_back(record.rma, [line for line in lines if line.decision is Decision.RESOLVED])
    paid = [o for o in standing if paid_for(await _plan_of(db, o), o.line_refs) is not None]
    told: dict[str, object] = {
        "lines": [line.id for line in lines], "units": claimed, "reason": said,
        "stands": [{"settlement_id": o.settlement.id, "amount_minor": o.settlement.total_minor} for o in paid],
    }  # fmt: skip
    return await returns.changed(db, record, EventType.RETURN_REOPENED, actor=actor, at=now, data=told)


async def take_back(db: Db, record: ReturnRecord, lines: Sequence[ReturnLine], *, actor: str, now: datetime) -> None:
    """Say what was paid for lines that were carried out and are rejected now; nobody takes money from a shopper.

    Whoever issued something else is asked to take it back; both are differences with their amount for finance, with
    what the same settlement paid for lines that were rejected so before.
    """
    carried_out = [line for line in lines if line.decision is Decision.REOPENED]
    units = [(line.line_ref, span) for line in carried_out for span in line.claimed]
    await ask_back(db, record, units, now)
    before = [line for line in record.rma.lines if line.decision is Decision.REJECTED]
    for owed in owed_back(record.rma, carried_out):
        plan = await _plan_of(db, owed)
        amount = paid_for(plan, owed.line_refs)
        if amount is None:  # it paid for other lines of the same inspection
            continue
        facts: dict[str, object] = {
            "settlement_id": owed.settlement.id, "amount_minor": amount, "currency": record.rma.currency,
            "resolution": owed.settlement.resolution,
        }  # fmt: skip
        if owed.by_payer:
            await event.tell(
                db, [(EventType.SETTLEMENT_REVERSAL_ASKED, actor)], resource_kind="return", resource_id=record.rma.id,
                store_id=record.store_id, at=now, data={"number": record.rma.number, **facts},
            )  # fmt: skip
        refs = {line.line_ref for line in (*carried_out, *before)}
        await _show_paid(db, record, owed, paid_for(plan, refs) or 0, now)


async def stand_again(db: Db, record: ReturnRecord, lines: Sequence[ReturnLine], *, actor: str, now: datetime) -> None:
    """Take back what was said of the money of lines that are approved after all; what else is rejected stays said."""
    carried_out = [line for line in lines if line.decision is Decision.REOPENED]
    refs = {line.line_ref for line in record.rma.lines if line.decision is Decision.REJECTED}
    for owed in owed_back(record.rma, carried_out):
        if not await discrepancy.resolve(
            db, _SHOWN, resource_kind="settlement", resource_id=owed.settlement.id, by=actor, at=now
        ):
            continue
        rest = paid_for(await _plan_of(db, owed), refs)
        if rest is not None:
            await _show_paid(db, record, owed, rest, now)
    await discrepancy.resolve(
        db, "restock_to_undo", resource_kind="return", resource_id=record.rma.id, by=actor, at=now
    )


async def _show_paid(db: Db, record: ReturnRecord, owed: Owed, amount: int, now: datetime) -> None:
    details = {
        "rma_id": str(record.rma.id), "settlement_id": str(owed.settlement.id), "amount_minor": amount,
        "currency": record.rma.currency, "resolution": owed.settlement.resolution,
    }  # fmt: skip
    await discrepancy.open_(
        db, "reversal_asked" if owed.by_payer else "paid_and_rejected", resource_kind="settlement",
        resource_id=owed.settlement.id, store_id=record.store_id, owner=discrepancy.Owner.FINANCE,
        next_step=_NEXT[owed.by_payer], at=now, details=details,
    )  # fmt: skip


async def show_stock_to_undo(db: Db, record: ReturnRecord, order: Order, own: Ownership, *, now: datetime) -> None:
    """Show, once, the units of rejected lines that are back in stock and that nobody but a person can take out."""
    left = [i for i, due in stock_to_undo(record.rma, order, own) if due is None]
    if not left:
        return
    since = max(line.decided_at or now for line in record.rma.lines if line.id in {i.line_id for i in left})
    if await discrepancy.was_opened(db, "restock_to_undo", resource_id=record.rma.id, since=since):
        return
    await discrepancy.open_(
        db, "restock_to_undo", resource_kind="return", resource_id=record.rma.id, store_id=record.store_id,
        owner=discrepancy.Owner.WAREHOUSE, next_step="take the units out of the stock again", at=now,
        details={"units": count(i.span for i in left), "lines": sorted({i.line_ref for i in left})},
    )  # fmt: skip


_SHOWN: Final = frozenset({"reversal_asked", "paid_and_rejected"})
_NEXT: Final = {
    True: "take back what was issued, then settle this",
    False: "ask the shopper for the money, or let it be",
}


async def _plan_of(db: Db, owed: Owed) -> Plan:
    row = await refunds.get(db, owed.settlement.id)
    assert row is not None, "it was just read with its return"
    return row.plan


def _chosen(record: ReturnRecord, line_ids: Sequence[UUID] | None) -> list[ReturnLine]:
    if line_ids is None:
        allow(Act.REOPEN, record.rma, version=record.version)
        return [line for line in record.rma.lines if line.decision in _REOPENS]
    known = {line.id: line for line in record.rma.lines}
    for index, line_id in enumerate(line_ids):
        if line_id not in known:
            raise Refused("return_line_not_found", "the return has no such line", field=f"lines[{index}]")
    lines = [known[line_id] for line_id in dict.fromkeys(line_ids)]
    for line in lines:
        if line.decision in OPEN:
            raise Refused("not_closed", "the line is open; decide it as it is", facts={"decision": line.decision.value})
        decide_line(line.decision, Decision.REOPENED)
    return lines


def _units(at: Position, line: ReturnLine, ret: Return) -> tuple[Span, ...]:
    """Return as many units as were asked for, of those that no return has: first what this one was paid for already."""
    wanted = line.requested_quantity - count(line.claimed)
    paid = minus(paid_ahead(ret, line.line_ref), at.in_returns(line.line_ref))
    mine = lowest(paid, wanted)
    free = _free(at, line, is_cancellation=ret.kind == Kind.CANCELLATION)
    pick = highest if ret.kind == Kind.CANCELLATION else lowest
    units = join_spans(mine, pick(free, wanted - count(mine)))
    if count(units) < wanted:
        raise Refused("more_than_returnable", "another return has these units by now", facts={"line": line.line_ref})
    return units


def _free(at: Position, line: ReturnLine, *, is_cancellation: bool) -> tuple[Span, ...]:
    """Return the units of the order line that no return has and nobody was paid for: sent ones, or not."""
    counter = at.counter(line.line_ref)
    if counter is None:
        return ()
    claimed = at.claimed(line.line_ref)
    if is_cancellation:
        return unsent(counter.ordered, counter.fulfilled, counter.cancelled, claimed)
    fulfilled = counter.fulfilled - counter.refunded_without_return
    return minus(((1, fulfilled),), claimed) if fulfilled > 0 else ()
