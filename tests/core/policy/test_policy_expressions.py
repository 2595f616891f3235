"""Expressions say what conditions may say and a little more, and never raise, never run long."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument, compile_policy, decide, decode, diff, encode, trace
from retour.core.policy.condition import facts_asked
from retour.core.policy.document import AllOf, Expression, Not
from retour.core.policy.expression import check
from retour.core.policy.facts import FACTS
from retour.core.policy.grammar import MAX_TERMS, Operation, Term, names, parse
from retour.core.policy.tracing import Evaluated, Grouped
from tests.core.policy.builders import NEVER, a_policy, a_rule, bare_facts, knowing
from tests.core.policy.expressions import Plain, grown_expression
from tests.core.policy.strategies import FACTS_OF_LINES, SEEDS, examples

PIECES = ("order.total", "line.sku", "product.tags", "has", "(", ")", "[", "]", "!", "-", "&&", "||", "in", "==", "<", "?",
          ":", "+", "%", "'a'", '"b', "5", "true", ".", "contains", "size", ",", "x", "\\", "^", "1.5", "é")  # fmt: skip

CANNOT_STAND = [
    ("order.total", "wrong_type"),
    ("1 + 1", "wrong_type"),
    ("'yes'", "wrong_type"),
    ("order.total == 'x'", "wrong_type"),
    ("order.total && true", "wrong_type"),
    ("!order.total", "wrong_type"),
    ("-line.sku == 1", "wrong_type"),
    ("line.sku < 'b'", "wrong_type"),
    ("line.sku + 'b' == 'ab'", "wrong_type"),
    ("product.tags == order.tags", "wrong_type"),
    ("true < false", "wrong_type"),
    ("1 in product.tags", "wrong_type"),
    ("'a' in line.sku", "wrong_type"),
    ("line.sku in ['a', 1]", "wrong_type"),
    ("line.sku == ['a']", "wrong_type"),
    ("size(line.sku) == 1", "wrong_type"),
    ("order.total.contains('1')", "wrong_type"),
    ("true ? 1 : 'a' == 'b'", "wrong_type"),
    ("1 ? true : false", "wrong_type"),
    ("order.placed_on == 'today'", "wrong_type"),
    ("order.placed_on == line.sku", "wrong_type"),
    ("order.placed_on > 5", "wrong_type"),
    ("order.placed_on in ['x']", "wrong_type"),
    ("order.placed_on > '2026-02-30'", "out_of_range"),
    ("order.nope == 1", "unknown_fact"),
    ("has(order.nope)", "unknown_fact"),
    ("os.system", "unknown_fact"),
    ("return.kind == 'gift'", "not_one_of"),
    ("'gift' != return.kind", "not_one_of"),
    ("return.kind in ['return', 'gift']", "not_one_of"),
    ("order.zone == 'eu'", "not_one_of"),
    ("product.tags.all(t, t == 'a')", "not_allowed"),
    ("product.tags.exists(t, t == 'a')", "not_allowed"),
    ("[1].map(x, x * 2)", "not_allowed"),
    ("line.sku.matches('(a+)+$')", "not_allowed"),
    ("matches(line.sku, 'a')", "not_allowed"),
    ("timestamp('2026-01-01T00:00:00Z') == 1", "not_allowed"),
    ("order.total > 1.5", "malformed_expression"),
    ("order.total > 1u", "malformed_expression"),
    ("line.sku == r'a'", "malformed_expression"),
    ("line.sku == '\\n'", "malformed_expression"),
    ("line.sku == 'a", "malformed_expression"),
    ("order.total == 1 // always", "malformed_expression"),
    ("order[0] == 1", "malformed_expression"),
    ("order.total == null", "malformed_expression"),
    ("line.sku in []", "malformed_expression"),
    ("line.sku in [line.title]", "malformed_expression"),
    ("line.sku in [-'a']", "malformed_expression"),
    ("has(1 + 1)", "malformed_expression"),
    ("has()", "malformed_expression"),
    ("(true", "malformed_expression"),
    ("true)", "malformed_expression"),
    ("true ? false", "malformed_expression"),
    ("order", "malformed_expression"),
    ("order.", "malformed_expression"),
    ("&&", "malformed_expression"),
    ("^", "malformed_expression"),
    ("   ", "malformed_expression"),
    ("order.total > 1000000000000001", "out_of_range"),
    ("order.total > 99999999999999999999999999", "out_of_range"),
    ("", "out_of_range"),
    ("true || " * 62 + "true", "too_long"),
    ("true" + " " * 500, "out_of_range"),
    ("(" * 11 + "true" + ")" * 11, "too_deep"),
    ("!" * 11 + "true", "too_deep"),
    ("- " * 11 + "1 == 1", "too_deep"),
    ("true ? true : " * 11 + "true", "too_deep"),
    ("(" * 249 + ")" * 249, "too_deep"),
]


def a_document(text: str, **changes: Any) -> dict[str, Any]:
    rule = {"id": "r", "name": "R", "when": {"all": [{"expression": text}]}, "then": {"eligibility": {"mode": "never"}}}
    return encode(a_policy()) | {"currency": "EUR", "rules": [rule]} | changes


def refusal(text: str, **changes: Any) -> Refused:
    with pytest.raises(Refused) as no:
        decode(a_document(text, **changes))
    return no.value


def answered(text: str, **values: Any) -> bool | None:
    term = parse(text)
    check(term, FACTS, amounts=True)
    return Plain().test(term)(knowing(**values).values)


def test_an_expression_is_read_written_and_compared_as_it_stands() -> None:
    text = "order.total > 50 && !('sale' in product.tags)"

    policy = decode(json.loads(json.dumps(a_document(text))))

    assert policy.rules[0].when == AllOf((Expression(text),))
    assert decode(encode(policy)) == policy
    assert facts_asked(policy.rules[0].when) == ("order.total", "product.tags")
    (change,) = diff(policy, decode(a_document("order.total > 51")))
    assert change.path == "rules.r.when"


def test_an_expression_decides_and_explains_itself() -> None:
    policy = a_policy(a_rule("dear", NEVER, Not(Expression("order.total < 5000"))), currency="EUR")
    facts = knowing(order_total=5_000)

    decided = decide(compile_policy(policy, version="1", expressions=Plain()), [facts]).lines[0]
    traced = trace(policy, facts, expressions=Plain())

    assert (decided.eligibility.rule, decided.objections[0].facts) == ("dear", {"order.total": 5000})
    assert traced.rules[0].condition == Grouped(
        "not", (Evaluated("order.total < 5000", {"order.total": 5000}, answer=False),), answer=True
    )


def test_without_somebody_to_evaluate_it_an_expression_is_refused_before_any_decision() -> None:
    policy = a_policy(a_rule("dear", NEVER, Expression("order.total < 5000")))

    for refused in (lambda: compile_policy(policy, version="1"), lambda: trace(policy, bare_facts())):
        with pytest.raises(Refused) as no:
            refused()
        assert no.value.code == "no_expressions"


def test_a_rule_that_is_not_enabled_needs_nobody_to_evaluate_it() -> None:
    policy = a_policy(a_rule("dear", NEVER, Expression("order.total < 5000"), enabled=False))

    assert decide(compile_policy(policy, version="1"), [bare_facts()]).lines[0].eligibility.rule == "default"


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("order.total > 100", {"order_total": 101}, True),
        ("order.total > 100", {}, None),
        ("order.total > 100 || order.currency == 'EUR'", {"order_currency": "EUR"}, True),
        ("order.total > 100 && order.currency == 'EUR'", {"order_currency": "USD"}, False),
        ("has(order.total) && order.total > 100", {}, False),
        ("line.price_paid * line.quantity >= 100 + 20", {"line_price_paid": 60, "line_quantity": 2}, True),
        ("line.price_paid / (line.quantity - 1) > 0", {"line_price_paid": 60, "line_quantity": 1}, None),
        ("order.placed_on >= '2026-03-01'", {}, True),
        ("order.placed_on in ['2026-03-01', '2026-03-02']", {}, True),
        (
            "return.kind in ['claim', 'withdrawal'] ? false : size(product.tags) == 2",
            {"product_tags": ("a", "b")},
            True,
        ),
        ("line.sku.startsWith('OUT-') || line.sku.contains(\"it's\")", {"line_sku": "OUT-1"}, True),
        ("-line.quantity < -0", {"line_quantity": 1}, True),
        ("line.quantity in [-1, 1]", {"line_quantity": 1}, True),
        (r"line.sku == 'a\'b\\c\"'", {"line_sku": "a'b\\c\""}, True),
        ("  true  ", {}, True),
    ],
)
def test_an_expression_answers_true_false_or_not_known(text: str, values: Any, expected: bool | None) -> None:
    assert answered(text, **values) is expected


@pytest.mark.parametrize(("text", "code"), CANNOT_STAND)
def test_an_expression_that_cannot_stand_is_refused_with_its_rule_and_a_reason(text: str, code: str) -> None:
    no = refusal(text)

    assert (no.code, no.field) == (code, "rules[0].when.all[0].expression")
    assert no.message.startswith("rules[0].when.all[0].expression: ")


def test_the_limits_themselves_are_allowed() -> None:
    decode(a_document("(" * 10 + "true" + ")" * 10))
    decode(a_document(" || ".join(["true"] * 30)))
    with pytest.raises(Refused, match="more than 60 terms"):
        decode(a_document(" || ".join(["true"] * 31)))


def test_a_refusal_names_the_character() -> None:
    assert refusal("order.total > 5 and true").message == (
        "rules[0].when.all[0].expression: at character 17: expected the end"
    )


def test_an_amount_in_an_expression_needs_the_currency_of_the_document() -> None:
    document = a_document("order.total > 5")
    del document["currency"]

    with pytest.raises(Refused) as no:
        decode(document)

    assert (no.value.code, no.value.field) == ("missing_currency", "rules[0].when.all[0].expression")
    document["rules"][0]["when"] = {"expression": "has(order.total)"}
    assert decode(document).rules[0].when == Expression("has(order.total)")


@pytest.mark.parametrize("value", [5, None, ["true"], "a\nb"])
def test_an_expression_is_one_line_of_text(value: Any) -> None:
    assert refusal(value).code in {"wrong_type", "malformed_text"}


def test_an_expression_stands_alone_in_its_condition() -> None:
    document = a_document("true")
    document["rules"][0]["when"] = {"expression": "true", "fact": "order.total"}

    with pytest.raises(Refused) as no:
        decode(document)

    assert (no.value.code, no.value.field) == ("unknown_field", "rules[0].when.fact")


@pytest.mark.property
@examples
@given(SEEDS, FACTS_OF_LINES)
def test_a_generated_expression_is_read_and_takes_no_more_steps_than_it_has_terms(seed: int, facts: Any) -> None:
    term, code = _read(grown_expression(Random(seed)))
    if term is None:
        assert code in {"too_long", "too_deep"}
        return

    evaluator = Plain()
    answer = evaluator.test(term)(facts.values)

    assert answer in (True, False, None)
    assert evaluator.steps <= _terms(term) <= MAX_TERMS
    assert set(names(term)) <= set(FACTS)


@pytest.mark.property
@examples
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join) | st.text(max_size=60))
def test_any_text_is_an_expression_or_is_refused_with_a_code(text: str) -> None:
    _, code = _read(text)

    assert code in {None, "malformed_expression", "not_allowed", "too_deep", "too_long", "out_of_range", "unknown_fact",
                    "wrong_type", "not_one_of"}  # fmt: skip


def _read(text: str) -> tuple[Term | None, str | None]:
    try:
        term = parse(text)
        check(term, FACTS, amounts=True)
    except Refused as no:
        return None, no.code
    return term, None


def _terms(term: Term) -> int:
    if isinstance(term, Operation):
        return 1 + sum(_terms(part) for part in term.parts)
    return 1


def test_a_policy_with_an_expression_reads_back_the_same() -> None:
    policy: PolicyDocument = a_policy(a_rule("r", NEVER, Expression("has(line.reason)")))

    assert decode(encode(policy)) == policy
