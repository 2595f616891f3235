"""Photos and videos as rows: sealed bytes, whose they are, and which return, note or draft they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.core.attachment import Held, Media
from retour.store.db import Db, Record

ADD: Final = """
INSERT INTO photo (tenant_id, id, kind, order_id, line_ref, rma_id, return_line_id, visit_id, sealed, sealed_for, sha256,
                   width, height, bytes, actor, at, media, note_id)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT DO NOTHING RETURNING id
"""
SAME: Final = """
SELECT id FROM photo
 WHERE tenant_id = current_tenant() AND order_id = $1 AND rma_id IS NOT DISTINCT FROM $2 AND visit_id IS NOT DISTINCT FROM $3
   AND return_line_id IS NOT DISTINCT FROM $4 AND line_ref IS NOT DISTINCT FROM $5 AND sha256 = $6
   AND note_id IS NOT DISTINCT FROM $7::uuid
"""
COUNT: Final = "SELECT count(*) FROM photo WHERE tenant_id = current_tenant() AND rma_id = $1"
# What a visit holds that has not become a return, or without one what programs sent of an order.
HELD: Final = """
SELECT count(*), coalesce(sum(bytes), 0)::bigint AS size,
       count(*) FILTER (WHERE line_ref IS NOT DISTINCT FROM $3 AND $3 IS NOT NULL) AS of_line
  FROM photo
 WHERE tenant_id = current_tenant() AND order_id = $1 AND rma_id IS NULL AND visit_id IS NOT DISTINCT FROM $2::uuid
"""
KEY_OF_ORDER: Final = """
SELECT p.id, p.sealed_key, p.erased_at
  FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 WHERE o.tenant_id = current_tenant() AND o.id = $1
"""
LIST_OF_RETURN: Final = """
SELECT id, kind, line_ref, return_line_id, width, height, bytes, actor, at, media, note_id
  FROM photo WHERE tenant_id = current_tenant() AND rma_id = $1 ORDER BY at, id
"""
LIST_OF_VISIT: Final = """
SELECT id, kind, line_ref, return_line_id, width, height, bytes, actor, at, media, note_id
  FROM photo WHERE tenant_id = current_tenant() AND visit_id = $1 AND rma_id IS NULL ORDER BY at, id
"""
# What staff or programs sent of an order and no return has; of a visit nothing.
LIST_WITHOUT_VISIT: Final = """
SELECT id, kind, line_ref, return_line_id, width, height, bytes, actor, at, media, note_id
  FROM photo
 WHERE tenant_id = current_tenant() AND order_id = $1 AND id = ANY ($2::uuid[]) AND rma_id IS NULL AND visit_id IS NULL
   AND kind = 'shopper'
 ORDER BY at, id
"""
READ: Final = """
SELECT f.tenant_id, f.sealed, f.sealed_for, f.media, p.sealed_key, p.erased_at
  FROM photo f
  JOIN sales_order o ON o.tenant_id = f.tenant_id AND o.id = f.order_id
  LEFT JOIN person p ON p.tenant_id = f.tenant_id AND p.id = f.sealed_for
 WHERE f.tenant_id = current_tenant() AND f.id = $1 AND ($2::uuid[] IS NULL OR o.store_id = ANY ($2))
"""
# What the shopper sent, and what came with a note that is for them.
READ_AS_SHOPPER: Final = """
SELECT f.tenant_id, f.sealed, f.sealed_for, f.media, p.sealed_key, p.erased_at
  FROM photo f
  LEFT JOIN rma_note n ON n.tenant_id = f.tenant_id AND n.id = f.note_id
  LEFT JOIN person p ON p.tenant_id = f.tenant_id AND p.id = f.sealed_for
 WHERE f.tenant_id = current_tenant() AND f.id = $1 AND f.order_id = $2
   AND (f.kind = 'shopper' AND f.note_id IS NULL OR f.kind = 'note' AND n.shown_to_shopper)
   AND (f.visit_id = $3 OR f.rma_id IS NOT NULL AND EXISTS (
     SELECT FROM rma r WHERE r.tenant_id = f.tenant_id AND r.id = f.rma_id
        AND CASE WHEN $4::uuid[] IS NULL THEN NOT r.gift ELSE r.gift AND r.person_id = ANY ($4) END))
