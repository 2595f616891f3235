"""Waived fees as rows: who waived which fee of a return, and why; and what of a return bears on its settlements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.refund import FeeKind, Plan, Waiver
from retour.core.rma import Return, SettlementState
from retour.core.rma.fee import paid_ahead
from retour.core.settling import Bearing
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.refund.settlement import list_of_rma

WAIVE: Final = """
INSERT INTO fee_waiver (tenant_id, id, rma_id, kind, reason, actor, at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, rma_id, kind) DO NOTHING
RETURNING id
"""
WAIVERS: Final = """
SELECT kind, reason, actor FROM fee_waiver WHERE tenant_id = current_tenant() AND rma_id = $1 ORDER BY at, id
"""
# What may still be quoted again, and then counts the others in.
_OPEN: Final = frozenset({SettlementState.QUOTED, SettlementState.FAILED})


async def waive(db: Db, *, rma_id: UUID, kind: FeeKind | None, reason: str, actor: str, at: datetime) -> bool:
    """Keep that a fee (every fee without a kind) of a return is waived; return whether it was not before."""
    return await db.fetchval(WAIVE, new_id(), rma_id, kind and kind.value, reason, actor, at) is not None


async def waivers(db: Db, rma_id: UUID) -> tuple[Waiver, ...]:
    """Return what people have waived on a return, oldest first."""
    rows = await db.fetch(WAIVERS, rma_id)
    return tuple(Waiver(FeeKind(row["kind"]) if row["kind"] else None, row["reason"], row["actor"]) for row in rows)


async def bearing_of(db: Db, ret: Return, *, before: int | None = None) -> Bearing:
    """Return what of a return bears on its next settlement, or on the one of that number (`seq`) as it is paid.

    A fee is borne by the refund whose money moves first: one that waits, or that failed, keeps it from no other, and
    will be quoted without it. So no fee is charged by both, and none is lost with a settlement that is given up.
    """
    rows = await list_of_rma(db, ret.id)
    others = (row for row in rows if before is None or (row.seq != before and row.state not in _OPEN))
    earlier: Sequence[Plan] = tuple(row.plan for row in others)
    return Bearing(earlier, max(1, len(ret.shipments)), await waivers(db, ret.id), paid_ahead(ret.fee))
