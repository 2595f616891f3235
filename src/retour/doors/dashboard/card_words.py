"""What the desk calls the cards that instant exchanges stand on."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


STATES: Final[Mapping[str, str]] = {
    "asked": _("Being priced"),
    "offered": _("The shopper has the page to confirm it"),
    "authorised": _("Held on the card"),
    "reauthorising": _("Held, being made anew"),
    "capturing": _("Being charged"),
    "releasing": _("Being released"),
    "dunning": _("The card refused; the shopper is asked"),
    "failed": _("Nobody answered; a person decides"),
    "captured": _("Charged"),
    "released": _("Released"),
    "lapsed": _("Never confirmed"),
}
# What a provider's or our own code means; any other is shown as it is spelled.
PROBLEMS: Final[Mapping[str, str]] = {
    "not_confirmed": _("The shopper did not confirm it in time."),
    "not_held": _("Nothing was held any more when it was to be charged."),
    "no_card_kept": _("The provider kept no card to hold it on again."),
    "captured_elsewhere": _("It was charged at the provider."),
    "nobody_answered": _("Nobody has answered."),
    "insufficient_funds": _("The card has not enough money."),
    "canceled": _("The provider had let it go."),
    "out_of_stock": _("There is not enough of it in stock."),
    "article_unknown": _("The shop has no article of that name, or several."),
    "exchange_not_offered": _("The policy lets this item be exchanged only for another variant of it."),
    "nothing_to_hold": _("The new article is paid for in full."),
}
HAPPENED: Final[Mapping[str, str]] = {
    "return.instant_exchange.asked": _("New article asked for at once"),
    "return.instant_exchange.authorized": _("Card held"),
    "return.instant_exchange.failed": _("Card refused"),
    "return.instant_exchange.charged": _("Card charged"),
    "return.instant_exchange.released": _("Card released"),
    "return.instant_exchange.decided": _("Decided about the card"),
}
QUEUE: Final[Mapping[str, tuple[str, str]]] = {
    "card_failed": (
        _("Settle a card that refused"),
        _("The shopper has the new article, the card refused, and nobody answered. Charge it or let it be."),
    ),
    "card_refused": (
        _("Waits for another card"),
        _("The shopper is asked by mail on set days; after ten days a person decides."),
    ),
}
WHAT: Final[Mapping[str, str]] = {"card_failed": _("card refused, nobody answered"), "card_refused": _("another card")}
WAITING: Final[Mapping[str, str]] = {
    "card_failed": _("Waiting for a decision about the card"),
    "card_refused": _("Waiting for another card"),
}
MONEY: Final[Mapping[str, str]] = {"card_failed": _("Card refused"), "card_refused": _("Card refused, shopper asked")}
EFFECTS: Final[Mapping[str, str]] = {
    "open_page": _("Open the provider's page"),
    "authorise_card": _("Hold the amount on the card again"),
    "capture_card": _("Charge the card"),
    "release_card": _("Release the card"),
}
CHOICES: Final[Mapping[str, tuple[str, str]]] = {
    "capture": (
        _("Charge the card"),
        _("The amount below is charged; what is no longer held is asked of the shopper."),
    ),
    "release": (_("Release the card"), _("Nothing is charged, and nothing is asked for any more.")),
}
EXCEPTIONS: Final[Mapping[str, str]] = {
    "charged_after_release": _("Paid after the goods had come back"),
    "charged_elsewhere": _("Another amount was charged at the provider"),
    "charged_and_not_sent": _("Charged, and the new item is not sent"),
}
NEXT_STEPS: Final[Mapping[str, str]] = {
    "charged_after_release": _("pay back what the shopper paid after the goods had come"),
    "charged_elsewhere": _("compare what was charged there with what is owed"),
    "charged_and_not_sent": _("pay back what was charged for the new item"),
}
