"""One conversation with an IMAP server, over the library of Python, with bounds on what is taken from the server."""

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from imaplib import IMAP4
from typing import Any, Final, TypeVar

from retour.core.mail_server import Encryption
from retour.core.mailbox import NO_FOLDER, Box, on_the_wire

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ARRIVED: Final = re.compile(
    rb'INTERNALDATE " ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"', re.IGNORECASE
)
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d{1,18})", re.IGNORECASE)
_UID: Final = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
# What a refused login says where the password may well be right (RFC 5530, section 3).
_LATER: Final = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\b", re.IGNORECASE)
PIECE: Final = 100  # bytes that are counted for every line and literal beside its own: what keeping it costs
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many bytes are taken: of a message, of the beginning of a longer one, of anything the server announces, of
    the messages of a page, and of a whole conversation: a page and a last message that is longer than was said."""

    whole: int = 12 * 1024 * 1024
    beginning: int = 1024 * 1024
    literal: int = 12 * 1024 * 1024 + 1024
    page: int = 20 * 1024 * 1024
    conversation: int = 36 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class About:
    """How many bytes a message has and when it arrived, as far as the server says."""

    size: int
    arrived_at: datetime | None


class Trouble(Exception):  # noqa: N818 - what the server refused
    """The server refused something; `is_login` means that it will refuse it again until somebody changes the password."""

    def __init__(self, what: str, *, is_login: bool = False):
        super().__init__(what)
        self.what, self.is_login = what, is_login


class _Wire(IMAP4):
    """The library's client, connected to one checked address, taking no more from the server than the bounds allow."""

    def __init__(
        self, box: Box, address: str, *, silent_s: float, trust: ssl.SSLContext, bounds: Bounds,
        connected: Callable[[socket.socket], None],
    ):  # fmt: skip
        """Connect as far as signing in; `connected` is told of the connection before a byte goes over it."""
        encryption = box.encryption
        self._address, self._at_once, self._trust = address, encryption is Encryption.AT_ONCE, trust
        self._literal, self._left = bounds.literal, bounds.conversation
        self._connected = connected
        super().__init__(box.host, box.port, timeout=silent_s)
        if encryption is not Encryption.ALWAYS:
            return
        try:
            self.starttls(trust)
        except BaseException:
            with contextlib.suppress(OSError, ValueError):
                self.shutdown()
            raise

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self._address, self.port), timeout)
        try:
            self._connected(plain)
            return self._trust.wrap_socket(plain, server_hostname=self.host) if self._at_once else plain
        except BaseException:
            plain.close()
            raise

    def read(self, size: int) -> bytes:
        """Return what the server announced, if a message may be that long."""
        if size > self._literal:
            raise self.abort("the server sends more than was asked for")
        self._take(size)
        return super().read(size)

    def readline(self) -> bytes:
        """Return the next line; one that is too long ends the conversation, whatever it was to answer."""
        try:
            line = super().readline()
        except IMAP4.error:
            raise self.abort("the server sends a line without an end") from None
        self._take(len(line))
        return line

    def _take(self, size: int) -> None:
        self._left -= size + PIECE
        if self._left < 0:
            raise self.abort("the server sends more than was asked for")


