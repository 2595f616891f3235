"""Who looks after a return, who watches it, its tags and its priority: kept beside its state, which they do not touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from retour.core.attention import Priority
from retour.store.db import Db

MARKS: Final = """
SELECT r.assignee_id, r.priority, r.merged_into,
       ARRAY(SELECT t.tag FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id ORDER BY t.tag) AS tags,
       ARRAY(SELECT w.staff_id FROM rma_watcher w WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id ORDER BY w.staff_id)
         AS watchers
  FROM rma r WHERE r.tenant_id = current_tenant() AND r.id = $1
"""
ASSIGN: Final = "UPDATE rma SET assignee_id = $2 WHERE tenant_id = current_tenant() AND id = $1"
PRIORITISE: Final = "UPDATE rma SET priority = $2 WHERE tenant_id = current_tenant() AND id = $1"
ADD_TAGS: Final = """
INSERT INTO rma_tag (tenant_id, rma_id, tag) SELECT current_tenant(), $1, tag FROM unnest($2::text[]) AS tag
ON CONFLICT DO NOTHING
"""
REMOVE_TAGS: Final = "DELETE FROM rma_tag WHERE tenant_id = current_tenant() AND rma_id = $1 AND tag = ANY ($2::text[])"
WATCH: Final = """
INSERT INTO rma_watcher (tenant_id, rma_id, staff_id) VALUES (current_tenant(), $1, $2) ON CONFLICT DO NOTHING
"""
STOP_WATCHING: Final = "DELETE FROM rma_watcher WHERE tenant_id = current_tenant() AND rma_id = $1 AND staff_id = $2"
TAGS_IN_USE: Final = """
SELECT tag, count(*) AS count FROM rma_tag WHERE tenant_id = current_tenant() GROUP BY tag ORDER BY 2 DESC, tag LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class Marks:
    """What staff marked a return with."""

    assignee_id: UUID | None
    priority: Priority
    tags: tuple[str, ...]
    watchers: tuple[UUID, ...]
    merged_into: UUID | None


async def marks(db: Db, rma_id: UUID) -> Marks | None:
    """Return the marks of a return, or nothing without it."""
    row = await db.fetchrow(MARKS, rma_id)
    if row is None:
        return None
    return Marks(
        row["assignee_id"], Priority(row["priority"]), tuple(row["tags"]), tuple(row["watchers"]), row["merged_into"]
    )


async def assign(db: Db, rma_id: UUID, staff_id: UUID | None) -> None:
    """Give a return to somebody, or to nobody; the caller holds its lock."""
    await db.execute(ASSIGN, rma_id, staff_id)


async def prioritise(db: Db, rma_id: UUID, priority: Priority) -> None:
    """Write how urgent a return is; the caller holds its lock."""
    await db.execute(PRIORITISE, rma_id, priority.value)


async def retag(db: Db, rma_id: UUID, *, add: Sequence[str], remove: Sequence[str]) -> None:
    """Put tags on a return and take others off; the caller holds its lock."""
    await db.execute(REMOVE_TAGS, rma_id, list(remove))
    await db.execute(ADD_TAGS, rma_id, list(add))


async def watch(db: Db, rma_id: UUID, staff_id: UUID, *, on: bool) -> None:
    """Let somebody watch a return, or no longer; the caller holds its lock."""
    await db.execute(WATCH if on else STOP_WATCHING, rma_id, staff_id)


async def tags_in_use(db: Db) -> tuple[str, ...]:
    """Return the tags that returns have, the most frequent first, 50 at most."""
    return tuple(row["tag"] for row in await db.fetch(TAGS_IN_USE))
