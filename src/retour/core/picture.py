"""Pictures of goods: how small they are kept, where they are shown, and when a lost one is asked for again."""

from datetime import timedelta
from typing import Final
from uuid import UUID

LONGEST_PX: Final = 112
MOST_BYTES: Final = 4096
MOST_TRIES: Final = 5
_PAUSES: Final = (
    timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=12),
)  # fmt: skip


def pause_after(tries: int) -> timedelta | None:
    """Return how long to wait after so many tries that failed, or nothing when it is given up."""
    assert tries > 0
    return _PAUSES[tries - 1] if tries < MOST_TRIES else None


def path(id_: UUID) -> str:
    """Return where this server shows the picture."""
    return f"/pictures/{id_}.webp"
