"""Every word of a mail, decoded: for looking whom it is about, not for reading it."""

import html
import re
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from typing import Final

from retour.core.mailbox.mime import decoded
from retour.core.mailbox.parts import taken_apart

_HEADER_MOST: Final = 10_000  # characters of one header that are looked at
_HEADERS_MOST: Final = 200  # of one part
_TAG: Final = re.compile(r"<[^<>]*>")


def everything_in(raw: bytes) -> str:
    """Return the headers and every part of text of a mail without their encodings, quoted mail and signatures too.

    What is no mail, or nested beyond sense, says nothing.
    """
    try:
        return "\n".join(text for part in taken_apart(raw) for text in _said(part))
    except (RecursionError, MessageError, ValueError, LookupError):
        return ""


def _said(part: Message) -> list[str]:
    said = [_words(str(value)[:_HEADER_MOST]) for value in part.values()[:_HEADERS_MOST]]
    content = part.get_payload(decode=True) if part.get_content_maintype() == "text" else None
    if isinstance(content, bytes):
        text = decoded(content, part.get_content_charset())
        is_html = part.get_content_subtype() == "html"
        said.append(f"{text}\n{html.unescape(_TAG.sub('', text))}" if is_html else text)
    return said


def _words(header: str) -> str:
    """Return a header with its encoded words read (RFC 2047)."""
    try:
        parts = decode_header(header)
    except (MessageError, ValueError):
        return header
    return "".join(part if isinstance(part, str) else decoded(part, charset) for part, charset in parts)
