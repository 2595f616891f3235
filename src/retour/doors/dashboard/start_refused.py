"""Why a return that staff start is refused, in words, at the field that it is about."""

from collections.abc import Mapping, Sequence
from typing import Final

from retour.core.beyond import FIRM
from retour.core.errors import Objection, Refused
from retour.doors.dashboard.intake_words import UNOPENED
from retour.doors.dashboard.start_asks import Choice
from retour.web.forms import FormErrors
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# Why the policy says no, in words for staff; what is not here is told as it came.
_OBJECTIONS: Final[Mapping[str, str]] = {
    **UNOPENED,
    "no_resolution": _("The policy offers nothing for it"),
    "no_method": _("The policy offers no way to send it back"),
    "photo_not_found": _("A photo belongs to another return by now. Choose it again"),
    "currency_mismatch": _("The policy's amounts are in another currency than the shop's books"),
}
# What a reason makes up for is told with a way on; the rest is not there to be given.
_FIRM: Final = FIRM | {"policy_not_published", "another_master", "order_not_found", "photo_not_found"}


def unstated(reader: Reader, no: Refused, choices: Sequence[Choice]) -> FormErrors:
    """Return why a withdrawal was not kept, at the field that says so."""
    errors, texts = FormErrors(), {
        "name_required": reader.say("Say who withdraws"),
        "number_required": reader.say("Name the order"),
        "invalid_email": reader.say("Enter an e-mail address such as name@example.com."),
        "reason_required": reader.say("It came late, or from another contact than the order's: say why it counts"),
        "too_many_requests": reader.say("Too many withdrawals of this contact at once. Try again later"),
        "move_not_allowed": reader.say("This withdrawal is kept already. Look under Withdrawals"),
    }  # fmt: skip
    for one in no.objections or (no,):
        if one.code in texts:
            errors.add(one.field if one.field in ("name", "contact", "reason") else "line", texts[one.code])
        else:
            errors.add(_place(one, {choice.ref: choice.n for choice in choices}), said(reader, one))
    return errors


def objected(reader: Reader, no: Refused, choices: Sequence[Choice]) -> FormErrors:
    """Return every objection at the line it is about."""
    errors = FormErrors()
    places = {choice.ref: choice.n for choice in choices}
    for one in no.objections or (no,):
        errors.add(_place(one, places), said(reader, one))
    if all(one.code not in _FIRM for one in no.objections or (no,)):
        errors.add("reason", reader.say("To go on all the same, tick “Beyond the policy” and say why"))
    return errors


def _place(one: Objection | Refused, places: Mapping[str, int]) -> str:
    ref = (one.field or "").partition("[")[2].partition("]")[0]
    return f"line-{places[ref]}" if ref in places else "line"


def said(reader: Reader, one: Objection | Refused) -> str:
    """Return an objection in words; one that is not known as it came."""
    known = _OBJECTIONS.get(one.code)
    return reader.say(known) if known else one.message


def title_of(one: Objection, titles: Mapping[str, str]) -> str:
    """Return the title of the item that an objection is about, or nothing."""
    return titles.get((one.field or "").partition("[")[2].partition("]")[0], "")
