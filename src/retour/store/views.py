"""What lists and pages show, each read in one statement; nothing is decided from these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from retour.store.db import Db, Record

LIST_RETURNS: Final = """
SELECT r.id, r.number, r.store_id, r.order_id, o.name AS order_name, r.kind, r.gift, r.person_id, r.channel, r.method,
       r.status, r.held, r.version, r.blocked_actor, r.blocked_code, r.blocked_since, r.blocked_evidence ->> 'unblocks' AS unblocks,
       (r.blocked_evidence - 'unblocks')::text AS evidence, r.requested_at, r.decided_at,
       r.in_transit_at, r.delivered_at, r.received_at, r.inspected_at, r.resolved_at, o.currency,
       (r.promised ->> 'total_minor')::bigint AS promised_minor, r.promised ->> 'hash' AS plan_hash,
       r.assignee_id, r.priority, r.merged_into,
       ARRAY(SELECT t.tag FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id ORDER BY t.tag) AS tags,
       (SELECT jsonb_agg(jsonb_build_object('id', l.id, 'line_ref', l.line_ref, 'requested_quantity', l.requested_quantity,
                 'quantity', l.quantity, 'reason', l.reason, 'note', l.note, 'resolution', l.resolution,
                 'resolution_ref', l.resolution_ref,
                 'decision', l.decision, 'message', l.message) ORDER BY l.position)
          FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id)::text AS lines
  FROM rma r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
 WHERE r.tenant_id = current_tenant() AND r.id > $1 AND ($2::uuid IS NULL OR r.store_id = $2)
   AND ($3::text IS NULL OR r.status = $3) AND ($4::text IS NULL OR r.blocked_code = $4)
   AND ($5::uuid IS NULL OR r.order_id = $5)
 ORDER BY r.id LIMIT $6
"""
ONE_RETURN: Final = """
SELECT r.id, r.number, r.store_id, r.order_id, o.name AS order_name, r.kind, r.gift, r.person_id, r.channel, r.method,
       r.status, r.held, r.version, r.blocked_actor, r.blocked_code, r.blocked_since, r.blocked_evidence ->> 'unblocks' AS unblocks,
       (r.blocked_evidence - 'unblocks')::text AS evidence, r.requested_at, r.decided_at,
       r.in_transit_at, r.delivered_at, r.received_at, r.inspected_at, r.resolved_at, o.currency,
       (r.promised ->> 'total_minor')::bigint AS promised_minor, r.promised ->> 'hash' AS plan_hash,
       r.assignee_id, r.priority, r.merged_into,
       ARRAY(SELECT t.tag FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id ORDER BY t.tag) AS tags,
       (SELECT jsonb_agg(jsonb_build_object('id', l.id, 'line_ref', l.line_ref, 'requested_quantity', l.requested_quantity,
                 'quantity', l.quantity, 'reason', l.reason, 'note', l.note, 'resolution', l.resolution,
                 'resolution_ref', l.resolution_ref,
                 'decision', l.decision, 'message', l.message) ORDER BY l.position)
          FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id)::text AS lines
  FROM rma r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
 WHERE r.tenant_id = current_tenant() AND r.id = $1
"""
THESE_RETURNS: Final = """
SELECT r.id, r.number, r.store_id, r.order_id, o.name AS order_name, r.kind, r.gift, r.person_id, r.channel, r.method,
       r.status, r.held, r.version, r.blocked_actor, r.blocked_code, r.blocked_since, r.blocked_evidence ->> 'unblocks' AS unblocks,
       (r.blocked_evidence - 'unblocks')::text AS evidence, r.requested_at, r.decided_at,
       r.in_transit_at, r.delivered_at, r.received_at, r.inspected_at, r.resolved_at, o.currency,
       (r.promised ->> 'total_minor')::bigint AS promised_minor, r.promised ->> 'hash' AS plan_hash,
       r.assignee_id, r.priority, r.merged_into,
       ARRAY(SELECT t.tag FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id ORDER BY t.tag) AS tags,
       (SELECT jsonb_agg(jsonb_build_object('id', l.id, 'line_ref', l.line_ref, 'requested_quantity', l.requested_quantity,
                 'quantity', l.quantity, 'reason', l.reason, 'note', l.note, 'resolution', l.resolution,
                 'resolution_ref', l.resolution_ref,
                 'decision', l.decision, 'message', l.message) ORDER BY l.position)
          FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id)::text AS lines
  FROM rma r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
 WHERE r.tenant_id = current_tenant() AND r.id = ANY ($1::uuid[])
 ORDER BY r.id
