"""How tests wait: for a state, looking again and again until it is there; the only place of the tests that pauses."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")
BETWEEN_LOOKS_SECONDS = 0.01


async def until(
    look: Callable[[], Awaitable[Seen]], *, within_seconds: float = 20, every_seconds: float = BETWEEN_LOOKS_SECONDS
) -> Seen:
    """Return the first truthy answer of `look`; raise AssertionError with the last answer when the time is over."""
    over = time.monotonic() + within_seconds
    while not (seen := await look()):
        if time.monotonic() > over:
            raise AssertionError(f"after {within_seconds} s the answer is still {seen!r}")
        await asyncio.sleep(every_seconds)
    return seen


def until_seen(look: Callable[[], Seen], *, within_seconds: float = 20) -> Seen:
    """Return the first truthy answer of `look`, in tests without an event loop; fail as `until` does."""
    over = time.monotonic() + within_seconds
    while not (seen := look()):
        if time.monotonic() > over:
            raise AssertionError(f"after {within_seconds} s the answer is still {seen!r}")
        time.sleep(BETWEEN_LOOKS_SECONDS)
    return seen
