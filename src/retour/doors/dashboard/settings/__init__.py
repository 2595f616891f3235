"""Settings: one area a page. Owners change, agents read, and everybody has a page of their own."""

from litestar.handlers import HTTPRouteHandler

from retour.doors.dashboard.desk import Desk
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.route import page
from retour.doors.dashboard.settings import (
    addresses,
    cards,
    connections,
    deadlines,
    integrators,
    keys,
    look,
    mail,
    mailboxes,
    partners,
    payments,
    policy,
    privacy,
    reasons,
    received,
    resolutions,
    shoppers,
    sources,
    store,
    team,
    waits,
    webhooks,
    you,
)
from retour.doors.dashboard.settings.area import index_page


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of /dashboard/settings."""
    return [
        page(desk, "/dashboard/settings", index_page),
        *store.route_handlers(desk),
        *look.route_handlers(desk),
        *mail.route_handlers(desk),
        *payments.route_handlers(desk),
        *cards.route_handlers(desk, here),
        *waits.route_handlers(desk),
        *shoppers.route_handlers(desk),
        *policy.route_handlers(desk),
        *resolutions.route_handlers(desk),
        *reasons.route_handlers(desk),
        *addresses.route_handlers(desk),
        *partners.route_handlers(desk, here),
        *deadlines.route_handlers(desk),
        *privacy.route_handlers(desk),
        *keys.route_handlers(desk),
        *integrators.route_handlers(desk),
        *connections.route_handlers(desk, here),
        *sources.route_handlers(desk, here),
        *mailboxes.route_handlers(desk, here),
        *received.received_handlers(desk),
        *webhooks.route_handlers(desk, here),
        *team.route_handlers(desk, here),
        *you.route_handlers(desk),
    ]
