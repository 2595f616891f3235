"""The warehouse's side: what arrived, what it is worth as goods, what was put back; the money follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from retour.core import refund
from retour.core.ahead import not_here, paid_ahead
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.policy import CompiledPolicy, LineDecision
from retour.core.policy.outcome import ResolutionKind
from retour.core.rma import (
    Decision,
    Disposition,
    Grade,
    Moment,
    ReturnLine,
    Span,
    came_at,
    count,
    lowest,
    minus,
    settled_early,
)
from retour.core.rma.due import fulfilled_spans
from retour.core.rma.state import common
from retour.core.settling import Returning, divide, of_line
from retour.flows.receiving.ahead import show_missing, show_worth_less
from retour.flows.receiving.observing import Seen, Sight, observe, reckon
from retour.store import dock, receiving
from retour.store import order as order_rows
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache, StoreContext
from retour.store.rma import ReturnRecord, lost


@dataclass(frozen=True, slots=True)
class ArrivedUnits:
    """How many units of a return line arrived."""

    line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found on some units of a line; what is not said is taken from the policy's proposal for the grade."""

    line_id: UUID
    quantity: int
    grade: Grade
    disposition: Disposition | None = None
    accepted: bool | None = None
    deduction_basis_points: int | None = None
    location_ref: str | None = None
    note: str | None = None


Item = TypeVar("Item", ArrivedUnits, Verdict)
WHOLE_UNIT_BP: Final = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class Received:
    """The return after a receipt, and the units that were seen and not counted (observations).

    `surplus` arrived beyond what was announced, `unexpected` on lines that nobody approved.
    """

    record: ReturnRecord
    surplus: int
    unexpected: int = 0


async def receive(
    db: Db,
    *,
    rma_id: UUID,
    items: Sequence[ArrivedUnits],
    location_ref: str | None,
    actor: str,
    now: datetime,
    is_all: bool = True,
) -> Received:
    """Record units that arrived; what was not announced or not approved is kept as a discrepancy, never counted.

    `is_all` says that the parcel holds no more: what was paid for and is not in it is shown to a person.

    Raises Refused: `return_not_found`, `return_line_not_found`, `quantity_not_positive`, `already_received` if
    nothing of the whole receipt was still on its way or unexpected.
    """
    record = await _locked(db, rma_id)
    record = await _found_again(db, record, _with_lines(record, items), actor, now)
    paired = _with_lines(record, items)
    closed = [(item, line) for item, line in paired if line.decision is not Decision.APPROVED]
    arrived, extra = _arrived([pair for pair in paired if pair not in closed])
    if not arrived and not closed:
        raise Refused("already_received", "all units of the receipt are here already", field="items")
    sights = [Sight(Seen.SURPLUS, units, line_id, location_ref=location_ref) for line_id, units in extra.items()]
    sights += [Sight(Seen.NOT_EXPECTED, i.quantity, line.id, location_ref=location_ref) for i, line in closed]
    if arrived:
        record = await _arrive(db, record, arrived, sum(extra.values()), location_ref, actor, now)
    for sight in sights:
        await observe(db, record=record, sight=sight, actor=actor, now=now)
    if arrived and any(s.units for s in record.rma.settlements):
        await _show_missing(db, record, is_all=is_all, now=now)
    if sights:
        record = await _locked(db, rma_id)
    return Received(record, sum(extra.values()), sum(item.quantity for item, _ in closed))


async def _found_again(
    db: Db, record: ReturnRecord, paired: Sequence[tuple[ArrivedUnits, ReturnLine]], actor: str, now: datetime
) -> ReturnRecord:
    """Wait for the goods of lost lines again, of which some are here after all; what was paid for them stays paid."""
    found = [line for _, line in paired if line.lost_at is not None]
    found = [line for line in found if line.decision in (Decision.APPROVED, Decision.RESOLVED)]
    if not found:
        return record
    await lost.find(db, [line.id for line in found])
    done = [line.id for line in found if line.decision is Decision.RESOLVED]
    await returns.decide(db, done, Decision.APPROVED, actor=actor, at=now)
    return await _locked(db, record.rma.id)


async def _show_missing(db: Db, record: ReturnRecord, *, is_all: bool, now: datetime) -> None:
    found = await order_rows.load(db, record.order_id)
    assert found is not None
    if is_all or not not_here(record.rma):
        await show_missing(db, record=record, order=found.order, now=now)


