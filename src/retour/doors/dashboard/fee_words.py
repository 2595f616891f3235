"""What the desk calls fees that are paid beforehand."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


STATES: Final[Mapping[str, str]] = {
    "due": _("Charged once the return is approved"),
    "drafting": _("The invoice is being made"),
    "invoicing": _("The invoice is being sent"),
    "unpaid": _("Waits until the shopper pays it"),
    "stuck": _("Waits for a person"),
    "dropping": _("The invoice is being withdrawn"),
    "lapsed": _("Not paid in time"),
    "paid": _("Paid beforehand"),
    "free": _("Not charged"),
    "withheld": _("Withheld from the refund"),
    "ended": _("Not paid; the return came to nothing"),
    "refunding": _("Being paid back"),
    "refunded": _("Paid back"),
    "unrefunded": _("Could not be paid back"),
    "kept": _("Kept, as the policy says"),
}
# Why a fee is stuck, and what helps.
PROBLEMS: Final[Mapping[str, str]] = {
    "not_possible_here": _("No invoice can be made where this order comes from."),
    "total_differs": _("The platform computes another total than Retour, often by another tax rate."),
    "total_unknown": _("The platform did not say what the invoice comes to."),
    "payment_pending": _(
        "The order is there, and its payment has not come in. Trying again cancels it and sends another invoice."
    ),
    "draft_gone": _("Somebody deleted the draft on the platform."),
    "access_denied": _("The app may not draft orders: it needs the scope write_draft_orders."),
    "refused_there": _("The platform refused it."),
    "given_up": _("It was given up while it was being made."),
    "refunds_elsewhere": _("Retour does not pay refunds in this store. Pay the fee back on the platform."),
    "nothing_to_refund_to": _("No payment of the invoice can take it back. Pay it back another way."),
}
HAPPENED: Final[Mapping[str, str]] = {
    "return.fee_unpaid": _("Invoice for the fee sent"),
    "return.fee_paid": _("Fee paid beforehand"),
    "return.fee_stuck": _("Fee waits for a person"),
    "return.fee_withdrawn": _("Fee no longer asked for beforehand"),
    "return.fee_refunded": _("Fee paid back"),
    "return.fee_kept": _("Fee kept"),
}
QUEUE: Final[Mapping[str, tuple[str, str]]] = {
    "fee_stuck": (_("Decide about a fee"), _("A fee that is paid beforehand stands still.")),
    "fee_unpaid": (_("Waits for the fee to be paid"), _("The shopper has the invoice of the platform.")),
}
WHAT: Final[Mapping[str, str]] = {
    "fee_stuck": _("fee that is paid beforehand"),
    "fee_unpaid": _("fee not paid yet"),
}
WAITING: Final[Mapping[str, str]] = {
    "fee_stuck": _("Waiting for a decision about the fee"),
    "fee_unpaid": _("Waiting for the fee to be paid"),
}
MONEY: Final[Mapping[str, str]] = {
    "fee_unpaid": _("Fee to be paid beforehand"),
    "fee_stuck": _("Fee not collected yet"),
}
EFFECTS: Final[Mapping[str, str]] = {"draft_fee": _("Draft the invoice of the fee")}
# What may be decided, with what follows from it.
CHOICES: Final[Mapping[str, tuple[str, str]]] = {
    "again": (_("Try again"), _("What stands is withdrawn and done anew.")),
    "withhold": (_("Let the refund bear it"), _("The return goes on at once; the refund bears the fee as far as it can.")),
}  # fmt: skip
EXCEPTIONS: Final[Mapping[str, str]] = {"fee_invoice_stands": _("The invoice of a fee could not be withdrawn")}
NEXT_STEPS: Final[Mapping[str, str]] = {
    "fee_invoice_stands": _("delete the draft of the fee on the platform, or cancel its order"),
}
