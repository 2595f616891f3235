"""Money before the inspection: quote the units whose moment has come, and take back what is not owed any more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from retour.core.event import EventType
from retour.core.money import NOTHING
from retour.core.policy import CompiledPolicy, LineDecision
from retour.core.refund import UnitRange
from retour.core.rma import EarlyUnits, Moment, SettlementState
from retour.core.settling import Part, Returning, divide, of_line
from retour.store import event
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord


async def quote_early(
    db: Db,
    *,
    record: ReturnRecord,
    found: OrderRecord,
    due: Sequence[EarlyUnits],
    policies: PolicyCache,
    now: datetime,
) -> None:
    """Write a settlement for units that are paid before their inspection; the caller holds the return's lock."""
    compiled = await policies.get(db, record.policy_version_id)
    rulings = await returns.rulings(db, record.rma.id, compiled)
    at = await refunds.position(db, record.order_id, past=False)
    bearing = await refunds.bearing_of(db, record.rma)
    for moment in dict.fromkeys(units.moment for units in due):
        returning = _returning(record, [units for units in due if units.moment is moment], rulings, compiled)
        parts = divide(found.order, returning, partial(refunds.ledger_after, found.order, at), bearing)
        batch_id = new_id()
        for number, part in enumerate(parts, start=1):
            await _write(db, record, part, batch_id, number, moment, now)
            at = at.with_plan(part.plan)
        bearing = replace(bearing, earlier=(*bearing.earlier, *(part.plan for part in parts)))


def _returning(
    record: ReturnRecord, due: Sequence[EarlyUnits], rulings: Mapping[str, LineDecision], compiled: CompiledPolicy
) -> list[Returning]:
    lines = {line.id: line for line in record.rma.lines}
    found = []
    for units in due:
        line = lines[units.line_id]
        terms = of_line(rulings[units.line_ref], line, compiled)
        ranges = tuple(UnitRange(lo, hi) for lo, hi in units.spans)
        found.append(Returning(units.line_ref, ranges, line.resolution, terms, units.not_before, line.resolution_ref))
    return found


async def _write(
    db: Db, record: ReturnRecord, part: Part, batch_id: UUID, number: int, moment: Moment, now: datetime
) -> None:
    settlement_id = new_id()
    units = [(line.line_ref, r.lo, r.hi) for line in part.lines for r in line.units]
    await refunds.add_settlement(
        db, id=settlement_id, rma_id=record.rma.id, order_id=record.order_id, batch_id=batch_id, part=number,
        resolution=part.resolution, plan=part.plan, reasons=sorted({row.kind.value for row in part.plan.adjustments}),
        at=now, moment=moment, units=units, not_before=part.not_before,
        resolution_ref=part.ref,
    )  # fmt: skip
    facts: dict[str, object] = {
        "settlement_id": settlement_id, "because": moment.value, "pays_at": part.not_before,
        "units": sum(hi - lo + 1 for _, lo, hi in units), "amount_minor": part.plan.total.presentment,
        "currency": part.plan.currency,
    }  # fmt: skip
    await event.tell(
        db, [(EventType.SETTLEMENT_QUOTED, "policy")], resource_kind="return", resource_id=record.rma.id,
        store_id=record.store_id, at=now, data={"number": record.rma.number, **facts},
    )  # fmt: skip


async def void(db: Db, *, record: ReturnRecord, settlement_id: UUID, now: datetime) -> None:
    """Close a settlement of which no unit is claimed any more, with nothing paid."""
    row = await refunds.get(db, settlement_id)
    assert row is not None, "it was just read with its return"
    nothing = replace(
        row.plan,
        rows=(),
        adjustments=(),
        total=NOTHING,
        taxes=(),
        legs=(),
        unallocated=0,
        billed=NOTHING,
        bonus=0,
        bonus_shop=0,
        fees=(),
        credited=None,
    )
    await refunds.save_comparison(
        db, settlement_id, platform_quote=None, comparison="equal", plan=nothing, reasons=["units_given_up"]
    )
    await refunds.move(db, settlement_id, came_from=[SettlementState.QUOTED], to=SettlementState.REVERSED, at=now)
    await event.tell(
        db, [(EventType.SETTLEMENT_REVERSED, "retour")], resource_kind="return", resource_id=record.rma.id,
        store_id=record.store_id, at=now,
        data={"number": record.rma.number, "settlement_id": settlement_id, "because": "units_given_up"},
    )  # fmt: skip
