"""The IMAP side: one mailbox of one user over real sockets, that goes wrong where it is asked to.

It speaks what a careful reader needs (RFC 3501): signing in, opening a folder, searching and fetching by UID, marking.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True)
class Letter:
    """One message of the folder."""

    uid: int
    raw: bytes
    arrived_at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Mailbox:
    """One folder of one user; `cut_after` ends the connection within the next message after so many of its bytes,
    `announced` is what it says that a message has, where that is wrong."""

    user: str = "returns@acme.example"
    password: str = "s3cret"  # noqa: S105 - of a sandbox
    folder: str = "INBOX"
    validity: int = 1
    letters: list[Letter] = field(default_factory=list)
    next_uid: int = 1
    cut_after: int | None = None
    announced: int | None = None
    hang: bool = False
    refusal: str = "[AUTHENTICATIONFAILED] Authentication failed"
    is_refusing: bool = False
    says: list[str] = field(default_factory=list)  # every command, without what is secret
    connections: int = 0

    def put(self, raw: bytes, arrived_at: datetime) -> Letter:
        """Let a message arrive."""
        letter = Letter(self.next_uid, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), arrived_at)
        self.next_uid += 1
        self.letters.append(letter)
        return letter

    def renumber(self, validity: int) -> None:
        """Number every message anew, as a server does that was restored."""
        self.validity, self.next_uid = validity, 1
        for letter in self.letters:
            letter.uid, self.next_uid = self.next_uid, self.next_uid + 1


class _Cut(Exception):  # noqa: N818 - the end of a connection
    """The connection ends here."""


@dataclass(slots=True)
class _Talk:
    """One connection."""

    box: Mailbox
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    starttls: ssl.SSLContext | None
    opened: bool = False

    async def run(self) -> None:
        self.line("* OK ready")
        while not self.reader.at_eof():
            words = (await self.reader.readline()).decode().strip().split(" ", 2)
            if len(words) < 2:
                return
            tag, name, rest = words[0], words[1].upper(), words[2] if len(words) > 2 else ""
            if name == "UID":
                verb, _, rest = rest.partition(" ")
                name = f"UID {verb.upper()}"
            self.box.says.append(f"{name} {'' if name in ('LOGIN', 'AUTHENTICATE') else rest}".strip())
            if self.box.hang and name != "CAPABILITY":
                await asyncio.Event().wait()
            if await self.answer(tag, name, rest):
                return
            await self.writer.drain()

    async def answer(self, tag: str, name: str, rest: str) -> bool:
        """Answer one command; return whether the conversation is over."""
        if name == "CAPABILITY":
            self.line(f"* CAPABILITY IMAP4rev1 {'STARTTLS LOGINDISABLED' if self.starttls else 'AUTH=PLAIN'}")
        elif name == "STARTTLS" and self.starttls is not None:
            self.line(f"{tag} OK begin")
            await self.writer.drain()
            await self.writer.start_tls(self.starttls)
            self.starttls = None
            return False
        elif name in {"LOGIN", "AUTHENTICATE"}:
            if not await self.sign_in(name, rest):
                self.line(f"{tag} NO {self.box.refusal}")
                return False
        elif name in {"SELECT", "EXAMINE"}:
            if rest.strip('"') != self.box.folder:
                self.line(f"{tag} NO [NONEXISTENT] no such folder")
                return False
            self.opened = True
            self.line(f"* {len(self.box.letters)} EXISTS")
            self.line(f"* OK [UIDVALIDITY {self.box.validity}] numbered")
            self.line(f"* OK [UIDNEXT {self.box.next_uid}] next")
        elif name == "UID SEARCH":
            self.line("* SEARCH " + " ".join(str(letter.uid) for letter in self.search(rest)))
        elif name == "UID FETCH":
            self.fetch(rest)
        elif name == "UID STORE":
            numbers = {int(uid) for uid in rest.split(" ", 1)[0].split(",")}
            for letter in self.box.letters:
                if letter.uid in numbers:
                    letter.flags |= set(re.findall(r"\\\w+", rest))
        elif name == "LOGOUT":
            self.line("* BYE")
            self.line(f"{tag} OK bye")
            return True
        elif name != "NOOP":
            self.line(f"{tag} BAD unknown")
            return False
        self.line(f"{tag} OK done")
        return False

    async def sign_in(self, name: str, rest: str) -> bool:
        if name == "AUTHENTICATE":
            self.line("+ ")
            await self.writer.drain()
            said = base64.b64decode(await self.reader.readline()).decode().split("\0")[1:]
        else:
            said = [word.replace('\\"', '"').replace("\\\\", "\\") for word in re.findall(r'"((?:[^"\\]|\\.)*)"', rest)]
        return not self.box.is_refusing and said == [self.box.user, self.box.password]

    def search(self, rest: str) -> list[Letter]:
        if rest.startswith("SINCE "):
            day, month, year = rest.removeprefix("SINCE ").split("-")
            since = date(int(year), MONTHS.index(month) + 1, int(day))
            return [letter for letter in self.box.letters if letter.arrived_at.date() >= since]
        least = int(rest.removeprefix("UID ").partition(":")[0])
        found = [letter for letter in self.box.letters if letter.uid >= least]
        return found or self.box.letters[-1:]  # `n:*` always names the last message

    def fetch(self, rest: str) -> None:
        uid, _, what = rest.partition(" ")
        for n, letter in enumerate(self.box.letters, start=1):
            if letter.uid != int(uid):
                continue
            if "BODY.PEEK" not in what:
                at, size = letter.arrived_at, len(letter.raw) if self.box.announced is None else self.box.announced
                when = f"{at.day:2}-{MONTHS[at.month - 1]}-{at.year} {at:%H:%M:%S %z}"
                self.line(f'* {n} FETCH (UID {uid} INTERNALDATE "{when}" RFC822.SIZE {size})')
                return
            part = re.search(r"<0\.(\d+)>", what)
            raw = letter.raw[: int(part[1])] if part else letter.raw
            self.writer.write(f"* {n} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode())
            if self.box.cut_after is not None:
                self.writer.write(raw[: self.box.cut_after])
                self.box.cut_after = None
                raise _Cut
            self.writer.write(raw + b")\r\n")

    def line(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")


@asynccontextmanager
async def serve_mailbox(
    box: Mailbox, *, at_once: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve a mailbox on a free port of the loopback address and return the port."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        box.connections += 1
        this = asyncio.current_task()
        assert this is not None
        talks.add(this)
        try:
            with suppress(_Cut, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await _Talk(box, reader, writer, starttls).run()
                await writer.drain()
        finally:
            talks.discard(this)
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=at_once)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in list(talks):
            one.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
