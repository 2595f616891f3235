"""Reading one return whole, in one statement, as the core's own value."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from retour.core.policy import CompiledPolicy, LineDecision, decide, decode_facts
from retour.core.refund import Plan
from retour.core.rma import Ownership, Return
from retour.store.db import Db
from retour.store.order.record import OrderRecord, decode
from retour.store.policy import StoreContext

# Nothing can be carried out where orders only arrive as messages: the merchant is told what to pay and to put back.
# The document has the shape of core.rma.Return. A restock counts once its effect is confirmed, or at the warehouse's word.
LOAD: Final = """
SELECT r.store_id, r.order_id, r.version, o.connection_id, r.policy_version_id, t.return_master, t.refund_master,
       CASE WHEN k.platform = 'feed' AND t.restock_master = 'retour' THEN 'warehouse' ELSE t.restock_master END
         AS restock_master, t.tag_on, t.location_ref,
       CASE WHEN k.platform = 'feed' THEN t.notify_only || '{refund_original}' ELSE t.notify_only END AS notify_only,
       t.payments_paused OR a.payments_paused AS paused,
       r.risk_at IS NOT NULL AND (
         EXISTS (SELECT FROM inspection i WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id AND i.at > r.risk_at
                    AND (NOT i.accepted OR i.grade IN ('opened', 'damaged')))
         OR EXISTS (SELECT FROM goods_observation g
                     WHERE g.tenant_id = r.tenant_id AND g.rma_id = r.id AND greatest(g.at, g.withdrawn_at) > r.risk_at))
         AS told_since, jsonb_build_object(
  'id', r.id, 'number', r.number, 'kind', r.kind, 'gift', r.gift, 'status', r.status,
  'order_ref', o.far_ref, 'person_ref', p.far_ref,
  'currency', o.currency, 'requested_at', r.requested_at, 'decided_at', r.decided_at, 'in_transit_at', r.in_transit_at,
  'delivered_at', r.delivered_at, 'received_at', r.received_at, 'inspected_at', r.inspected_at,
  'resolved_at', r.resolved_at, 'location_ref', r.location_ref, 'held', r.held, 'approve_at', r.approve_at,
  'fraud_review', r.fraud_review,
  'send_by', r.send_by, 'reminded_at', r.send_reminded_at,
  'asked', (SELECT jsonb_build_object('id', q.id, 'asked_at', q.asked_at, 'answer_by', q.answer_by,
                                      'reminded_at', q.reminded_at)
              FROM info_request q WHERE q.tenant_id = r.tenant_id AND q.rma_id = r.id AND q.closed_at IS NULL),
  'patience', jsonb_build_object('unsent_days', CASE WHEN r.kind <> 'withdrawal' THEN t.unsent_days END,
                                 'unanswered_days', t.unanswered_days, 'remind_days', t.remind_days,
                                 'unpaid_days', t.unpaid_days),
  'card', (
    SELECT jsonb_build_object('state', h.state, 'since', h.since, 'amount_minor', h.amount_minor,
                              'captured_minor', h.captured_minor, 'owes', h.owes,
                              'owed_minor', h.owed_minor, 'lapses_at', h.lapses_at, 'send_by', h.send_by,
                              'problem', h.problem)
      FROM card_hold h WHERE h.tenant_id = r.tenant_id AND h.rma_id = r.id ORDER BY h.id DESC LIMIT 1),
  'another_in_transit', EXISTS (
    SELECT FROM rma other
     WHERE other.tenant_id = r.tenant_id AND other.id <> r.id
       AND (other.order_id = r.order_id OR t.tag_on = 'customer' AND other.person_id = r.person_id)
       AND other.in_transit_at IS NOT NULL AND other.received_at IS NULL AND other.status = 'approved'),
  'connected', k.state = 'connected', 'announced', r.announced, 'warehouse', EXISTS (
    SELECT FROM connection w
     WHERE w.tenant_id = r.tenant_id AND w.store_id = r.store_id AND w.platform = 'warehouse' AND w.state = 'connected'),
  'push_to', (
    SELECT w.id FROM connection w
     WHERE w.tenant_id = r.tenant_id AND w.store_id = r.store_id AND w.platform = 'feed' AND w.state <> 'disconnected'
       AND w.settings->'push_kinds' ? r.kind AND r.requested_at >= (w.settings->>'push_since')::timestamptz
       AND (w.settings->>'push_on' = 'requested' OR r.status = 'approved')
       AND NOT EXISTS (SELECT FROM effect e WHERE e.tenant_id = r.tenant_id AND e.kind = 'push_return'
                          AND e.business_ref = 'push:' || r.id)
       AND NOT EXISTS (SELECT FROM intake i WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id
                          AND i.connection_id = w.id)
     ORDER BY w.id LIMIT 1),
  'lines', (
    SELECT jsonb_agg(jsonb_build_object(
      'id', l.id, 'line_ref', l.line_ref, 'position', l.position, 'requested_quantity', l.requested_quantity,
      'reason', l.reason, 'note', l.note, 'message', l.message, 'resolution', l.resolution,
      'resolution_ref', l.resolution_ref, 'decision', l.decision, 'method', coalesce(l.method, r.method),
      'destination', l.destination, 'answers', l.answers,
      'platform_reason', (SELECT lower(w.platform_reason) FROM reason w
                           WHERE w.tenant_id = r.tenant_id AND w.store_id = r.store_id AND w.code = l.reason),
      'settle_on', l.settle_on, 'settle_after_hours', l.settle_after_hours, 'decided_at', l.decided_at,
      'lost_at', l.lost_at,
      'arrived_at', (SELECT max(t.at) FROM receipt t
                      WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id AND t.return_line_id = l.id),
      'claimed', coalesce((
        SELECT jsonb_agg(jsonb_build_array(lower(c.ordinals), upper(c.ordinals) - 1) ORDER BY c.ordinals) FROM unit_claim c
         WHERE c.tenant_id = r.tenant_id AND c.return_line_id = l.id), '[]'),
      'received', coalesce((
        SELECT jsonb_agg(jsonb_build_array(lower(t.ordinals), upper(t.ordinals) - 1) ORDER BY t.ordinals) FROM receipt t
         WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id AND t.return_line_id = l.id), '[]'),
      'inspections', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
          'id', i.id, 'batch_id', i.batch_id, 'line_id', l.id, 'line_ref', l.line_ref,
          'span', jsonb_build_array(lower(i.ordinals), upper(i.ordinals) - 1), 'grade', i.grade,
          'disposition', i.disposition, 'accepted', i.accepted, 'deduction_basis_points', i.deduction_basis_points,
          'location_ref', i.location_ref, 'restocked', EXISTS (
            SELECT FROM restock s
              LEFT JOIN effect first ON first.tenant_id = s.tenant_id AND first.id = s.effect_id
              LEFT JOIN effect e ON e.tenant_id = s.tenant_id AND e.kind = first.kind
                                AND e.business_ref = first.business_ref AND e.state = 'confirmed'
             WHERE s.tenant_id = i.tenant_id AND s.inspection_id = i.id
               AND (s.carried_by <> 'retour' OR e.id IS NOT NULL))
          ) ORDER BY i.at, i.id) FROM inspection i
         WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id AND i.return_line_id = l.id), '[]')
      ) ORDER BY l.position)
      FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id),
  'shipments', coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', h.id, 'carrier', h.carrier, 'tracking_number', h.tracking_number,
                                        'status', h.status, 'status_at', h.status_at) ORDER BY h.created_at, h.id)
      FROM shipment h WHERE h.tenant_id = r.tenant_id AND h.rma_id = r.id), '[]'),
  'fee', (SELECT jsonb_build_object('state', f.state, 'since', f.since, 'parts', f.parts, 'back', f.back,
                                    'problem', f.problem, 'expires_at', f.expires_at, 'pay_url', f.pay_url,
                                    'collected_minor', f.collected_minor, 'due_at', f.due_at)
            FROM fee_invoice f WHERE f.tenant_id = r.tenant_id AND f.rma_id = r.id),
  'labels', coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', b.id, 'parcel', b.parcel, 'method', b.method, 'destination', b.destination,
                                        'line_ids', b.line_ids, 'state', b.state, 'problem', b.problem,
                                        'at', b.changed_at) ORDER BY b.parcel)
      FROM label b WHERE b.tenant_id = r.tenant_id AND b.rma_id = r.id), '[]'),
  'settlements', coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', s.id, 'seq', s.seq, 'batch_id', s.batch_id, 'state', s.state,
                                        'total_minor', s.total_minor, 'comparison', s.comparison, 'moment', s.moment,
                                        'units', s.units, 'not_before', s.not_before, 'resolution', s.resolution,
                                        'handed_to', s.handed_to, 'handed_at', s.handed_at,
                                        'reported_at', s.reported_at, 'second_at', s.second_at,
                                        'second_because', s.second_because, 'exchange', x.view,
                                        'begun_at', s.begun_at) ORDER BY s.seq)
      FROM settlement s
      LEFT JOIN LATERAL (
        SELECT jsonb_build_object('state', e.state, 'since', e.since, 'problem', e.problem, 'expires_at', e.expires_at,
                                  'collect_minor', e.figures -> 'collect' -> 'presentment') AS view
          FROM exchange_order e WHERE e.tenant_id = s.tenant_id AND e.settlement_id = s.id) x ON s.resolution = 'exchange'
     WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id), '[]'),
  'effects', coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', e.id, 'kind', e.kind, 'business_ref', e.business_ref, 'state', e.state,
                                        'parked', e.parked_at IS NOT NULL, 'settlement', e.moves_money,
                                        'far_id', e.far_id, 'far_code', e.far_code, 'created_at', e.created_at, 'result', e.result)
                     ORDER BY e.created_at, e.seq, e.id)
      FROM effect e WHERE e.tenant_id = r.tenant_id AND e.rma_id = r.id), '[]')
  )::text AS document
  FROM rma r
  JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
  JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
  JOIN store t ON t.tenant_id = r.tenant_id AND t.id = r.store_id
  JOIN account a ON a.tenant_id = r.tenant_id
  JOIN connection k ON k.tenant_id = o.tenant_id AND k.id = o.connection_id
 WHERE r.tenant_id = current_tenant() AND r.id = $1
