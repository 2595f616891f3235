"""What the staff read about labels: how one stands, and why it could not be made."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


STATES: Final[Mapping[str, str]] = {
    "due": _("Label is being made"),
    "made": _("Label made"),
    "failed": _("The label could not be made"),
    "waived": _("Goes without a label"),
}
PROBLEMS: Final[Mapping[str, str]] = {
    "return_address_missing": _("The shop has no return address for this destination."),
    "sender_missing": _("The shop platform did not say where the order was sent."),
    "sender_unusable": _("The address that the order was sent to lacks its street, town or country."),
}
