"""Evaluating the expressions of policies with the Common Expression Language."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from retour.core.policy.document import FactValue
from retour.core.policy.expression import Answer, Test
from retour.core.policy.grammar import LEVELS, METHODS, Listed, Literal, Named, Operation, Term, names

_TIGHTNESS: Final = {name: level for level, operators in enumerate(LEVELS, start=1) for name in operators}
_SIGNED: Final = len(LEVELS) + 1
_WHOLE: Final = _SIGNED + 1
# What an evaluation without a result raises: an unknown fact, a division by zero, an overflow, an unfit type.
_NO_RESULT: Final = (RuntimeError, LookupError, ArithmeticError, TypeError, ValueError)


class Cel:
    """Evaluates the terms of the house's grammar; holds nothing, so that one is enough for a process."""

    def test(self, term: Term) -> Test:
        """Return a term as a function of the facts; it answers true, false or not known and never raises."""
        import cel  # noqa: PLC0415 - it brings a command line of its own along, which costs those dear who have no expression

        program = cel.compile(rendered(term))
        asked = tuple((name, _variable(name)) for name in names(term))
        known = tuple((name, _known(name)) for name in sorted(_asked_for(term)))

        def test(facts: Mapping[str, FactValue]) -> Answer:
            values = {variable: _plain(value) for name, variable in asked if (value := facts.get(name)) is not None} | {
                variable: facts.get(name) is not None for name, variable in known
            }
            try:
                answer = program.execute(values)
            except _NO_RESULT:
                return None
            return answer if isinstance(answer, bool) else None

        return test


def rendered(term: Term) -> str:
    """Return a term in the Common Expression Language; a fact becomes one variable, `order.total` order_total.

    `return` is a reserved word of the language, and values inside others are dear to convert: hence one flat variable.
    """
    return _rendered(term)[0]


def _rendered(term: Term) -> tuple[str, int]:
    """Return a term and how tightly it holds together."""
    if isinstance(term, Named):
        return _variable(term.fact), _WHOLE
    if isinstance(term, Literal):
        return _literal(term), _WHOLE
    if isinstance(term, Listed):
        return f"[{', '.join(_literal(item) for item in term.items)}]", _WHOLE
    return _operation(term)


def _operation(term: Operation) -> tuple[str, int]:
    name, parts = term.name, term.parts
    if name == "has" and isinstance(parts[0], Named):
        return _known(parts[0].fact), _WHOLE
    if name == "?:":
        return f"({' '.join((_held(parts[0], 1), '?', _held(parts[1], 1), ':', _held(parts[2], 1)))})", _WHOLE
    if name == "size":
        return f"size({_held(parts[0], 0)})", _WHOLE
    if name in METHODS:
        return f"{_held(parts[0], _WHOLE)}.{name}({_held(parts[1], 0)})", _WHOLE
    if len(parts) == 1:
        return f"{name}{_held(parts[0], _WHOLE)}", _SIGNED
    level = _TIGHTNESS[name]
    return f"{_held(parts[0], level)} {name} {_held(parts[1], level + 1)}", level


def _held(term: Term, least: int) -> str:
    text, tightness = _rendered(term)
    return text if tightness >= least else f"({text})"


def _literal(literal: Literal) -> str:
    value = literal.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value >= 0 else f"({value})"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _variable(fact: str) -> str:
    return fact.replace(".", "_")


def _known(fact: str) -> str:
    return f"has_{_variable(fact)}"


def _asked_for(term: Term) -> frozenset[str]:
    """Return the facts of which a term asks whether they are known."""
    if not isinstance(term, Operation):
        return frozenset()
    if term.name == "has":
        return frozenset(names(term))
    return frozenset(fact for part in term.parts for fact in _asked_for(part))


def _plain(value: FactValue) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
