"""What can be done to several returns at once, in words: what each act is, what it needs, and why it cannot be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from retour.core.attention import LONGEST_TAG
from retour.core.bulk import NEEDS, BulkAct, Needs, check_said, why_not
from retour.core.errors import Refused
from retour.doors.dashboard import words
from retour.doors.dashboard.told import word
from retour.store.desk.listing import Row
from retour.web.reader import Reader

_DECISION: Final = "is_"


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """One thing to do to many returns; `title` is the act, `done` what became of each, `lead` what follows."""

    title: str
    done: str
    lead: str
    needs: Needs | None = None
    danger: bool = False


def _words(act: BulkAct, title: str, done: str, lead: str, *, danger: bool = False) -> tuple[str, Words]:
    return act.value, Words(title, done, lead, NEEDS.get(act), danger)


ACTS: Final[Mapping[str, Words]] = dict(
    [
        _words(BulkAct.APPROVE, _("Approve"), _("Approved"), _("The shoppers can send their parcels; nothing is paid now.")),
        _words(
            BulkAct.REJECT, _("Reject"), _("Rejected"), _("The units are free for another return; nothing is paid."),
            danger=True,
        ),
        _words(
            BulkAct.CANCEL, _("Cancel"), _("Cancelled"),
            _("What has not arrived is free for another return. It cannot be undone."), danger=True,
        ),
        _words(BulkAct.ASSIGN, _("Assign"), _("Assigned"), _("Who looks after them from now on.")),
        _words(BulkAct.TAG, _("Add a tag"), _("Tagged"), _("A word to find them by.")),
        _words(BulkAct.UNTAG, _("Take a tag off"), _("Tag taken off"), _("Where it is on them.")),
        _words(BulkAct.PRIORITY, _("Set the priority"), _("Priority set"), _("It orders your work and decides nothing.")),
        _words(BulkAct.HOLD, _("Put on hold"), _("Put on hold"), _("Nothing moves by itself until somebody releases it.")),
        _words(BulkAct.RELEASE, _("Release the hold"), _("Hold released"), _("What was held goes on by itself.")),
        _words(BulkAct.NOTE, _("Write a note"), _("Note added"), _("Among staff; it stays with each return.")),
    ]
)  # fmt: skip


def objection(act: BulkAct, row: Row, reader: Reader) -> str | None:
    """Return why an act cannot be done to a return of the list, in the reader's words; nothing if it can."""
    code = why_not(act, status=row.status, goods=row.axes.goods.code, held=row.held)
    if code is None:
        return None
    if code.startswith(_DECISION):
        return word(reader, words.DECISIONS, code.removeprefix(_DECISION)).lower()
    return {
        "already_received": reader.say("already received"),
        "already_held": reader.say("on hold already"),
        "not_held": reader.say("not on hold"),
    }[code]


def wrong(act: BulkAct, said: str, reader: Reader, members: Mapping[UUID, str]) -> str | None:
    """Return what is wrong with what the form says, in the reader's words; nothing if it can be done with it."""
    if NEEDS.get(act) is Needs.STAFF and said and said not in map(str, members):
        return reader.say("Choose one of the staff")
    try:
        check_said(act, said)
    except Refused as no:
        return {
            "message_missing": reader.say("Say why: the shoppers read it"),
            "reason_missing": reader.say("Say why, so that colleagues know when to release it"),
            "text_missing": reader.say("Write something"),
            "invalid_tag": reader.say("A tag has 1 to %(n)s characters", n=reader.number(LONGEST_TAG)),
            "invalid_priority": reader.say("Choose a priority"),
        }.get(no.code, reader.say("This text is too long"))
    return None
