"""How often somebody may call: a bucket that holds a minute's calls and fills again while they wait, in whole numbers."""

from dataclasses import dataclass
from typing import Final

MINUTE_NS: Final = 60_000_000_000
SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left at an instant (nanoseconds of any clock that never goes back), in parts of a call: a call is `MINUTE_NS`
    of them, so that a limit of n calls a minute fills n parts in each nanosecond and nothing is ever rounded."""

    parts: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The bucket after a call, and how many whole seconds to wait if the call was one too many (0: it may go on)."""

    bucket: Bucket
    wait_s: int


def take(bucket: Bucket | None, *, per_minute: int, now_ns: int) -> Taken:
    """Take one call out of a bucket (none: a full one), if there is a whole one; a refusal takes nothing."""
    full = per_minute * MINUTE_NS
    left = full if bucket is None else min(full, bucket.parts + (now_ns - bucket.at_ns) * per_minute)
    if left >= MINUTE_NS:
        return Taken(Bucket(left - MINUTE_NS, now_ns), 0)
    lacks_ns = -((left - MINUTE_NS) // per_minute)  # rounded up
    return Taken(Bucket(left, now_ns), -(-lacks_ns // SECOND_NS))
