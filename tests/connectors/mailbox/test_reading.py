"""Reading a mailbox over a real socket: what is new, once numbered anew, cut off, refused, or not to be trusted."""

import asyncio
import datetime as dt
from imaplib import IMAP4

import pytest

from retour.connectors.mailbox.client import ImapClient, Patience
from retour.connectors.mailbox.session import Bounds, Session
from retour.core.mailbox import Place
from retour.core.ports import Unreachable
from retour.sandbox.mail.imap import serve_mailbox
from tests.connectors.mailbox.mailboxes import DAY, NOON, QUICK, a_mailbox, a_server_that, box_at, letter, read

pytestmark = pytest.mark.anyio


async def test_a_first_look_begins_at_a_day_and_leaves_what_was_there_before() -> None:
    box = a_mailbox(NOON - 30 * DAY, NOON - 2 * DAY, NOON, NOON + DAY)
    async with serve_mailbox(box) as port:
        found = await read(port, None)

    assert found == ([3, 4], Place(1, 4), False)


async def test_a_folder_with_nothing_new_is_not_read_again_from_its_beginning() -> None:
    box = a_mailbox(NOON - 30 * DAY, NOON - 29 * DAY)
    async with serve_mailbox(box) as port:
        first = await read(port, None)
        again = await read(port, first[1])
        box.put(letter(3), NOON)
        then = await read(port, again[1])

    assert (first, again, then) == (([], Place(1, 2), False), ([], Place(1, 2), False), ([3], Place(1, 3), False))


async def test_a_message_comes_whole_with_its_time_and_is_not_marked() -> None:
    box = a_mailbox(NOON)
    async with serve_mailbox(box) as port:
        page = await ImapClient(internal=True, patience=QUICK).read(
            box_at(port), password="s3cret", after=None, since=NOON
        )

    [message] = page.messages
    assert (message.raw, message.arrived_at, message.whole) == (letter(1), NOON, True)
    assert box.letters[0].flags == set()
    assert any(said.startswith("EXAMINE") for said in box.says)


async def test_a_time_that_no_clock_shows_is_none() -> None:
    box = a_mailbox(dt.datetime.max.replace(tzinfo=dt.timezone(-12 * dt.timedelta(hours=1))))
    async with serve_mailbox(box) as port:
        page = await ImapClient(internal=True, patience=QUICK).read(
            box_at(port), password="s3cret", after=None, since=NOON
        )

    assert [(message.raw, message.arrived_at) for message in page.messages] == [(letter(1), NOON)]


async def test_seen_is_marked_only_where_the_folder_is_numbered_as_it_was() -> None:
    box = a_mailbox(NOON, NOON)
    client = ImapClient(internal=True, patience=QUICK)
    async with serve_mailbox(box) as port:
        await client.mark_seen(box_at(port), password="s3cret", place=Place(9, 2), uids=(1,))
        before = [set(one.flags) for one in box.letters]
        await client.mark_seen(box_at(port), password="s3cret", place=Place(1, 2), uids=(2,))
        talks = box.connections
        await client.mark_seen(box_at(port), password="s3cret", place=Place(1, 2), uids=())

    assert before == [set(), set()]
    assert [one.flags for one in box.letters] == [set(), {"\\Seen"}]
    assert box.connections == talks == 2


async def test_a_folder_that_was_numbered_anew_is_read_since_the_day() -> None:
    box = a_mailbox(NOON - 30 * DAY, NOON, NOON + DAY)
    async with serve_mailbox(box) as port:
        _, place, _ = await read(port, None)
        box.renumber(2)
        found = await read(port, place)

    assert (place, found) == (Place(1, 3), ([2, 3], Place(2, 3), False))


async def test_more_than_a_page_goes_on_where_it_stopped() -> None:
    box = a_mailbox(*[NOON] * 23)
    async with serve_mailbox(box) as port:
        first = await read(port, None)
        second = await read(port, first[1])

    assert first == (list(range(1, 21)), Place(1, 20), True)
    assert second == ([21, 22, 23], Place(1, 23), False)


async def test_of_a_very_long_message_the_beginning_is_read() -> None:
    client = ImapClient(internal=True, patience=QUICK, bounds=Bounds(whole=50, beginning=40))
    box = a_mailbox(NOON)
    box.put(letter(2) + b"x" * 100, NOON)
    async with serve_mailbox(box) as port:
        page = await client.read(box_at(port), password="s3cret", after=Place(1, 1), since=NOON)

    [message] = page.messages
    assert (message.uid, message.whole, message.raw) == (2, False, (letter(2) + b"x" * 100)[:40])


