"""What the desk calls the marks that staff put on returns."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


PRIORITIES: Final[Mapping[str, str]] = {
    "low": _("Low"), "normal": _("Normal"), "high": _("High"), "urgent": _("Urgent"),
}  # fmt: skip
