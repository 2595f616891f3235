"""Which return a mail answers, and which mails are our own."""

import re
from typing import Final

_NUMBER: Final = re.compile(r"(?<![\w-])R-(\d{1,9})(?![\w-])", re.IGNORECASE)


def number_in(subject: str) -> int | None:
    """Return the number of the one return that a subject names; two different numbers are none."""
    found = {int(number) for number in _NUMBER.findall(subject)}
    return found.pop() if len(found) == 1 else None


def conversation(message_id: str | None, answers: tuple[str, ...]) -> str | None:
    """Return the id of the first mail of a conversation as its last one knows it; nothing for a mail without any id.

    `answers` are the mails before it, the nearest first.
    """
    return answers[-1] if answers else message_id


def with_files(text: str, names: tuple[str, ...]) -> str:
    """Return a text that also names the files that came with it and were not kept, one a line."""
    return "\n".join([text, *(f"[+ {name}]" for name in names)]).strip()
