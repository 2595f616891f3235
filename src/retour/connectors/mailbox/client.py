"""Reads new messages of a mailbox over IMAP (RFC 3501): opened to look at, nothing moved, nothing deleted."""

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from imaplib import IMAP4
from typing import Final, TypeVar

from retour.connectors.http import Resolve, all_public, resolved
from retour.connectors.mailbox.session import Bounds, Session, Trouble
from retour.core.mailbox import Box, Fetched, MailPage, Place
from retour.core.ports import Unreachable

MOST_MESSAGES: Final = 20  # of one page
AT_ONCE: Final = 8  # conversations, which is what a worker does at once
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the server may be silent and how long a whole page may take, in seconds."""

    silent_s: float = 20.0
    whole_s: float = 90.0


class ImapClient:
    """One conversation for each page, in a thread; whatever goes wrong is raised as Unreachable.

    The address of the server is resolved once, checked, and that very address is called. `internal` allows loopback
    and private addresses; `trust` is whose certificates count.
    """

    def __init__(
        self,
        *,
        internal: bool = False,
        patience: Patience | None = None,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
        bounds: Bounds | None = None,
    ):
        self._internal = internal
        self._patience = patience or Patience()
        self._resolve = resolve or resolved
        self._trust = trust
        self._bounds = bounds or Bounds()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mailbox")  # apart from what others wait for

    async def read(self, box: Box, *, password: str, after: Place | None, since: datetime) -> MailPage:
        """Return the next messages after a place; without one, or where the folder was renumbered, since a day."""

        def look(session: Session) -> MailPage:
            validity, last = session.open(box.folder, to_look=True)
            goes_on = after is not None and after.validity == validity
            begin = after.uid if after is not None and goes_on else None
            found = session.after(begin) if begin is not None else session.since(since)
            page, size, through = list[Fetched](), 0, 0
            for uid in found[:MOST_MESSAGES]:
                about = session.about(uid)
                whole = about.size <= self._bounds.whole
                announced = about.size if whole else self._bounds.beginning
                if page and size + announced > self._bounds.page:
                    break
                raw = session.fetch(uid, whole=whole)
                size += len(raw or b"")  # what the server says of a size may be wrong
                page += [] if raw is None else [Fetched(uid, about.arrived_at or since, raw, whole)]
                through = uid
                if size > self._bounds.page:
                    break
            more = bool(found) and through != found[-1]
            reached = through if more else max(last, begin or 0, *found[-1:])
            return MailPage(Place(validity, reached), tuple(page), more)

        return await self._talk(box, password, look)

    async def mark_seen(self, box: Box, *, password: str, place: Place, uids: tuple[int, ...]) -> None:
        """Mark messages as seen, if the folder is still numbered as it was."""

        def mark(session: Session) -> None:
            validity, _ = session.open(box.folder, to_look=False)
            if validity == place.validity:
                session.mark_seen(uids)

        if uids:
            await self._talk(box, password, mark)

    async def _talk(self, box: Box, password: str, work: Callable[[Session], Answer]) -> Answer:
        """Run a conversation in a thread; one that takes too long is cut off, so that no thread is left behind."""
        try:
            addresses = await self._resolve(box.host, box.port)
        except (OSError, ValueError):
            raise Unreachable("the name of the mail server has no address") from None
        if not self._internal and not all_public(addresses):
            raise Unreachable("the mail server has an internal address")
        session = Session(
            box, password, address=addresses[0], silent_s=self._patience.silent_s, trust=self._trust, bounds=self._bounds
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._patience.whole_s):
                return await asyncio.get_running_loop().run_in_executor(self._threads, session.run, work)
        except Trouble as no:
            raise Unreachable(no.what, needs_reconnect=no.is_login) from None
        except (IMAP4.error, OSError, ValueError, TimeoutError, LookupError):
            raise Unreachable("the mail server did not answer as expected") from None
        finally:
            session.cut()
