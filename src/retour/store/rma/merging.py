"""Merging two returns of one order: lines move with all that hangs on them, what was promised is added up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db

ABOUT: Final = """
SELECT r.kind, r.policy_version_id,
       EXISTS (SELECT FROM fee_waiver w WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id) AS waived,
       EXISTS (SELECT FROM label b WHERE b.tenant_id = r.tenant_id AND b.rma_id = r.id AND b.state <> 'waived') AS labelled
  FROM rma r WHERE r.tenant_id = current_tenant() AND r.id = $1
"""
MOVE_LINES: Final = """
UPDATE return_line l
   SET rma_id = $2, method = coalesce(l.method, r.method),
       position = l.position + (SELECT max(position) FROM return_line WHERE tenant_id = current_tenant() AND rma_id = $2)
  FROM rma r
 WHERE l.tenant_id = current_tenant() AND l.rma_id = $1 AND r.tenant_id = l.tenant_id AND r.id = l.rma_id
RETURNING l.id
"""
# What was asked for stays readable where it was asked for.
LEAVE_TRACES: Final = """
INSERT INTO return_line (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity, reason, note,
                         resolution, resolution_ref, decision, decided_at, decided_by)
SELECT l.tenant_id, gen_random_uuid(), $1, l.order_id, l.line_ref, row_number() OVER (ORDER BY l.position), 0,
       l.requested_quantity, l.reason, l.note, l.resolution, l.resolution_ref, 'cancelled', $3, $4
  FROM return_line l WHERE l.tenant_id = current_tenant() AND l.id = ANY ($2::uuid[])
"""
# A line that both have was decided once already; of the others the frozen decision goes over with them.
ADD_UP: Final = """
UPDATE rma t
   SET decision = (t.decision::jsonb || coalesce((
         SELECT jsonb_agg(d) FROM jsonb_array_elements(s.decision::jsonb) AS d
          WHERE NOT t.decision::jsonb @> jsonb_build_array(jsonb_build_object('line', d -> 'line'))), '[]'))::json,
       promised = (t.promised::jsonb || jsonb_build_object(
         'plans', (t.promised::jsonb -> 'plans') || (s.promised::jsonb -> 'plans'),
         'hash', (t.promised ->> 'hash') || '+' || (s.promised ->> 'hash'),
         'total_minor', (t.promised ->> 'total_minor')::bigint + (s.promised ->> 'total_minor')::bigint))::json
  FROM rma s
 WHERE t.tenant_id = current_tenant() AND t.id = $2 AND s.tenant_id = t.tenant_id AND s.id = $1
"""
# Nobody's caution gets lost: what one of them waits for, the lines of both wait for.
STAY_CAREFUL: Final = """
UPDATE rma t
   SET held = t.held OR s.held, fraud_review = t.fraud_review OR s.fraud_review,
       approve_at = CASE WHEN NOT u.source THEN t.approve_at
                         WHEN NOT u.target THEN s.approve_at
                         WHEN t.approve_at IS NULL OR s.approve_at IS NULL THEN NULL
                         ELSE greatest(t.approve_at, s.approve_at) END
  FROM rma s
 CROSS JOIN (SELECT coalesce(bool_or(l.rma_id = $1), false) AS source, coalesce(bool_or(l.rma_id = $2), false) AS target
               FROM return_line l
              WHERE l.tenant_id = current_tenant() AND l.rma_id IN ($1, $2)
                AND l.decision IN ('requested', 'in_review', 'reopened')) AS u
 WHERE t.tenant_id = current_tenant() AND t.id = $2 AND s.tenant_id = t.tenant_id AND s.id = $1
"""
# Where the shopper is now holds for both; what was said of the one that goes on counts.
ADDRESS_GOES_OVER: Final = """
UPDATE rma t SET address_sealed = s.address_sealed
  FROM rma s
 WHERE t.tenant_id = current_tenant() AND t.id = $2 AND t.address_sealed IS NULL
   AND s.tenant_id = t.tenant_id AND s.id = $1 AND s.person_id = t.person_id AND s.address_sealed IS NOT NULL
RETURNING t.id
"""
# A question that is open goes along; where the other one asks something already, only that is still waited for.
ASK_THERE: Final = """
UPDATE info_request q SET rma_id = $2
 WHERE q.tenant_id = current_tenant() AND q.rma_id = $1 AND q.closed_at IS NULL
   AND NOT EXISTS (SELECT FROM info_request o WHERE o.tenant_id = q.tenant_id AND o.rma_id = $2 AND o.closed_at IS NULL)
