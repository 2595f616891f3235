"""What `decide` does quickly is what the specification says plainly: per line and group the first rule that matches."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.policy import LineFacts, PolicyDocument, Rule, compile_policy, decide, trace
from retour.core.policy.condition import parted
from retour.core.policy.document import AllOf, AnyOf, Compare, Condition, Expression, FactValue, Not, Op
from retour.core.policy.facts import FACTS
from retour.core.policy.grammar import parse
from retour.core.policy.outcome import Group
from retour.core.policy.zone import in_zone, zones_by_country
from tests.core.policy.builders import NEVER, a_policy, a_rule, bare_facts, knowing
from tests.core.policy.expressions import Plain, grown_expression
from tests.core.policy.strategies import CONDITIONS, FACTS_OF_LINES, POLICIES, SEEDS, examples

SHARED = tuple(name for name in FACTS if name.startswith(("order.", "customer.", "return.")))


@pytest.mark.property
@examples
@given(POLICIES, SEEDS, st.lists(FACTS_OF_LINES, min_size=1, max_size=4), st.booleans())
def test_a_request_is_decided_line_by_line_and_group_by_group(
    policy: PolicyDocument, seed: int, lines: list[LineFacts], alike: bool
) -> None:
    policy = _with_expressions(policy, Random(seed))
    if alike:
        lines = [replace(line, values={**line.values, **_of(lines[0])}) for line in lines]

    decided = decide(compile_policy(policy, version="1", expressions=Plain()), lines)

    assert len(decided.lines) == len(lines)
    for facts, line in zip(lines, decided.lines, strict=True):
        expected = {group: _first(policy, facts, group) for group in Group}
        assert {group: line.ruling(group).rule for group in Group} == expected
        assert dict(trace(policy, facts, expressions=Plain()).decided) == expected


@pytest.mark.property
@examples
@given(CONDITIONS, FACTS_OF_LINES)
def test_a_condition_is_true_where_both_its_parts_are(condition: Condition, facts: LineFacts) -> None:
    shared, own = parted(condition)

    both = [_answer(part, facts.values) for part in (shared, own) if part is not None]

    assert (_answer(condition, facts.values) is True) == all(answer is True for answer in both)


def test_a_condition_is_parted_into_what_all_lines_know_and_the_rest() -> None:
    order, line = Compare("order.country", Op.EQ, "DE"), Compare("line.quantity", Op.GT, 1)

    assert parted(order) == (order, None)
    assert parted(line) == (None, line)
    assert parted(AllOf((order, line, AllOf((line, order))))) == (
        AllOf((order, AllOf((order,)))), AllOf((line, AllOf((line,)))),
    )  # fmt: skip
    assert parted(AnyOf((order, line))) == (None, AnyOf((order, line)))
    assert parted(Expression("order.total > 1 && line.quantity > 1"))[0] is None
    assert parted(AllOf((line, line))) == (None, AllOf((line, line)))


def test_what_all_lines_know_is_asked_once_and_again_when_it_changes() -> None:
    asked: list[Any] = []

    class Counting(Plain):
        def value(self, term: Any, facts: Any) -> Any:
            asked.append(facts.get("order.total"))
            return True

    policy = compile_policy(
        a_policy(a_rule("r", NEVER, Expression("order.total > 1"))), version="1", expressions=Counting()
    )

    decide(policy, [knowing(order_total=5), knowing(order_total=5), knowing(order_total=6), knowing(order_total=5)])

    assert asked == [5, 6, 5]


def test_a_request_of_no_lines_has_nothing_to_decide() -> None:
    assert decide(compile_policy(a_policy(), version="1"), []).lines == ()


def test_a_line_that_knows_less_is_not_decided_by_what_another_knew() -> None:
    policy = compile_policy(a_policy(a_rule("r", NEVER, Compare("order.total", Op.GT, 1))), version="1")

    first, second = decide(policy, [knowing(order_total=5), bare_facts()]).lines

    assert (first.eligibility.rule, second.eligibility.rule) == ("r", "default")


def _with_expressions(policy: PolicyDocument, chance: Random) -> PolicyDocument:
    """Return the policy with an expression in about half of its rules, instead of the condition or beside it."""

    def expressed(rule: Rule) -> Rule:
        expression = Expression(grown_expression(chance, 2))
        when = chance.choice((rule.when, rule.when, expression, AllOf((rule.when, expression))))
        return replace(rule, when=when)

    return replace(policy, rules=tuple(expressed(rule) for rule in policy.rules))


def _of(line: LineFacts) -> dict[str, FactValue]:
    return {name: line.values[name] for name in SHARED}


def _first(policy: PolicyDocument, facts: LineFacts, group: Group) -> str:
    values = in_zone(facts, zones_by_country(policy)).values
    if values["return.kind"] == "withdrawal" and group in (Group.ELIGIBILITY, Group.RESOLUTIONS):
        return "statute"
    for rule in policy.rules:
        if rule.enabled and getattr(rule.then, group.value) is not None and _answer(rule.when, values) is True:
            return rule.id
    return "default"


def _answer(condition: Condition, values: Any) -> bool | None:
    if isinstance(condition, Compare):
        return _compared(condition, values.get(condition.fact))
    if isinstance(condition, Expression):
        return Plain().test(parse(condition.text))(values)
    if isinstance(condition, Not):
        answer = _answer(condition.part, values)
        return None if answer is None else not answer
    answers = [_answer(part, values) for part in condition.parts]
    strong = isinstance(condition, AnyOf)
    if strong in answers:
        return strong
    return None if None in answers else not strong


def _compared(leaf: Compare, value: Any) -> bool | None:
    if leaf.op is Op.KNOWN:
        return (value is not None) == leaf.value
    if value is None:
        return None
    have: Any = _plain(value)
    want: Any = _plain(leaf.value)
    answers: dict[Op, Callable[[], bool]] = {
        Op.EQ: lambda: have == want,
        Op.NE: lambda: have != want,
        Op.LT: lambda: have < want,
        Op.LTE: lambda: have <= want,
        Op.GT: lambda: have > want,
        Op.GTE: lambda: have >= want,
        Op.IN: lambda: have in want,
        Op.NOT_IN: lambda: have not in want,
        Op.STARTS_WITH: lambda: have[: len(want)] == want,
        Op.HAS_ANY: lambda: any(one in have for one in want),
        Op.HAS_ALL: lambda: all(one in have for one in want),
        Op.HAS_NONE: lambda: not any(one in have for one in want),
    }
    return answers[leaf.op]()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [one.casefold() for one in value]
    return value.casefold() if isinstance(value, str) else value
