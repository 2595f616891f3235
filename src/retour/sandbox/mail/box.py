"""What the mail server accepted: the newest messages, in memory."""

from __future__ import annotations

import email
import email.policy
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

KEPT = 500


@dataclass(slots=True)
class File:
    """A file that came with a message."""

    name: str
    type: str
    content: bytes


@dataclass(slots=True)
class Kept:
    """One accepted message with its envelope."""

    id: int
    at: datetime
    envelope_from: str
    envelope_to: list[str]
    raw: bytes
    parsed: EmailMessage

    @property
    def text(self) -> str:
        """The plain part, empty without one."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part, empty without one."""
        return self._part("html")

    def header(self, name: str) -> str:
        """One header as text, empty without it."""
        return str(self.parsed[name] or "")

    @property
    def files(self) -> list[File]:
        """The files that came along, in their order."""
        return [
            File(part.get_filename() or "file", part.get_content_type(), bytes(part.get_payload(decode=True) or b""))
            for part in self.parsed.iter_attachments()
        ]

    def summary(self) -> dict[str, Any]:
        """What a list shows."""
        return {
            "id": self.id,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "from": self.header("From"),
            "to": self.envelope_to,
            "subject": self.header("Subject"),
            "message_id": self.header("Message-ID"),
        }

    def whole(self) -> dict[str, Any]:
        """Everything about the message."""
        headers = [[name, str(value)] for name, value in self.parsed.items()]
        return self.summary() | {
            "envelope_from": self.envelope_from,
            "headers": headers,
            "text": self.text,
            "html": self.html,
            "attachments": [{"name": f.name, "type": f.type, "size": len(f.content)} for f in self.files],
            "size": len(self.raw),
        }

    def _part(self, kind: str) -> str:
        part = self.parsed.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


class Box:
    """The newest messages; older ones are forgotten."""

    def __init__(self) -> None:
        self._kept: deque[Kept] = deque(maxlen=KEPT)
        self._count = 0

    def keep(self, *, envelope_from: str, envelope_to: Sequence[str], raw: bytes) -> Kept:
        """Keep one accepted message."""
        self._count += 1
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        kept = Kept(self._count, datetime.now(UTC), envelope_from, list(envelope_to), raw, parsed)
        self._kept.append(kept)
        return kept

    def newest_first(self, *, to: str | None = None, about: str | None = None) -> list[Kept]:
        """Return the messages to an address, or with words in the subject, newest first."""
        return [
            kept
            for kept in reversed(self._kept)
            if (to is None or to.casefold() in {a.casefold() for a in kept.envelope_to})
            and (about is None or about.casefold() in kept.header("Subject").casefold())
        ]

    def find(self, number: int) -> Kept | None:
        """Return one message, if it is still kept."""
        return next((kept for kept in self._kept if kept.id == number), None)

    def clear(self) -> None:
        """Forget every message; the numbers go on."""
        self._kept.clear()