"""
ASK_NO_MORE: Final = """
UPDATE info_request SET outcome = 'overtaken', closed_by = $2, closed_at = $3
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND closed_at IS NULL
"""
HELD_BECAUSE: Final = """
SELECT n.body
  FROM event v JOIN rma_note n ON n.tenant_id = v.tenant_id AND n.id = (v.data ->> 'note_id')::uuid
 WHERE v.tenant_id = current_tenant() AND v.resource_kind = 'return' AND v.resource_id = $1 AND v.type = 'return.held'
 ORDER BY v.seq DESC LIMIT 1
"""
LEAVE: Final = """
UPDATE rma SET merged_into = $2, approve_at = NULL, held = false WHERE tenant_id = current_tenant() AND id = $1
"""
MARKS_GO_OVER: Final = """
WITH tagged AS (
  INSERT INTO rma_tag (tenant_id, rma_id, tag)
  SELECT tenant_id, $2, tag FROM rma_tag WHERE tenant_id = current_tenant() AND rma_id = $1 ON CONFLICT DO NOTHING),
watched AS (
  INSERT INTO rma_watcher (tenant_id, rma_id, staff_id)
  SELECT tenant_id, $2, staff_id FROM rma_watcher WHERE tenant_id = current_tenant() AND rma_id = $1
  ON CONFLICT DO NOTHING)
INSERT INTO rma_word (tenant_id, word, number)
SELECT w.tenant_id, w.word, t.number
  FROM rma s
  JOIN rma_word w ON w.tenant_id = s.tenant_id AND w.number = s.number
  JOIN rma t ON t.tenant_id = s.tenant_id AND t.id = $2
 WHERE s.tenant_id = current_tenant() AND s.id = $1
ON CONFLICT DO NOTHING
"""
# What was stated is repaid with the return that goes on.
WITHDRAWALS_GO_OVER: Final = "UPDATE withdrawal SET rma_id = $2 WHERE tenant_id = current_tenant() AND rma_id = $1"
DUPLICATES: Final = """
SELECT r.id, r.number, r.requested_at FROM rma r
 WHERE r.tenant_id = current_tenant() AND r.order_id = $1 AND r.id <> $2
   AND r.status IN ('requested', 'in_review', 'approved', 'reopened')
 ORDER BY r.number
"""


@dataclass(frozen=True, slots=True)
class About:
    """What two returns must have in common, and whether this one has a fee waived or a label."""

    kind: str
    policy_version_id: UUID
    waived: bool
    labelled: bool


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another open return of the same order."""

    id: UUID
    number: int
    requested_at: datetime


async def about(db: Db, rma_id: UUID) -> About:
    """Return what must be the same of two returns; the caller has read it already."""
    row = await db.fetchrow(ABOUT, rma_id)
    assert row is not None, "a return that is locked exists"
    return About(**row)


async def merge(db: Db, *, source_id: UUID, target_id: UUID, actor: str, at: datetime) -> None:
    """Move all lines of a return, with their units, into another; the caller holds both locks and has checked them."""
    await db.execute(STAY_CAREFUL, source_id, target_id)
    await db.execute(ASK_THERE, source_id, target_id)
    await db.execute(ASK_NO_MORE, source_id, actor, at)
    moved = [row["id"] for row in await db.fetch(MOVE_LINES, source_id, target_id)]
    await db.execute(LEAVE_TRACES, source_id, moved, at, actor)
    await db.execute(ADD_UP, source_id, target_id)
    await db.execute(LEAVE, source_id, target_id)
    await db.execute(MARKS_GO_OVER, source_id, target_id)
    await db.execute(WITHDRAWALS_GO_OVER, source_id, target_id)


async def take_address(db: Db, *, source_id: UUID, target_id: UUID) -> bool:
    """Give a return the address of one that was merged into it, unless it has its own; return whether it did."""
    return await db.fetchval(ADDRESS_GOES_OVER, source_id, target_id) is not None


async def held_because(db: Db, rma_id: UUID) -> str | None:
    """Return why a return was put on hold last."""
    reason: str | None = await db.fetchval(HELD_BECAUSE, rma_id)
    return reason


async def duplicates(db: Db, *, order_id: UUID, but: UUID) -> tuple[Duplicate, ...]:
    """Return the other open returns of an order, oldest first."""
    return tuple(Duplicate(**row) for row in await db.fetch(DUPLICATES, order_id, but))
