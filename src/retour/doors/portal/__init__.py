"""The shopper's door: find the order, say what goes back, see what it pays, send it, follow it."""

from retour.doors.portal.routes import route_handlers

__all__ = ["route_handlers"]