"""
ADOPT: Final = """
UPDATE photo f SET rma_id = $1, return_line_id = l.id, line_ref = l.line_ref
  FROM unnest($3::uuid[], $4::uuid[]) AS given (photo_id, line_id)
  JOIN return_line l ON l.tenant_id = current_tenant() AND l.rma_id = $1 AND l.id = given.line_id
 WHERE f.tenant_id = current_tenant() AND f.id = given.photo_id AND f.order_id = $2 AND f.rma_id IS NULL
   AND f.kind = 'shopper'
RETURNING f.id
"""
GIVE_TO_NOTE: Final = """
UPDATE photo SET rma_id = $1, note_id = $2, kind = 'note', line_ref = NULL
 WHERE tenant_id = current_tenant() AND id = ANY ($4::uuid[]) AND order_id = $3 AND rma_id IS NULL AND visit_id IS NULL
RETURNING id
"""
DRAFTS: Final = """
SELECT id, line_ref, visit_id, media FROM photo
 WHERE tenant_id = current_tenant() AND order_id = $1 AND id = ANY ($2::uuid[]) AND rma_id IS NULL AND kind = 'shopper'
"""
FORGET: Final = """
DELETE FROM photo WHERE tenant_id = current_tenant() AND id = $1 AND visit_id = $2 AND rma_id IS NULL RETURNING id
"""
FORGET_OWN: Final = """
DELETE FROM photo
 WHERE tenant_id = current_tenant() AND id = $1 AND order_id = $2 AND actor = $3 AND rma_id IS NULL AND visit_id IS NULL
RETURNING id
"""
FORGET_VISIT: Final = "DELETE FROM photo WHERE tenant_id = current_tenant() AND visit_id = $1 AND rma_id IS NULL"
FORGET_OLD: Final = "DELETE FROM photo WHERE tenant_id = current_tenant() AND rma_id IS NULL AND at < $1"

# The ending of each media in addresses.
ENDINGS: Final[Mapping[Media, str]] = {
    Media.PICTURE: "webp", Media.MP4: "mp4", Media.WEBM: "webm", Media.QUICKTIME: "mov",
}  # fmt: skip


class PhotoKind(StrEnum):
    """Who took a photo, and for what."""

    INSPECTION = "inspection"
    SHOPPER = "shopper"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Draft:
    """What was sent and belongs to no return yet; `visit_id` of a shopper's visit, none if a program sent it."""

    id: UUID
    line_ref: str | None
    visit_id: UUID | None
    media: str


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
    width: int | None
    height: int | None
    size: int
    actor: str
    at: datetime
    media: Media = Media.PICTURE
    note_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PhotoView:
    """What lists show of a photo or video; sizes in pixels and bytes. The file itself is read by `flows.photo.evidence`."""

    id: UUID
    kind: str
    line_ref: str | None
    return_line_id: UUID | None
    width: int | None
    height: int | None
    bytes: int
    actor: str
    at: datetime
    media: str = Media.PICTURE.value
    note_id: UUID | None = None

    @property
    def is_video(self) -> bool:
        """Return whether it is a video, which is only ever downloaded."""
        return self.media != Media.PICTURE.value

    @property
    def name(self) -> str:
        """Return its last part in addresses: the id and what it is."""
        return f"{self.id}.{ENDINGS[Media(self.media)]}"


async def add(db: Db, new: NewPhoto) -> tuple[UUID, bool]:
    """Keep a photo and return its id and whether it is new; the same picture of the same thing is kept once."""
    added = await db.fetchval(
        ADD, new.id, new.kind.value, new.order_id, new.line_ref, new.rma_id, new.return_line_id, new.visit_id, new.sealed,
        new.sealed_for, new.sha256, new.width, new.height, new.size, new.actor, new.at,
        new.media.value, new.note_id,
    )  # fmt: skip
    if added is not None:
        return added, True
    same: UUID = await db.fetchval(
        SAME, new.order_id, new.rma_id, new.visit_id, new.return_line_id, new.line_ref, new.sha256, new.note_id
    )
    return same, False


async def count(db: Db, rma_id: UUID) -> int:
    """Return how many photos a return has."""
    found: int = await db.fetchval(COUNT, rma_id)
    return found


