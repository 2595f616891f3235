"""Photos and videos that a shopper sends with a request: kept with the visit, shown again, taken back."""

import hashlib
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core.attachment import MOST_BYTES_OF_A_VIDEO, TRIES
from retour.core.errors import Refused
from retour.doors.portal.desk import AnyRequest, Desk, Here, Proven
from retour.doors.portal.draft import Draft, key_of
from retour.flows.photo import evidence
from retour.flows.photo.encoding import Photo, Video, take
from retour.store import photo as photos
from retour.store import visit as visits
from retour.store.db import Db
from retour.store.photo import ENDINGS
from retour.web.attachments import as_attachment
from retour.web.forms import Form, FormErrors
from retour.web.reader import Reader

# One video or five photos and the form around them; what is larger, up to this, is refused in words instead of cut off.
LIMIT_BYTES: Final = MOST_BYTES_OF_A_VIDEO + 8 * 1024 * 1024
MOST_AT_ONCE: Final = 5


def refusal_text(refused: Refused, reader: Reader) -> str | None:
    """Return why a file was not kept, or nothing for a refusal of another kind."""
    say, limit = reader.say, refused.facts.get("limit")
    texts = {
        "photo_too_large": say("The photo is too large (limit 10 MB). Everything else is kept. Choose another."),
        "video_too_large": say("The video is too large (limit 50 MB). Everything else is kept. Choose another."),
        "photo_wrong_type": say("This is no photo or video. Everything else is kept. Choose a JPEG, PNG, WebP or MP4."),
        "photo_unreadable": say("The photo cannot be read. Everything else is kept. Choose another."),
        "too_many_photos": say("That is more than %(most)s photos. Everything else is kept.", most=limit),
        "photos_too_large": say("All files together are too large. Everything else is kept. Remove one first."),
        "too_many_tries": say("That were many files in a short time. Everything else is kept. Wait a minute."),
    }
    return texts.get(refused.code)


async def keep_files(desk: Desk, here: Here, proven: Proven, form: Form, draft: Draft, errors: FormErrors) -> None:
    """Keep the files of a form, each in a transaction of its own; what was refused is said at its field."""
    for ref in draft.lines:
        field = f"photo-{key_of(ref)}"
        for upload in form.uploads(field)[:MOST_AT_ONCE]:
            try:
                await _spend(desk, here, proven)
                sent = await take(await upload.read(), longest_px=evidence.LONGEST_PX)
                await _keep(desk, here, proven, ref, sent)
            except Refused as refused:
                said = refusal_text(refused, here.reader)
                if said is None:
                    raise
                errors.add(field, said)


async def _spend(desk: Desk, here: Here, proven: Proven) -> None:
    async def work(db: Db) -> bool:
        key = hashlib.sha256(proven.visit.id.bytes).digest()
        return await visits.spend(db, "upload", key, TRIES, now=desk.clock()) is None

    if not await desk.database.run(here.tenant_id, work):
        raise Refused("too_many_tries", "too many files in a short time")


async def _keep(desk: Desk, here: Here, proven: Proven, line_ref: str, sent: Photo | Video) -> None:
    now = desk.clock()

    async def work(db: Db) -> UUID:
        await visits.lock(db, proven.visit.id)
        return await evidence.keep_draft(
            db, desk.vault, tenant_id=here.tenant_id, visit_id=proven.visit.id, order_id=proven.order_id,
            line_ref=line_ref, sent=sent, actor=proven.actor, now=now,
        )  # fmt: skip

    await desk.database.run(here.tenant_id, work)


async def remove(here: Here, proven: Proven, typed: str) -> None:
    """Take back what was sent in this visit; what is none of it stays, silently."""
    try:
        photo_id = UUID(typed)
    except ValueError:
        return
    await photos.forget(here.db, photo_id, visit_id=proven.visit.id)


async def show_file(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Answer what the shopper sent of the proven order, or what the shop wrote to them with; 404 for anything else."""
    name = str(request.path_params["name"])
    try:
        photo_id = UUID(name.partition(".")[0])
    except ValueError:
        raise NotFoundException from None
    async with desk.here(request, handle) as here:
        proven = here.proven
        opened = await evidence.read_as_shopper(
            here.db, desk.vault, photo_id=photo_id, order_id=proven.order_id, visit_id=proven.visit.id,
            receivers=proven.receivers,
        )  # fmt: skip
    if opened is None or name != f"{photo_id}.{ENDINGS[opened.media]}":
        raise NotFoundException
    return as_attachment(opened.content, opened.media, name)
