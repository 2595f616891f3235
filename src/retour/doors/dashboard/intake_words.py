"""What was sent in, in words: ways in, why something waits, what speaks for an order."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


CHANNELS: Final[Mapping[str, str]] = {
    "portal": _("Portal"),
    "staff": _("Staff"),
    "api": _("API"),
    "event": _("Another system"),
    "sync": _("Another system, asked regularly"),
    "csv": _("File"),
    "mail": _("E-mail"),
    "desk": _("Support desk"),
    "marketplace": _("Marketplace"),
    "warehouse": _("Parcel without a return"),
}
# Why it waits, and what to do about it.
WHY: Final[Mapping[str, tuple[str, str]]] = {
    "order_not_found": (_("No order fits"), _("Find the order, or dismiss it if it is none of yours.")),
    "order_not_clear": (_("The order is not clear"), _("Choose the order it belongs to.")),
    "items_not_clear": (_("The items are not clear"), _("Say which items of the order come back.")),
    "refused": (_("The policy or the order does not allow it"), _("Open it otherwise, or dismiss it with the reason.")),
    "over_elsewhere": (_("Over where it began"), _("Dismiss it, unless something is still to be done here.")),
    "known_from_another": (
        _("Another source has sent it already"),
        _("Dismiss it, unless it is another return under the same id."),
    ),
    "draft": (_("Read from a message"), _("Check what was read, then open the return.")),
    "parcel": (_("A parcel is here"), _("Choose the order it belongs to; opening the return receives the parcel.")),
    "unread": (_("Not read yet"), _("It is read in a moment.")),
}
# What became of a message of a source.
OUTCOMES: Final[Mapping[str, str]] = {
    "opened": _("Became a return"),
    "parked": _("Waits for a person"),
    "followed": _("Moved its return on"),
    "not_moved": _("Not everything of it is done here"),
    "unchanged": _("Was known already"),
    "stale": _("Older than what was known"),
    "dismissed": _("Belongs to what was dismissed"),
    "mirrored": _("Became an order"),
    "message": _("A message on a return"),
    "ignored": _("Left alone"),
}
CLUES: Final[Mapping[str, str]] = {
    "id": _("the order’s id"),
    "number": _("order number"),
    "customer": _("customer"),
    "email": _("e-mail"),
    "phone": _("phone"),
    "name": _("name"),
    "postcode": _("postcode"),
    "goods": _("items"),
    "day": _("day of the order"),
    "amount": _("amount"),
}
STATES: Final[Mapping[str, str]] = {
    "waiting": _("Waiting"),
    "opened": _("Became a return"),
    "dismissed": _("Dismissed"),
}
STATUSES: Final[Mapping[str, str]] = {
    "requested": _("requested"),
    "approved": _("approved"),
    "rejected": _("rejected"),
    "cancelled": _("cancelled"),
    "in_transit": _("in transit"),
    "delivered": _("delivered"),
    "received": _("received"),
    "inspected": _("inspected"),
    "refunded": _("refunded"),
    "closed": _("closed"),
}
FIELDS: Final[Mapping[str, str]] = {
    "order_number": _("Order"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "sku": _("Article"),
    "quantity": _("Units"),
    "reason": _("Reason"),
}
# Why no return is opened, whoever wants one.
UNOPENED: Final[Mapping[str, str]] = {
    "final_sale": _("Sold as final sale"),
    "never_eligible": _("The policy never takes this back"),
    "window_closed": _("The return window is over"),
    "not_shipped": _("Nothing of it was shipped yet"),
    "nothing_left": _("Everything of it is in a return or refunded already"),
    "more_than_returnable": _("Fewer units can come back"),
    "resolution_not_offered": _("The policy does not offer that for it"),
    "method_not_offered": _("These items cannot come back together: start a return for each"),
    "policy_not_published": _("The shop has no published policy"),
    "another_master": _("Returns of this shop are started on its platform"),
}
# What opening it was refused for.
REFUSALS: Final[Mapping[str, str]] = {
    **UNOPENED,
    "order_not_found": _("There is no such order in this store"),
    "items_not_clear": _("Say which items of the order come back"),
    "already_decided": _("Somebody has decided that already"),
    "return_not_found": _("There is no such return in this store"),
    "not_approved": _("That return is not approved, or closed already"),
    "already_received": _("Everything of that return is here already"),
    "nothing_comes_back": _(
        "That return awaits no goods. If they are its own, let the warehouse receive them under its number."
    ),
    "partly_received": _(
        "Part of that return is here already. Let the warehouse receive this parcel under its number, then dismiss the entry."
    ),
    "reason_missing": _("Say why nothing comes of it"),
    "invalid_document": _("The document is not as the schema says"),
}
