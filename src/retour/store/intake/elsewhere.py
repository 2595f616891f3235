"""The same return told by two of a store's sources: by its id there and its order."""

from typing import Final
from uuid import UUID

from retour.store.db import Db

TOLD_BY_ANOTHER: Final = """
SELECT r.number FROM rma r JOIN intake i ON i.tenant_id = r.tenant_id AND i.rma_id = r.id
 WHERE r.tenant_id = current_tenant() AND r.order_id = $1 AND i.external_id = $2 AND i.source <> $3 AND i.channel <> 'mail'
 ORDER BY r.number LIMIT 1
"""


async def told_by_another(db: Db, *, order_id: UUID, external_id: str, source: str) -> int | None:
    """Return the number of the return of an order that another source has sent under the same id, or nothing."""
    found: int | None = await db.fetchval(TOLD_BY_ANOTHER, order_id, external_id, source)
    return found
