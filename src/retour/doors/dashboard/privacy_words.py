"""Words for personal data: what was asked for, what it waits for, and what each class of data is."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation where it is written; it is translated where it is shown."""
    return text


KINDS: Final[Mapping[str, str]] = {
    "export": _("Export"),
    "erasure": _("Erasure"),
    "store_erasure": _("Erasure of the store's customers"),
}
STATES: Final[Mapping[str, str]] = {
    "waiting": _("In progress"),
    "erasing": _("Being erased"),
    "done": _("Done"),
    "cancelled": _("Taken back"),
}
# What a request waits for, or why it ended.
WHY: Final[Mapping[str, str]] = {
    "return_open": _("Waits for the end of an open return"),
    "money_due": _("Waits for money that is still to be paid"),
    "call_running": _("Waits for a call or a mail that is on its way"),
    "withdrawal_open": _("Waits for a withdrawal that is not decided"),
    "message_open": _("Waits for a received message that is not worked on yet"),
    "grace": _("Waits for the end of the grace"),
    "people_left": _("Waits for customers with something open"),
    "taken_back": _("Taken back by a person"),
    "reconnected": _("The shop was connected again"),
    "already_erased": _("The customer was erased already"),
}
# Classes of data: (what it is, from when the days count).
CLASSES: Final[Mapping[str, tuple[str, str]]] = {
    "inbox": (_("Received messages"), _("Bodies of webhooks and messages, after they were worked on")),
    "documents": (_("The shop's own order documents"), _("After the order was placed; figures and lines stay")),
    "intakes": (_("Returns sent in from elsewhere"), _("The document as it came, after it was decided")),
    "photos": (_("Photos and videos"), _("After the end of their return")),
    "labels": (_("Labels"), _("What is printed on them, after the end of their return")),
    "people": (_("Customers"), _("After their last order and the end of their last return; then they are erased")),
    "exports": (_("Exports"), _("How long an export can be downloaded")),
    "store_grace": (_("Grace before a store's customers are erased"), _("After the platform asks for it")),
}
# What an erasure takes, for the page that asks once more.
GOES: Final = (
    _("Name, addresses, telephone number and tags"),
    _("Their key: documents, photos, labels and messages that are sealed under it can never be opened again"),
    _("Notes, answers and messages on their returns"),
    _("The words they are found by, signs of abuse, entries on lists"),
    _("Exports that were made before"),
)
STAYS: Final = (
    _("Orders, returns and what was paid, with every amount"),
    _("What happened and when, with ids in place of names"),
)