async def _arrive(
    db: Db,
    record: ReturnRecord,
    arrived: Sequence[receiving.Arrived],
    surplus: int,
    location_ref: str | None,
    actor: str,
    now: datetime,
) -> ReturnRecord:
    """Write the receipt; what was seen of these lines before they were approved is no difference any more."""
    rma_id = record.rma.id
    await receiving.receive(
        db,
        rma_id=rma_id,
        order_id=record.order_id,
        arrived=arrived,
        location_ref=location_ref,
        actor=actor,
        at=now,
    )
    lines = [a.line_id for a in arrived]
    if await dock.withdraw_of_lines(db, rma_id=rma_id, line_ids=lines, by=actor, at=now):
        await reckon(db, record=record, kind=Seen.NOT_EXPECTED, actor=actor, now=now)
    await returns.mark_times(db, rma_id, received_at=now)
    units = sum(a.span[1] - a.span[0] + 1 for a in arrived)
    facts: dict[str, object] = {"units": units, "surplus": surplus, "location": location_ref}
    return await returns.changed(db, record, EventType.RETURN_RECEIVED, actor=actor, at=now, data=facts)


async def inspect(
    db: Db, *, rma_id: UUID, verdicts: Sequence[Verdict], actor: str, now: datetime, policies: PolicyCache
) -> ReturnRecord:
    """Record verdicts on received units and quote what is due for the accepted ones.

    Raises Refused: `return_not_found`, `return_line_not_found`, `not_approved`, `more_than_received`,
    `wrong_sign` or `amount_above_entitlement` for a deduction that is no part of a unit, `location_missing` if Retour
    is to restock a unit and no location is known.
    """
    record = await _locked(db, rma_id)
    ground = await returns.ground(db, record.order_id)
    assert ground is not None
    found, store = ground.order, ground.store
    compiled = await policies.get(db, record.policy_version_id)
    rulings = await returns.rulings(db, rma_id, compiled)
    judged = _judge(record, found, store, verdicts, rulings)
    batch_id = new_id()
    await receiving.inspect(
        db, rma_id=rma_id, order_id=record.order_id, batch_id=batch_id, judged=judged, actor=actor, at=now
    )
    await returns.mark_times(db, rma_id, inspected_at=now)
    quoted = await _quote(db, record, found, batch_id, judged, rulings, compiled, now)
    facts: dict[str, object] = {
        "units": sum(j.span[1] - j.span[0] + 1 for j in judged),
        "accepted": sum(j.span[1] - j.span[0] + 1 for j in judged if j.accepted),
        "settlements": quoted,
        "paid_before": sum(count(common((j.span,), paid_ahead(record.rma, j.line_ref))) for j in judged),
    }
    after = await returns.changed(db, record, EventType.RETURN_INSPECTED, actor=actor, at=now, data=facts)
    if any(s.units for s in record.rma.settlements):
        await show_worth_less(db, record=after, order=found.order, now=now)
    return after


async def restocked(
    db: Db, *, rma_id: UUID, inspection_ids: Sequence[UUID], location_ref: str, actor: str, now: datetime
) -> ReturnRecord:
    """Record the warehouse's word that judged units are back in stock, where the warehouse masters stock.

    Raises Refused: `another_master` where Retour restocks itself, `inspection_not_found`, `already_restocked`.
    """
    record = await _locked(db, rma_id)
    if record.own.restocks != "warehouse":
        raise Refused("another_master", "the stock of this store is not kept by the warehouse")
    known = {i.id: i for i in record.rma.inspections() if i.disposition is Disposition.RESTOCK}
    for index, inspection_id in enumerate(inspection_ids):
        if inspection_id not in known:
            raise Refused("inspection_not_found", "no unit of that inspection restocks", field=f"inspections[{index}]")
    done = await receiving.restock(
        db, inspection_ids, location_ref=location_ref, carried_by="warehouse", effect_id=None, at=now
    )
    if not done:
        raise Refused("already_restocked", "these units are back in stock already")
    facts: dict[str, object] = {"inspections": done, "location": location_ref}
    return await returns.changed(db, record, EventType.RETURN_RESTOCKED, actor=actor, at=now, data=facts)


def _arrived(
    items: Sequence[tuple[ArrivedUnits, ReturnLine]],
) -> tuple[list[receiving.Arrived], dict[UUID, int]]:
    """Return the units that were still on their way, lowest first, and how many of which line arrived beyond them."""
    arrived: list[receiving.Arrived] = []
    here: dict[UUID, tuple[Span, ...]] = {}
    extra: dict[UUID, int] = {}
    for item, line in items:
        spans = lowest(minus(line.claimed, (*line.received, *here.get(line.id, ()))), item.quantity)
        here[line.id] = (*here.get(line.id, ()), *spans)
        if count(spans) < item.quantity:
            extra[line.id] = extra.get(line.id, 0) + item.quantity - count(spans)
        arrived += [receiving.Arrived(line.id, line.line_ref, span) for span in spans]
    return arrived, extra


