"""What the tab bar of a phone has no room for: the other parts of the desk, the store, language and theme."""

from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.route import page


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handler of /dashboard/more."""
    return [page(desk, "/dashboard/more", _page)]


async def _page(seen: Visit) -> Response[Any]:
    return await seen.page("dashboard/more.html", current="more")
