"""The views of lists that staff keep for themselves: a name and the filters as they stand in the address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db
from retour.store.ids import new_id

MOST: Final = 20  # a member of the staff
ADD: Final = """
INSERT INTO saved_view (tenant_id, id, staff_id, name, query, created_at)
SELECT current_tenant(), $1, $2, $3, $4, $5
 WHERE (SELECT count(*) FROM saved_view WHERE tenant_id = current_tenant() AND staff_id = $2 AND name <> $3) < $6
ON CONFLICT (tenant_id, staff_id, name) DO UPDATE SET query = excluded.query
RETURNING id
"""
LIST: Final = """
SELECT id, name, query FROM saved_view WHERE tenant_id = current_tenant() AND staff_id = $1 ORDER BY created_at, id
"""
REMOVE: Final = "DELETE FROM saved_view WHERE tenant_id = current_tenant() AND staff_id = $1 AND id = $2 RETURNING id"


@dataclass(frozen=True, slots=True)
class SavedView:
    """A list somebody comes back to."""

    id: UUID
    name: str
    query: str


async def save(db: Db, *, staff_id: UUID, name: str, query: str, at: datetime) -> UUID | None:
    """Keep a view under a name, in place of an earlier one of that name; nothing if there are too many."""
    kept: UUID | None = await db.fetchval(ADD, new_id(), staff_id, name, query, at, MOST)
    return kept


async def list_of(db: Db, staff_id: UUID) -> tuple[SavedView, ...]:
    """Return the views of a member of the staff, oldest first."""
    return tuple(SavedView(**row) for row in await db.fetch(LIST, staff_id))


async def remove(db: Db, *, staff_id: UUID, view_id: UUID) -> bool:
    """Forget a view; return whether it was theirs."""
    return await db.fetchval(REMOVE, staff_id, view_id) is not None
