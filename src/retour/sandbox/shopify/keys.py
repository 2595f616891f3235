"""Idempotency keys: what the shop does when it sees one again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from retour.sandbox.shopify.refusal import Refusal

REQUIRED = frozenset({"refundCreate", "inventoryAdjustQuantities"})
MISMATCH = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
CONCURRENT = "IDEMPOTENCY_CONCURRENT_REQUEST"
PREVIOUS_FAILED = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"


class KeyRefusal(Refusal):
    """A call that its key alone refuses."""


@dataclass(slots=True)
class Seen:
    """One key as the shop remembers it; `state` is running, done or failed."""

    fingerprint: str
    at: datetime
    state: str
    answer: dict[str, Any] | None = None


class Keys:
    """The key store of one shop."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}

    def forget(self) -> int:
        """Drop every key, as after the window; return how many there were."""
        count = len(self._seen)
        self._seen.clear()
        return count

    def claim(self, key: str, *, now: datetime) -> bool:
        """Mark a new key as being worked on by a slow call; return False when it is known."""
        if key in self._seen:
            return False
        self._seen[key] = Seen("", now, "running")
        return True

    def release(self, key: str) -> None:
        """End a slow call's claim, so that its own execution may go on."""
        if key in self._seen and self._seen[key].state == "running":
            del self._seen[key]

    def fail(self, key: str, *, now: datetime) -> None:
        """Remember that the attempt with this key failed without any effect."""
        self._seen.setdefault(key, Seen("", now, "failed"))

    def once(
        self,
        key: str,
        name: str,
        wish: Mapping[str, Any],
        *,
        now: datetime,
        window_s: float,
        act: Callable[[], dict[str, Any]],
    ) -> dict[str, Any]:
        """Return the answer of the first call with this key, made now or remembered; raises Refusal."""
        if not key.strip():
            raise KeyRefusal(None, "The idempotency key may not be blank", "BAD_REQUEST")
        fingerprint = name + json.dumps(wish, sort_keys=True, default=str)
        known = self._seen.get(key)
        if known is not None and now - known.at >= timedelta(seconds=window_s):
            known = None
        if known is None:
            return self._first(key, fingerprint, now, act)
        if known.state == "running":
            raise KeyRefusal(None, "A request with this idempotency key is still running", CONCURRENT)
        if known.fingerprint not in {"", fingerprint}:
            raise KeyRefusal(None, "The idempotency key was used with other parameters", MISMATCH)
        if known.state == "failed" or known.answer is None:
            raise KeyRefusal(None, "The previous attempt with this idempotency key failed", PREVIOUS_FAILED)
        return known.answer

    def _first(self, key: str, fingerprint: str, now: datetime, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self._seen[key] = Seen(fingerprint, now, "failed")
        answer = act()
        self._seen[key] = Seen(fingerprint, now, "done", answer)
        return answer
