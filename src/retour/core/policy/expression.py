"""Expressions in conditions: the port through which they are evaluated."""

import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from retour.core.policy.document import FactValue

Answer = bool | None  # None: not known
Test = Callable[[Mapping[str, FactValue]], Answer]

_NAME: Final = re.compile(r"\b[a-z]+\.[a-z_]+\b")


class Expressions(Protocol):
    """Whoever can evaluate expressions (retour.store.expression.CEL)."""

    def test(self, text: str, facts: tuple[str, ...]) -> Test:
        """Return an expression over these facts as a function; it answers true, false or not known and never raises."""


def names(text: str) -> tuple[str, ...]:
    """Return the facts that an expression asks about, each once, in the order they appear."""
    return tuple(dict.fromkeys(_NAME.findall(text)))
