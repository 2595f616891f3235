"""Where a return began; afterwards it is one and the same return."""

from enum import StrEnum


class Channel(StrEnum):
    """The way a return came in, kept on it for good."""

    PORTAL = "portal"
    STAFF = "staff"
    API = "api"
    EVENT = "event"  # a signed message of another system
    SYNC = "sync"  # read from another system on a schedule
    CSV = "csv"
    MAIL = "mail"
    DESK = "desk"  # a support desk
    MARKETPLACE = "marketplace"
    WAREHOUSE = "warehouse"  # a parcel that nobody announced
