"""The labels of a return as it knows them: which lines share one, and how it stands."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LabelState(StrEnum):
    """Where a label stands."""

    DUE = "due"
    MADE = "made"
    FAILED = "failed"
    WAIVED = "waived"  # a person goes on without it


@dataclass(frozen=True, slots=True)
class LabelView:
    """The label of one parcel; `at` is when it came to its state, `problem` why it failed."""

    id: uuid.UUID
    parcel: int
    method: str
    line_ids: tuple[uuid.UUID, ...]
    state: LabelState
    at: datetime
    destination: str | None = None
    problem: str | None = None