async def test_a_connection_that_is_cut_within_a_message_gives_nothing_and_the_next_try_all() -> None:
    box = a_mailbox(NOON, NOON)
    box.cut_after = 10
    async with serve_mailbox(box) as port:
        with pytest.raises(Unreachable) as lost:
            await read(port, None)
        found = await read(port, None)

    assert not lost.value.needs_reconnect
    assert found == ([1, 2], Place(1, 2), False)


async def test_a_refused_password_needs_a_person() -> None:
    box = a_mailbox(NOON)
    box.is_refusing = True
    async with serve_mailbox(box) as port:
        with pytest.raises(Unreachable) as refused:
            await read(port, None)

    assert refused.value.needs_reconnect
    assert "s3cret" not in str(refused.value)


async def test_a_server_that_is_only_busy_is_asked_again() -> None:
    box = a_mailbox(NOON)
    box.is_refusing, box.refusal = True, "[UNAVAILABLE] try later"
    async with serve_mailbox(box) as port:
        with pytest.raises(Unreachable) as busy:
            await read(port, None)

    assert not busy.value.needs_reconnect


async def test_a_folder_that_is_not_there_is_said_to_be() -> None:
    async with serve_mailbox(a_mailbox(NOON)) as port:
        with pytest.raises(Unreachable, match="no_folder"):
            await read(port, None, folder="Rückgaben")


async def test_a_server_that_says_nothing_is_cut_off() -> None:
    box = a_mailbox(NOON)
    box.hang = True
    client = ImapClient(internal=True, patience=Patience(silent_s=5.0, whole_s=0.2))
    async with serve_mailbox(box) as port:
        with pytest.raises(Unreachable):
            await read(port, None, client=client)


async def test_no_server_there_is_unreachable() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()

    with pytest.raises(Unreachable):
        await read(port, None)


async def test_an_internal_address_is_never_called() -> None:
    box = a_mailbox(NOON)
    async with serve_mailbox(box) as port:
        with pytest.raises(Unreachable, match="internal address"):
            await read(port, None, client=ImapClient(patience=QUICK))

    assert box.connections == 0


async def test_a_name_without_an_address_is_unreachable() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    with pytest.raises(Unreachable, match="no address"):
        await read(143, None, client=ImapClient(internal=True, patience=QUICK, resolve=nowhere))


async def test_a_literal_beyond_any_message_is_not_taken() -> None:
    client = ImapClient(internal=True, patience=QUICK, bounds=Bounds(literal=10))
    async with serve_mailbox(a_mailbox(NOON)) as port:
        with pytest.raises(Unreachable):
            await read(port, None, client=client)


async def test_a_page_ends_by_what_its_messages_really_have() -> None:
    box = a_mailbox(NOON, NOON, NOON)
    box.announced = 1
    client = ImapClient(internal=True, patience=QUICK, bounds=Bounds(page=len(letter(1)) + 1))
    async with serve_mailbox(box) as port:
        first = await read(port, None, client=client)
        second = await read(port, first[1], client=client)

    assert first == ([1, 2], Place(1, 2), True)
    assert second == ([3], Place(1, 3), False)


@pytest.mark.parametrize(("most", "found"), [(10_000, None), (15_000, [1, 2])])
async def test_a_conversation_takes_no_more_than_its_bound(most: int, found: list[int] | None) -> None:
    box = a_mailbox()
    for n in (1, 2):
        box.put(letter(n) + b"x" * 5_000, NOON)
    client = ImapClient(internal=True, patience=QUICK, bounds=Bounds(conversation=most))
    async with serve_mailbox(box) as port:
        if found is None:
            with pytest.raises(Unreachable):
                await read(port, None, client=client)
        else:
            assert (await read(port, None, client=client))[0] == found


@pytest.mark.parametrize(
    "said", [b"* 1 EXISTS\r\n" * 1_000, b"* " + b"x" * 1_100_000 + b"\r\n"], ids=["many lines", "one long line"]
)
async def test_a_server_that_talks_on_while_signing_in_is_no_refused_password(said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        for before in (b"* CAPABILITY IMAP4rev1\r\n", said):
            tag = (await reader.readline()).split(b" ")[0]
            writer.write(before + tag + b" OK done\r\n")
        await reader.read()

    async with a_server_that(talk) as port:
        session = Session(
            box_at(port), "s3cret", address="127.0.0.1", silent_s=5.0, trust=None, bounds=Bounds(conversation=50_000)
        )  # fmt: skip
        with pytest.raises(IMAP4.abort, match=r"more than was asked for|without an end"):
            await asyncio.to_thread(session.run, lambda _: None)
