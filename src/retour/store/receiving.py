"""What the warehouse did, append-only: receipts, verdicts, restocks; and the parcels that brought it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.rma import ShipmentStatus, Span
from retour.store.db import Db, Record
from retour.store.ids import new_id

RECEIVE: Final = """
WITH arrived AS (
  INSERT INTO receipt (tenant_id, id, rma_id, return_line_id, order_id, line_ref, ordinals, location_ref, actor, at)
  SELECT current_tenant(), id, $1, line_id, $2, line_ref, int4range(lo, hi, '[]'), $3, $4, $5
    FROM unnest($6::uuid[], $7::uuid[], $8::text[], $9::int[], $10::int[]) AS a (id, line_id, line_ref, lo, hi))
UPDATE order_line_counter c SET received = c.received + a.n
  FROM (SELECT line_ref, sum(hi - lo + 1)::int AS n FROM unnest($8::text[], $9::int[], $10::int[]) AS u (line_ref, lo, hi)
         GROUP BY line_ref) AS a
 WHERE c.tenant_id = current_tenant() AND c.order_id = $2 AND c.line_ref = a.line_ref
"""
INSPECT: Final = """
WITH judged AS (
  INSERT INTO inspection (tenant_id, id, rma_id, batch_id, return_line_id, order_id, line_ref, ordinals, grade, disposition,
                          accepted, deduction_basis_points, location_ref, note, actor, at)
  SELECT current_tenant(), id, $1, $2, line_id, $3, line_ref, int4range(lo, hi, '[]'), grade, disposition, accepted,
         deduction, location, note, $4, $5
    FROM unnest($6::uuid[], $7::uuid[], $8::text[], $9::int[], $10::int[], $11::text[], $12::text[], $13::bool[], $14::int[],
                $15::text[], $16::text[])
         AS v (id, line_id, line_ref, lo, hi, grade, disposition, accepted, deduction, location, note))
UPDATE order_line_counter c SET inspected = c.inspected + v.n
  FROM (SELECT line_ref, sum(hi - lo + 1)::int AS n FROM unnest($8::text[], $9::int[], $10::int[]) AS u (line_ref, lo, hi)
         GROUP BY line_ref) AS v
 WHERE c.tenant_id = current_tenant() AND c.order_id = $3 AND c.line_ref = v.line_ref
"""
RESTOCK: Final = """
INSERT INTO restock (tenant_id, inspection_id, rma_id, order_id, line_ref, ordinals, location_ref, carried_by, effect_id, at)
SELECT i.tenant_id, i.id, i.rma_id, i.order_id, i.line_ref, i.ordinals, $2, $3, $4, $5
  FROM inspection i
 WHERE i.tenant_id = current_tenant() AND i.id = ANY ($1::uuid[]) AND i.disposition = 'restock'
   AND NOT EXISTS (SELECT FROM restock s WHERE s.tenant_id = i.tenant_id AND s.inspection_id = i.id)
RETURNING inspection_id
"""
ADD_SHIPMENT: Final = """
INSERT INTO shipment (tenant_id, id, rma_id, carrier, tracking_number, status, status_at, created_at)
VALUES (current_tenant(), $1, $2, $3, $4, 'label_created', $5, $5)
ON CONFLICT (tenant_id, carrier, tracking_number) DO NOTHING RETURNING id
"""
FIND_SHIPMENT: Final = """
SELECT id, rma_id, carrier, tracking_number, status, status_at
  FROM shipment WHERE tenant_id = current_tenant() AND carrier = $1 AND tracking_number = $2
"""
# An older event never moves a parcel backwards; before the first one there is only the announcement, which may be late.
MOVE_SHIPMENT: Final = """
UPDATE shipment SET status = $2, status_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND status <> $2 AND $2 <> 'label_created'
   AND (status = 'label_created' OR status_at <= $3)
   AND NOT (status = 'delivered' AND $2 = 'in_transit')
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Units of a return line that arrived."""

    line_id: UUID
    line_ref: str
    span: Span


@dataclass(frozen=True, slots=True)
class JudgedUnits:
    """The verdict on units of a return line."""

    line_id: UUID
    line_ref: str
    span: Span
    grade: str
    disposition: str
    accepted: bool
    deduction_basis_points: int
    location_ref: str | None
    note: str | None


async def receive(
    db: Db,
    *,
    rma_id: UUID,
    order_id: UUID,
    arrived: Sequence[Arrived],
    location_ref: str | None,
    actor: str,
    at: datetime,
) -> None:
    """Record units that arrived; the database refuses a unit that arrived before (`a_unit_arrives_once`)."""
    await db.execute(
        RECEIVE,
        rma_id,
        order_id,
        location_ref,
        actor,
        at,
        [new_id() for _ in arrived],
        [a.line_id for a in arrived],
        [a.line_ref for a in arrived],
        [a.span[0] for a in arrived],
        [a.span[1] for a in arrived],
    )


async def inspect(
    db: Db, *, rma_id: UUID, order_id: UUID, batch_id: UUID, judged: Sequence[JudgedUnits], actor: str, at: datetime
) -> None:
    """Record verdicts as one batch; the database refuses a second verdict on a unit (`a_unit_is_judged_once`)."""
    await db.execute(
        INSPECT,
        rma_id,
        batch_id,
        order_id,
        actor,
        at,
        [new_id() for _ in judged],
        [v.line_id for v in judged],
        [v.line_ref for v in judged],
        [v.span[0] for v in judged],
        [v.span[1] for v in judged],
        [v.grade for v in judged],
        [v.disposition for v in judged],
        [v.accepted for v in judged],
        [v.deduction_basis_points for v in judged],
        [v.location_ref for v in judged],
        [v.note for v in judged],
    )


async def restock(
    db: Db,
    inspection_ids: Sequence[UUID],
    *,
    location_ref: str,
    carried_by: str,
    effect_id: UUID | None,
    at: datetime,
) -> list[UUID]:
    """Record that judged units go back to stock, and return the inspections this was new for."""
    rows = await db.fetch(RESTOCK, list(inspection_ids), location_ref, carried_by, effect_id, at)
    return [row["inspection_id"] for row in rows]


async def add_shipment(db: Db, *, rma_id: UUID, carrier: str, tracking_number: str, at: datetime) -> UUID | None:
    """Record a parcel and return its id; nothing if that tracking number is known already."""
    added: UUID | None = await db.fetchval(ADD_SHIPMENT, new_id(), rma_id, carrier, tracking_number, at)
    return added


async def find_shipment(db: Db, *, carrier: str, tracking_number: str) -> Record | None:
    """Return the parcel (id, rma_id, carrier, tracking_number, status, status_at), or nothing."""
    return await db.fetchrow(FIND_SHIPMENT, carrier, tracking_number)


async def move_shipment(db: Db, shipment_id: UUID, *, to: ShipmentStatus, at: datetime) -> bool:
    """Write a parcel's new status unless something newer is known; return whether it moved."""
    return await db.fetchval(MOVE_SHIPMENT, shipment_id, to.value, at) is not None
