"""The views of lists that staff keep for themselves or share: a name and the filters as they stand in the address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db
from retour.store.ids import new_id

MOST: Final = 20  # a member of the staff
ADD: Final = """
INSERT INTO saved_view (tenant_id, id, staff_id, name, query, created_at, shared)
SELECT current_tenant(), $1, $2, $3, $4, $5, $7
 WHERE (SELECT count(*) FROM saved_view WHERE tenant_id = current_tenant() AND staff_id = $2 AND name <> $3) < $6
ON CONFLICT (tenant_id, staff_id, name) DO UPDATE SET query = excluded.query, shared = excluded.shared
RETURNING id
"""
# One's own come first; of what others share no more is shown than anybody reads.
LIST: Final = """
SELECT v.id, v.name, v.query, v.shared, v.staff_id = $1 AS own FROM saved_view v
 WHERE v.tenant_id = current_tenant() AND (v.staff_id = $1 OR v.shared)
 ORDER BY v.staff_id <> $1, v.created_at, v.id LIMIT 2 * $2
"""
REMOVE: Final = """
DELETE FROM saved_view
 WHERE tenant_id = current_tenant() AND id = $2 AND (staff_id = $1 OR ($3::boolean AND shared)) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A list somebody comes back to; `own` says whether it is the reader's, `shared` whether colleagues see it."""

    id: UUID
    name: str
    query: str
    shared: bool
    own: bool


async def save(db: Db, *, staff_id: UUID, name: str, query: str, shared: bool, at: datetime) -> UUID | None:
    """Keep a view under a name, in place of an earlier one of that name; nothing if there are too many."""
    kept: UUID | None = await db.fetchval(ADD, new_id(), staff_id, name, query, at, MOST, shared)
    return kept


async def list_of(db: Db, staff_id: UUID) -> tuple[SavedView, ...]:
    """Return the views of a member of the staff and those that colleagues share, oldest first."""
    return tuple(SavedView(**row) for row in await db.fetch(LIST, staff_id, MOST))


async def remove(db: Db, *, staff_id: UUID, view_id: UUID, also_shared: bool) -> bool:
    """Forget a view of theirs, or one that anybody shares; return whether there was one."""
    return await db.fetchval(REMOVE, staff_id, view_id, also_shared) is not None
