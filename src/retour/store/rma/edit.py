"""Writing a return anew after it was changed: its lines, the units they claim, what was decided and promised."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.rma import Span, count
from retour.store.db import Db
from retour.store.rma.open import NewLine

HEAD: Final = """
SELECT kind, channel, method, (promised ->> 'total_minor')::bigint AS promised_minor, promised ->> 'hash' AS hash
  FROM rma WHERE tenant_id = current_tenant() AND id = $1
"""
CLAIMS: Final = """
SELECT c.line_ref, lower(c.ordinals) AS lo, upper(c.ordinals) - 1 AS hi
  FROM unit_claim c JOIN return_line l ON l.tenant_id = c.tenant_id AND l.id = c.return_line_id
 WHERE c.tenant_id = current_tenant() AND l.rma_id = $1
   AND l.decision IN ('requested', 'in_review', 'approved', 'reopened')
 ORDER BY c.line_ref, c.ordinals
"""
PUT_LINE: Final = """
INSERT INTO return_line AS l (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity, reason,
                              note, resolution, decision, settle_on, settle_after_hours, method, destination, answers,
                              resolution_ref)
SELECT current_tenant(), $1, $2, $3, $4,
       1 + (SELECT coalesce(max(position), 0) FROM return_line WHERE tenant_id = current_tenant() AND rma_id = $2),
       0, $5, $6, $7, $8, 'requested', $9, $10, $11, $12, $13, $14
ON CONFLICT (tenant_id, id) DO UPDATE
   SET requested_quantity = $5, reason = $6, note = $7, resolution = $8, settle_on = $9, settle_after_hours = $10,
       method = $11, destination = $12, answers = $13, resolution_ref = $14
"""
REPLACE: Final = """
UPDATE rma SET method = $2, policy_version_id = $3, decision = $4, promised = $5, approve_at = $6, send_by = NULL,
       send_reminded_at = NULL, turn = turn + 1
 WHERE tenant_id = current_tenant() AND id = $1
"""
BEGIN_ANEW: Final = """
UPDATE rma SET send_by = NULL, send_reminded_at = NULL, approve_at = NULL, turn = turn + 1
 WHERE tenant_id = current_tenant() AND id = $1
"""
FORGET_UNITS: Final = "UPDATE settlement SET units = '[]' WHERE tenant_id = current_tenant() AND id = $1"
CLAIM: Final = """
INSERT INTO unit_claim (tenant_id, order_id, line_ref, ordinals, return_line_id)
SELECT current_tenant(), $2, $3, int4range(lo, hi, '[]'), $1 FROM unnest($4::int[], $5::int[]) AS c (lo, hi)
"""
GROW: Final = """
WITH counted AS (
  UPDATE order_line_counter SET in_return = in_return + $4
   WHERE tenant_id = current_tenant() AND order_id = $2 AND line_ref = $3
     AND NOT EXISTS (SELECT FROM return_line l JOIN rma r ON r.tenant_id = l.tenant_id AND r.id = l.rma_id
                      WHERE l.tenant_id = current_tenant() AND l.id = $1 AND r.kind = 'cancellation'))
UPDATE return_line SET quantity = quantity + $4 WHERE tenant_id = current_tenant() AND id = $1
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a return was asked for, and what was promised then, in minor units."""

    kind: str
    channel: str
    method: str
    promised_minor: int
    hash: str


async def asked(db: Db, rma_id: UUID) -> Asked:
    """Return how a return that exists was asked for."""
    row = await db.fetchrow(HEAD, rma_id)
    assert row is not None, "a locked return exists"
    return Asked(**row)


async def claims(db: Db, rma_id: UUID) -> tuple[tuple[str, int, int], ...]:
    """Return the units that the open lines of a return claim: (order line, first, last)."""
    return tuple((row["line_ref"], row["lo"], row["hi"]) for row in await db.fetch(CLAIMS, rma_id))


async def put_line(db: Db, rma_id: UUID, order_id: UUID, line: NewLine) -> None:
    """Write what is wanted of a line, new or changed; its units and its decision are written by themselves."""
    await db.execute(
        PUT_LINE, line.id, rma_id, order_id, line.line_ref, line.quantity, line.reason, line.note, line.resolution,
        line.settle_on.value, line.settle_after_hours, line.method, line.destination, dict(line.answers),
        line.resolution_ref,
    )  # fmt: skip


async def claim(db: Db, *, line_id: UUID, order_id: UUID, line_ref: str, units: Sequence[Span]) -> None:
    """Claim units for a line that claims none; the database refuses one that another return has."""
    await db.execute(CLAIM, line_id, order_id, line_ref, [lo for lo, _ in units], [hi for _, hi in units])
    await db.execute(GROW, line_id, order_id, line_ref, count(units))


async def replace(
    db: Db, rma_id: UUID, *, method: str, policy_version_id: UUID, decision: object, promised: object,
    approve_at: datetime | None,
) -> None:  # fmt: skip
    """Write what was decided and promised anew; what waited for the parcel begins anew."""
    await db.execute(REPLACE, rma_id, method, policy_version_id, decision, promised, approve_at)


async def begin_anew(db: Db, rma_id: UUID) -> None:
    """Count another turn of a return; what waited for its time begins anew."""
    await db.execute(BEGIN_ANEW, rma_id)


async def forget_units(db: Db, settlement_id: UUID) -> None:
    """Let a settlement that was voided answer for no units any more."""
    await db.execute(FORGET_UNITS, settlement_id)
