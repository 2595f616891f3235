"""What the dock calls things; each text is translated where it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from retour.core.rma import Disposition, Grade
from retour.flows.receiving.observing import Seen
from retour.flows.receiving.scanning import Did


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


@dataclass(frozen=True, slots=True)
class GradeWords:
    """A grade as a button: its letter, what it is called, what it means."""

    letter: str
    name: str
    meaning: str


GRADES: Final[Mapping[Grade, GradeWords]] = {
    Grade.SEALED: GradeWords("A", _("As new"), _("Sealed or unused")),
    Grade.OPENED: GradeWords("B", _("Opened"), _("Opened or worn, in good order")),
    Grade.DAMAGED: GradeWords("C", _("Damaged"), _("Broken, stained or incomplete")),
}
DISPOSITIONS: Final[Mapping[Disposition, str]] = {
    Disposition.RESTOCK: _("Restock"),
    Disposition.REFURBISH: _("Refurbish"),
    Disposition.DISPOSE: _("Dispose"),
    Disposition.RETURN_TO_CUSTOMER: _("Send back to the shopper"),
}
SEEN: Final[Mapping[Seen, str]] = {
    Seen.SURPLUS: _("More than announced"),
    Seen.NOT_EXPECTED: _("Not approved"),
    Seen.NOT_ON_IT: _("Not on this return"),
    Seen.UNANNOUNCED: _("Parcel without a return"),
    Seen.MISCOUNTED: _("Counted by mistake"),
}
REASONS: Final[Mapping[str, str]] = {
    "too_small": _("Too small"),
    "too_large": _("Too large"),
    "changed_mind": _("Changed their mind"),
    "unwanted": _("Changed their mind"),
    "not_as_described": _("Not as described"),
    "defective": _("Defective"),
    "damaged": _("Arrived damaged"),
    "wrong_item": _("Wrong item sent"),
    "style": _("Does not like it"),
    "color": _("Does not like the colour"),
    "other": _("Another reason"),
}
# Why an article is not awaited, by the decision on its line.
NOT_OPEN: Final[Mapping[str, str]] = {
    "requested": _("Not decided yet"),
    "in_review": _("Not decided yet"),
    "rejected": _("Rejected"),
    "cancelled": _("Cancelled"),
    "expired": _("Expired"),
    "resolved": _("Finished"),
    "reopened": _("Opened again, not decided yet"),
}

Tone = Literal["ok", "warn", "bad"]
# The band after a step: its tone, the word, and what follows from it.
BAND: Final[Mapping[Did, tuple[Tone, str, str]]] = {
    Did.FOUND: ("ok", _("Found"), ""),
    Did.SEVERAL: ("warn", _("Several returns"), _("The code fits more than one. Choose one.")),
    Did.NO_RETURN: ("warn", _("No return"), _("The order is known, but nobody announced a return of it.")),
    Did.UNKNOWN: ("bad", _("Unknown code"), _("No return, parcel or order has this code.")),
    Did.RECEIVED: ("ok", _("Here"), ""),
    Did.ALL_HERE: ("warn", _("Already complete"), _("All announced units of this article are here.")),
    Did.CLOSED: ("warn", _("Not approved"), _("This article is on the return, but its return is not approved.")),
    Did.NOT_ON_IT: (
        "warn",
        _("Not on it"),
        _("Not part of this return. Put it aside, or add as extra."),
    ),
    Did.OBSERVED: ("ok", _("Kept as extra"), _("Somebody at the desk will look at it. Put it aside.")),
    Did.FINISHED: ("ok", _("Parcel finished"), ""),
    Did.INSPECTED: ("ok", _("Inspected"), ""),
    Did.TAKEN_IN: ("ok", _("Taken in"), _("Stock and money follow by themselves.")),
    Did.TAKEN_BACK: ("ok", _("Taken back"), ""),
    Did.CORRECTED: (
        "warn",
        _("Correction kept"),
        _("The count stays, and a note says that it was a mistake. Do not inspect what is not here."),
    ),
}
ONCE: Final = _("The same code within two seconds: counted once.")
REFUSED: Final[Mapping[str, tuple[str, str]]] = {
    "state_changed": (
        _("Somebody was faster"),
        _("This was received meanwhile. Yours was not counted. Below is how it is now."),
    ),
    "already_inspected": (
        _("Somebody was faster"),
        _("This unit was inspected meanwhile. Your verdict was not saved. Below is the next one."),
    ),
    "already_received": (_("Already complete"), _("All announced units of this article are here.")),
    "not_approved": (_("Not approved"), _("This article cannot be inspected: its return is not approved.")),
    "more_than_returnable": (_("Not awaited"), _("Fewer of it are expected. Below is how it is now.")),
    "more_than_received": (_("Not here yet"), _("Receive the unit before it is inspected.")),
    "quantity_not_positive": (_("How many?"), _("Enter a number from 1 to 10,000.")),
    "code_missing": (_("Nothing scanned"), _("Scan a code, or type it and press Enter.")),
    "move_not_allowed": (_("Cannot be undone"), _("Others may have acted on it already. Ask somebody at the desk.")),
    "too_many_photos": (_("Enough photos"), _("A return has 40 photos at most.")),
}
PHOTO_REFUSED: Final[Mapping[str, str]] = {
    "photo_too_large": _("The photo is too large (limit 10 MB). Everything else is kept. Choose another."),
    "photo_wrong_type": _("This is not a photo. Everything else is kept. Choose a JPEG, PNG or WebP."),
    "photo_unreadable": _("The photo cannot be read. Everything else is kept. Choose another."),
    "too_many_photos": _("A return has 40 photos at most. Everything else is kept."),
}


def reason_of(code: str) -> str:
    """Return a reason in words; one of the merchant's own is shown as its code reads."""
    return REASONS.get(code) or code.replace("_", " ").capitalize()
