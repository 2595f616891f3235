"""The shape of an act on a return: its page, who may do it, what its page shows, and the flow it calls."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.core.account import Role
from retour.core.errors import Refused
from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.whole import Whole
from retour.flows.photo.encoding import Photo, Video
from retour.store.db import Db
from retour.web.forms import Form, FormErrors
from retour.web.reader import Reader


class Refusal(Exception):  # noqa: N818 - rolls the transaction back; the form says why
    """The form is not in order: nothing was written."""


@dataclass(frozen=True, slots=True)
class Doing:
    """An act under way: the return as it was read, what was sent, and what is wrong with it."""

    seen: Visit
    whole: Whole
    form: Form
    errors: FormErrors
    sent: Sequence[Photo | Video] = ()

    @property
    def reader(self) -> Reader:
        """Return who acts, as a reader."""
        return self.seen.reader

    @property
    def rma_id(self) -> UUID:
        """Return the return's id."""
        return self.whole.record.rma.id

    @property
    def actor(self) -> str:
        """Return how the event names who acts."""
        return self.seen.staff.actor

    @property
    def now(self) -> datetime:
        """Return the moment of the act."""
        return self.seen.now

    @property
    def version(self) -> int:
        """Return the version of the return that the page showed; none that was ever shown is refused later."""
        return self.form.whole("version") or 0


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do; `compares` says whether it is refused once somebody changed the return meanwhile.

    `begins` reads what stands in its form before anything was typed.
    """

    name: str
    template: str
    roles: Sequence[Role]
    values: Callable[[Whole, Reader], Mapping[str, Any]]
    do: Callable[[Doing, Db], Awaitable[None]]
    compares: bool = True
    takes_files: bool = False
    begins: Callable[[Visit, Whole], Awaitable[Form]] | None = None


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_SAID: Final[Mapping[str, str]] = {
    "not_approved": _("Nothing was saved: the item is not approved."),
    "more_than_received": _("Nothing was saved: fewer units wait for inspection."),
    "quantity_not_positive": _("Nothing was saved: enter at least one unit."),
    "location_missing": _("Nothing was saved: say to which location the units go back."),
    "text_missing": _("Nothing was saved: write something."),
    "already_waived": _("Nothing was saved: that fee is waived already."),
    "already_inspected": _("Nothing was saved: these units were inspected already."),
    "another_master": _("Nothing was saved: another system is responsible for this in this shop."),
    "payments_paused": _("Nothing was paid: the payments of this shop are paused."),
    "tender_exhausted": _("Nothing was paid: the payment has not that much left."),
}


def explain(no: Refused, reader: Reader) -> str:
    """Return a refusal in the reader's words."""
    known = _SAID.get(no.code)
    return reader.say(known) if known else reader.say("Nothing was saved: %(why)s.", why=no.message.rstrip("."))