def _judge(
    record: ReturnRecord,
    found: OrderRecord,
    store: StoreContext,
    verdicts: Sequence[Verdict],
    rulings: dict[str, LineDecision],
) -> list[receiving.JudgedUnits]:
    judged: list[receiving.JudgedUnits] = []
    taken: dict[UUID, tuple[Span, ...]] = {}
    for index, (verdict, line) in enumerate(_with_lines(record, verdicts)):
        if line.decision is not Decision.APPROVED:
            raise Refused("not_approved", f"the line is {line.decision.value}", field=f"items[{index}].line")
        waiting = minus(line.received, (*line.inspected, *taken.get(line.id, ())))
        spans = lowest(waiting, verdict.quantity)
        if count(spans) < verdict.quantity:
            raise Refused(
                "more_than_received",
                f"{count(spans)} units of the line wait for inspection",
                field=f"items[{index}].quantity",
            )
        taken[line.id] = (*taken.get(line.id, ()), *spans)
        ruling = rulings[line.line_ref]
        proposal = ruling.inspection.outcome.verdict(verdict.grade)
        back = Disposition.RETURN_TO_CUSTOMER if line.resolution == ResolutionKind.REPAIR else proposal.disposition
        disposition = verdict.disposition or back
        accepted = proposal.accepted if verdict.accepted is None else verdict.accepted
        location = verdict.location_ref or record.rma.location_ref or store.location_ref
        if disposition is Disposition.RESTOCK and location is None and store.restock_master == "retour":
            location = next((at for _, at, _ in fulfilled_spans(found.order, line.line_ref, spans)), None)
            if location is None:
                raise Refused("location_missing", "say where the units go", field=f"items[{index}].location")
        deduction = verdict.deduction_basis_points
        if deduction is None:
            deduction = ruling.refund_terms.outcome.deduction_bp(verdict.grade)
        if deduction < 0:
            raise Refused("wrong_sign", "a deduction cannot be negative", field=f"items[{index}].deduction")
        if deduction > WHOLE_UNIT_BP:
            raise Refused(
                "amount_above_entitlement", "a deduction cannot exceed the unit", field=f"items[{index}].deduction"
            )
        judged += [
            receiving.JudgedUnits(
                line.id,
                line.line_ref,
                span,
                verdict.grade.value,
                disposition.value,
                accepted,
                deduction,
                location,
                verdict.note,
            )
            for span in spans
        ]
    return judged


async def _quote(
    db: Db,
    record: ReturnRecord,
    found: OrderRecord,
    batch_id: UUID,
    judged: Sequence[receiving.JudgedUnits],
    rulings: dict[str, LineDecision],
    compiled: CompiledPolicy,
    now: datetime,
) -> list[UUID]:
    """Quote the accepted units of a batch, one settlement per set of terms, and return the settlements.

    Units that were settled before stay out: what has been paid is not paid twice, and not clawed back either.
    """
    at = await refunds.position(db, record.order_id, past=False)
    bearing = await refunds.bearing_of(db, record.rma)
    returning = _returning(record, judged, rulings, compiled, now)
    parts = divide(found.order, returning, partial(refunds.ledger_after, found.order, at), bearing)
    quoted: list[UUID] = []
    for number, part in enumerate(parts, start=1):
        settlement_id = new_id()
        await refunds.add_settlement(
            db,
            id=settlement_id,
            rma_id=record.rma.id,
            order_id=record.order_id,
            batch_id=batch_id,
            part=number,
            resolution=part.resolution,
            plan=part.plan,
            reasons=sorted({row.kind.value for row in part.plan.adjustments}),
            at=now,
            not_before=part.not_before,
            resolution_ref=part.ref,
        )
        quoted.append(settlement_id)
    return quoted


def _returning(
    record: ReturnRecord,
    judged: Sequence[receiving.JudgedUnits],
    rulings: dict[str, LineDecision],
    compiled: CompiledPolicy,
    now: datetime,
) -> list[Returning]:
    """Return the accepted units that no settlement answers for yet, with the time from which they may be paid."""
    lines = {line.id: line for line in record.rma.lines}
    returning = []
    for j in judged:
        line = lines[j.line_id]
        units = tuple(
            refund.UnitRange(lo, hi, deduction_bp=j.deduction_basis_points, grade=j.grade)
            for lo, hi in minus((j.span,), settled_early(record.rma, j.line_ref))
        )
        if not j.accepted or not units:
            continue
        since = now if line.settle_on is Moment.INSPECTED else came_at(record.rma, line) or now
        due = since + timedelta(hours=line.settle_after_hours) if line.settle_after_hours else None
        terms = of_line(rulings[j.line_ref], line, compiled)
        returning.append(Returning(j.line_ref, units, line.resolution, terms, due, line.resolution_ref))
    return returning


def _with_lines(record: ReturnRecord, items: Sequence[Item]) -> list[tuple[Item, ReturnLine]]:
    known = {line.id: line for line in record.rma.lines}
    paired = []
    for index, item in enumerate(items):
        line = known.get(item.line_id)
        if line is None:
            raise Refused("return_line_not_found", "the return has no such line", field=f"items[{index}].line")
        if item.quantity < 1:
            raise Refused("quantity_not_positive", "at least one unit", field=f"items[{index}].quantity")
        paired.append((item, line))
    if not paired:
        raise Refused("nothing_given", "name at least one line", field="items")
    return paired


async def _locked(db: Db, rma_id: UUID) -> ReturnRecord:
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    return record
