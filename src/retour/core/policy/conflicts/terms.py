"""Expressions taken apart as far as comparisons can say the same, so that the check sees into them."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from retour.core.policy.document import AllOf, AnyOf, Compare, Condition, Expression, Not, Op
from retour.core.policy.facts import FACTS, FactType
from retour.core.policy.grammar import Literal, Named, Operation, Term, parse

_OPS: Final[Mapping[str, Op]] = {
    "==": Op.EQ, "!=": Op.NE, "<": Op.LT, "<=": Op.LTE, ">": Op.GT, ">=": Op.GTE,
}  # fmt: skip
_TURNED: Final[Mapping[str, str]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDERED: Final = frozenset({FactType.NUMBER, FactType.MONEY, FactType.DATE})


def opened(expression: Expression) -> Condition:
    """Return a condition with the same answers; what no comparison says stays an expression, named by its term.

    Texts stay closed: expressions look at their case, comparisons do not.
    """
    return _opened(parse(expression.text))


def _opened(term: Term) -> Condition:
    if isinstance(term, Named) and FACTS[term.fact].type is FactType.FLAG:
        return Compare(term.fact, Op.EQ, value=True)
    if isinstance(term, Operation):
        if term.name in ("&&", "||"):
            parts = tuple(_opened(part) for part in term.parts)
            return AllOf(parts) if term.name == "&&" else AnyOf(parts)
        if term.name == "!":
            return Not(_opened(term.parts[0]))
        found = _comparison(term)
        if found is not None:
            return found
    return Expression(repr(term))


def _comparison(term: Operation) -> Compare | None:
    if term.name == "has" and isinstance(term.parts[0], Named):
        return Compare(term.parts[0].fact, Op.KNOWN, value=True)
    if term.name not in _OPS:
        return None
    name, (left, right) = term.name, term.parts
    if isinstance(left, Literal):
        name, left, right = _TURNED.get(name, name), right, left
    if not isinstance(left, Named) or not isinstance(right, Literal) or FACTS[left.fact].type not in _ORDERED:
        return None
    value = right.value
    if FACTS[left.fact].type is FactType.DATE:
        return Compare(left.fact, _OPS[name], date.fromisoformat(str(value)))
    return Compare(left.fact, _OPS[name], value)