async def held(db: Db, *, order_id: UUID, visit_id: UUID | None, line_ref: str | None) -> Held:
    """Return what a visit holds that has not become a return; without a visit what programs sent of an order."""
    row = await db.fetchrow(HELD, order_id, visit_id, line_ref)
    assert row is not None, "an aggregate is one row"
    return Held(row["count"], row["size"], row["of_line"])


async def key_of_order(db: Db, order_id: UUID) -> Record | None:
    """Return the person of an order with their locked key (id, sealed_key, erased_at), or nothing."""
    return await db.fetchrow(KEY_OF_ORDER, order_id)


async def list_of_return(db: Db, rma_id: UUID) -> Sequence[PhotoView]:
    """Return the photos of a return, oldest first."""
    return [PhotoView(**row) for row in await db.fetch(LIST_OF_RETURN, rma_id)]


async def list_of_visit(db: Db, visit_id: UUID) -> Sequence[PhotoView]:
    """Return the photos of a visit that has not become a return, oldest first."""
    return [PhotoView(**row) for row in await db.fetch(LIST_OF_VISIT, visit_id)]


async def list_without_visit(db: Db, photo_ids: Sequence[UUID], *, order_id: UUID) -> Sequence[PhotoView]:
    """Return those of these photos that staff or programs sent of an order and that no return has, oldest first."""
    rows = await db.fetch(LIST_WITHOUT_VISIT, order_id, list(photo_ids)) if photo_ids else []
    return [PhotoView(**row) for row in rows]


async def read(db: Db, photo_id: UUID, *, store_ids: Sequence[UUID] | None = None) -> Record | None:
    """Return the sealed bytes with the key they need, or nothing; only of these stores, if they are named.

    The row is (tenant_id, sealed, sealed_for, media, sealed_key, erased_at).
    """
    return await db.fetchrow(READ, photo_id, None if store_ids is None else list(store_ids))


async def read_as_shopper(
    db: Db, photo_id: UUID, *, order_id: UUID, visit_id: UUID | None, receivers: Sequence[UUID] | None = None
) -> Record | None:
    """Return the same row of what the shopper of that order may see; a draft only in the visit that made it.

    Of a gift its receiver alone sees something, and nothing of any other return.
    """
    return await db.fetchrow(READ_AS_SHOPPER, photo_id, order_id, visit_id, receivers)


async def drafts(db: Db, photo_ids: Sequence[UUID], *, order_id: UUID) -> dict[UUID, Draft]:
    """Return what was sent of an order and belongs to no return yet, of those ids, by id."""
    return {row["id"]: Draft(**row) for row in await db.fetch(DRAFTS, order_id, list(photo_ids))}


async def adopt(db: Db, *, rma_id: UUID, order_id: UUID, given: Sequence[tuple[UUID, UUID]]) -> list[UUID]:
    """Give what was sent of an order to lines of its return, as (photo, return line); return what was still to be given."""
    photo_ids, line_ids = [photo for photo, _ in given], [line for _, line in given]
    return [row["id"] for row in await db.fetch(ADOPT, rma_id, order_id, photo_ids, line_ids)]


async def give_to_note(db: Db, *, rma_id: UUID, note_id: UUID, order_id: UUID, photo_ids: Sequence[UUID]) -> list[UUID]:
    """Give what a program sent of an order to a note on its return; return what was still to be given."""
    return [row["id"] for row in await db.fetch(GIVE_TO_NOTE, rma_id, note_id, order_id, list(photo_ids))]


async def forget_visit(db: Db, visit_id: UUID) -> None:
    """Delete what a visit holds that no return came of."""
    await db.execute(FORGET_VISIT, visit_id)


async def forget(db: Db, photo_id: UUID, *, visit_id: UUID) -> bool:
    """Delete a photo of a visit; one that belongs to a return stays, and the answer is False."""
    return await db.fetchval(FORGET, photo_id, visit_id) is not None


async def forget_own(db: Db, photo_id: UUID, *, order_id: UUID, actor: str) -> bool:
    """Delete what somebody sent of an order outside of a visit; what a return has or another sent stays: False."""
    return await db.fetchval(FORGET_OWN, photo_id, order_id, actor) is not None


async def forget_old(db: Db, *, before: datetime) -> None:
    """Delete what was sent before that time and no return came of."""
    await db.execute(FORGET_OLD, before)
