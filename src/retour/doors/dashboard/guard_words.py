"""What the desk calls the guards of a store's money."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# Why a payment needs a second person, in a sentence and in short; which limit stopped the payments.
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
BECAUSE: Final[Mapping[str, str]] = {"amount": _("above the amount"), "override": _("beyond the rules")}
HAPPENED: Final[Mapping[str, str]] = {
    "settlement.second_needed": _("Payment waits for a second person"),
    "settlement.second_approved": _("Payment approved by a second person"),
    "settlement.second_refused": _("Payment not approved by a second person"),
    "return.escalated": _("Waits longer than it may"),
    "return.scored": _("Signs of abuse looked at anew"),
}
# What stands in the way of somebody who would be the second person.
NOT_SECOND: Final[Mapping[str, str]] = {
    "same_person": _("You had a hand in this return. Somebody else has to approve the payment."),
    "forbidden": _("Your role cannot be the second person in this shop."),
    "person_needed": _("Your access has ended. Somebody else has to approve the payment."),
}
QUEUE: Final[Mapping[str, tuple[str, str]]] = {
    "second_approval": (_("Approve a payment"), _("A second person has to approve it before it is paid.")),
    "fraud_review": (
        _("Look at signs of abuse"),
        _("Points or the block list sent it to a person; nothing is refused."),
    ),
}
WHAT: Final[Mapping[str, str]] = {"second_approval": _("second approval"), "fraud_review": _("signs of abuse")}
WAITING: Final[Mapping[str, str]] = {
    "second_approval": _("Waiting for a second person"),
    "fraud_review": _("Waiting for a look at signs of abuse"),
}
# Signs of abuse, each with what was seen.
SIGNS: Final[Mapping[str, str]] = {
    "serial_returner": _("Returns most of what was bought: %(units_returned)s of %(units_bought)s units in a year"),
    "wardrobing": _("Worn goods although nothing was wrong with them: %(worn)s"),
    "swapped_parcel": _("Empty, short or swapped parcels: %(swapped)s"),
    "paid_without_goods": _("Paid ahead, and the goods never came: %(without_goods)s"),
    "shared_identity": _("Other shoppers of the same identity: %(others)s"),
    "on_block_list": _("On the block list"),
}
LISTS: Final[Mapping[str, str]] = {"block": _("Block list"), "allow": _("Allow list")}
KEYS: Final[Mapping[str, str]] = {
    "email": _("Mailbox"), "phone": _("Telephone"), "address": _("Family name and postcode"), "person": _("Customer"),
}  # fmt: skip
NOT_LISTED: Final[Mapping[str, str]] = {
    "invalid_value": _("Enter a mailbox, a number of 7 digits or more, or a family name, a comma and a postcode"),
    "already_exists": _("This shopper is on that list already"),
    "reason_missing": _("Say why, for whoever reads it later"),
}
