"""Lines whose goods are lost on their way, apart from those whose goods are here; and found again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.rma import ReturnLine, count
from retour.store.db import Db
from retour.store.ids import new_id

LOSE: Final = """
UPDATE return_line SET lost_at = $2 WHERE tenant_id = current_tenant() AND id = $1
"""
FIND: Final = """
UPDATE return_line SET lost_at = NULL WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[])
"""
# The units that are missing become a line of their own, with all that was asked for and decided; its article as well.
SPLIT: Final = """
WITH part AS (
  INSERT INTO return_line (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity, reason,
                           note, message, resolution, resolution_ref, decision, decided_at, decided_by, settle_on,
                           settle_after_hours, method, destination, answers, lost_at)
  SELECT l.tenant_id, $2, l.rma_id, l.order_id, l.line_ref,
         1 + (SELECT max(o.position) FROM return_line o WHERE o.tenant_id = l.tenant_id AND o.rma_id = l.rma_id),
         0, $3, l.reason, l.note, l.message, l.resolution, l.resolution_ref, l.decision, l.decided_at, l.decided_by,
         l.settle_on, l.settle_after_hours, l.method, l.destination, l.answers, $4
    FROM return_line l WHERE l.tenant_id = current_tenant() AND l.id = $1
  RETURNING tenant_id, rma_id),
article AS (
  INSERT INTO wanted_article (tenant_id, return_line_id, rma_id, article, actor, at)
  SELECT w.tenant_id, $2, w.rma_id, w.article, w.actor, w.at
    FROM wanted_article w JOIN part ON part.tenant_id = w.tenant_id WHERE w.return_line_id = $1)
UPDATE return_line SET requested_quantity = requested_quantity - $3 WHERE tenant_id = current_tenant() AND id = $1
"""


async def lose(db: Db, line: ReturnLine, *, at: datetime) -> UUID:
    """Mark the units of a line that are not here as lost and return the line that holds them.

    That is a new one where others of the line are here; its units are still to be claimed.
    """
    here = count(line.received)
    if not here:
        await db.execute(LOSE, line.id, at)
        return line.id
    part = new_id()
    await db.execute(SPLIT, line.id, part, line.quantity - here, at)
    return part


async def find(db: Db, line_ids: Sequence[UUID]) -> None:
    """Let lines be waited for again: their goods have turned up."""
    await db.execute(FIND, list(line_ids))
