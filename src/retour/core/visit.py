"""A shopper's visit: from asking for an order to its proof; the moves it may make, the tries of a code, the limits.

What a visit shows never depends on whether the order exists until somebody has proven that it is theirs.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused
from retour.core.ports import ContactProof

CODE_DIGITS: Final = 8
CODE_LIFE: Final = timedelta(minutes=10)
TRIES: Final = 5
BETWEEN_ASKS: Final = timedelta(seconds=60)
VISIT_LIFE: Final = timedelta(hours=24)
IDLE: Final = timedelta(hours=2)  # a proof that nobody used for so long must be given again; the answers stay
PATIENCE: Final = CODE_LIFE  # how long the platform is asked for an order that the mirror lacks
_CODE: Final = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")
_BETWEEN: Final = re.compile(r"[\s\-\u200e\u200f\u061c.]+")
_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class VisitState(StrEnum):
    """Where a visit stands; the shopper sees no difference between asked, sent, unmatched and staff."""

    ASKED = "asked"
    SENT = "sent"
    UNMATCHED = "unmatched"
    STAFF = "staff"
    FETCHING = "fetching"  # a signed link is its proof; the platform is being asked for the order
    MISSING = "missing"  # the same, and the platform does not know it
    PROVEN = "proven"
    CLOSED = "closed"


_AGAIN: Final = frozenset({VisitState.ASKED, VisitState.CLOSED, VisitState.PROVEN, VisitState.FETCHING})
_ASKING: Final = frozenset({VisitState.SENT, VisitState.UNMATCHED, VisitState.STAFF})
MOVES: Final[Mapping[VisitState, frozenset[VisitState]]] = {
    VisitState.ASKED: _AGAIN | _ASKING,
    VisitState.SENT: _AGAIN,
    VisitState.UNMATCHED: _AGAIN,
    VisitState.STAFF: _AGAIN,
    VisitState.FETCHING: _AGAIN | {VisitState.MISSING},
    VisitState.MISSING: _AGAIN,
    VisitState.PROVEN: _AGAIN,
    VisitState.CLOSED: frozenset(),
}
LOOKING: Final = frozenset({VisitState.ASKED, VisitState.FETCHING})


def move(current: VisitState, to: VisitState) -> VisitState:
    """Return the new state; raise Refused(move_not_allowed)."""
    if to not in MOVES[current]:
        raise Refused("move_not_allowed", f"a visit that is {current.value} cannot become {to.value}")
    return to


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, then one in every so often: a bucket that is refilled at a steady rate."""

    every: timedelta
    burst: int

    @property
    def reach(self) -> timedelta:
        """Return how far ahead of now a full bucket reaches."""
        return self.every * self.burst


# Look-ups from one address are refused beyond this, with the time to wait; a link is never refused.
ADDRESS: Final = Limit(timedelta(seconds=12), 25)
# Codes for one order are slowed beyond this: each is still sent, later.
ORDER: Final = Limit(timedelta(minutes=1), 4)
# Questions to a store's platforms are slowed beyond this; orders of the mirror are not concerned.
STORE: Final = Limit(timedelta(milliseconds=500), 60)
# One number is asked for on the page of gifts this often: its proof may be a postcode, which can be guessed.
GIFT: Final = Limit(timedelta(minutes=20), 5)
# The platform is asked for one unknown number this often.
NUMBER: Final = Limit(timedelta(minutes=1), 1)


class CodeAnswer(StrEnum):
    """What is told to somebody who types a code."""

    FITS = "fits"
    WRONG = "wrong"
    SPENT = "spent"  # five wrong ones
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Tried:
    """The answer to a code and how many tries are left."""

    answer: CodeAnswer
    left: int = 0


def judge(*, fits: bool, tries: int, used: bool, expires_at: datetime, now: datetime) -> Tried:
    """Return the answer to a code that was typed as the `tries`-th; what is over is over even for the right one."""
    if used or now >= expires_at:
        return Tried(CodeAnswer.EXPIRED)
    if tries > TRIES:
        return Tried(CodeAnswer.SPENT)
    if fits:
        return Tried(CodeAnswer.FITS)
    left = TRIES - tries
    return Tried(CodeAnswer.WRONG, left) if left else Tried(CodeAnswer.SPENT)


def code_of(number: int) -> str:
    """Return a code from a random number below 100,000,000."""
    return str(number).rjust(CODE_DIGITS, "0")


def fold_code(typed: str) -> str | None:
    """Return the digits of a code however it was typed or pasted, or nothing."""
    folded = _BETWEEN.sub("", typed[:100]).translate(_DIGITS)
    return folded if _CODE.fullmatch(folded) else None


def proofs_of(typed: str) -> tuple[ContactProof, ...]:
    """Return what a text may prove: an e-mail address; else a phone number or a postcode, whichever it turns out."""
    if "@" in typed:
        return (ContactProof(email=typed),)
    return (ContactProof(phone=typed), ContactProof(postcode=typed))


def network_of(address: str) -> str:
    """Return what look-ups are counted by: an IPv4 address, or the half of an IPv6 address that a household shares."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed)


def masked_email(address: str | None) -> str | None:
    """Return an address as its owner recognises it and nobody else learns it: m…@example.com."""
    name, at, domain = (address or "").rpartition("@")
    return f"{name[:1]}…@{domain}" if at else None


def wait_s(until: datetime, now: datetime) -> int:
    """Return the whole seconds until an instant, rounded up; none below zero."""
    return max(0, -((now - until) // timedelta(seconds=1)))
