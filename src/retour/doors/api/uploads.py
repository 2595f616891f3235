"""Photos and videos over the API: sent before the request or the note that names them."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.attachment import MOST_BYTES_OF_A_VIDEO, UNUSED_LIFE
from retour.core.errors import Refused
from retour.doors.api.operation import Call, Operation, RawBody
from retour.doors.api.shapes import Told
from retour.flows.photo import evidence
from retour.flows.photo.encoding import Photo, Video, take
from retour.store import order as orders


class UploadOut(Told):
    """What was kept; sizes in bytes and, of a picture, pixels. Unless something names it, it is deleted then."""

    id: UUID
    media: str
    bytes: int
    width: int | None
    height: int | None
    expires_at: datetime


async def develop(raw: bytes) -> Photo | Video:
    """Return what was sent as it is kept; raise Refused for what is no photo or video."""
    return await take(raw, longest_px=evidence.LONGEST_PX)


async def upload(call: Call, sent: Photo | Video) -> UploadOut:
    """Keep a file about an order."""
    order = await orders.lock(call.db, call.resource_id)  # so that two at once do not pass the limit together
    if order is None or call.store not in (None, order.store_id):
        raise Refused("order_not_found", "there is no such order")
    kept = await evidence.keep_draft(
        call.db, call.vault, tenant_id=call.tenant_id, visit_id=None, order_id=order.id, line_ref=None, sent=sent,
        actor=call.actor, now=call.now,
    )  # fmt: skip
    return UploadOut(
        id=kept, media=sent.media.value, bytes=len(sent.content), width=sent.width, height=sent.height,
        expires_at=call.now + UNUSED_LIFE,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="upload", method="POST", path="/orders/{id}/uploads", tag="Returns", status=201, missing="order_not_found",
        raw=RawBody(MOST_BYTES_OF_A_VIDEO, develop), answer=UploadOut, summary="Send a photo or video of an order",
        description="The body is the file itself: JPEG, PNG or WebP up to 10 MB and 40 megapixels, made anew as WebP "
        "without anything hidden in it; or MP4, WebM or QuickTime up to 50 MB, kept as it is. Name the id in `photos` "
        "of a line of a request, or of a note, within 24 hours.", do=upload,
    ),
)  # fmt: skip
