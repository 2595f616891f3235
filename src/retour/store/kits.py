"""Kits: what a store sells as one article and takes back in parts, and for which orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.order import BundlePart
from retour.store.db import Db, Record

IN_FORCE: Final = """
SELECT k.sku, k.parts FROM kit k
  JOIN connection c ON c.tenant_id = k.tenant_id AND c.store_id = k.store_id
 WHERE k.tenant_id = current_tenant() AND c.id = $1 AND k.from_at <= $2 AND (k.until_at IS NULL OR k.until_at > $2)
"""
OF_STORE: Final = """
SELECT id, store_id, sku, parts, from_at FROM kit
 WHERE tenant_id = current_tenant() AND store_id = $1 AND until_at IS NULL ORDER BY sku
"""
GET: Final = """
SELECT id, store_id, sku, parts, from_at FROM kit WHERE tenant_id = current_tenant() AND id = $1 AND until_at IS NULL
"""
LOCK_STORE: Final = "SELECT id FROM store WHERE tenant_id = current_tenant() AND id = $1 FOR UPDATE"
COUNT: Final = "SELECT count(*) FROM kit WHERE tenant_id = current_tenant() AND store_id = $1 AND until_at IS NULL"
END_SKU: Final = """
UPDATE kit SET until_at = $3 WHERE tenant_id = current_tenant() AND store_id = $1 AND sku = $2 AND until_at IS NULL
"""
END: Final = (
    "UPDATE kit SET until_at = $2 WHERE tenant_id = current_tenant() AND id = $1 AND until_at IS NULL RETURNING id"
)
ADD: Final = """
INSERT INTO kit (tenant_id, id, store_id, sku, parts, from_at) VALUES (current_tenant(), $1, $2, $3, $4, $5)
"""


@dataclass(frozen=True, slots=True)
class Kit:
    """A declaration in force: what is in one article of that SKU, for orders placed from then on."""

    id: UUID
    store_id: UUID
    sku: str
    parts: tuple[BundlePart, ...]
    from_at: datetime


async def in_force(db: Db, *, connection_id: UUID, at: datetime) -> Mapping[str, tuple[BundlePart, ...]]:
    """Return what is in the kits of a connection's store by SKU, for an order that was placed then."""
    return {row["sku"]: _parts(row["parts"]) for row in await db.fetch(IN_FORCE, connection_id, at)}


async def of_store(db: Db, store_id: UUID) -> list[Kit]:
    """Return the kits of a store that are in force, by SKU."""
    return [_kit(row) for row in await db.fetch(OF_STORE, store_id)]


async def get(db: Db, kit_id: UUID) -> Kit | None:
    """Return a kit that is in force, or nothing."""
    row = await db.fetchrow(GET, kit_id)
    return _kit(row) if row else None


async def lock_store(db: Db, store_id: UUID) -> int | None:
    """Lock a store against other declarations; return how many kits it has, or nothing without the store."""
    if await db.fetchval(LOCK_STORE, store_id) is None:
        return None
    count: int = await db.fetchval(COUNT, store_id)
    return count


async def declare(db: Db, kit: Kit) -> None:
    """Put a kit in force in place of the one of its SKU; the caller holds the store's lock."""
    await db.execute(END_SKU, kit.store_id, kit.sku, kit.from_at)
    await db.execute(ADD, kit.id, kit.store_id, kit.sku, list(kit.parts), kit.from_at)


async def end(db: Db, kit_id: UUID, *, at: datetime) -> bool:
    """End a kit for orders placed from then on; return whether it was in force."""
    return await db.fetchval(END, kit_id, at) is not None


def _kit(row: Record) -> Kit:
    return Kit(row["id"], row["store_id"], row["sku"], _parts(row["parts"]), row["from_at"])


def _parts(kept: object) -> tuple[BundlePart, ...]:
    return msgspec.convert(kept, tuple[BundlePart, ...])
