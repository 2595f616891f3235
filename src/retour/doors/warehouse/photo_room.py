"""Photos for the staff of the account: private, kept nowhere on the way, never read as anything but a picture."""

from typing import Final

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.doors.warehouse.dock import AnyRequest, Dock, uuid_of
from retour.flows.photo import evidence
from retour.web.session import signed_in

HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}


def route_handlers(dock: Dock) -> list[HTTPRouteHandler]:
    """Return the handler of /photos/{id}.webp."""

    @get("/photos/{name:str}", guards=[dock.sessions.require()], include_in_schema=False)
    async def photo(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        """Answer a photo of the account; 404 for any other."""
        staff = signed_in(request)
        photo_id = uuid_of(name.removesuffix(".webp")) if name.endswith(".webp") else None
        if photo_id is None:
            raise NotFoundException
        async with dock.database.tx(staff.tenant_id) as db:
            webp = await evidence.read_as_staff(db, dock.vault, photo_id=photo_id)
        if webp is None:
            raise NotFoundException
        return Response(webp, media_type="image/webp", headers=HEADERS)

    return [photo]
