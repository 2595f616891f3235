"""The money side as rows: captures and what is reserved on them, settlements and what they have booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.refund import Plan, RowKind
from retour.core.rma import Moment, SettlementState
from retour.store.db import Db, Record

LOCK_CAPTURES: Final = """
SELECT ref FROM payment_capture WHERE tenant_id = current_tenant() AND order_id = $1 ORDER BY ref FOR UPDATE
"""
RESERVE: Final = """
UPDATE payment_capture SET reserved_minor = reserved_minor + $3
 WHERE tenant_id = current_tenant() AND order_id = $1 AND ref = $2
"""
RELEASE: Final = """
UPDATE payment_capture c SET reserved_minor = c.reserved_minor - l.amount_minor,
       refunded_minor = c.refunded_minor + CASE WHEN $2 THEN l.amount_minor ELSE 0 END
  FROM (SELECT order_id, capture_ref, sum(amount_minor) AS amount_minor FROM effect_leg
         WHERE tenant_id = current_tenant() AND effect_id = $1 GROUP BY 1, 2) l
 WHERE c.tenant_id = current_tenant() AND c.order_id = l.order_id AND c.ref = l.capture_ref
"""
LEGS: Final = """
SELECT l.capture_ref, l.amount_minor, c.gateway, c.kind
  FROM effect_leg l
  JOIN payment_capture c ON c.tenant_id = l.tenant_id AND c.order_id = l.order_id AND c.ref = l.capture_ref
 WHERE l.tenant_id = current_tenant() AND l.effect_id = $1 ORDER BY l.n
"""
ADD_SETTLEMENT: Final = """
INSERT INTO settlement (tenant_id, id, rma_id, order_id, seq, batch_id, part, resolution, state, currency, total_minor,
                        plan, plan_hash, reasons, created_at, moment, units, not_before, resolution_ref)
SELECT current_tenant(), $1, $2, $3, coalesce(max(seq), 0) + 1, $4, $12, $5, 'quoted', $6, $7, $8, $9, $10, $11, $13,
       $14, $15, $16
  FROM settlement WHERE tenant_id = current_tenant() AND rma_id = $2
ON CONFLICT (tenant_id, rma_id, batch_id, part) DO NOTHING
RETURNING seq
"""
GET: Final = """
SELECT id, rma_id, order_id, seq, batch_id, part, resolution, state, currency, total_minor, plan, plan_hash, platform_quote,
       comparison, reasons, effect_id, created_at, settled_at, due_at, moment, units, not_before, resolution_ref, handed_to,
       handed_at, report_ref, report_note, reported_by, reported_at, second_at, second_because, begun_at, outcome,
       sent_carrier, sent_number
  FROM settlement WHERE tenant_id = current_tenant() AND id = $1
"""
OF_RMA: Final = """
SELECT id, rma_id, order_id, seq, batch_id, part, resolution, state, currency, total_minor, plan, plan_hash, platform_quote,
       comparison, reasons, effect_id, created_at, settled_at, due_at, moment, units, not_before, resolution_ref, handed_to,
       handed_at, report_ref, report_note, reported_by, reported_at, second_at, second_because, begun_at, outcome,
       sent_carrier, sent_number
  FROM settlement WHERE tenant_id = current_tenant() AND rma_id = $1 ORDER BY seq
"""
OF_EFFECT: Final = "SELECT id FROM settlement WHERE tenant_id = current_tenant() AND effect_id = $1"
COMPARED: Final = """
UPDATE settlement SET platform_quote = $2, comparison = $3, plan = $4, plan_hash = $5, total_minor = $6, reasons = $7,
       due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'quoted'
"""
MOVE: Final = """
UPDATE settlement SET state = $3, effect_id = coalesce($4, effect_id), due_at = NULL,
       settled_at = CASE WHEN $3 IN ('settled', 'handed_over') THEN $5::timestamptz END
 WHERE tenant_id = current_tenant() AND id = $1 AND state = ANY ($2::text[]) RETURNING id
"""
SET_DUE: Final = """
UPDATE settlement SET due_at = $2 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'quoted' RETURNING id
"""
ACCEPT: Final = """
UPDATE settlement SET comparison = 'accepted_by_person' WHERE tenant_id = current_tenant() AND id = $1
   AND state = 'quoted' AND comparison = 'differs' RETURNING id
