"""What is kept of something that came in: the document, or loose text with what could be read in it."""

from dataclasses import dataclass

from retour.core.intake.document import ReturnDocument


@dataclass(frozen=True, slots=True)
class Read:
    """One thing that was read in loose text, and the words it was read from."""

    field: str
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it was read; `text` is what somebody wrote, `read` what was found in it."""

    document: ReturnDocument
    text: str | None = None
    read: tuple[Read, ...] = ()
