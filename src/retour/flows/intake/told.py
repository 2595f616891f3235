"""What became of something that was sent in."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Outcome(StrEnum):
    """What became of it."""

    OPENED = "opened"  # a return was opened
    PARKED = "parked"  # it waits for a person
    FOLLOWED = "followed"  # the return it is known as was moved on
    NOT_MOVED = "not_moved"  # a move that the return does not allow; told, and nothing else
    UNCHANGED = "unchanged"  # seen before
    STALE = "stale"  # older than what was seen
    DISMISSED = "dismissed"  # a person has said that nothing comes of it
    MIRRORED = "mirrored"  # an order was written


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome, with the return if there is one; `why` is what it waits for, or the moves that were refused."""

    intake_id: UUID
    outcome: Outcome
    rma_id: UUID | None = None
    number: int | None = None
    why: str | None = None
