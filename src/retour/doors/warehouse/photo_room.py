"""Photos and videos for the staff of the account: pictures in place, videos to be saved."""

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.doors.warehouse.dock import AnyRequest, Dock, uuid_of
from retour.flows.photo import evidence
from retour.store.photo import ENDINGS
from retour.web.attachments import as_attachment
from retour.web.session import signed_in


def route_handlers(dock: Dock) -> list[HTTPRouteHandler]:
    """Return the handler of /photos/{id}.<ending>."""

    @get("/photos/{name:str}", guards=[dock.sessions.require()], include_in_schema=False)
    async def photo(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        """Answer a photo of the account; 404 for any other."""
        staff = signed_in(request)
        photo_id = uuid_of(name.partition(".")[0])
        if photo_id is None:
            raise NotFoundException
        async with dock.database.tx(staff.tenant_id) as db:
            opened = await evidence.read_as_staff(db, dock.vault, photo_id=photo_id)
        if opened is None or not name.endswith(f".{ENDINGS[opened.media]}"):
            raise NotFoundException
        return as_attachment(opened.content, opened.media, name)

    return [photo]
