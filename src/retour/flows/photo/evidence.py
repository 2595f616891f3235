"""Photos as evidence: kept sealed with a return or a visit, listed, and read by who may see them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.attachment import MOST_OF_A_RETURN, Media, check_room
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.flows.photo.encoding import Photo, Video
from retour.store import photo as photos
from retour.store import rma as returns
from retour.store.db import Db, Record
from retour.store.ids import new_id
from retour.store.photo import NewPhoto, PhotoKind
from retour.store.vault import NotMyKey, Vault

LONGEST_PX: Final = 1600  # a scratch is still seen, and the file is about 200 KB


@dataclass(frozen=True, slots=True)
class Opened:
    """A photo or video in the clear."""

    content: bytes
    media: Media


async def keep(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    rma_id: UUID,
    line_id: UUID | None,
    kind: PhotoKind,
    photo: Photo,
    actor: str,
    now: datetime,
) -> UUID:
    """Keep a photo of a return or of one of its lines and return its id; the same picture again is kept once.

    Raises Refused: `return_not_found`, `return_line_not_found`, `too_many_photos` above 40 of one return.
    """
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    line = next((known for known in record.rma.lines if known.id == line_id), None)
    if line_id is not None and line is None:
        raise Refused("return_line_not_found", "the return has no such line", field="line")
    if await photos.count(db, rma_id) >= MOST_OF_A_RETURN:
        raise Refused("too_many_photos", "a return has 40 photos at most", facts={"limit": MOST_OF_A_RETURN})
    new = _new(
        kind, record.order_id, photo, line_ref=line.line_ref if line else None, rma_id=rma_id, line_id=line_id,
        visit_id=None, actor=actor, at=now,
    )  # fmt: skip
    kept, fresh = await _add(db, vault, new, photo, tenant_id)
    if fresh:
        facts: dict[str, object] = {"photo": kept, "line": line_id, "kind": kind.value}
        await returns.changed(db, record, EventType.RETURN_PHOTO_ADDED, actor=actor, at=now, data=facts)
    return kept


async def keep_with_note(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    rma_id: UUID,
    note_id: UUID,
    sent: Photo | Video,
    actor: str,
    now: datetime,
) -> UUID:
    """Keep what goes with a note and return its id; whoever reads the note sees it. The note's event tells of it.

    Raises Refused: `return_not_found`, `too_many_photos` above 40 of one return.
    """
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    if await photos.count(db, rma_id) >= MOST_OF_A_RETURN:
        raise Refused("too_many_photos", "a return has 40 photos at most", facts={"limit": MOST_OF_A_RETURN})
    new = _new(
        PhotoKind.NOTE, record.order_id, sent, line_ref=None, rma_id=rma_id, line_id=None, visit_id=None, actor=actor,
        at=now, note_id=note_id,
    )  # fmt: skip
    kept, _ = await _add(db, vault, new, sent, tenant_id)
    return kept


async def keep_draft(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    visit_id: UUID | None,
    order_id: UUID,
    line_ref: str | None,
    sent: Photo | Video,
    actor: str,
    now: datetime,
) -> UUID:
    """Keep what was sent of an order (in a visit about one of its lines) until a return comes of it; return its id.

    The same file again is kept once. Raises Refused: `order_not_found`, and `too_many_photos` or `photos_too_large`
    where the visit, or without one the order, holds enough.
    """
    held = await photos.held(db, order_id=order_id, visit_id=visit_id, line_ref=line_ref)
    check_room(held, len(sent.content))
    new = _new(
        PhotoKind.SHOPPER, order_id, sent, line_ref=line_ref, rma_id=None, line_id=None, visit_id=visit_id,
        actor=actor, at=now,
    )  # fmt: skip
    kept, _ = await _add(db, vault, new, sent, tenant_id)
    return kept


async def read_as_staff(
    db: Db, vault: Vault, *, photo_id: UUID, store_ids: Sequence[UUID] | None = None
) -> Opened | None:
    """Return a photo or video of the account (and of these stores, if named); nothing if there is none to be seen."""
    return _opened(vault, await photos.read(db, photo_id, store_ids=store_ids))


async def read_as_shopper(
    db: Db, vault: Vault, *, photo_id: UUID, order_id: UUID, visit_id: UUID | None = None,
    receivers: Sequence[UUID] | None = None,
) -> Opened | None:  # fmt: skip
    """Return what the shopper of a proven order may see: what they sent, and what came with a note for them."""
    return _opened(
        vault, await photos.read_as_shopper(db, photo_id, order_id=order_id, visit_id=visit_id, receivers=receivers)
    )


def _new(
    kind: PhotoKind,
    order_id: UUID,
    photo: Photo | Video,
    *,
    line_ref: str | None,
    rma_id: UUID | None,
    line_id: UUID | None,
    visit_id: UUID | None,
    actor: str,
    at: datetime,
    note_id: UUID | None = None,
) -> NewPhoto:
    return NewPhoto(
        id=new_id(), kind=kind, order_id=order_id, line_ref=line_ref, rma_id=rma_id, return_line_id=line_id,
        visit_id=visit_id, sealed=b"", sealed_for=None, sha256=photo.sha256, width=photo.width, height=photo.height,
        size=len(photo.content), actor=actor, at=at, media=photo.media, note_id=note_id,
    )  # fmt: skip


async def _add(db: Db, vault: Vault, new: NewPhoto, photo: Photo | Video, tenant_id: UUID) -> tuple[UUID, bool]:
    """Seal the picture for the person of the order, or for the house if that person was erased, and keep it."""
    whose = await photos.key_of_order(db, new.order_id)
    if whose is None:
        raise Refused("order_not_found", "there is no such order")
    if whose["erased_at"] is not None:
        sealed = vault.lock(photo.content, tenant_id=tenant_id, purpose="photo")
        return await photos.add(db, replace(new, sealed=sealed))
    sealed = vault.lock_for_person(
        photo.content, person_key=whose["sealed_key"], tenant_id=tenant_id, person_id=whose["id"]
    )
    return await photos.add(db, replace(new, sealed=sealed, sealed_for=whose["id"]))


def _opened(vault: Vault, row: Record | None) -> Opened | None:
    if row is None:
        return None
    media = Media(row["media"])
    if row["sealed_for"] is None:
        return Opened(vault.unlock(row["sealed"], tenant_id=row["tenant_id"], purpose="photo"), media)
    if row["erased_at"] is not None:
        return None
    try:
        plain = vault.unlock_for_person(
            row["sealed"], person_key=row["sealed_key"], tenant_id=row["tenant_id"], person_id=row["sealed_for"]
        )
    except NotMyKey:
        return None  # the key was destroyed
    return Opened(plain, media)
