"""Every route of the staff's pages."""

from litestar.handlers import HTTPRouteHandler

from retour.doors.dashboard import more, policy, set_up, settings, sign_in
from retour.doors.dashboard.desk import Desk
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.rooms import desk_handlers


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of every page and form of the staff."""
    return [
        *sign_in.route_handlers(desk, here),
        *set_up.route_handlers(desk, here),
        *settings.route_handlers(desk, here),
        *policy.route_handlers(desk),
        *more.route_handlers(desk),
        *desk_handlers(desk),
    ]
