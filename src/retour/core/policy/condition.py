"""Conditions turned into functions over facts, with three answers: true, false, and not known."""

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from retour.core.errors import Refused
from retour.core.policy.document import AllOf, Compare, Condition, Expression, FactValue, Not, Op
from retour.core.policy.expression import Answer, Expressions, Test, names

# Both sides have the type of the fact by the time they meet: the decoder refuses a value of another type.
_ORDERING: Final[Mapping[Op, Callable[[Any, Any], bool]]] = {
    Op.EQ: eq, Op.NE: ne, Op.LT: lt, Op.LTE: le, Op.GT: gt, Op.GTE: ge,
}  # fmt: skip


def compiled(condition: Condition, expressions: Expressions | None = None) -> Test:
    """Return the condition as a function of the facts; it answers true, false or not known and never raises."""
    if isinstance(condition, Compare):
        return comparison(condition)
    if isinstance(condition, Expression):
        return expression(condition, expressions)
    if isinstance(condition, Not):
        return _negation(compiled(condition.part, expressions))
    parts = tuple(compiled(part, expressions) for part in condition.parts)
    if len(parts) == 1:
        return parts[0]
    return _conjunction(parts) if isinstance(condition, AllOf) else _disjunction(parts)


def comparison(leaf: Compare) -> Test:
    """Return one comparison as a function of the facts; a fact that is not known gives no answer but to `known`."""
    name, wanted = leaf.fact, leaf.value
    if leaf.op is Op.KNOWN:
        return lambda facts: (facts.get(name) is not None) is wanted
    holds = _holds(leaf.op, wanted)

    def test(facts: Mapping[str, FactValue]) -> Answer:
        value = facts.get(name)
        return None if value is None else holds(value)

    return test


def expression(leaf: Expression, expressions: Expressions | None) -> Test:
    """Return one expression as a function of the facts; raise Refused(no_expressions) if nothing can evaluate it."""
    if expressions is None:
        raise Refused("no_expressions", "Nothing here can evaluate an expression.", field=None)
    return expressions.test(leaf.text, names(leaf.text))


def facts_asked(condition: Condition) -> tuple[str, ...]:
    """Return the names of the facts a condition asks about, each once, in the order they appear."""
    if isinstance(condition, Compare):
        return (condition.fact,)
    if isinstance(condition, Expression):
        return names(condition.text)
    parts = (condition.part,) if isinstance(condition, Not) else condition.parts
    return tuple(dict.fromkeys(name for part in parts for name in facts_asked(part)))


def all_of(answers: Sequence[Answer]) -> Answer:
    """Return false if any answer is, else not known if any is not, else true."""
    if False in answers:
        return False
    return None if None in answers else True


def any_of(answers: Sequence[Answer]) -> Answer:
    """Return true if any answer is, else not known if any is not, else false."""
    if True in answers:
        return True
    return None if None in answers else False


def negated(answer: Answer) -> Answer:
    """Return the opposite; the opposite of not known is not known."""
    return None if answer is None else not answer


def _negation(test: Test) -> Test:
    return lambda facts: negated(test(facts))


def _conjunction(tests: Sequence[Test]) -> Test:
    def test(facts: Mapping[str, FactValue]) -> Answer:
        answer: Answer = True
        for part in tests:
            said = part(facts)
            if said is False:
                return False
            if said is None:
                answer = None
        return answer

    return test


def _disjunction(tests: Sequence[Test]) -> Test:
    def test(facts: Mapping[str, FactValue]) -> Answer:
        answer: Answer = False
        for part in tests:
            said = part(facts)
            if said is True:
                return True
            if said is None:
                answer = None
        return answer

    return test


def _holds(op: Op, wanted: Any) -> Callable[[Any], bool]:
    """Return the comparison with a wanted value; texts are folded, so that case makes no difference."""
    if op in _ORDERING:
        order = _ORDERING[op]
        if isinstance(wanted, str):
            folded = wanted.casefold()
            return lambda value: order(value.casefold(), folded)
        return lambda value: order(value, wanted)
    if op is Op.STARTS_WITH:
        prefix = wanted.casefold()
        return lambda value: value.casefold().startswith(prefix)
    among = frozenset(text.casefold() for text in wanted)
    if op is Op.IN:
        return lambda value: value.casefold() in among
    if op is Op.NOT_IN:
        return lambda value: value.casefold() not in among
    if op is Op.HAS_ALL:
        return lambda value: among.issubset(map(str.casefold, value))
    if op is Op.HAS_ANY:
        return lambda value: not among.isdisjoint(map(str.casefold, value))
    return lambda value: among.isdisjoint(map(str.casefold, value))
