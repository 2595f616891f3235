"""Counts the calls of each key in each account, in this process, and turns away what is too many."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from retour.core import rate
from retour.core.rate import Bucket
from retour.web.problem import ProblemError

MOST: Final = 10_000  # buckets; the one that was used longest ago makes room, and begins full when it is seen again


class Meter:
    """Buckets by key and account; one per process. Several processes count each for itself, at no cost of a look-up."""

    def __init__(self, per_minute: int, *, clock_ns: Callable[[], int] = time.monotonic_ns, most: int = MOST) -> None:
        """`per_minute` 0 counts nothing; `clock_ns` are nanoseconds that never go back."""
        self._per_minute, self._clock_ns, self._most = per_minute, clock_ns, most
        self._buckets: dict[tuple[UUID, UUID], Bucket] = {}

    def count(self, key_id: UUID, tenant_id: UUID) -> None:
        """Count a call of a key for an account; raise ProblemError 429 `too_many_requests` with `Retry-After` for one too many."""
        if not self._per_minute:
            return
        whose = (key_id, tenant_id)
        taken = rate.take(self._buckets.pop(whose, None), per_minute=self._per_minute, now_ns=self._clock_ns())
        self._buckets[whose] = taken.bucket  # behind all others
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        if taken.wait_s:
            raise ProblemError(
                429, "too_many_requests", "this key calls too often for this account: wait, then send the call again",
                headers={"Retry-After": str(taken.wait_s)},
                facts={"per_minute": self._per_minute, "wait_s": taken.wait_s},
            )  # fmt: skip
