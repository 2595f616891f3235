"""Signing in: how long somebody who tried in vain has to wait, so that guessing is slow and nobody is locked out.

Three counts. One address trying one account waits longer each time; one address trying many accounts waits, too. An
account that is tried from many addresses never waits: a stranger's answer is only held back, and a browser that signed
in before is no stranger. So an attacker elsewhere cannot keep the real person out.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

IDLE: Final = timedelta(hours=12)
LONGEST: Final = timedelta(days=7)
LINK_LIVES: Final = timedelta(days=3)
FORGOTTEN_AFTER: Final = timedelta(minutes=15)
LONGEST_WAIT: Final = timedelta(seconds=60)
HELD_FROM: Final = 20  # vain tries on one account from wherever, from which strangers are answered slowly
HELD_S: Final = 2  # seconds


class Subject(StrEnum):
    """What tries are counted of."""

    PAIR = "pair"  # one address, one account
    ADDRESS = "address"
    ACCOUNT = "account"
    DEVICE = "device"  # a browser that signed in to that account before


FREE: Final = {Subject.PAIR: 5, Subject.ADDRESS: 50, Subject.DEVICE: 10}


@dataclass(frozen=True, slots=True)
class Tries:
    """How often somebody tried in vain, and when last."""

    failures: int
    last_at: datetime

    def counted(self, now: datetime) -> int:
        """Return the failures that are not forgotten yet."""
        return 0 if now - self.last_at > FORGOTTEN_AFTER else self.failures


def wait(subject: Subject, tries: Tries, now: datetime) -> timedelta:
    """Return how long until the next try is looked at: nothing for the free ones, then 2, 4, 8 ... 60 seconds."""
    over = tries.counted(now) - FREE[subject] + 1 if subject in FREE else 0
    if over <= 0:
        return timedelta(0)
    pause = min(LONGEST_WAIT, timedelta(seconds=2 ** min(over, 6)))
    return max(timedelta(0), tries.last_at + pause - now)


def is_held(tries: Tries, now: datetime) -> bool:
    """Return whether a stranger's try on this account is answered slowly."""
    return tries.counted(now) >= HELD_FROM


def token_sha256(token: str) -> bytes:
    """Return what is stored of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def set_up_code(secret: bytes) -> str:
    """Return the code that protects the first set-up; whoever holds the installation's key can tell it."""
    digest = hmac.new(secret, b"retour first set-up", hashlib.sha256).digest()
    return base64.b32encode(digest).decode()[:20].lower()
