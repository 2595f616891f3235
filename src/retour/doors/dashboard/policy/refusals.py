"""What a refusal of a policy document means, in the reader's words, and at which field of a form it belongs."""

from collections.abc import Mapping
from typing import Final

from retour.core.errors import Refused
from retour.doors.dashboard.policy.documents import field_name
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


WORDS: Final[Mapping[str, str]] = {
    "wrong_type": _("This is not of the right kind"),
    "unknown_field": _("This is not known here"),
    "missing_field": _("This is missing"),
    "out_of_range": _("This lies outside what is possible"),
    "malformed_text": _("This text cannot be used"),
    "not_one_of": _("Choose one of the answers"),
    "not_allowed": _("This does not fit what was chosen beside it"),
    "duplicate": _("This is there twice"),
    "incomplete": _("Something is missing here"),
    "too_deep": _("Groups stand too deep inside each other"),
    "unknown_fact": _("This fact is not known"),
    "op_not_allowed": _("This fact cannot be compared like that"),
    "overlapping_zones": _("A country can be in one zone only"),
    "missing_currency": _("An amount needs the currency of the policy"),
    "currency_mismatch": _("The amounts are in another currency than the books of the store"),
    "resolution_not_usable": _("There is no such record of this kind, or it is no longer offered"),
    "template_not_found": _("There is no such template"),
    "policy_not_found": _("There is no such version"),
    "move_not_allowed": _("Only a version that was published before can come back"),
}
_EXPRESSION: Final = _("The expression cannot be used: %(why)s")


def said(refused: Refused, reader: Reader) -> str:
    """Return why a document was refused."""
    if "expression" in refused.code or (refused.field or "").endswith(".expression"):
        return reader.say(_EXPRESSION, why=refused.message.partition(": ")[2] or refused.message)
    return reader.say(WORDS[refused.code]) if refused.code in WORDS else refused.message


def place(refused: Refused, places: Mapping[str, str], *, inside: str = "") -> str:
    """Return the name of the field that a refusal is about; `inside` is the path of what the form shows.

    `places` are the fields of paths that are named otherwise; of those that lead there the longest counts.
    """
    path = (refused.field or "").removeprefix(f"{inside}.")
    leading = [known for known in places if path == known or path.startswith((f"{known}.", f"{known}["))]
    if leading:
        return places[max(leading, key=len)]
    return field_name(path) or "name"
