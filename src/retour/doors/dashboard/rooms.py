"""Every room of the desk: home, returns, orders, customers, exceptions, and finding things."""

from litestar.handlers import HTTPRouteHandler

from retour.doors.dashboard.acts import act_handlers
from retour.doors.dashboard.bulk import bulk_handlers
from retour.doors.dashboard.desk import Desk
from retour.doors.dashboard.edit_return import edit_handlers
from retour.doors.dashboard.exceptions import exception_handlers
from retour.doors.dashboard.finding import finding_handlers
from retour.doors.dashboard.home import home_handlers
from retour.doors.dashboard.intake_import import import_handlers
from retour.doors.dashboard.intakes import intake_handlers
from retour.doors.dashboard.one_return import return_handlers
from retour.doors.dashboard.orders import order_handlers
from retour.doors.dashboard.privacy import privacy_handlers
from retour.doors.dashboard.queues import queue_handlers
from retour.doors.dashboard.returns import returns_handlers
from retour.doors.dashboard.start_return import start_handlers
from retour.doors.dashboard.withdrawals import withdrawal_handlers


def desk_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the desk."""
    return [
        *home_handlers(desk),
        *queue_handlers(desk),
        *returns_handlers(desk),
        *bulk_handlers(desk),
        *return_handlers(desk),
        *act_handlers(desk),
        *edit_handlers(desk),
        *order_handlers(desk),
        *privacy_handlers(desk),
        *start_handlers(desk),
        *exception_handlers(desk),
        *withdrawal_handlers(desk),
        *import_handlers(desk),
        *intake_handlers(desk),
        *finding_handlers(desk),
    ]
