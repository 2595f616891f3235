"""The signed link: whoever holds one was sent it by the shop, so it proves an order without a code.

A gift link says less: its holder may return goods of the order as a gift, and sees neither prices nor people.

A merchant's own mail can carry one: `sign` is the lower-case hex HMAC-SHA256, under the store's link secret, of the
order's name, a line feed and the Unix second until which the link is good. That of a gift link begins with a line `gift`.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypedDict

from retour.core.errors import Refused

LONGEST: Final = timedelta(days=400)
GIFT: Final = "gift\n"


class Parts(TypedDict):
    """What stands in the query of a link."""

    order: str
    until: str
    sign: str


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: `order` is the order's name or our id of it, `until` the last instant it is good."""

    order: str
    until: datetime
    sign: str
    gift: bool = False


def signature(secret: bytes, *, order: str, until: datetime, gift: bool = False) -> str:
    """Return the signature of a link; that of one sort is never that of the other, as no order's name has two lines."""
    said = f"{GIFT if gift else ''}{order}\n{int(until.timestamp())}".encode("utf-8", "surrogatepass")
    return hmac.new(secret, said, hashlib.sha256).hexdigest()


def make_link(secret: bytes, *, order: str, now: datetime, days: int, gift: bool = False) -> Link:
    """Return a link that is good for some days; raise Refused(invalid_duration) beyond 400."""
    if not timedelta() < timedelta(days=days) <= LONGEST:
        raise Refused("invalid_duration", "a link is good for 1 to 400 days", field="days")
    until = (now + timedelta(days=days)).replace(microsecond=0)
    return Link(order, until, signature(secret, order=order, until=until, gift=gift), gift)


def parts(link: Link) -> Parts:
    """Return what stands in the query of a link, by name."""
    return {"order": link.order, "until": str(int(link.until.timestamp())), "sign": link.sign}


def read(*, order: str, until: str, sign: str, gift: bool = False) -> Link | None:
    """Return the link that a query spells, or nothing."""
    if not (until.isascii() and until.isdigit() and len(until) <= 11 and order and len(order) <= 200):
        return None
    return None if "\n" in order else Link(order, datetime.fromtimestamp(int(until), UTC), sign, gift)


def is_good(link: Link, secret: bytes, *, now: datetime) -> bool:
    """Return whether the link was signed with the secret and is not over, nor good for longer than links are."""
    right = signature(secret, order=link.order, until=link.until, gift=link.gift)
    same = hmac.compare_digest(right.encode(), link.sign.encode("utf-8", "replace"))
    return same and now <= link.until <= now + LONGEST
