"""A server that keeps a conversation from beginning holds no thread: it ends when nobody waits any more."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from retour.connectors.mailbox.client import AT_ONCE, ImapClient, Patience
from retour.connectors.mailbox.session import Bounds, Session
from retour.core.mail_server import Encryption
from retour.sandbox.mail.imap import serve_mailbox
from tests.connectors.mailbox.mailboxes import NOON, a_mailbox, a_server_that, box_at, read

pytestmark = pytest.mark.anyio

BEGINNINGS = {
    Encryption.NEVER: b"* OK rea",  # the greeting has no end
    Encryption.AT_ONCE: b"",  # nobody answers the handshake
    Encryption.ALWAYS: b"* OK ready\r\n",  # nor what follows upon STARTTLS
}
FOREVER_S = 600.0  # how long the server may be silent: far longer than any test waits


@asynccontextmanager
async def a_stuck_server(encryption: Encryption) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Serve conversations that never begin; the event is set as soon as one has come as far as it will."""
    stuck = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BEGINNINGS[encryption])
        if encryption is Encryption.ALWAYS:
            for answer in (b"* CAPABILITY IMAP4rev1 STARTTLS\r\n%s OK\r\n", b"%s OK begin\r\n"):
                writer.write(answer % (await reader.readline()).split(b" ")[0])
        if encryption is not Encryption.NEVER:
            await reader.read(1)
        stuck.set()
        await reader.read()

    async with a_server_that(talk) as port:
        yield port, stuck


@pytest.mark.parametrize("encryption", list(BEGINNINGS))
async def test_a_conversation_that_is_cut_before_it_began_ends_its_thread(encryption: Encryption) -> None:
    async with a_stuck_server(encryption) as (port, stuck):
        session = Session(
            box_at(port, encryption=encryption), "s3cret", address="127.0.0.1", silent_s=FOREVER_S,
            trust=ssl.create_default_context(), bounds=Bounds(),
        )  # fmt: skip
        ended = list[BaseException]()

        def talk() -> None:
            try:
                session.run(lambda _: None)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is looked at below
                ended.append(error)

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        await stuck.wait()
        session.cut()
        await asyncio.to_thread(thread.join, 30)

    assert not thread.is_alive()
    assert len(ended) == 1


async def test_a_conversation_that_nobody_waits_for_never_begins() -> None:
    box = a_mailbox(NOON)
    async with serve_mailbox(box) as port:
        session = Session(
            box_at(port), "s3cret", address="127.0.0.1", silent_s=FOREVER_S, trust=None, bounds=Bounds()
        )  # fmt: skip
        session.cut()
        with pytest.raises(OSError, match="nobody waits"):
            session.run(lambda _: None)

    assert box.says == []


async def test_servers_that_never_begin_leave_the_threads_to_the_others() -> None:
    client = ImapClient(internal=True, patience=Patience(silent_s=FOREVER_S, whole_s=60.0))
    async with a_stuck_server(Encryption.NEVER) as (port, stuck), serve_mailbox(a_mailbox(NOON)) as good:
        for _ in range(AT_ONCE + 1):
            stuck.clear()
            given_up = asyncio.create_task(read(port, None, client=client))
            await stuck.wait()
            given_up.cancel()
            with suppress(asyncio.CancelledError):
                await given_up
        found = await read(good, None, client=client)

    assert found[0] == [1]
