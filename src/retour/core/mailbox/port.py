"""How a mailbox is read: what a reader of mailboxes promises."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from retour.core.mailbox.box import Box

NO_FOLDER: Final = "no_folder"  # what a reader says of a folder that is not there


@dataclass(frozen=True, slots=True)
class Place:
    """How far a folder was read: every message up to `uid`, as long as the server calls the folder `validity`."""

    validity: int
    uid: int

    def __str__(self) -> str:
        return f"{self.validity}:{self.uid}"


def place_of(text: str | None) -> Place | None:
    """Return the place that was written down, or nothing."""
    validity, mark, uid = (text or "").partition(":")
    return Place(int(validity), int(uid)) if mark else None


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message as the server has it; `whole` is False where only its beginning was read because of its size."""

    uid: int
    arrived_at: datetime
    raw: bytes
    whole: bool = True


@dataclass(frozen=True, slots=True)
class MailPage:
    """New messages, oldest first; `place` is how far the folder was looked through, `more` whether others follow."""

    place: Place
    messages: tuple[Fetched, ...]
    more: bool = False


class MailboxReader(Protocol):
    """How new messages of a mailbox are read; both raise Unreachable, and nothing is ever moved or deleted."""

    async def read(self, box: Box, *, password: str, after: Place | None, since: datetime) -> MailPage:
        """Return the next messages after a place; without one, or where the folder was renumbered, since a day."""
        ...

    async def mark_seen(self, box: Box, *, password: str, place: Place, uids: tuple[int, ...]) -> None:
        """Mark messages as seen, if the folder is still numbered as it was."""
        ...
