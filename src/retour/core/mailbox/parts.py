"""Takes a mail apart within bounds: whatever somebody made it of, it costs little more than reading its bytes."""

import re
from email.errors import MessageError
from email.feedparser import BytesFeedParser
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32, Policy
from typing import Any, Final

MOST_PARTS: Final = 100
MOST_LINES: Final = 250_000  # 12 MB of pictures have 160,000
DEEPEST: Final = 20  # parts within parts
MOST_HEADERS: Final = 500  # of one part
MOST_OF_A_HEADER: Final = 10_000  # characters
MOST_OF_A_TYPE: Final = 2_000  # characters of a header about the content: its parameters cost the square of that
_END: Final = re.compile(rb"\r\n?|\n")


class TooDeep(MessageError):  # noqa: N818 - what the mail is
    """Parts are nested beyond sense."""


class _Enough(Exception):  # noqa: N818 - nothing is wrong
    """There are more parts than are read."""


class _Short(Compat32):
    """Reads headers as they are, as far as any is looked at; of a list of mails it answers a header tells the last."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if name.lower() == "references":
            return name, value[-MOST_OF_A_HEADER:]
        return name, value[: MOST_OF_A_TYPE if name.lower().startswith("content-") else MOST_OF_A_HEADER]


_POLICY: Final = _Short()


class _Part(Message):
    """One part of a mail, which knows how deep it lies."""

    depth = 0

    def attach(self, payload: Any) -> None:
        payload.depth = self.depth + 1
        if payload.depth > DEEPEST:
            raise TooDeep
        super().attach(payload)

    def set_raw(self, name: str, value: str) -> None:
        if len(self) < MOST_HEADERS:
            super().set_raw(name, value)


def taken_apart(raw: bytes) -> list[Message]:
    """Return the parts of a mail in their order, the mail itself first; raise TooDeep where they are nested too deep.

    What lies beyond the hundredth part and the last line that is looked at is left out.
    """
    parts = list[Message]()

    def begin(policy: Policy = _POLICY) -> Message:
        if len(parts) == MOST_PARTS:
            raise _Enough
        parts.append(_Part(policy=policy))
        return parts[-1]

    parser = BytesFeedParser(begin, policy=_POLICY)
    parts.clear()  # the parser tries once how a part is begun
    try:
        parser.feed(_looked_at(raw))
        parser.close()
    except _Enough:
        pass
    return parts


def head_of(raw: bytes) -> Message:
    """Return the headers of a mail, of its first 64 KB."""
    return BytesHeaderParser(_Part, policy=_POLICY).parsebytes(raw[:65_536])


def _looked_at(raw: bytes) -> bytes:
    if raw.count(b"\n") + raw.count(b"\r") <= MOST_LINES:
        return raw
    for n, end in enumerate(_END.finditer(raw), start=1):
        if n == MOST_LINES:
            return raw[: end.end()]
    return raw
