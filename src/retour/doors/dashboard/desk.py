"""What every page of the desk needs of this process, and how one is rendered in its frame."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response

from retour.core.errors import Refused
from retour.doors.dashboard.frame import Frames
from retour.store.db import Database, Db
from retour.store.desk import listing
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.web.pages import Pages
from retour.web.reader import Reader
from retour.web.session import Sessions, Staff, signed_in

AnyRequest = Request[Any, Any, Any]
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages of the staff stand on."""

    database: Database
    vault: Vault
    sessions: Sessions
    pages: Pages
    frames: Frames
    policies: PolicyCache
    clock: Callable[[], datetime]
    public_url: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody of the staff: who asks, who reads, and at what moment."""

    desk: Desk
    request: AnyRequest
    staff: Staff
    reader: Reader
    now: datetime

    async def page(self, template: str, *, current: str, status: int = 200, **values: Any) -> Response[str]:
        """Return a page in its frame; `current` is the part of the desk it belongs to."""
        frame = await self.desk.frames.of(self.staff, self.reader, current=current)
        return self.desk.pages.render(
            template, reader=self.reader, status=status, csrf=self.staff.csrf, frame=frame, staff=self.staff, **values
        )


def visit(desk: Desk, request: AnyRequest) -> Visit:
    """Return the visit that a guarded handler answers."""
    staff, now = signed_in(request), desk.clock()
    return Visit(desk, request, staff, desk.frames.reader(request, staff, now=now), now)


async def rma_of(db: Db, number: str) -> UUID:
    """Return the return with that public number; raise Refused(return_not_found)."""
    found = await listing.find(db, number)
    if found is None:
        raise Refused("return_not_found", "There is no such return.")
    return found


def uuid_of(text: str, missing: str) -> UUID:
    """Return an id of an address; raise Refused(`missing`) for what is none."""
    if not _UUID.fullmatch(text):
        raise Refused(missing, "There is no such page.")
    return UUID(text)


def whole(text: str | None, *, least: int = 1, most: int = 10_000) -> int:
    """Return a number of an address within its bounds; what is none counts as the least."""
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 9:
        return least
    return max(least, min(int(text), most))
