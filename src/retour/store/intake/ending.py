"""That a return which was told elsewhere ended there otherwise than it stands here: open until both stand alike."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store import discrepancy
from retour.store.db import Db

ENDED: Final = "ended_elsewhere"
STANDING: Final = """
SELECT i.far_status, EXISTS (
         SELECT FROM discrepancy d WHERE d.tenant_id = i.tenant_id AND d.resource_kind = 'return' AND d.resource_id = $1
            AND d.kind = 'ended_elsewhere' AND d.state = 'open') AS apart
  FROM intake i
 WHERE i.tenant_id = current_tenant() AND i.rma_id = $1 AND i.decided_by = 'push' AND i.far_status IS NOT NULL
 ORDER BY i.changed_at DESC, i.id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a return that was told stands there, and whether it is shown that it ended there otherwise."""

    there: str
    apart: bool


async def standing(db: Db, rma_id: UUID) -> Standing | None:
    """Return how a return stands at the system that it was told to, or nothing where that is not known."""
    row = await db.fetchrow(STANDING, rma_id)
    return Standing(row["far_status"], row["apart"]) if row else None


async def set_apart(
    db: Db, rma_id: UUID, *, store_id: UUID, there: str, here: str, actor: str, at: datetime
) -> None:  # fmt: skip
    """Show that a return ended there otherwise than it stands here."""
    await discrepancy.open_(
        db, ENDED, resource_kind="return", resource_id=rma_id, store_id=store_id, actor=actor,
        owner=discrepancy.Owner.OPERATOR, at=at, details={"there": there, "here": here},
        next_step="compare both, then let the return end here as it ended there, or correct it there",
    )  # fmt: skip


async def was_apart(db: Db, rma_id: UUID) -> bool:
    """Return whether that was shown before, whatever a person made of it."""
    return await discrepancy.was_opened(db, ENDED, resource_id=rma_id)


async def set_alike(db: Db, rma_id: UUID, *, actor: str, at: datetime) -> None:
    """Show it no more: both stand alike."""
    await discrepancy.resolve(db, ENDED, resource_kind="return", resource_id=rma_id, by=actor, at=at)
