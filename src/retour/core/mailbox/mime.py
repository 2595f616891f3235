"""A mail as it came over the wire, read with care: who wrote what, answering which mail, with which files."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses, parsedate_to_datetime
from typing import Final

from retour.core.mailbox.parts import head_of, taken_apart
from retour.core.mailbox.plain import MOST_HTML, own_words, text_of

MOST_PICTURES: Final = 10
MOST_TEXT: Final = 100_000  # characters that are looked at for what the sender wrote
TEXT_MOST: Final = 10_000  # characters
_NAME_MOST: Final = 120
_NAME_READ: Final = 1_000  # characters of a name before it is decoded
_IDS_MOST: Final = 50
_ORNAMENT_MOST: Final = 20_000  # bytes; what is shown within the text and smaller is a logo of somebody's signature
_ID: Final = re.compile(r"<[!-;=?-~]{1,250}>")
_ADDRESS: Final = re.compile(r"[^\s<>:;,\"()]{1,64}@[^\s<>:;,\"()@]{1,190}")
_FORWARDED: Final = re.compile(r"\s*(?:fwd?|wg|tr|rv)\s*:", re.IGNORECASE)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
# Codecs that are no character sets of mail; some of them cost more than the text is worth.
_NO_CHARSETS: Final = frozenset(
    {"unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined", "mbcs", "oem"}
)
_BOUNCED_BY: Final = ("mailer-daemon@", "postmaster@")


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that says it is a picture; what it really is, is looked at when it is made anew."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """What a mail says; `answers` are the ids of mails before it, the nearest first, `automatic` is `auto_reply` or
    `bounce` where no person wrote it, `others` are the names of files that are no pictures."""

    message_id: str | None
    subject: str
    sender: str | None
    sent_at: datetime | None
    text: str
    answers: tuple[str, ...] = ()
    automatic: str | None = None
    pictures: tuple[Enclosed, ...] = ()
    others: tuple[str, ...] = ()


def read_mail(raw: bytes) -> Received | None:
    """Return what a mail says, or nothing where it is nested beyond sense; broken headers are as good as none."""
    try:
        parts = taken_apart(raw)
        return _received(parts[0], parts)
    except (RecursionError, MessageError, ValueError, LookupError):
        return None


def _received(message: Message, parts: list[Message]) -> Received:
    subject = _header(message, "Subject")
    pictures, others = _files(parts)
    text = own_words(_text(parts), forwarded=_FORWARDED.match(subject) is not None)
    return Received(
        message_id=next(iter(_ids(message, "Message-ID")), None),
        subject=subject[:200],
        sender=_sender(message),
        sent_at=_sent_at(message),
        text=text[:TEXT_MOST],
        answers=tuple(dict.fromkeys([*_ids(message, "In-Reply-To"), *reversed(_ids(message, "References"))])),
        automatic=_automatic(message),
        pictures=tuple(pictures[:MOST_PICTURES]),
        others=(*others, *(one.name for one in pictures[MOST_PICTURES:])),
    )


def message_id_of(raw: bytes) -> str | None:
    """Return the id that a mail bears, of its first 64 KB; nothing where it has none of a usable form."""
    return next(iter(_ids(head_of(raw), "Message-ID")), None)


def decoded(raw: bytes, charset: str | None) -> str:
    """Return text in a character set as mail programs mean it; what is not known or wrong is read as UTF-8 or Latin."""
    for name in (charset, "utf-8"):
        try:
            codec = codecs.lookup(name or "utf-8").name
            if codec.replace("-", "_") in _NO_CHARSETS:
                continue
            # What is declared as Latin-1 is what Windows calls so, in practice.
            text = raw.decode("cp1252" if codec in {"iso8859-1", "ascii"} and not raw.isascii() else codec)
        except (LookupError, ValueError):
            continue
        return text.removeprefix("\ufeff")
    return raw.decode("cp1252", "replace")


def _text(parts: list[Message]) -> str:
    """Return what is to be read: the parts in plain text, or where these say nothing, those in HTML."""
    said = "\n\n".join(_said(parts, "text/plain", MOST_TEXT))
    if not said.strip():
        said = "\n\n".join(text_of(html) for html in _said(parts, "text/html", MOST_HTML))
    return _clean(said[:MOST_TEXT])


def _said(parts: list[Message], kind: str, most: int) -> Iterator[str]:
    """Return what the parts of a kind say, `most` characters of all together."""
    for part in parts:
        if most > 0 and _is_text(part, kind):
            text = decoded(_content(part), part.get_content_charset())[:most]
            most -= len(text)
            yield text


def _is_text(part: Message, kind: str) -> bool:
    return (
        part.get_content_type() == kind and part.get_content_disposition() != "attachment" and not part.is_multipart()
    )


def _files(parts: list[Message]) -> tuple[list[Enclosed], list[str]]:
    pictures, others = list[Enclosed](), list[str]()
    for part in parts:
        name = _file_name(part)
        is_file = part.get_content_disposition() == "attachment" or bool(name)
        if part.is_multipart() or (not is_file and part.get_content_maintype() in {"text", "message"}):
            continue
        if part.get_content_maintype() == "image":
            content = _content(part)
            if part.get("Content-ID") is None or len(content) > _ORNAMENT_MOST:
                pictures.append(Enclosed(name or "-", content))
        else:
            others.append(name or part.get_content_type())
    return pictures, others


def _content(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _file_name(part: Message) -> str:
    named = part.get_param("filename", header="content-disposition") or part.get_param("name") or ""
    try:
        text = named if isinstance(named, str) else collapse_rfc2231_value(named)
    except (ValueError, LookupError):
        text = ""
    return _clean(_words(text[:_NAME_READ])).replace("\n", " ").strip()[:_NAME_MOST]


def _header(message: Message, name: str) -> str:
    return " ".join(_clean(_words(str(message.get(name) or ""))).split())


def _words(text: str) -> str:
    """Return a header with its encoded words read (RFC 2047)."""
    try:
        parts = decode_header(text)
    except (MessageError, ValueError):
        return text
    return "".join(part if isinstance(part, str) else decoded(part, charset) for part, charset in parts)


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text).encode("utf-8", "replace").decode()


def _ids(message: Message, header: str) -> list[str]:
    return _ID.findall(" ".join(str(value) for value in message.get_all(header, [])))[-_IDS_MOST:]


def _sender(message: Message) -> str | None:
    """Return the one address that a mail is from, in lower case; nothing where it names none, several, or nonsense."""
    try:
        named = getaddresses([_header(message, "From")])
    except RecursionError:  # comments within comments
        return None
    found = {address.lower() for _, address in named if _ADDRESS.fullmatch(address)}
    return found.pop() if len(found) == 1 else None


def _sent_at(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(message.get("Date") or ""))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _automatic(message: Message) -> str | None:
    """Return what a program wrote by itself (RFC 3834, RFC 3464, and what older programs say), or nothing."""
    if message.get_content_type() == "multipart/report" or _header(message, "Return-Path") == "<>":
        return "bounce"
    if (_sender(message) or "").startswith(_BOUNCED_BY):
        return "bounce"
    marks = {
        "auto-submitted": _header(message, "Auto-Submitted").lower().partition(";")[0].strip() not in {"", "no"},
        "precedence": _header(message, "Precedence").lower() in {"auto_reply", "auto-reply", "junk", "bulk"},
        "older": any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")),
    }
    return "auto_reply" if any(marks.values()) else None
