"""What the desk calls the new orders of exchanges."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


STATES: Final[Mapping[str, str]] = {
    "preparing": _("The article is looked up"),
    "stuck": _("Waits for a person"),
    "drafting": _("Being drafted on the platform"),
    "releasing": _("Becoming an order"),
    "invoicing": _("The invoice is being sent"),
    "unpaid": _("Waits until the shopper pays the difference"),
    "linking": _("Ordered; what it carries is being written"),
    "paying_rest": _("Ordered; the rest is being paid back"),
    "made": _("Ordered"),
    "dropping": _("Being taken back"),
    "cancelled": _("Given up"),
    "by_hand": _("Carried out by hand"),
}
# Why a new order is stuck, and what helps.
PROBLEMS: Final[Mapping[str, str]] = {
    "out_of_stock": _("There is not enough of it in stock."),
    "article_unknown": _("The shop has no article of that name, or several."),
    "currency_mismatch": _("The article is not sold in the currency of the order."),
    "exchange_not_offered": _("The policy lets this item be exchanged only for another variant of it."),
    "nothing_to_discount": _("The fees are more than the new article costs."),
    "total_differs": _("The platform computes another total than Retour. Trying again takes the platform's."),
    "total_unknown": _("The platform did not say what the order comes to."),
    "payment_pending": _("The order is there, and its payment has not come in. Trying again waits once more."),
    "draft_gone": _("Somebody deleted the draft on the platform."),
    "lines_differ": _("The order has other lines than it was made for. Name them by hand."),
    "access_denied": _("The app may not draft orders: it needs the scopes write_draft_orders and read_products."),
    "refused_there": _("The platform refused it."),
}
HAPPENED: Final[Mapping[str, str]] = {
    "return.exchange_wanted": _("New article named"),
    "return.exchange_begun": _("New order begun"),
    "return.exchange_unpaid": _("Invoice for the difference sent"),
    "return.exchange_stuck": _("New order waits for a person"),
    "return.exchange_made": _("New order made"),
    "return.exchange_given_up": _("New order given up"),
    "return.exchange_cancelled": _("New order cancelled"),
}
QUEUE: Final[Mapping[str, tuple[str, str]]] = {
    "exchange_stuck": (
        _("Decide about a new order"),
        _("The order of an exchange cannot be made as it is wanted. Nothing was sent."),
    ),
    "exchange_unpaid": (_("Waits for the difference to be paid"), _("The shopper has the invoice of the platform.")),
}
WHAT: Final[Mapping[str, str]] = {
    "exchange_stuck": _("new order of an exchange"),
    "exchange_unpaid": _("difference not paid yet"),
}
WAITING: Final[Mapping[str, str]] = {
    "exchange_stuck": _("Waiting for a decision about the new order"),
    "exchange_unpaid": _("Waiting for the difference to be paid"),
}
MONEY: Final[Mapping[str, str]] = {
    "exchange_unpaid": _("Difference to be paid"),
    "exchange_stuck": _("New order not made yet"),
}
EFFECTS: Final[Mapping[str, str]] = {
    "draft_exchange": _("Draft the new order"),
    "release_exchange": _("Make the draft an order"),
    "invoice_exchange": _("Send the invoice"),
    "drop_exchange": _("Delete the draft"),
    "cancel_exchange": _("Cancel the new order"),
}
# What may be decided, with what follows from it.
CHOICES: Final[Mapping[str, tuple[str, str]]] = {
    "again": (_("Try again"), _("The article is priced anew; a draft that stands goes on.")),
    "refund": (_("Refund instead"), _("Draft or order is taken back unless sent, then the value goes back to the payment.")),
    "credit": (_("Give credit instead"), _("Draft or order is taken back unless sent, then you issue the credit and report it.")),
    "by_hand": (_("Carry it out by hand"), _("A draft is deleted, an order stands; you see to the rest and report it.")),
}  # fmt: skip
EXCEPTIONS: Final[Mapping[str, str]] = {
    "exchange_sent": _("New order was sent and cannot be taken back"),
    "exchange_not_cancelled": _("New order could not be cancelled"),
}
NEXT_STEPS: Final[Mapping[str, str]] = {
    "exchange_sent": _("ask the shopper for the new article, or for its value"),
    "exchange_not_cancelled": _("cancel the new order on the platform, or settle it"),
}
