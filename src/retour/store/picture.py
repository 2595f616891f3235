"""Pictures of goods as rows: wanted, fetched once, shown by their id."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.picture import path
from retour.store.db import Db, Record

ROUTE: Final = "SELECT tenant_id FROM route_picture($1)"
WANT: Final = """
INSERT INTO picture (tenant_id, id, url, due_at)
SELECT current_tenant(), picture_id(w.url), w.url, $2
  FROM (SELECT DISTINCT u AS url FROM unnest($1::text[]) AS u WHERE length(u) BETWEEN 1 AND 2000) w ORDER BY 2
ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""
DUE: Final = """
SELECT url, tries FROM picture WHERE tenant_id = current_tenant() AND id = $1 AND due_at IS NOT NULL
"""
KEEP: Final = """
UPDATE picture SET webp = $2, width = $3, height = $4, fetched_at = $5, due_at = NULL, problem = NULL
 WHERE tenant_id = current_tenant() AND id = $1
"""
MISS: Final = """
UPDATE picture SET tries = tries + 1, due_at = $2, problem = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND webp IS NULL
"""
READ: Final = "SELECT webp FROM picture WHERE tenant_id = current_tenant() AND id = $1"
KEPT: Final = """
SELECT p.url, p.id FROM picture p
 WHERE p.tenant_id = current_tenant() AND p.webp IS NOT NULL
   AND p.id IN (SELECT picture_id(u) FROM unnest($1::text[]) AS u)
"""


async def find_tenant(db: Db, id_: UUID) -> UUID | None:
    """Return whose picture it is, outside any tenant, or nothing."""
    found: UUID | None = await db.fetchval(ROUTE, id_)
    return found


async def want(db: Db, *, urls: Iterable[str | None], at: datetime) -> list[UUID]:
    """Ask for the pictures at these addresses; return the ids of those never asked for before."""
    wanted = [url for url in urls if url]
    return [row["id"] for row in await db.fetch(WANT, wanted, at)] if wanted else []


async def due(db: Db, id_: UUID) -> Record | None:
    """Return address and tries of a picture that is to be fetched, or nothing when it is kept or given up."""
    return await db.fetchrow(DUE, id_)


async def keep(db: Db, id_: UUID, *, webp: bytes, width: int, height: int, at: datetime) -> None:
    """Keep what was fetched; it is never fetched again."""
    await db.execute(KEEP, id_, webp, width, height, at)


async def miss(db: Db, id_: UUID, *, problem: str, again_at: datetime | None) -> None:
    """Record a try that brought nothing and when the next one is, if there is one."""
    await db.execute(MISS, id_, again_at, problem)


async def read(db: Db, id_: UUID) -> bytes | None:
    """Return the WebP, or nothing while it is not kept."""
    found: bytes | None = await db.fetchval(READ, id_)
    return found


async def paths(db: Db, *, urls: Iterable[str | None]) -> Mapping[str, str]:
    """Return where this server shows the pictures at these addresses; one that is not kept yet is left out."""
    asked = [url for url in urls if url]
    return {row["url"]: path(row["id"]) for row in await db.fetch(KEPT, asked)} if asked else {}
