"""The rooms of the warehouse's door, mounted together."""

from typing import Any

from litestar import Request, Response, Router
from litestar.response import Redirect

from retour.doors.warehouse import counter_room, inspect_room, parcel_room, photo_room, scan_room
from retour.doors.warehouse.dock import Dock
from retour.web.error_pages import as_page
from retour.web.session import SignInNeeded


def route_handlers(dock: Dock) -> list[Router]:
    """Return the router of /warehouse and /photos; everybody of the staff may enter, whoever is not signed in may sign in."""

    def refused(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        if isinstance(error, SignInNeeded):
            return _to_sign_in(request, error)
        return as_page(dock.pages, request, error, now=dock.clock())

    rooms = (scan_room, counter_room, parcel_room, inspect_room, photo_room)
    handlers = [handler for room in rooms for handler in room.route_handlers(dock)]
    return [Router("/", route_handlers=handlers, exception_handlers={Exception: refused})]


def _to_sign_in(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[Any]:
    """Return the way to the sign-in; a script that sends a kept scan is told so in figures."""
    if "application/json" in request.headers.get("accept", ""):
        return Response({"sign_in": error.location}, status_code=401, headers={"Cache-Control": "no-store"})
    return Redirect(error.location, status_code=303, headers={"Cache-Control": "no-store"})
