"""Writing returns: each change of state is one statement that names the state it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.rma import Blocked, Decision, Span
from retour.store.db import Db
from retour.store.ids import new_id

# One statement writes the return, its lines, the units they claim and the counters that limit them.
ADD: Final = """
WITH added AS (
  INSERT INTO rma (tenant_id, id, store_id, order_id, person_id, kind, channel, status, method, location_ref,
                   policy_version_id, decision, promised, requested_at, decided_at, blocked_actor, blocked_code,
                   blocked_since, blocked_evidence, due_at)
  VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $13)
  RETURNING number),
lines AS (
  INSERT INTO return_line (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity,
                           reason, note, resolution, decision, decided_at, decided_by)
  SELECT current_tenant(), id, $1, $3, line_ref, position, quantity, quantity, reason, note, resolution, $7, $14, $19
    FROM unnest($20::uuid[], $21::text[], $22::int[], $23::text[], $24::text[], $25::text[])
         WITH ORDINALITY AS l (id, line_ref, quantity, reason, note, resolution, position)),
claims AS (
  INSERT INTO unit_claim (tenant_id, order_id, line_ref, ordinals, return_line_id)
  SELECT current_tenant(), $3, line_ref, int4range(lo, hi, '[]'), line_id
    FROM unnest($26::text[], $27::int[], $28::int[], $29::uuid[]) AS c (line_ref, lo, hi, line_id)),
counted AS (
  UPDATE order_line_counter n SET in_return = n.in_return + l.quantity
    FROM (SELECT line_ref, sum(quantity)::int AS quantity FROM unnest($21::text[], $22::int[]) AS u (line_ref, quantity)
           GROUP BY line_ref) AS l
   WHERE n.tenant_id = current_tenant() AND n.order_id = $3 AND n.line_ref = l.line_ref)
SELECT number FROM added
"""
DECIDE: Final = """
UPDATE return_line SET decision = $2, decided_at = $3, decided_by = $4, message = coalesce($5, message)
 WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[])
"""
FREE_SPANS: Final = """
WITH gone AS (
  DELETE FROM unit_claim WHERE tenant_id = current_tenant() AND return_line_id = $1 RETURNING 1)
SELECT count(*) FROM gone
"""
CLAIM_SPANS: Final = """
INSERT INTO unit_claim (tenant_id, order_id, line_ref, ordinals, return_line_id)
SELECT current_tenant(), $2, $3, int4range(lo, hi, '[]'), $1 FROM unnest($4::int[], $5::int[]) AS c (lo, hi)
"""
SHRINK: Final = """
WITH counted AS (
  UPDATE order_line_counter SET in_return = in_return - $4
   WHERE tenant_id = current_tenant() AND order_id = $2 AND line_ref = $3)
UPDATE return_line SET quantity = quantity - $4 WHERE tenant_id = current_tenant() AND id = $1
"""
TOUCH: Final = """
UPDATE rma SET status = $2, version = version + $9, due_at = $3,
       decided_at = CASE WHEN $2 <> 'requested' THEN coalesce(decided_at, $4) END,
       resolved_at = CASE WHEN $2 = 'resolved' THEN coalesce(resolved_at, $4) END,
       blocked_actor = $5, blocked_evidence = $7,
       blocked_since = CASE WHEN $6::text IS NULL THEN NULL WHEN blocked_code = $6 THEN blocked_since ELSE $8 END,
       blocked_code = $6
 WHERE tenant_id = current_tenant() AND id = $1
RETURNING version
"""
MARK_TIMES: Final = """
UPDATE rma SET in_transit_at = coalesce(in_transit_at, $2), delivered_at = coalesce(delivered_at, $3),
       received_at = coalesce(received_at, $4), inspected_at = coalesce($5, inspected_at)
 WHERE tenant_id = current_tenant() AND id = $1
