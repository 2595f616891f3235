"""What can be done to several returns at once: to which it can be, what it needs to be told, and the flow it calls."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from retour.core.attention import LONGEST_TAG, Priority
from retour.core.errors import Refused
from retour.core.rma.moves import OPEN, UNDECIDED
from retour.doors.dashboard import words
from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.told import word
from retour.flows import rma as flow
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.desk.listing import Row
from retour.web.reader import Reader

MOST_TEXT: Final = 10_000
Needs = Literal["message", "note", "reason", "staff", "tag", "priority"]


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Doing:
    """One act on one return under way: `version` is the one that the review showed, `said` what the form was told."""

    seen: Visit
    row: Row
    version: int
    said: str

    @property
    def who(self) -> dict[str, Any]:
        """Return what every flow wants to know."""
        return {"rma_id": self.row.id, "actor": self.seen.staff.actor, "now": self.seen.now}

    @property
    def compared(self) -> dict[str, Any]:
        """Return the same, for a flow that refuses what was decided on an older state."""
        return {**self.who, "expect_version": self.version}


@dataclass(frozen=True, slots=True)
class BulkAct:
    """One thing to do to many returns; `title` is the act, `done` what became of each, `lead` what follows."""

    title: str
    done: str
    lead: str
    why_not: Callable[[Reader, Row], str | None]
    do: Callable[[Db, Doing], Awaitable[object]]
    needs: Needs | None = None
    danger: bool = False


def _decided(reader: Reader, row: Row) -> str | None:
    if row.status in UNDECIDED:
        return None
    if row.status.value == "approved" and row.axes.goods.code in ("received", "inspected"):
        return reader.say("already received")
    return word(reader, words.DECISIONS, row.status.value).lower()


def _gone(reader: Reader, row: Row) -> str | None:
    if row.status not in OPEN:
        return word(reader, words.DECISIONS, row.status.value).lower()
    return reader.say("already received") if row.axes.goods.code in ("received", "inspected") else None


def _closed(reader: Reader, row: Row) -> str | None:
    if row.held:
        return reader.say("on hold already")
    return None if row.status in OPEN else word(reader, words.DECISIONS, row.status.value).lower()


def _not_held(reader: Reader, row: Row) -> str | None:
    return None if row.held else reader.say("not on hold")


def _always(_reader: Reader, _row: Row) -> str | None:
    return None


async def _approve(db: Db, doing: Doing) -> object:
    return await flow.approve(db, **doing.compared)


async def _reject(db: Db, doing: Doing) -> object:
    return await flow.reject(db, message=doing.said, **doing.compared)


async def _cancel(db: Db, doing: Doing) -> object:
    return await flow.cancel(db, **doing.compared)


async def _hold(db: Db, doing: Doing) -> object:
    return await flow.hold(db, reason=doing.said, **doing.compared)


async def _release(db: Db, doing: Doing) -> object:
    return await flow.release(db, **doing.compared)


async def _note(db: Db, doing: Doing) -> object:
    record = await returns.lock(db, doing.row.id)  # the same note is not written twice when the form is sent again
    if record is None or record.version != doing.version:
        raise Refused("state_changed", "somebody changed the return since you read it")
    return await flow.add_note(db, body=doing.said, shown_to_shopper=False, **doing.who)


async def _assign(db: Db, doing: Doing) -> object:
    return await flow.assign(db, staff_id=UUID(doing.said) if doing.said else None, **doing.who)


async def _tag(db: Db, doing: Doing) -> object:
    return await flow.retag(db, add=[doing.said], remove=(), **doing.who)


async def _untag(db: Db, doing: Doing) -> object:
    return await flow.retag(db, add=(), remove=[doing.said], **doing.who)


async def _prioritise(db: Db, doing: Doing) -> object:
    return await flow.prioritise(db, priority=Priority(doing.said), **doing.who)


ACTS: Final[Mapping[str, BulkAct]] = {
    "approve": BulkAct(
        _("Approve"), _("Approved"), _("The shoppers can send their parcels; nothing is paid now."), _decided, _approve
    ),
    "reject": BulkAct(
        _("Reject"), _("Rejected"), _("The units are free for another return; nothing is paid."), _decided, _reject,
        "message", danger=True,
    ),
    "cancel": BulkAct(
        _("Cancel"), _("Cancelled"), _("What has not arrived is free for another return. It cannot be undone."), _gone,
        _cancel, danger=True,
    ),
    "assign": BulkAct(_("Assign"), _("Assigned"), _("Who looks after them from now on."), _always, _assign, "staff"),
    "tag": BulkAct(_("Add a tag"), _("Tagged"), _("A word to find them by."), _always, _tag, "tag"),
    "untag": BulkAct(_("Take a tag off"), _("Tag taken off"), _("Where it is on them."), _always, _untag, "tag"),
    "priority": BulkAct(
        _("Set the priority"), _("Priority set"), _("It orders your work and decides nothing."), _always, _prioritise,
        "priority",
    ),
    "hold": BulkAct(
        _("Put on hold"), _("Put on hold"), _("Nothing moves by itself until somebody releases it."), _closed, _hold,
        "reason",
    ),
    "release": BulkAct(
        _("Release the hold"), _("Hold released"), _("What was held goes on by itself."), _not_held, _release
    ),
    "note": BulkAct(_("Write a note"), _("Note added"), _("Among staff; it stays with each return."), _always, _note, "note"),
}  # fmt: skip


def wrong(act: BulkAct, said: str, reader: Reader, members: Mapping[UUID, str]) -> str | None:
    """Return what is wrong with what the form says, in the reader's words; nothing if it can be done with it."""
    match act.needs:
        case "message" if not said:
            return reader.say("Say why: the shoppers read it")
        case "reason" if not said:
            return reader.say("Say why, so that colleagues know when to release it")
        case "note" if not said:
            return reader.say("Write something")
        case "tag" if not 0 < len(said) <= LONGEST_TAG or not said.isprintable():
            return reader.say("A tag has 1 to %(n)s characters", n=reader.number(LONGEST_TAG))
        case "staff" if said and said not in map(str, members):
            return reader.say("Choose one of the staff")
        case "priority" if said not in set(Priority):
            return reader.say("Choose a priority")
    return reader.say("This text is too long") if len(said) > MOST_TEXT else None