@cache
def _machine_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class Session:
    """One conversation: signed in, a folder opened, messages looked at. It blocks, so it runs in a thread."""

    def __init__(
        self, box: Box, password: str, *, address: str, silent_s: float, trust: ssl.SSLContext | None, bounds: Bounds
    ):
        self._box, self._password, self._address, self._silent_s = box, password, address, silent_s
        self._trust, self._bounds = trust, bounds
        self._wire: _Wire | None = None
        self._lock, self._is_cut = threading.Lock(), False
        self._line: socket.socket | None = None  # a second handle on the connection, whatever encrypts the first

    def run(self, work: Callable[["Session"], Answer]) -> Answer:
        """Connect, sign in, do the work and sign out; raise Trouble, IMAP4.error, OSError or ValueError."""
        try:
            self._wire = _Wire(
                self._box, self._address, silent_s=self._silent_s, trust=self._trust or _machine_trust(),
                bounds=self._bounds, connected=self._connected,
            )  # fmt: skip
            try:
                self._sign_in()
                return work(self)
            finally:
                with contextlib.suppress(IMAP4.error, OSError, ValueError):
                    self._wire.logout()
                with contextlib.suppress(OSError, ValueError):
                    self._wire.shutdown()
        finally:
            with self._lock:
                if self._line is not None:
                    self._line.close()
                self._line = None

    def cut(self) -> None:
        """End a conversation that nobody waits for any more, from another thread, however far it has come."""
        with self._lock:
            self._is_cut = True
            if self._line is not None:
                with contextlib.suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)

    def _connected(self, to: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                raise OSError("nobody waits any more")
            self._line = to.dup()

    def open(self, folder: str, *, to_look: bool) -> tuple[int, int]:
        """Open a folder; return how it is numbered and the highest number that a message there can have had so far."""
        said, _ = self._at.select(_quoted(on_the_wire(folder)), readonly=to_look)
        if said != "OK":
            raise Trouble(NO_FOLDER)
        validity, following = self._number("UIDVALIDITY"), self._number("UIDNEXT")
        if validity is None:
            raise Trouble("the mail server does not number its messages")
        return validity, self._highest() if following is None else following - 1

    def after(self, uid: int) -> list[int]:
        """Return the numbers of the messages after one, in their order."""
        return [found for found in self._search(f"UID {uid + 1}:*") if found > uid]  # `*` is the last one, however low

    def since(self, at: datetime) -> list[int]:
        """Return the numbers of the messages that arrived on a day or later; the day before, for other time zones."""
        day = at.astimezone(UTC) - timedelta(days=1)
        return self._search(f"SINCE {day.day}-{MONTHS[day.month - 1]}-{day.year}")

    def about(self, uid: int) -> About:
        """Return what the server says of one message; it may tell of others meanwhile."""
        _, data = self._at.uid("FETCH", str(uid), "(UID INTERNALDATE RFC822.SIZE)")
        pieces = [piece for piece in data if isinstance(piece, bytes)]
        said = next((piece for piece in pieces if any(int(n) == uid for n in _UID.findall(piece))), b"")
        size = _SIZE.search(said)
        return About(int(size[1]) if size else 0, _arrived(said))

    def fetch(self, uid: int, *, whole: bool) -> bytes | None:
        """Return a message, or its beginning, without marking it; nothing if it is gone."""
        part = "(UID BODY.PEEK[])" if whole else f"(UID BODY.PEEK[]<0.{self._bounds.beginning}>)"
        said, data = self._at.uid("FETCH", str(uid), part)
        if said != "OK":
            raise Trouble("the mail server does not give a message")
        return next((piece[1] for piece in data if isinstance(piece, tuple)), None)

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark messages as seen."""
        self._at.uid("STORE", ",".join(map(str, uids)), "+FLAGS.SILENT", r"(\Seen)")

    @property
    def _at(self) -> _Wire:
        assert self._wire is not None, "inside run"
        return self._wire

    def _sign_in(self) -> None:
        wire, user, password = self._at, self._box.user, self._password
        try:
            if "AUTH=PLAIN" in wire.capabilities:
                wire.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
            elif "LOGINDISABLED" in wire.capabilities:
                raise Trouble("the mail server takes no password")
            else:
                wire.login(_quoted(user), password)
        except IMAP4.abort:
            raise
        except IMAP4.error as no:
            raise Trouble("the password is refused", is_login=_LATER.search(str(no)) is None) from None

    def _number(self, name: str) -> int | None:
        _, data = self._at.response(name)
        return int(data[-1]) if data and data[-1] and data[-1].isdigit() else None

    def _highest(self) -> int:
        found = _UID.findall(_flat(self._at.fetch("*", "(UID)")[1]))
        return max(map(int, found), default=0)

    def _search(self, what: str) -> list[int]:
        said, data = self._at.uid("SEARCH", what)
        if said != "OK":
            raise Trouble("the mail server does not search")
        return sorted({int(uid) for piece in data if piece for uid in piece.split()})


def _flat(data: Sequence[Any]) -> bytes:
    return b" ".join(piece for piece in data if isinstance(piece, bytes))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _arrived(said: bytes) -> datetime | None:
    found = _ARRIVED.search(said)
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = (part.decode() for part in found.groups())
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(ahead if sign == "+" else -ahead)
        month_number = MONTHS.index(month.title()) + 1
        at = datetime(int(year), month_number, int(day), int(hour), int(minute), int(second), tzinfo=zone)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
