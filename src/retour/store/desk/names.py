"""What the staff are called, for choosing one of them."""

from typing import Final
from uuid import UUID

from retour.store.db import Db

MEMBERS: Final = """
SELECT id, name FROM staff WHERE tenant_id = current_tenant() AND disabled_at IS NULL ORDER BY lower(name), id
"""


async def members(db: Db) -> dict[UUID, str]:
    """Return the names of those who may sign in, in their order."""
    return {row["id"]: row["name"] for row in await db.fetch(MEMBERS)}
