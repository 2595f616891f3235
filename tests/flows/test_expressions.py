"""The expressions of policies through the Common Expression Language agree with a plain evaluator and never raise."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.policy import LineFacts, compile_policy, decide, trace
from retour.core.policy.document import Expression
from retour.core.policy.grammar import parse
from retour.core.policy.outcome import Group
from retour.store.expression import Cel, rendered
from tests.core.policy.builders import NEVER, a_policy, a_rule, knowing
from tests.core.policy.expressions import TEXTS, Plain, grown_expression
from tests.core.policy.strategies import FACTS_OF_LINES, SEEDS, examples


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order.total > 50 && 'a' in product.tags || !line.requires_shipping",
         'order_total > 50 && "a" in product_tags || !line_requires_shipping'),
        ("order.total > 50 && ('a' in product.tags || true)", 'order_total > 50 && ("a" in product_tags || true)'),
        ("1 - (2 - 3) - -4 == 0", "1 - (2 - 3) - -4 == 0"),
        ("!(!has(line.reason) == true)", "!(!has_line_reason == true)"),
        ("(true ? 1 : 2) in [1, -2]", "(true ? 1 : 2) in [1, (-2)]"),
        ("size(product.tags) * 2 > 1", "size(product_tags) * 2 > 1"),
        ("line.sku.startsWith('it\\'s \"so\" \\\\')", 'line_sku.startsWith("it\'s \\"so\\" \\\\")'),
        ("return.kind == 'claim'", 'return_kind == "claim"'),
    ],
)  # fmt: skip
def test_a_term_is_rendered_with_one_flat_variable_per_fact(text: str, expected: str) -> None:
    assert rendered(parse(text)) == expected


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_arrives_as_it_was_written(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")

    assert Cel().test(parse(f"line.sku == '{escaped}'"))({"line.sku": text}) is True


def test_an_expression_decides_a_line_and_its_trace_agrees() -> None:
    policy = a_policy(a_rule("dear", NEVER, Expression("order.total >= 5000 || has(line.reason)")), currency="EUR")
    compiled = compile_policy(policy, version="1", expressions=Cel())

    for total, rule in ((5000, "dear"), (4999, "default"), (None, "default")):
        facts = knowing(order_total=total)
        assert decide(compiled, [facts]).lines[0].eligibility.rule == rule
        assert trace(policy, facts, expressions=Cel()).decided[Group.ELIGIBILITY] == rule


@pytest.mark.parametrize(
    "text",
    [
        "order.total / 0 == 1",
        "order.total % 0 == 1",
        "order.total * 1000000000000000 * 1000000000000000 > 1",
        "line.reason == 'x'",
        "size(customer.tags) > 1",
    ],
)
def test_what_has_no_result_is_not_known(text: str) -> None:
    assert Cel().test(parse(text))({"order.total": 100}) is None


@pytest.mark.parametrize("value", [2**70, -(2**70), "text", ("a", "b"), True, "\ud800"])
def test_a_fact_of_another_kind_than_promised_raises_nothing(value: Any) -> None:
    for text in (
        "order.total > 5",
        "line.sku.contains('a')",
        "'a' in product.tags",
        "has(order.total) && order.total > 5",
    ):
        test = Cel().test(parse(text))

        assert test({"order.total": value, "line.sku": value, "product.tags": value}) in (True, False, None)


def test_what_does_not_answer_true_or_false_is_not_known() -> None:
    assert Cel().test(parse("order.total + 1"))({"order.total": 5}) is None


@pytest.mark.property
@examples
@given(st.lists(SEEDS, min_size=4, max_size=4), FACTS_OF_LINES)
def test_generated_expressions_agree_with_the_plain_evaluator(seeds: list[int], facts: LineFacts) -> None:
    for seed in seeds:
        try:
            term = parse(grown_expression(Random(seed)))
        except Refused:
            continue

        assert Cel().test(term)(facts.values) == Plain().test(term)(facts.values)
