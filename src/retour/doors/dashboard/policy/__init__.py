"""The policies of a store: versions in sentences, drafts built from menus, tried, compared, simulated and published."""

from litestar.handlers import HTTPRouteHandler

from retour.doors.dashboard.desk import Desk
from retour.doors.dashboard.policy import comparing, conflicts, draft, index, publishing, rule, simulating


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of /dashboard/policies."""
    return [
        *index.route_handlers(desk),
        *draft.route_handlers(desk),
        *rule.route_handlers(desk),
        *comparing.route_handlers(desk),
        *conflicts.route_handlers(desk),
        *publishing.route_handlers(desk),
        *simulating.route_handlers(desk),
    ]
