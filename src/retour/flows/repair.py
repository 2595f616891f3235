"""A repair to its end: begun, sent back under a number, replaced, or refunded because it cannot be done."""

from datetime import datetime
from functools import partial
from uuid import UUID

from retour.core import repair as rules
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.policy.outcome import ResolutionKind
from retour.core.refund import UnitRange, emptied
from retour.core.repair import RepairAct
from retour.core.rma import minus
from retour.core.settling import Returning, divide, judged_units, terms_for, units_now
from retour.core.shipping import carrier_code, tracking_number
from retour.store import discrepancy
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.refund import SettlementRow, outside
from retour.store.refund import repair as repairs
from retour.store.rma import ReturnRecord

OVERDUE = "payout_overdue"
REASON_MOST = 1_000  # characters


async def begin(db: Db, *, settlement_id: UUID, actor: str, now: datetime) -> SettlementRow:
    """Say that the repair has begun. Raises Refused as `send_on` does, and `already_begun`."""
    row, record = await _locked(db, settlement_id, RepairAct.BEGIN)
    await repairs.begin(db, row.id, at=now)
    await _over(db, row, actor, now)
    facts: dict[str, object] = {"settlement_id": row.id}
    await returns.changed(db, record, EventType.RETURN_REPAIR_BEGUN, actor=actor, at=now, data=facts)
    return await _again(db, settlement_id)


async def send_on(
    db: Db,
    *,
    settlement_id: UUID,
    replaced: bool,
    carrier: str | None,
    number: str | None,
    note: str | None = None,
    actor: str,
    now: datetime,
) -> SettlementRow:
    """Say that the repaired goods, or others in their place, are on their way to the shopper: the return ends by it.

    Without a carrier and a number they were handed over in person. Raises Refused: `settlement_not_found`, `not_a_repair`,
    `already_reported`, `move_not_allowed` where the goods are not judged yet, `invalid_carrier`,
    `invalid_tracking_number`.
    """
    act = RepairAct.REPLACE if replaced else RepairAct.SEND_BACK
    row, record = await _locked(db, settlement_id, act)
    by = carrier_code(carrier or "") if carrier or number else None
    under = tracking_number(number or "") if by else None
    outcome = rules.allow(_work(row), act)
    await repairs.sent(db, row.id, outcome=outcome.value, carrier=by, number=under)
    await outside.report_paid(db, row.id, reference=under, note=note, by=actor, at=now)
    await _over(db, row, actor, now)
    sent: dict[str, object] = {"settlement_id": row.id, "outcome": outcome.value, "carrier": by, "number": under}
    await returns.changed(db, record, EventType.RETURN_SENT_BACK, actor=actor, at=now, data=sent)
    facts: dict[str, object] = {
        "settlement_id": row.id, "order_id": row.order_id, "resolution": row.resolution,
        "resolution_ref": row.resolution_ref, "amount_minor": 0, "bonus_minor": 0, "currency": row.currency,
        "to": "merchant", "reference": under,
    }  # fmt: skip
    await returns.changed(db, record, EventType.SETTLEMENT_SETTLED, actor=actor, at=now, data=facts)
    return await _again(db, settlement_id)


async def refund_instead(
    db: Db, *, settlement_id: UUID, reason: str, actor: str, now: datetime, policies: PolicyCache
) -> SettlementRow:
    """Decide that goods which cannot be repaired are refunded; the refund is quoted and goes its usual way.

    Returns the repair as it was given up. Raises Refused as `send_on` does, `reason_missing`, and as a quote does.
    """
    said = reason.strip()
    if not 0 < len(said) <= REASON_MOST:
        raise Refused("reason_missing", f"say why, in at most {REASON_MOST} characters", field="reason")
    row, record = await _locked(db, settlement_id, RepairAct.REFUND)
    await refunds.lock_captures(db, row.order_id)
    wanted = units_now(record.rma, row.units) if row.units else judged_units(record.rma, row.batch_id, row.plan)
    await refunds.drop_lines(db, row.id)
    await repairs.give_up(db, row.id, plan=emptied(row.plan), reason=said, by=actor, at=now)
    # Units that are still to come, or are repaired on their own, stay what was decided for them.
    whole = [ref for ref, units in wanted.items() if not _others(record, ref, units)]
    await repairs.refund_lines(db, record.rma.id, whole)
    await _over(db, row, actor, now)
    quoted = await _quote(db, record, row, wanted, policies, now)
    facts: dict[str, object] = {
        "settlement_id": row.id, "because": "not_repairable", "reason": said, "instead": quoted,
    }  # fmt: skip
    await returns.changed(db, record, EventType.SETTLEMENT_REVERSED, actor=actor, at=now, data=facts)
    return await _again(db, settlement_id)