"""
# What the shopper of an order sees: of a gift its receiver alone, and the giver nothing.
OF_SHOPPER: Final = """
SELECT id FROM rma
 WHERE tenant_id = current_tenant() AND store_id = $1 AND order_id = $2
   AND CASE WHEN $3::uuid[] IS NULL THEN NOT gift ELSE gift AND person_id = ANY ($3) END
 ORDER BY id LIMIT $4
"""
STORE_OF_RETURN: Final = "SELECT store_id FROM rma WHERE tenant_id = current_tenant() AND id = $1"
# The parts of a return that the summary leaves out; settlements and effects are read by their own rooms.
PARTS_OF_RETURN: Final = """
SELECT jsonb_build_object(
  'decision', coalesce(r.decision, r.decision_before::json), 'promised', r.promised, 'location_ref', r.location_ref,
  'shipments', coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', s.id, 'carrier', s.carrier, 'tracking_number', s.tracking_number,
             'status', s.status, 'status_at', s.status_at, 'created_at', s.created_at) ORDER BY s.created_at, s.id)
      FROM shipment s WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id), '[]'),
  'receipts', coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', t.id, 'line_id', t.return_line_id, 'line_ref', t.line_ref,
             'quantity', upper(t.ordinals) - lower(t.ordinals), 'location_ref', t.location_ref, 'actor', t.actor,
             'at', t.at) ORDER BY t.at, t.id)
      FROM receipt t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id), '[]'),
  'inspections', coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', i.id, 'batch_id', i.batch_id, 'line_id', i.return_line_id,
             'line_ref', i.line_ref, 'quantity', upper(i.ordinals) - lower(i.ordinals), 'grade', i.grade,
             'disposition', i.disposition, 'accepted', i.accepted,
             'deduction_basis_points', i.deduction_basis_points, 'location_ref', i.location_ref, 'note', i.note,
             'actor', i.actor, 'at', i.at, 'restocked_by', k.carried_by, 'restock_effect_id', k.effect_id,
             'restock_location_ref', k.location_ref) ORDER BY i.at, i.id)
      FROM inspection i
      LEFT JOIN restock k ON k.tenant_id = i.tenant_id AND k.inspection_id = i.id
     WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id), '[]'),
  'notes', coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', n.id, 'body', n.body, 'shown_to_shopper', n.shown_to_shopper,
             'actor', n.actor, 'at', n.at) ORDER BY n.at, n.id)
      FROM rma_note n WHERE n.tenant_id = r.tenant_id AND n.rma_id = r.id), '[]')
  )::text
  FROM rma r WHERE r.tenant_id = current_tenant() AND r.id = $1
"""
LIST_DISCREPANCIES: Final = """
SELECT id, store_id, kind, resource_kind, resource_id, owner, next_step, details, state, opened_at, resolved_at,
       resolved_by
  FROM discrepancy
 WHERE tenant_id = current_tenant() AND id > $1 AND ($2::uuid IS NULL OR store_id = $2)
   AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR owner = $4)
 ORDER BY id LIMIT $5