"""

# What the next step of a return depends on beside itself: its order, its store, what can be done on the platform.
GROUND: Final = """
SELECT o.id AS order_id, o.store_id, o.connection_id, o.person_id, o.version, o.document::text AS document,
       o.carried::text AS carried, o.synced_at,
       k.platform, s.id, s.timezone, s.currency, s.return_master, s.refund_master,
       CASE WHEN k.platform = 'feed' AND s.restock_master = 'retour' THEN 'warehouse' ELSE s.restock_master END
         AS restock_master, s.tag_on, s.location_ref,
       CASE WHEN k.platform = 'feed' THEN s.notify_only || '{refund_original}' ELSE s.notify_only END AS notify_only,
       s.payments_paused OR a.payments_paused AS paused, p.id AS policy_version_id,
       p.version AS policy_version
  FROM sales_order o
  JOIN connection k ON k.tenant_id = o.tenant_id AND k.id = o.connection_id
  JOIN store s ON s.tenant_id = o.tenant_id AND s.id = o.store_id
  JOIN account a ON a.tenant_id = o.tenant_id
  LEFT JOIN policy_version p ON p.tenant_id = s.tenant_id AND p.store_id = s.id AND p.state = 'published'
 WHERE o.tenant_id = current_tenant() AND o.id = $1
