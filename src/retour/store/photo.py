"""Photos as rows: sealed bytes, whose they are, and which return they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.store.db import Db, Record

ADD: Final = """
INSERT INTO photo (tenant_id, id, kind, order_id, line_ref, rma_id, return_line_id, visit_id, sealed, sealed_for, sha256,
                   width, height, bytes, actor, at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT DO NOTHING RETURNING id
"""
SAME: Final = """
SELECT id FROM photo
 WHERE tenant_id = current_tenant() AND order_id = $1 AND rma_id IS NOT DISTINCT FROM $2 AND visit_id IS NOT DISTINCT FROM $3
   AND return_line_id IS NOT DISTINCT FROM $4 AND line_ref IS NOT DISTINCT FROM $5 AND sha256 = $6
"""
COUNT: Final = """
SELECT count(*) FROM photo
 WHERE tenant_id = current_tenant()
   AND ($1::uuid IS NOT NULL AND rma_id = $1 OR $1::uuid IS NULL AND rma_id IS NULL AND visit_id = $2)
"""
KEY_OF_ORDER: Final = """
SELECT p.id, p.sealed_key, p.erased_at
  FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 WHERE o.tenant_id = current_tenant() AND o.id = $1
"""
LIST_OF_RETURN: Final = """
SELECT id, kind, line_ref, return_line_id, width, height, bytes, actor, at
  FROM photo WHERE tenant_id = current_tenant() AND rma_id = $1 ORDER BY at, id
"""
LIST_OF_VISIT: Final = """
SELECT id, kind, line_ref, return_line_id, width, height, bytes, actor, at
  FROM photo WHERE tenant_id = current_tenant() AND visit_id = $1 AND rma_id IS NULL ORDER BY at, id
"""
READ: Final = """
SELECT f.tenant_id, f.sealed, f.sealed_for, p.sealed_key, p.erased_at
  FROM photo f
  JOIN sales_order o ON o.tenant_id = f.tenant_id AND o.id = f.order_id
  LEFT JOIN person p ON p.tenant_id = f.tenant_id AND p.id = f.sealed_for
 WHERE f.tenant_id = current_tenant() AND f.id = $1 AND ($2::uuid[] IS NULL OR o.store_id = ANY ($2))
   AND ($3::uuid IS NULL OR f.order_id = $3) AND ($4::text IS NULL OR f.kind = $4)
"""
ADOPT: Final = """
UPDATE photo f SET rma_id = $2, return_line_id = l.id
  FROM return_line l
 WHERE f.tenant_id = current_tenant() AND f.visit_id = $1 AND f.rma_id IS NULL
   AND l.tenant_id = f.tenant_id AND l.rma_id = $2 AND l.order_id = f.order_id AND l.line_ref = f.line_ref
   AND l.position = (SELECT min(m.position) FROM return_line m
                      WHERE m.tenant_id = l.tenant_id AND m.rma_id = l.rma_id AND m.line_ref = l.line_ref)
RETURNING f.id
"""
FORGET: Final = """
DELETE FROM photo WHERE tenant_id = current_tenant() AND id = $1 AND visit_id = $2 AND rma_id IS NULL RETURNING id
"""
FORGET_OLD: Final = "DELETE FROM photo WHERE tenant_id = current_tenant() AND rma_id IS NULL AND at < $1"


class PhotoKind(StrEnum):
    """Who took a photo, and for what."""

    INSPECTION = "inspection"
    SHOPPER = "shopper"


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A photo to be kept; sealed by the caller for the person named, or for the house."""

    id: UUID
    kind: PhotoKind
    order_id: UUID
    line_ref: str | None
    rma_id: UUID | None
    return_line_id: UUID | None
    visit_id: UUID | None
    sealed: bytes
    sealed_for: UUID | None
    sha256: bytes
    width: int
    height: int
    size: int
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PhotoView:
    """What lists show of a photo; sizes in pixels and bytes. The picture itself is read by `flows.photo.evidence`."""

    id: UUID
    kind: str
    line_ref: str | None
    return_line_id: UUID | None
    width: int
    height: int
    bytes: int
    actor: str
    at: datetime


async def add(db: Db, new: NewPhoto) -> tuple[UUID, bool]:
    """Keep a photo and return its id and whether it is new; the same picture of the same thing is kept once."""
    added = await db.fetchval(
        ADD, new.id, new.kind.value, new.order_id, new.line_ref, new.rma_id, new.return_line_id, new.visit_id, new.sealed,
        new.sealed_for, new.sha256, new.width, new.height, new.size, new.actor, new.at,
    )  # fmt: skip
    if added is not None:
        return added, True
    same: UUID = await db.fetchval(
        SAME, new.order_id, new.rma_id, new.visit_id, new.return_line_id, new.line_ref, new.sha256
    )
    return same, False


async def count(db: Db, *, rma_id: UUID | None, visit_id: UUID | None) -> int:
    """Return how many photos a return has, or a visit that has not become one."""
    found: int = await db.fetchval(COUNT, rma_id, visit_id)
    return found


async def key_of_order(db: Db, order_id: UUID) -> Record | None:
    """Return the person of an order with their locked key (id, sealed_key, erased_at), or nothing."""
    return await db.fetchrow(KEY_OF_ORDER, order_id)


async def list_of_return(db: Db, rma_id: UUID) -> Sequence[PhotoView]:
    """Return the photos of a return, oldest first."""
    return [PhotoView(**row) for row in await db.fetch(LIST_OF_RETURN, rma_id)]


async def list_of_visit(db: Db, visit_id: UUID) -> Sequence[PhotoView]:
    """Return the photos of a visit that has not become a return, oldest first."""
    return [PhotoView(**row) for row in await db.fetch(LIST_OF_VISIT, visit_id)]


async def read(
    db: Db,
    photo_id: UUID,
    *,
    store_ids: Sequence[UUID] | None = None,
    order_id: UUID | None = None,
    kind: PhotoKind | None = None,
) -> Record | None:
    """Return the sealed bytes with the key they need (tenant_id, sealed, sealed_for, sealed_key, erased_at), or nothing.

    Only a photo of these stores, of that order, of that kind is found, as far as they are named.
    """
    stores = None if store_ids is None else list(store_ids)
    return await db.fetchrow(READ, photo_id, stores, order_id, kind.value if kind else None)


async def adopt(db: Db, *, visit_id: UUID, rma_id: UUID) -> list[UUID]:
    """Give the photos of a visit to the return that it became, each to the first return line of its order line."""
    return [row["id"] for row in await db.fetch(ADOPT, visit_id, rma_id)]


async def forget(db: Db, photo_id: UUID, *, visit_id: UUID) -> bool:
    """Delete a photo of a visit; one that belongs to a return stays, and the answer is False."""
    return await db.fetchval(FORGET, photo_id, visit_id) is not None


async def forget_old(db: Db, *, before: datetime) -> None:
    """Delete photos of visits that came to nothing before that time."""
    await db.execute(FORGET_OLD, before)