def _others(record: ReturnRecord, ref: str, units: tuple[UnitRange, ...]) -> bool:
    """Return whether the line has other units than these."""
    spans = [(unit.lo, unit.hi) for unit in units]
    return any(minus(line.claimed, spans) for line in record.rma.lines if line.line_ref == ref)


async def _quote(
    db: Db, record: ReturnRecord, row: SettlementRow, wanted: dict[str, tuple[UnitRange, ...]],
    policies: PolicyCache, now: datetime,
) -> list[UUID]:  # fmt: skip
    """Quote the refund of units that were to be repaired, under the terms that the policy froze with them."""
    found = await orders.load(db, row.order_id)
    assert found is not None, "an order is never deleted"
    compiled = await policies.get(db, record.policy_version_id)
    rulings, lines = await returns.rulings(db, record.rma.id, compiled), {x.line_ref: x for x in record.rma.lines}
    refund = ResolutionKind.REFUND_ORIGINAL.value
    returning = [
        Returning(ref, units, refund,
                  terms_for(rulings[ref], compiled, resolution=refund, ref=None, method=lines[ref].method))
        for ref, units in wanted.items()
    ]  # fmt: skip
    at = await refunds.position(db, row.order_id, past=False)
    bearing = await refunds.bearing_of(db, record.rma)
    first, quoted = await repairs.next_part(db, row.rma_id, row.batch_id), []
    parts = divide(found.order, returning, partial(refunds.ledger_after, found.order, at), bearing)
    for n, part in enumerate(parts, start=first):
        quoted.append(new_id())
        early = [(x.line_ref, unit.lo, unit.hi) for x in part.lines for unit in x.units] if row.units else []
        await refunds.add_settlement(
            db, id=quoted[-1], rma_id=row.rma_id, order_id=row.order_id, batch_id=row.batch_id, part=n, resolution=refund,
            plan=part.plan, reasons=sorted({r.kind.value for r in part.plan.adjustments}), at=now, moment=row.moment,
            units=early,
        )  # fmt: skip
    return quoted


def _work(row: SettlementRow) -> rules.Work:
    return rules.work_of(begun_at=row.begun_at, outcome=row.outcome)


async def _over(db: Db, row: SettlementRow, actor: str, now: datetime) -> None:
    """Take the repair off the list of payments that nobody reported."""
    await discrepancy.resolve(db, OVERDUE, resource_kind="settlement", resource_id=row.id, by=actor, at=now)


async def _locked(db: Db, settlement_id: UUID, act: RepairAct) -> tuple[SettlementRow, ReturnRecord]:
    row = await refunds.get(db, settlement_id)
    record = None if row is None else await returns.lock(db, row.rma_id)
    if record is None:
        raise Refused("settlement_not_found", "there is no such settlement")
    row = await _again(db, settlement_id)
    if row.resolution not in rules.KINDS:
        raise Refused("not_a_repair", "that settlement is no repair and no replacement")
    if not row.awaits_report and row.outcome is None:
        state = row.state.value
        raise Refused("move_not_allowed", f"the repair is {state}: the goods are not judged yet, or it is over",
                      facts={"state": state})  # fmt: skip
    rules.allow(_work(row), act, kind=row.resolution)
    return row, record


async def _again(db: Db, settlement_id: UUID) -> SettlementRow:
    row = await refunds.get(db, settlement_id)
    assert row is not None, "a settlement is never deleted"
    return row
