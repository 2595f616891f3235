"""What the desk calls the guards of a store's money, and the figures of what waits."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# Why a payment needs a second person; which limit stopped the payments; figures of what waits.
SECOND: Final[Mapping[str, str]] = {
    "amount": _("It is worth more than one person pays alone in this shop."),
    "override": _("Somebody went beyond the rules."),
}
LIMITS: Final[Mapping[str, str]] = {
    "window_refunds": _("More refunds than the limit of the window were about to leave."),
    "window_amount": _("More money than the limit of the window was about to leave."),
    "day_amount": _("More money than the limit of 24 hours was about to leave."),
    "norm": _("Far more refunds than usual were about to leave."),
}
EVIDENCE: Final[Mapping[str, str]] = {
    "units": _("units: %(n)s"),
    "approved": _("approved: %(n)s"),
    "received": _("received: %(n)s"),
    "inspected": _("inspected: %(n)s"),
    "far_code": _("answer: %(n)s"),
    "because:amount": _("above the amount"),
    "because:override": _("beyond the rules"),
}
HAPPENED: Final[Mapping[str, str]] = {
    "settlement.second_needed": _("Payment waits for a second person"),
    "settlement.second_approved": _("Payment approved by a second person"),
    "settlement.second_refused": _("Payment not approved by a second person"),
    "return.escalated": _("Waits longer than it may"),
}
# What stands in the way of somebody who would be the second person.
NOT_SECOND: Final[Mapping[str, str]] = {
    "same_person": _("You had a hand in this return. Somebody else has to approve the payment."),
    "forbidden": _("Your role cannot be the second person in this shop."),
    "person_needed": _("Your access has ended. Somebody else has to approve the payment."),
}