"""
# The same for an order on which a return is about to be opened, with the number it will have.
GROUND_LOCKED: Final = """
SELECT o.id AS order_id, o.store_id, o.connection_id, o.person_id, o.version, o.document::text AS document,
       o.carried::text AS carried, o.synced_at,
       k.platform, s.id, s.timezone, s.currency, s.return_master, s.refund_master,
       CASE WHEN k.platform = 'feed' AND s.restock_master = 'retour' THEN 'warehouse' ELSE s.restock_master END
         AS restock_master, s.tag_on, s.location_ref,
       CASE WHEN k.platform = 'feed' THEN s.notify_only || '{refund_original}' ELSE s.notify_only END AS notify_only,
       s.payments_paused OR a.payments_paused AS paused, p.id AS policy_version_id,
       p.version AS policy_version, nextval('rma_number') AS number
  FROM sales_order o
  JOIN connection k ON k.tenant_id = o.tenant_id AND k.id = o.connection_id
  JOIN store s ON s.tenant_id = o.tenant_id AND s.id = o.store_id
  JOIN account a ON a.tenant_id = o.tenant_id
  LEFT JOIN policy_version p ON p.tenant_id = s.tenant_id AND p.store_id = s.id AND p.state = 'published'
 WHERE o.tenant_id = current_tenant() AND o.id = $1 FOR NO KEY UPDATE OF o
"""
# Lock order everywhere: order, return, captures, ledger accounts. The return is locked as the order's row is handed on,
# so never before it; what is selected of it never changes.
LOCK: Final = """
WITH locked AS MATERIALIZED (
  SELECT o.id FROM sales_order o
   WHERE o.tenant_id = current_tenant()
     AND o.id = (SELECT order_id FROM rma WHERE tenant_id = current_tenant() AND id = $1)
     FOR NO KEY UPDATE)
SELECT r.store_id, r.order_id, r.number FROM locked, rma r
 WHERE r.tenant_id = current_tenant() AND r.id = $1 AND r.order_id = locked.id
   FOR NO KEY UPDATE OF r
"""
BY_NUMBER: Final = "SELECT id FROM rma WHERE tenant_id = current_tenant() AND number = $1"
OPEN_OF_ORDER: Final = """
SELECT id FROM rma
 WHERE tenant_id = current_tenant() AND order_id = $1 AND status IN ('requested', 'in_review', 'approved', 'reopened')