"""
ADD_NOTE: Final = """
INSERT INTO rma_note (tenant_id, id, rma_id, body, shown_to_shopper, actor, at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6)
"""
WAKE: Final = "UPDATE rma SET due_at = $2 WHERE tenant_id = current_tenant() AND id = $1"
HOLD: Final = "UPDATE rma SET held = $2 WHERE tenant_id = current_tenant() AND id = $1 AND held <> $2 RETURNING id"


@dataclass(frozen=True, slots=True)
class NewLine:
    """A return line to be written, with the ordinals it claims."""

    id: UUID
    line_ref: str
    quantity: int
    reason: str
    note: str | None
    resolution: str
    claimed: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class NewReturn:
    """A return to be written; `decision` and `promised` are frozen with it."""

    id: UUID
    store_id: UUID
    order_id: UUID
    person_id: UUID
    kind: str
    channel: str
    status: Decision
    method: str
    location_ref: str | None
    policy_version_id: UUID
    decision: object
    promised: object
    requested_at: datetime
    decided_by: str | None
    blocked: Blocked
    lines: tuple[NewLine, ...]


async def add(db: Db, new: NewReturn) -> int:
    """Write a return and return its public number.

    Raises the database's error for `one_return_per_unit` or `not_more_than_fulfilled` if a unit is already taken.
    """
    claims = [(line.line_ref, lo, hi, line.id) for line in new.lines for lo, hi in line.claimed]
    number: int = await db.fetchval(
        ADD,
        new.id,
        new.store_id,
        new.order_id,
        new.person_id,
        new.kind,
        new.channel,
        new.status.value,
        new.method,
        new.location_ref,
        new.policy_version_id,
        new.decision,
        new.promised,
        new.requested_at,
        new.requested_at if new.status is not Decision.REQUESTED else None,
        new.blocked.actor,
        new.blocked.code,
        new.blocked.since,
        _evidence(new.blocked),
        new.decided_by,
        [line.id for line in new.lines],
        [line.line_ref for line in new.lines],
        [line.quantity for line in new.lines],
        [line.reason for line in new.lines],
        [line.note for line in new.lines],
        [line.resolution for line in new.lines],
        *([claim[i] for claim in claims] for i in range(4)),
    )
    return number


async def decide(
    db: Db, line_ids: Sequence[UUID], to: Decision, *, actor: str, at: datetime, message: str | None = None
) -> None:
    """Write the decision of lines; the caller has checked the move under the return's lock."""
    await db.execute(DECIDE, list(line_ids), to.value, at, actor, message)


async def free_units(db: Db, *, line_id: UUID, order_id: UUID, line_ref: str, keep: Sequence[Span], freed: int) -> None:
    """Give the units of a line back for other returns, except those to keep."""
    await db.fetchval(FREE_SPANS, line_id)
    if keep:
        await db.execute(CLAIM_SPANS, line_id, order_id, line_ref, [lo for lo, _ in keep], [hi for _, hi in keep])
    await db.execute(SHRINK, line_id, order_id, line_ref, freed)


async def touch(
    db: Db,
    rma_id: UUID,
    *,
    status: Decision,
    blocked: Blocked | None,
    due_at: datetime | None,
    at: datetime,
    same_version: bool = False,
) -> int:
    """Write the derived status and whom the return waits for; return the version, a new one unless it stays the same."""
    version: int = await db.fetchval(
        TOUCH,
        rma_id,
        status.value,
        due_at,
        at,
        blocked.actor if blocked else None,
        blocked.code if blocked else None,
        _evidence(blocked) if blocked else None,
        blocked.since if blocked else None,
        0 if same_version else 1,
    )
    return version


async def wake(db: Db, rma_id: UUID, *, due_at: datetime) -> None:
    """Let the return be looked at again, without deriving anything of it now."""
    await db.execute(WAKE, rma_id, due_at)


async def mark_times(
    db: Db,
    rma_id: UUID,
    *,
    in_transit_at: datetime | None = None,
    delivered_at: datetime | None = None,
    received_at: datetime | None = None,
    inspected_at: datetime | None = None,
) -> None:
    """Write when the goods reached a station; the first time stays, except that the last inspection counts."""
    await db.execute(MARK_TIMES, rma_id, in_transit_at, delivered_at, received_at, inspected_at)


async def add_note(db: Db, rma_id: UUID, *, body: str, shown_to_shopper: bool, actor: str, at: datetime) -> UUID:
    """Keep a note on a return and return its id."""
    note_id = new_id()
    await db.execute(ADD_NOTE, note_id, rma_id, body, shown_to_shopper, actor, at)
    return note_id


async def hold(db: Db, rma_id: UUID, *, held: bool) -> bool:
    """Hold the return's automatic steps or let them go on; return whether that changed anything."""
    return await db.fetchval(HOLD, rma_id, held) is not None


def _evidence(blocked: Blocked) -> dict[str, object]:
    """Return what is kept of a blocker beside its code: its figures and what would unblock it."""
    return {**blocked.evidence, "unblocks": blocked.unblocks}
