"""A mailbox of the sandbox on a real port, and how the tests read it."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from retour.connectors.mailbox.client import ImapClient, Patience
from retour.core.mail_server import Encryption
from retour.core.mailbox import Box, Place
from retour.sandbox.mail.imap import Mailbox

NOON = dt.datetime(2026, 5, 19, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
QUICK = Patience(silent_s=5.0, whole_s=10.0)


def letter(n: int) -> bytes:
    return f"Message-ID: <{n}@shop.example>\r\nSubject: {n}\r\n\r\nHello {n}\r\n".encode()


def box_at(port: int, **other: object) -> Box:
    given: dict[str, object] = {
        "host": "127.0.0.1", "port": port, "encryption": Encryption.NEVER, "user": "returns@acme.example",
    }  # fmt: skip
    return Box(**(given | other))  # type: ignore[arg-type]


def a_mailbox(*arrivals: dt.datetime) -> Mailbox:
    box = Mailbox()
    for n, at in enumerate(arrivals, start=1):
        box.put(letter(n), at)
    return box


async def read(
    port: int, after: Place | None, *, since: dt.datetime = NOON, client: ImapClient | None = None, **other: object
) -> tuple[list[int], Place, bool]:
    reader = client or ImapClient(internal=True, patience=QUICK)
    page = await reader.read(box_at(port, **other), password="s3cret", after=after, since=since)
    return [message.uid for message in page.messages], page.place, page.more


@asynccontextmanager
async def a_server_that(
    talks: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """Serve conversations as they are written in a test, on a free port; every one is over at the end."""
    going_on = set[asyncio.Task[None]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None
        going_on.add(this)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await talks(reader, writer)
        finally:
            going_on.discard(this)
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in list(going_on):
            one.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
