"""Conditions turned into functions over facts, with three answers: true, false, and not known."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from retour.core.errors import Refused
from retour.core.policy.document import AllOf, Compare, Condition, Expression, FactValue, Not, Op
from retour.core.policy.expression import Answer, Expressions, Test
from retour.core.policy.grammar import names, parse

# What every line of a request knows alike.
SHARED: Final = ("order.", "customer.", "return.")
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
    if leaf.op in _ORDERING:
        return _ordered(name, _ORDERING[leaf.op], wanted)
    return _matched(name, leaf.op, wanted)


def expression(leaf: Expression, expressions: Expressions | None) -> Test:
    """Return one expression as a function of the facts; raise Refused(no_expressions) if nothing can evaluate it."""
    if expressions is None:
        raise Refused("no_expressions", "Nothing here can evaluate an expression.")
    return expressions.test(parse(leaf.text))


def facts_asked(condition: Condition) -> tuple[str, ...]:
    """Return the names of the facts a condition asks about, each once, in the order they appear."""
    if isinstance(condition, Compare):
        return (condition.fact,)
    if isinstance(condition, Expression):
        return names(parse(condition.text))
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


def parted(condition: Condition) -> tuple[Condition | None, Condition | None]:
    """Return the part of a condition that every line of a request answers alike, and the part that each answers itself.

    The condition is true exactly where both parts are; a part that is nothing is always true.
    """
    if all(name.startswith(SHARED) for name in facts_asked(condition)):
        return condition, None
    if not isinstance(condition, AllOf):
        return None, condition
    halves = [parted(part) for part in condition.parts]
    shared = tuple(part for part, _ in halves if part is not None)
    return AllOf(shared) if shared else None, AllOf(tuple(part for _, part in halves if part is not None))


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


def _ordered(name: str, order: Callable[[Any, Any], bool], wanted: Any) -> Test:
    """Return the comparison of a fact with one value; texts are folded, so that case makes no difference."""
    if not isinstance(wanted, str):

        def test(facts: Mapping[str, Any]) -> Answer:
            value = facts.get(name)
            return None if value is None else order(value, wanted)

        return test
    folded = wanted.casefold()

    def test_text(facts: Mapping[str, Any]) -> Answer:
        value = facts.get(name)
        return None if value is None else order(value.casefold(), folded)

    return test_text


def _matched(name: str, op: Op, wanted: Any) -> Test:
    """Return the comparison of a text with a beginning or a list, or of texts with a list, without regard to case."""
    if op is Op.STARTS_WITH:
        prefix = wanted.casefold()
        return lambda facts: None if (text := facts.get(name)) is None else _folded(text).startswith(prefix)
    among = frozenset(text.casefold() for text in wanted)
    if op in (Op.IN, Op.NOT_IN):
        inside = op is Op.IN
        return lambda facts: None if (text := facts.get(name)) is None else (_folded(text) in among) is inside
    if op is Op.HAS_ALL:
        return lambda facts: None if (some := facts.get(name)) is None else among.issubset(_all_folded(some))
    none = op is Op.HAS_NONE
    return lambda facts: None if (some := facts.get(name)) is None else among.isdisjoint(_all_folded(some)) is none


_folded: Final[Callable[[Any], str]] = str.casefold


def _all_folded(texts: Any) -> Iterable[str]:
    return map(_folded, texts)
