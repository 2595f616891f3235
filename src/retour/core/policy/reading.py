"""Reading plain JSON strictly: every refusal has a stable code and names the path of the field."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar, cast

from retour.core.errors import Refused
from retour.core.policy.document import MAX_TEXT

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_UNFIT: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

C = TypeVar("C", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a JSON document and the path that leads to it, such as `rules[2].when.all[0].op`."""

    value: object
    path: str = ""

    def refusal(self, code: str, message: str) -> Refused:
        """Return the refusal of this value."""
        return Refused(code, f"{self.path or 'the document'}: {message}", field=self.path)

    def fields(self, *, required: Collection[str] = (), optional: Collection[str] = ()) -> dict[str, "Node"]:
        """Return the fields of an object; raise Refused(wrong_type, unknown_field, missing_field)."""
        if not isinstance(self.value, dict):
            raise self.refusal("wrong_type", "must be an object")
        for key in self.value:
            if key not in required and key not in optional:
                raise self._at(key).refusal("unknown_field", f"{ascii(key)[:60]} is not a known field")
        for key in required:
            if key not in self.value:
                raise self._at(key).refusal("missing_field", "is required")
        return {key: self._at(key) for key in self.value}

    def items(self, *, least: int = 0, most: int) -> list["Node"]:
        """Return the items of a list; raise Refused(wrong_type, out_of_range)."""
        if not isinstance(self.value, list):
            raise self.refusal("wrong_type", "must be a list")
        if not least <= len(self.value) <= most:
            raise self.refusal("out_of_range", f"must have {least} to {most} items")
        return [Node(item, f"{self.path}[{at}]") for at, item in enumerate(self.value)]

    def text(self, *, longest: int = MAX_TEXT, pattern: re.Pattern[str] | None = None) -> str:
        """Return a text of one line, not empty; raise Refused(wrong_type, out_of_range, malformed_text)."""
        if not isinstance(self.value, str):
            raise self.refusal("wrong_type", "must be a text")
        if not 1 <= len(self.value) <= longest:
            raise self.refusal("out_of_range", f"must have 1 to {longest} characters")
        if _UNFIT.search(self.value):
            raise self.refusal("malformed_text", "must not hold control characters or halves of characters")
        if pattern is not None and pattern.fullmatch(self.value) is None:
            raise self.refusal("malformed_text", f"must have the form {pattern.pattern}")
        return self.value

    def whole(self, *, least: int, most: int) -> int:
        """Return a whole number; raise Refused(wrong_type, out_of_range). A flag is not a number."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.refusal("wrong_type", "must be a whole number")
        if not least <= self.value <= most:
            raise self.refusal("out_of_range", f"must lie between {least} and {most}")
        return self.value

    def flag(self) -> bool:
        """Return true or false; raise Refused(wrong_type)."""
        if not isinstance(self.value, bool):
            raise self.refusal("wrong_type", "must be true or false")
        return self.value

    def choice(self, of: type[C]) -> C:
        """Return the named member; raise Refused(wrong_type, not_one_of)."""
        if not isinstance(self.value, str):
            raise self.refusal("wrong_type", "must be a text")
        try:
            return of(self.value)
        except ValueError:
            raise self.refusal("not_one_of", f"must be one of {', '.join(of)}") from None

    def day(self) -> date:
        """Return a calendar day given as YYYY-MM-DD; raise Refused(wrong_type, malformed_text, out_of_range)."""
        text = self.text(pattern=_DAY)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.refusal("out_of_range", "is not a day of the calendar") from None

    def _at(self, key: object) -> "Node":
        """Return the named field; a name that is not plain is left out of the path, which people and logs read."""
        value = cast("dict[object, object]", self.value).get(key)
        if not isinstance(key, str) or _PLAIN_KEY.fullmatch(key) is None:
            return Node(value, self.path)
        return Node(value, f"{self.path}.{key}" if self.path else key)