"""
ADD_LINES: Final = """
INSERT INTO settlement_line (tenant_id, settlement_id, n, order_id, ref, ordinals, kind, paid_minor, paid_shop_minor,
                             withheld_minor, withheld_shop_minor, basis_points, taxes)
SELECT current_tenant(), $1, n, $2, ref, CASE WHEN lo IS NULL THEN NULL ELSE int4range(lo, hi, '[]') END, kind, paid,
       paid_shop, withheld, withheld_shop, bp, taxes::jsonb
  FROM unnest($3::text[], $4::int[], $5::int[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
              $11::int[], $12::text[]) WITH ORDINALITY
       AS l (ref, lo, hi, kind, paid, paid_shop, withheld, withheld_shop, bp, taxes, n)
"""
DROP_LINES: Final = "DELETE FROM settlement_line WHERE tenant_id = current_tenant() AND settlement_id = $1"


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """A settlement with its plan, as stored."""

    id: UUID
    rma_id: UUID
    order_id: UUID
    seq: int
    batch_id: UUID
    part: int
    resolution: str
    state: SettlementState
    currency: str
    total_minor: int
    plan: Plan
    plan_hash: str
    platform_quote: object
    comparison: str | None
    reasons: object
    effect_id: UUID | None
    created_at: datetime
    settled_at: datetime | None
    due_at: datetime | None
    moment: Moment = Moment.INSPECTED
    units: tuple[tuple[str, int, int], ...] = ()
    not_before: datetime | None = None
    resolution_ref: str | None = None
    handed_to: str | None = None
    handed_at: datetime | None = None
    report_ref: str | None = None
    report_note: str | None = None
    reported_by: str | None = None
    reported_at: datetime | None = None
    second_at: datetime | None = None  # since when a second person is to approve it
    second_because: str | None = None
    begun_at: datetime | None = None  # of a repair
    outcome: str | None = None  # how it ended
    sent_carrier: str | None = None  # what carries the goods back to the shopper
    sent_number: str | None = None

    @property
    def awaits_report(self) -> bool:
        """Return whether the merchant has still to say how it went."""
        return self.handed_to == "merchant" and self.state in (SettlementState.HANDED_OVER, SettlementState.DUE)


async def lock_captures(db: Db, order_id: UUID) -> None:
    """Lock the captures of an order in their order; the order itself is locked before."""
    await db.fetch(LOCK_CAPTURES, order_id)


async def reserve(db: Db, order_id: UUID, legs: Sequence[tuple[str, int]]) -> None:
    """Reserve (capture, minor units); the database refuses more than was captured (`no_over_refund`)."""
    for ref, minor in sorted(legs):
        await db.execute(RESERVE, order_id, ref, minor)


async def release(db: Db, effect_id: UUID, *, paid: bool) -> None:
    """End the reservation of an effect: paid money counts as refunded, the rest is free again."""
    await db.execute(RELEASE, effect_id, paid)


async def list_legs(db: Db, effect_id: UUID) -> list[Record]:
    """Return the legs of an effect: capture_ref, amount_minor, gateway, kind."""
    return await db.fetch(LEGS, effect_id)


async def add_settlement(
    db: Db,
    *,
    id: UUID,  # noqa: A002 - the id of the settlement
    rma_id: UUID,
    order_id: UUID,
    batch_id: UUID,
    part: int,
    resolution: str,
    plan: Plan,
    reasons: object,
    at: datetime,
    moment: Moment = Moment.INSPECTED,
    units: Sequence[tuple[str, int, int]] = (),
    not_before: datetime | None = None,
    resolution_ref: str | None = None,
) -> int | None:
    """Store a quoted settlement of an inspected batch, or of units before their inspection; nothing if it has one."""
    total, currency = plan.total.presentment, plan.currency
    seq: int | None = await db.fetchval(
        ADD_SETTLEMENT, id, rma_id, order_id, batch_id, resolution, currency, total, plan, plan.hash, reasons, at, part,
        moment.value, list(units), not_before, resolution_ref,
    )  # fmt: skip
    return seq


async def get(db: Db, settlement_id: UUID) -> SettlementRow | None:
    """Return one settlement, or nothing."""
    row = await db.fetchrow(GET, settlement_id)
    return _settlement(row) if row else None


async def list_of_rma(db: Db, rma_id: UUID) -> list[SettlementRow]:
    """Return the settlements of a return in order."""
    return [_settlement(row) for row in await db.fetch(OF_RMA, rma_id)]


def plans_of(rows: Sequence[SettlementRow]) -> list[Plan]:
    """Return the plans that are paid, or to be paid: not those that failed or were given up."""
    gone = (SettlementState.FAILED, SettlementState.REVERSED)
    return [row.plan for row in rows if row.state not in gone]


async def find_by_effect(db: Db, effect_id: UUID) -> UUID | None:
    """Return the settlement that an effect carries out, or nothing."""
    found: UUID | None = await db.fetchval(OF_EFFECT, effect_id)
    return found


async def save_comparison(
    db: Db, settlement_id: UUID, *, platform_quote: object, comparison: str, plan: Plan, reasons: object
) -> None:
    """Keep the platform's figures and the plan that follows from the comparison.

    The settlement's total is what its legs pay; while the figures differ nothing is paid and it is what we would owe.
    """
    total = plan.total.presentment if comparison == "differs" else sum(leg.amount_minor for leg in plan.legs)
    await db.execute(COMPARED, settlement_id, platform_quote, comparison, plan, plan.hash, total, reasons)


async def move(
    db: Db,
    settlement_id: UUID,
    *,
    came_from: Sequence[SettlementState],
    to: SettlementState,
    at: datetime,
    effect_id: UUID | None = None,
) -> bool:
    """Move a settlement on the money axis; return whether it was in one of the states it may come from."""
    states = [state.value for state in came_from]
    return await db.fetchval(MOVE, settlement_id, states, to.value, effect_id, at) is not None


async def set_due(db: Db, settlement_id: UUID, *, due_at: datetime | None) -> bool:
    """Say when a quoted settlement is to be compared and paid, or that it waits; the sweep finds it then."""
    return await db.fetchval(SET_DUE, settlement_id, due_at) is not None


async def accept_difference(db: Db, settlement_id: UUID) -> bool:
    """Record that a person decided to pay our figure; return whether there was a difference to decide."""
    return await db.fetchval(ACCEPT, settlement_id) is not None


async def add_lines(db: Db, settlement_id: UUID, order_id: UUID, plan: Plan) -> None:
    """Book the rows of a plan as paid or reserved; the database refuses a unit paid twice (`a_unit_is_settled_once`)."""
    booked = [
        (row, lo, hi, index == 0)
        for row in (*plan.rows, *plan.adjustments)
        for index, (lo, hi) in enumerate(row.ordinals if row.kind is RowKind.UNITS else ((None, None),))
    ]
    await db.execute(
        ADD_LINES,
        settlement_id,
        order_id,
        [row.ref for row, *_ in booked],
        [lo for _, lo, _, _ in booked],
        [hi for _, _, hi, _ in booked],
        [row.kind.value for row, *_ in booked],
        # The amounts of a row with several spans of units stand on its first span.
        [row.payable.presentment if first else 0 for row, _, _, first in booked],
        [row.payable.shop if first else 0 for row, _, _, first in booked],
        [row.withheld.presentment if first else 0 for row, _, _, first in booked],
        [row.withheld.shop if first else 0 for row, _, _, first in booked],
        [row.basis_points for row, *_ in booked],
        [msgspec.json.encode(row.taxes if first else ()).decode() for row, _, _, first in booked],
    )


async def drop_lines(db: Db, settlement_id: UUID) -> None:
    """Take the booked rows of a refund back that provably did not happen."""
    await db.execute(DROP_LINES, settlement_id)


def _settlement(row: Record) -> SettlementRow:
    fields = dict(row)
    fields["state"] = SettlementState(fields["state"])
    fields["plan"] = msgspec.convert(fields["plan"], Plan)
    fields["resolution_ref"] = str(fields["resolution_ref"]) if fields["resolution_ref"] else None
    fields["moment"] = Moment(fields["moment"])
    fields["units"] = tuple((ref, lo, hi) for ref, lo, hi in fields["units"])
    return SettlementRow(**fields)
