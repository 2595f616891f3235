"""The signed link: whoever holds one was sent it by the shop, so it proves an order without a code.

A gift link says less: its holder may return goods of the order as a gift, and sees neither prices nor people. The link
in a mail to the receiver of a gift names them too, so that they find their return again.

A merchant's own mail can carry one: `sign` is the lower-case hex HMAC-SHA256, under the store's link secret, of the
order's name, a line feed and the Unix second until which the link is good. That of a gift link begins with a line `gift`.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NotRequired, TypedDict
from uuid import UUID

from retour.core.errors import Refused

LONGEST: Final = timedelta(days=400)
GIFT: Final = "gift\n"
DAYS: Final = 60  # how long a link is good unless somebody says otherwise
GIVEN_DAYS: Final = 90  # how long one is good that a giver hands out


class Parts(TypedDict):
    """What stands in the query of a link."""

    order: str
    until: str
    sign: str
    receiver: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: `order` is the order's name or our id of it, `until` the last instant it is good.

    `receiver` is the person who returned the gift, in a link of their own mails.
    """

    order: str
    until: datetime
    sign: str
    gift: bool = False
    receiver: UUID | None = None


def signature(secret: bytes, *, order: str, until: datetime, gift: bool = False, receiver: UUID | None = None) -> str:
    """Return the signature of a link; that of one sort is never that of another, as no order's name has two lines."""
    sort = f"receiver {receiver}\n" if receiver else GIFT if gift else ""
    said = f"{sort}{order}\n{int(until.timestamp())}".encode("utf-8", "surrogatepass")
    return hmac.new(secret, said, hashlib.sha256).hexdigest()


def make_link(
    secret: bytes, *, order: str, now: datetime, days: int, gift: bool = False, receiver: UUID | None = None
) -> Link:
    """Return a link that is good for some days; raise Refused(invalid_duration) beyond 400."""
    if not timedelta() < timedelta(days=days) <= LONGEST:
        raise Refused("invalid_duration", "a link is good for 1 to 400 days", field="days")
    until = (now + timedelta(days=days)).replace(microsecond=0)
    sign = signature(secret, order=order, until=until, gift=gift, receiver=receiver)
    return Link(order, until, sign, gift, receiver)


def parts(link: Link) -> Parts:
    """Return what stands in the query of a link, by name."""
    said: Parts = {"order": link.order, "until": str(int(link.until.timestamp())), "sign": link.sign}
    return {**said, "receiver": str(link.receiver)} if link.receiver else said


def read(*, order: str, until: str, sign: str, gift: bool = False, receiver: str = "") -> Link | None:
    """Return the link that a query spells, or nothing."""
    if not (until.isascii() and until.isdigit() and len(until) <= 11 and order and len(order) <= 200):
        return None
    try:
        whose = UUID(receiver) if receiver else None
    except ValueError:
        return None
    return None if "\n" in order else Link(order, datetime.fromtimestamp(int(until), UTC), sign, gift, whose)


def is_good(link: Link, secret: bytes, *, now: datetime) -> bool:
    """Return whether the link was signed with the secret and is not over, nor good for longer than links are."""
    right = signature(secret, order=link.order, until=link.until, gift=link.gift, receiver=link.receiver)
    same = hmac.compare_digest(right.encode(), link.sign.encode("utf-8", "replace"))
    return same and now <= link.until <= now + LONGEST


def is_fresh(link: Link, *, now: datetime) -> bool:
    """Return whether a receiver's link, which is signed for 400 days, is as young as any other link that is good.

    An older one is good for as long as something that they returned is open.
    """
    return now <= link.until - LONGEST + timedelta(days=DAYS)
