"""The velocity breaker: how much money of a store may leave in which time, and when it stops by itself."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MONTH_DAYS: Final = 28
_NORM_LEAST: Final = MONTH_DAYS  # fewer refunds than one a day say nothing about what is usual
MINUTES_MOST: Final = 1_440
# What is owed as work, or as another one of the same, is no money.
_NO_MONEY: Final = frozenset({"repair", "replacement"})


class Limit(StrEnum):
    """Which limit a payment would go beyond."""

    WINDOW_REFUNDS = "window_refunds"
    WINDOW_AMOUNT = "window_amount"
    DAY_AMOUNT = "day_amount"
    NORM = "norm"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a store; what is none does not stop. Amounts are minor units of the books' currency.

    `norm_times`: no more refunds in 24 hours than so many times the daily average of the 28 days before.
    """

    window_minutes: int = 1
    window_refunds: int | None = None
    window_minor: int | None = None
    day_minor: int | None = None
    norm_times: int | None = None

    @property
    def watches(self) -> bool:
        """Return whether there is any limit."""
        return any(x is not None for x in (self.window_refunds, self.window_minor, self.day_minor, self.norm_times))


# What a new store begins with: nobody pays fifty refunds a minute by hand.
USUAL: Final = Limits(window_minutes=1, window_refunds=50, norm_times=10)


@dataclass(frozen=True, slots=True)
class Sent:
    """What has left already: in the window, in the last 24 hours, in the 28 days before those."""

    window_refunds: int = 0
    window_minor: int = 0
    day_refunds: int = 0
    day_minor: int = 0
    month_refunds: int = 0


@dataclass(frozen=True, slots=True)
class Trip:
    """The limit that a payment would go beyond, what it allows, and what it would have become."""

    limit: Limit
    allowed: int
    would_be: int


def counted(resolution: str, minor: int) -> int:
    """Return how much a settlement that is handed over counts, in the minor units that it is worth; 0 for none."""
    return 0 if resolution in _NO_MONEY else max(minor, 0)


def trips(limits: Limits, sent: Sent, *, minor: int) -> Trip | None:
    """Return the limit that one more payment of so many minor units would go beyond, or nothing."""
    checks = (
        (Limit.WINDOW_REFUNDS, limits.window_refunds, sent.window_refunds + 1),
        (Limit.WINDOW_AMOUNT, limits.window_minor, sent.window_minor + minor),
        (Limit.DAY_AMOUNT, limits.day_minor, sent.day_minor + minor),
        (Limit.NORM, _norm(limits, sent), sent.day_refunds + 1),
    )
    for limit, allowed, would_be in checks:
        if allowed is not None and would_be > allowed:
            return Trip(limit, allowed, would_be)
    return None


def _norm(limits: Limits, sent: Sent) -> int | None:
    """Return how many refunds of 24 hours are still usual; nothing where too little is known."""
    if limits.norm_times is None or sent.month_refunds < _NORM_LEAST:
        return None
    return limits.norm_times * sent.month_refunds // MONTH_DAYS


def loosens(before: Limits, after: Limits) -> bool:
    """Return whether a change lets more money leave, in any of the limits, than before."""
    pairs = (
        (before.window_refunds, after.window_refunds),
        (before.window_minor, after.window_minor),
        (before.day_minor, after.day_minor),
        (before.norm_times, after.norm_times),
    )
    shorter = after.window_minutes < before.window_minutes and (before.window_refunds or before.window_minor)
    return bool(shorter) or any(was is not None and (now is None or now > was) for was, now in pairs)
