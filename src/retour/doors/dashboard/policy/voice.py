"""How a policy is told: to whom, in which currency, with which names; and parts of plain JSON read safely."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from retour.core.money import Money
from retour.web.reader import Reader

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Voice:
    """Tells amounts, shares and names to a reader; `records` are the merchant's own resolutions by id."""

    reader: Reader
    currency: str
    records: Mapping[str, str] = field(default_factory=dict)

    def money(self, minor: object) -> str:
        """Return an amount of the policy."""
        return self.reader.amount(Money(cast("int", minor), self.currency))

    def share(self, bp: object) -> str:
        """Return basis points as a percentage."""
        return self.reader.percent(cast("int", bp))

    def quoted(self, text: object) -> str:
        """Return words that shoppers or staff read, in quotation marks."""
        return self.reader.say("“%(text)s”", text=text)


def number(said: Json, name: str) -> int:
    """Return a whole number of plain JSON, 0 where there is none."""
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def rows(said: Json, name: str) -> list[Json]:
    """Return the objects of a list, none where there is no list."""
    value = said.get(name)
    return cast("list[Json]", value) if isinstance(value, list) else []


def inner(said: Json, name: str) -> Json | None:
    """Return an object inside an object, or nothing."""
    value = said.get(name)
    return value if isinstance(value, dict) else None
