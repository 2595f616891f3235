"""Expressions in conditions: what they may say, and the port through which they are evaluated."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, Protocol, cast

from retour.core.errors import Refused
from retour.core.policy.document import FactValue
from retour.core.policy.facts import Fact, FactType
from retour.core.policy.grammar import METHODS, Listed, Literal, Named, Operation, Term

Answer = bool | None  # None: not known
Test = Callable[[Mapping[str, FactValue]], Answer]

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TEXT, _NUMBER, _DATE, _FLAG, _TEXTS = (
    FactType.TEXT, FactType.NUMBER, FactType.DATE, FactType.FLAG, FactType.TEXTS,
)  # fmt: skip
_KIND_OF: Final[Mapping[type, FactType]] = {str: _TEXT, int: _NUMBER, bool: _FLAG}
_EQUALS: Final = frozenset({"==", "!="})
_ORDERS: Final = frozenset({"<", "<=", ">", ">="})
_COUNTS: Final = frozenset({"+", "-", "*", "/", "%"})
_JOINS: Final = frozenset({"&&", "||", "!"})


class Expressions(Protocol):
    """Whoever can evaluate expressions (retour.store.expression.Cel)."""

    def test(self, term: Term) -> Test:
        """Return a term as a function of the facts; it answers true, false or not known and never raises.

        A fact that is not known, and arithmetic without a result, leave what depends on them not known; `&&`, `||` and
        `!` answer as the groups of conditions do.
        """


def check(term: Term, facts: Mapping[str, Fact], *, amounts: bool) -> None:
    """Refuse a term that asks about what is not among these facts or does not answer true or false.

    Raise Refused(unknown_fact, wrong_type, not_one_of, missing_currency); `amounts` says whether the document has the
    currency that facts of money need.
    """
    if _Types(facts, amounts=amounts).of(term) is not _FLAG:
        raise Refused("wrong_type", "must answer true or false")


class _Types:
    """Finds the type of each term; money counts as a number."""

    def __init__(self, facts: Mapping[str, Fact], *, amounts: bool) -> None:
        self._facts = facts
        self._amounts = amounts

    def of(self, term: Term) -> FactType:
        if isinstance(term, Literal):
            return _KIND_OF[type(term.value)]
        if isinstance(term, Named):
            return self._named(term)
        if isinstance(term, Listed):
            raise Refused("wrong_type", "a list belongs after in")
        return self._operation(term)

    def _fact(self, named: Named) -> Fact:
        fact = self._facts.get(named.fact)
        if fact is None:
            raise Refused("unknown_fact", f"{named.fact} is not a fact of the catalogue")
        return fact

    def _named(self, named: Named) -> FactType:
        fact = self._fact(named)
        if fact.type is not FactType.MONEY:
            return fact.type
        if not self._amounts:
            raise Refused("missing_currency", "an amount needs the currency of the document")
        return _NUMBER

    def _operation(self, operation: Operation) -> FactType:
        name, parts = operation.name, operation.parts
        if name == "has":
            self._fact(cast("Named", parts[0]))  # the grammar takes nothing else
            return _FLAG
        if name == "in":
            return self._among(*parts)
        if name in _EQUALS or name in _ORDERS:
            return self._compared(name, *parts)
        if name == "?:":
            self._wants(name, _FLAG, parts[0])
            kind = self.of(parts[1])
            self._wants(name, kind, parts[2])
            return kind
        if name == "size":
            self._wants(name, _TEXTS, parts[0])
            return _NUMBER
        wanted = _NUMBER if name in _COUNTS else _FLAG if name in _JOINS else _TEXT
        for part in parts:
            self._wants(name, wanted, part)
        return _FLAG if name in METHODS else wanted

    def _wants(self, name: str, wanted: FactType, part: Term) -> None:
        found = self.of(part)
        if found is not wanted:
            raise Refused("wrong_type", f"{name} takes {_WORDS[wanted]}, not {_WORDS[found]}")

    def _compared(self, name: str, left: Term, right: Term) -> FactType:
        kinds = self.of(left), self.of(right)
        if _DATE in kinds and _TEXT in kinds:
            self._day(left if kinds[0] is _TEXT else right)
        elif kinds[0] is not kinds[1] or kinds[0] is _TEXTS or (name in _ORDERS and kinds[0] not in (_NUMBER, _DATE)):
            raise Refused("wrong_type", f"{_WORDS[kinds[0]]} {name} {_WORDS[kinds[1]]} compares nothing")
        if kinds[0] is _TEXT:
            self._chosen(left, right)
            self._chosen(right, left)
        return _FLAG

    def _among(self, left: Term, right: Term) -> FactType:
        kind = self.of(left)
        if not isinstance(right, Listed):
            self._wants("in", _TEXTS, right)
            if kind is not _TEXT:
                raise Refused("wrong_type", f"{_WORDS[kind]} is never in a list of texts")
            return _FLAG
        for item in right.items:
            if kind is _DATE and isinstance(item.value, str):
                self._day(item)
            else:
                self._wants("in", kind, item)
            self._chosen(left, item)
        return _FLAG

    def _day(self, term: Term) -> None:
        """Refuse what is compared with a day and is not one that is written out."""
        if not isinstance(term, Literal) or not isinstance(term.value, str) or _DAY.fullmatch(term.value) is None:
            raise Refused("wrong_type", "a day is written as 'YYYY-MM-DD'")
        try:
            date.fromisoformat(term.value)
        except ValueError:
            raise Refused("out_of_range", f"{term.value} is not a day of the calendar") from None

    def _chosen(self, named: Term, term: Term) -> None:
        """Refuse a text that a fact with a closed list of values never has."""
        if not isinstance(named, Named) or not isinstance(term, Literal):
            return
        choices = self._fact(named).choices
        if choices and term.value not in choices:
            raise Refused("not_one_of", f"{named.fact} is one of {', '.join(choices)}")


_WORDS: Final[Mapping[FactType, str]] = {
    _TEXT: "a text", _NUMBER: "a number", _DATE: "a day", _FLAG: "true or false", _TEXTS: "a list of texts",
    FactType.MONEY: "a number",
}  # fmt: skip
