"""Where returns come from, in words: the ways in, the systems that are connected, and who acts."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


KINDS: Final[Mapping[str, str]] = {
    "return": _("Return"),
    "claim": _("Claim"),
    "withdrawal": _("Withdrawal"),
    "cancellation": _("Cancellation"),
}
CHANNELS: Final[Mapping[str, str]] = {
    "api": _("API"),
    "portal": _("Portal"),
    "dashboard": _("Staff"),
    "platform": _("Platform"),
    "retention": _("Retention, automatically"),
    "email": _("E-mail"),
    "staff": _("Staff"),
    "event": _("Another system"),
    "sync": _("Another system"),
    "csv": _("File"),
    "mail": _("E-mail"),
    "desk": _("Support desk"),
    "marketplace": _("Marketplace"),
    "warehouse": _("Parcel without a return"),
}
PLATFORMS: Final[Mapping[str, str]] = {
    "shopify": "Shopify",
    "carrier": _("Carrier"),
    "warehouse": _("Warehouse"),
    "feed": _("Source"),
}
ACTORS: Final[Mapping[str, str]] = {
    "breaker": _("Velocity breaker"),
    "policy": _("Policy, automatically"),
    "statute": _("The right of withdrawal"),
    "retour": _("Retour"),
    "shopper": _("Shopper"),
    "platform": _("Platform"),
    "carrier": _("Carrier"),
    "source": _("Another system"),
    "warehouse": _("Warehouse"),
    "cli": _("Operator"),
    "system": _("Retour"),
}
