"""Photos and videos that a shopper sends with a request: kept with the visit, shown again, taken back."""

from typing import Any
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core.errors import Refused
from retour.doors.portal.desk import AnyRequest, Desk, Here, Proven
from retour.doors.portal.draft import Draft, key_of
from retour.flows.photo import evidence
from retour.flows.photo.beforehand import MOST_AT_ONCE, Sender, send
from retour.store import photo as photos
from retour.store.photo import ENDINGS
from retour.web.attachments import as_attachment, refusal_text
from retour.web.forms import Form, FormErrors


async def keep_files(desk: Desk, here: Here, proven: Proven, form: Form, draft: Draft, errors: FormErrors) -> None:
    """Keep the files of a form; what was refused is said at its field."""
    sender = Sender(here.tenant_id, proven.order_id, proven.actor, visit_id=proven.visit.id)
    for ref in draft.lines:
        field = f"photo-{key_of(ref)}"
        for upload in form.uploads(field)[:MOST_AT_ONCE]:
            try:
                await send(desk.database, desk.vault, sender, line_ref=ref, raw=await upload.read(), clock=desk.clock)
            except Refused as refused:
                said = refusal_text(refused, here.reader)
                if said is None:
                    raise
                errors.add(field, said)


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
