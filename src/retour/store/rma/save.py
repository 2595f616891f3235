"""Writing returns: each change of state is one statement that names the state it came from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.rma import Blocked, Decision, Span
from retour.core.search import words_of
from retour.store.db import Db
from retour.store.ids import new_id

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
   WHERE tenant_id = current_tenant() AND order_id = $2 AND line_ref = $3
     AND NOT EXISTS (SELECT FROM return_line l JOIN rma r ON r.tenant_id = l.tenant_id AND r.id = l.rma_id
                      WHERE l.tenant_id = current_tenant() AND l.id = $1 AND r.kind = 'cancellation'))
UPDATE return_line SET quantity = quantity - $4 WHERE tenant_id = current_tenant() AND id = $1
"""
TOUCH: Final = """
UPDATE rma SET version = version + CASE WHEN $9 OR status <> $2 THEN 1 ELSE 0 END, status = $2,
       due_at = coalesce($3, least(
         CASE WHEN $2 = 'requested' AND NOT held AND NOT EXISTS (
                SELECT FROM info_request q
                 WHERE q.tenant_id = current_tenant() AND q.rma_id = $1 AND q.closed_at IS NULL) THEN approve_at END,
         $10,
         (SELECT min(s.not_before) FROM settlement s
           WHERE s.tenant_id = current_tenant() AND s.rma_id = $1 AND s.state = 'quoted' AND s.not_before > $4 AND NOT held))),
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
WITH kept AS (
  INSERT INTO rma_note (tenant_id, id, rma_id, body, shown_to_shopper, actor, at)
  VALUES (current_tenant(), $1, $2, $3, $4, $5, $6))
INSERT INTO rma_word (tenant_id, word, number)
SELECT r.tenant_id, word, r.number FROM rma r, unnest($7::text[]) AS word WHERE r.tenant_id = current_tenant() AND r.id = $2
ON CONFLICT DO NOTHING
"""
ANNOUNCE: Final = "UPDATE rma SET announced = $2 WHERE tenant_id = current_tenant() AND id = $1"
HOLD: Final = "UPDATE rma SET held = $2 WHERE tenant_id = current_tenant() AND id = $1 AND held <> $2 RETURNING id"


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
    by_somebody: bool,
    next_turn: datetime | None = None,
) -> int:
    """Write the derived status and whom the return waits for; return the version.

    Without a `due_at` the return is due when the next thing that waits for its time does: an approval, a payment, or
    what time alone does to it (`next_turn`).

    It rises with a new status and with whatever somebody did, not with our own work in the background: whoever read
    the return a moment ago and decides now is not turned away for that.
    """
    version: int = await db.fetchval(
        TOUCH,
        rma_id,
        status.value,
        due_at,
        at,
        blocked.actor if blocked else None,
        blocked.code if blocked else None,
        evidence(blocked) if blocked else None,
        blocked.since if blocked else None,
        by_somebody,
        next_turn,
    )
    return version


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
    """Keep a note on a return, with the words it is found by, and return its id."""
    note_id = new_id()
    await db.execute(ADD_NOTE, note_id, rma_id, body, shown_to_shopper, actor, at, list(words_of(body)))
    return note_id


async def announce(db: Db, rma_id: UUID, units: Mapping[str, int]) -> None:
    """Write down what the warehouse is told to expect: units by the id of the line."""
    await db.execute(ANNOUNCE, rma_id, dict(units))


async def hold(db: Db, rma_id: UUID, *, held: bool) -> bool:
    """Hold the return's automatic steps or let them go on; return whether that changed anything."""
    return await db.fetchval(HOLD, rma_id, held) is not None


def evidence(blocked: Blocked) -> dict[str, object]:
    """Return what is kept of a blocker beside its code: its figures and what would unblock it."""
    return {**blocked.evidence, "unblocks": blocked.unblocks}