"""


class LineView(msgspec.Struct, kw_only=True):
    """A line of a return as lists show it; quantities in units."""

    id: UUID
    line_ref: str
    requested_quantity: int
    quantity: int
    reason: str
    note: str | None
    resolution: str
    resolution_ref: str | None = None
    decision: str
    message: str | None


class ShipmentView(msgspec.Struct, kw_only=True):
    """A parcel on its way back."""

    id: UUID
    carrier: str
    tracking_number: str
    status: str
    status_at: datetime
    created_at: datetime


class ReceiptView(msgspec.Struct, kw_only=True):
    """Units of a line that arrived together."""

    id: UUID
    line_id: UUID
    line_ref: str
    quantity: int
    location_ref: str | None
    actor: str
    at: datetime


class InspectionView(msgspec.Struct, kw_only=True):
    """A verdict on units of a line, and who put them back into stock."""

    id: UUID
    batch_id: UUID
    line_id: UUID
    line_ref: str
    quantity: int
    grade: str
    disposition: str
    accepted: bool
    deduction_basis_points: int
    location_ref: str | None
    note: str | None
    actor: str
    at: datetime
    restocked_by: str | None
    restock_effect_id: UUID | None
    restock_location_ref: str | None


class NoteView(msgspec.Struct, kw_only=True):
    """A note that somebody left on a return."""

    id: UUID
    body: str
    shown_to_shopper: bool
    actor: str
    at: datetime


class ReturnParts(msgspec.Struct, kw_only=True):
    """What a return's page shows beside its summary; `decision` and `promised` are as frozen at request."""

    decision: list[dict[str, Any]]
    promised: dict[str, Any]
    location_ref: str | None
    shipments: list[ShipmentView]
    receipts: list[ReceiptView]
    inspections: list[InspectionView]
    notes: list[NoteView]


@dataclass(frozen=True, slots=True)
class DiscrepancyView:
    """A difference between two systems, open or resolved."""

    id: UUID
    store_id: UUID | None
    kind: str
    resource_kind: str
    resource_id: UUID
    owner: str
    next_step: str
    details: Mapping[str, object]
    state: str
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None


_LINES: Final = msgspec.json.Decoder(list[LineView])
_PARTS: Final = msgspec.json.Decoder(ReturnParts)


async def returns(
    db: Db,
    *,
    after_id: UUID,
    limit: int,
    store_id: UUID | None = None,
    status: str | None = None,
    blocked_by: str | None = None,
    order_id: UUID | None = None,
) -> list[Record]:
    """Return summaries of returns in the order they were opened, after a position; `lines` and `evidence` are JSON text."""
    return await db.fetch(LIST_RETURNS, after_id, store_id, status, blocked_by, order_id, limit)


async def returns_of_shopper(
    db: Db, *, store_id: UUID, order_id: UUID, receivers: Sequence[UUID] | None, limit: int
) -> list[Record]:
    """Return summaries of an order's returns as its shopper may see them, or as the receiver of a gift may."""
    found = await db.fetch(OF_SHOPPER, store_id, order_id, receivers, limit)
    return await these_returns(db, [row["id"] for row in found])


async def these_returns(db: Db, ids: Sequence[UUID]) -> list[Record]:
    """Return the same summaries of returns that were found already."""
    return await db.fetch(THESE_RETURNS, list(ids)) if ids else []


async def one_return(db: Db, rma_id: UUID) -> Record | None:
    """Return the summary of one return, or nothing."""
    return await db.fetchrow(ONE_RETURN, rma_id)


def lines_of(summary: Record) -> list[LineView]:
    """Return the lines inside a summary."""
    return _LINES.decode(summary["lines"] or "[]")


async def store_of_return(db: Db, rma_id: UUID) -> UUID | None:
    """Return the store that a return belongs to, or nothing."""
    found: UUID | None = await db.fetchval(STORE_OF_RETURN, rma_id)
    return found


def as_json(text: str | None, otherwise: str) -> Any:
    """Return JSON that the database wrote as a value that is encoded as it stands, without being read first."""
    return msgspec.Raw(text or otherwise)


async def parts_of_return(db: Db, rma_id: UUID) -> ReturnParts | None:
    """Return the rest of one return, or nothing."""
    document = await db.fetchval(PARTS_OF_RETURN, rma_id)
    return _PARTS.decode(document) if document else None


async def discrepancies(
    db: Db, *, after_id: UUID, limit: int, store_id: UUID | None, state: str | None, owner: str | None
) -> Sequence[DiscrepancyView]:
    """Return discrepancies in the order they were opened, after a position."""
    rows = await db.fetch(LIST_DISCREPANCIES, after_id, store_id, state, owner, limit)
    return [DiscrepancyView(**row) for row in rows]
