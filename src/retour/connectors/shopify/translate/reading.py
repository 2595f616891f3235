"""Read a platform document without ever tripping over it: what is missing or odd becomes a finding."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides, parse_decimal

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Reading:
    """A walk through one document that collects what a person should know about it."""

    def __init__(self) -> None:
        self.findings: list[str] = []

    def find(self, code: str, ref: object = "", detail: object = "") -> None:
        """Note a finding as `code ref detail`, once."""
        text = " ".join(str(part) for part in (code, ref, detail) if part not in ("", None))
        if text not in self.findings:
            self.findings.append(text)

    def money(self, bag: object, ref: object) -> Sides:
        """Return both sides of a money bag in minor units; an unreadable one counts as nothing and is found."""
        sides = [self._side(bag, side, ref) for side in ("presentmentMoney", "shopMoney")]
        return Sides(sides[0], sides[1])

    def _side(self, bag: object, side: str, ref: object) -> int:
        money = one(bag, side)
        try:
            return parse_decimal(str(money.get("amount")), str(money.get("currencyCode")))
        except Refused as refused:
            self.find(refused.code, ref, money.get("amount"))
            return 0

    def at(self, value: object, ref: object) -> datetime:
        """Return an instant in UTC; an unreadable one is the epoch, and found."""
        found = instant(value)
        if found is None:
            self.find("malformed_time", ref, value)
            return EPOCH
        return found

    def count(self, value: object, ref: object) -> int:
        """Return a quantity; anything else than a whole number from zero is zero, and found."""
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.find("malformed_quantity", ref, value)
        return 0


def instant(value: object) -> datetime | None:
    """Return an ISO 8601 instant in UTC, or nothing."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def one(of: object, key: str) -> Mapping[str, Any]:
    """Return the object under the key, or an empty one."""
    value = of.get(key) if isinstance(of, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def many(of: object, key: str) -> list[Mapping[str, Any]]:
    """Return the objects under the key: a list, or the nodes of a connection."""
    value = of.get(key) if isinstance(of, Mapping) else None
    if isinstance(value, Mapping):
        value = value.get("nodes")
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def text(of: object, key: str) -> str | None:
    """Return the text under the key, or nothing when there is none or it is empty."""
    value = of.get(key) if isinstance(of, Mapping) else None
    return value if isinstance(value, str) and value else None


def texts(of: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the texts of the list under the key."""
    value = of.get(key)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def total(amounts: Iterable[Sides]) -> Sides:
    """Return the sum of both sides."""
    return sum(amounts, NOTHING)