"""
DECISION: Final = """
SELECT coalesce(decision, decision_before::json) FROM rma WHERE tenant_id = current_tenant() AND id = $1
"""
PROMISED: Final = "SELECT promised -> 'plans' AS plans FROM rma WHERE tenant_id = current_tenant() AND id = $1"
DUE_AT: Final = "SELECT due_at FROM rma WHERE tenant_id = current_tenant() AND id = $1"

_CONTEXT: Final = tuple(field.name for field in fields(StoreContext))
_RETURN: Final = msgspec.json.Decoder(Return)


@dataclass(frozen=True, slots=True)
class ReturnHead:
    """What never changes of a return."""

    id: UUID
    store_id: UUID
    order_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class ReturnRecord:
    """A return with where it belongs and who masters what there; `version` is what concurrent agents compare.

    `told_since` says that its parcel told something since the return was scored.
    """

    store_id: UUID
    order_id: UUID
    connection_id: UUID
    policy_version_id: UUID
    version: int
    own: Ownership
    rma: Return
    told_since: bool = False

    @property
    def head(self) -> ReturnHead:
        """Return what never changes of it."""
        return ReturnHead(self.rma.id, self.store_id, self.order_id, self.rma.number)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a return stands on: its order, the platform that has it, and its store with the published policy."""

    order: OrderRecord
    platform: str
    store: StoreContext
    number: int | None = None  # of the return that may be opened, once the order is locked


async def ground(db: Db, order_id: UUID, *, lock: bool = False) -> Ground | None:
    """Return what returns of an order stand on, with the order's row locked if wished; nothing without the order."""
    row = await db.fetchrow(GROUND_LOCKED if lock else GROUND, order_id)
    if row is None:
        return None
    order = OrderRecord(
        id=row["order_id"],
        store_id=row["store_id"],
        connection_id=row["connection_id"],
        person_id=row["person_id"],
        version=row["version"],
        order=decode(row["document"], row["carried"]),
        synced_at=row["synced_at"],
    )
    store = StoreContext(**{name: row[name] for name in _CONTEXT})
    return Ground(order, row["platform"], store, row["number"] if lock else None)


async def load(db: Db, rma_id: UUID) -> ReturnRecord | None:
    """Return a return whole, or nothing."""
    row = await db.fetchrow(LOAD, rma_id)
    if row is None:
        return None
    return ReturnRecord(
        store_id=row["store_id"],
        order_id=row["order_id"],
        connection_id=row["connection_id"],
        policy_version_id=row["policy_version_id"],
        version=row["version"],
        own=Ownership(
            returns=row["return_master"],
            refunds=row["refund_master"],
            restocks=row["restock_master"],
            tag_on=row["tag_on"],
            location_ref=row["location_ref"],
            paused=row["paused"],
            notify_only=frozenset(row["notify_only"]),
        ),
        rma=_RETURN.decode(row["document"]),
        told_since=row["told_since"],
    )


async def lock(db: Db, rma_id: UUID) -> ReturnRecord | None:
    """Lock the order and the return, in this order, then read the return whole; nothing if there is none."""
    return None if await lock_head(db, rma_id) is None else await load(db, rma_id)


async def lock_head(db: Db, rma_id: UUID) -> ReturnHead | None:
    """Lock the order and the return, in this order, without reading more than the head; nothing if there is none."""
    row = await db.fetchrow(LOCK, rma_id)
    return ReturnHead(id=rma_id, **row) if row else None


async def find_by_number(db: Db, number: int) -> UUID | None:
    """Return the id of the return with that public number, or nothing."""
    found: UUID | None = await db.fetchval(BY_NUMBER, number)
    return found


async def rulings(db: Db, rma_id: UUID, compiled: CompiledPolicy) -> dict[str, LineDecision]:
    """Return the decision per line ref, recomputed from the facts frozen with the return under its own version."""
    frozen: list[dict[str, Any]] = await db.fetchval(DECISION, rma_id)
    facts = [decode_facts(line["facts"]) for line in frozen]
    return {line.line_ref: line for line in decide(compiled, facts).lines}


async def list_open_of_order(db: Db, order_id: UUID) -> list[UUID]:
    """Return the open returns of an order."""
    return [row["id"] for row in await db.fetch(OPEN_OF_ORDER, order_id)]


async def promised(db: Db, rma_id: UUID) -> tuple[Plan, ...]:
    """Return the plans that were promised when the return was asked for."""
    return msgspec.convert(await db.fetchval(PROMISED, rma_id), tuple[Plan, ...])


async def due_at(db: Db, rma_id: UUID) -> datetime | None:
    """Return when the return wants to be looked at again, if at all."""
    found: datetime | None = await db.fetchval(DUE_AT, rma_id)
    return found
