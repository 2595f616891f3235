"""Conditions answer true, false or not known."""

from datetime import date

import pytest

from retour.core.policy.condition import compiled, facts_asked
from retour.core.policy.document import ALWAYS, AllOf, AnyOf, Compare, Condition, FactValue, Not, Op
from retour.core.policy.tracing import _traced

YES, NO = Compare("order.total", Op.GTE, 100), Compare("order.total", Op.LT, 100)
UNKNOWN = Compare("order.country", Op.EQ, "DE")
VALUES: dict[str, FactValue] = {"order.total": 100, "order.country": None}


@pytest.mark.parametrize(
    ("op", "wanted", "value", "expected"),
    [
        (Op.EQ, "STRASSE", "straße", True),
        (Op.EQ, "de", "FR", False),
        (Op.NE, "de", "DE", False),
        (Op.NE, "de", "FR", True),
        (Op.IN, ("de", "AT"), "At", True),
        (Op.IN, ("de", "AT"), "FR", False),
        (Op.NOT_IN, ("de",), "DE", False),
        (Op.NOT_IN, ("de",), "FR", True),
        (Op.STARTS_WITH, "out-", "OUT-7", True),
        (Op.STARTS_WITH, "out-", "x", False),
        (Op.LT, 5, 4, True),
        (Op.LT, 5, 5, False),
        (Op.LTE, 5, 5, True),
        (Op.LTE, 5, 6, False),
        (Op.GT, 5, 6, True),
        (Op.GT, 5, 5, False),
        (Op.GTE, 5, 5, True),
        (Op.GTE, 5, 4, False),
        (Op.LT, date(2026, 3, 1), date(2026, 2, 28), True),
        (Op.EQ, True, False, False),
        (Op.HAS_ANY, ("sale", "Outlet"), ("OUTLET", "x"), True),
        (Op.HAS_ANY, ("sale",), (), False),
        (Op.HAS_ALL, ("a", "b"), ("B", "A", "c"), True),
        (Op.HAS_ALL, ("a", "b"), ("a",), False),
        (Op.HAS_NONE, ("a",), ("b",), True),
        (Op.HAS_NONE, ("a",), ("A",), False),
        (Op.KNOWN, True, "x", True),
        (Op.KNOWN, False, "x", False),
    ],
)
def test_each_comparison_holds_when_it_should(op: Op, wanted: FactValue, value: FactValue, expected: bool) -> None:
    assert wanted is not None
    test = compiled(Compare("fact", op, wanted))

    assert expected is test({"fact": value})


@pytest.mark.parametrize("op", [Op.EQ, Op.NE, Op.IN, Op.NOT_IN])
def test_what_is_not_known_satisfies_no_comparison(op: Op) -> None:
    wanted = ("DE",) if op in (Op.IN, Op.NOT_IN) else "DE"

    assert compiled(Compare("order.country", op, wanted))({"order.country": None}) is None
    assert compiled(Compare("order.country", op, wanted))({}) is None


def test_one_can_ask_whether_a_fact_is_known() -> None:
    assert compiled(Compare("order.country", Op.KNOWN, value=True))({}) is False
    assert compiled(Compare("order.country", Op.KNOWN, value=False))({"order.country": None}) is True


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ALWAYS, True),
        (AllOf((YES, YES)), True),
        (AllOf((YES, NO)), False),
        (AllOf((UNKNOWN, NO)), False),
        (AllOf((UNKNOWN, YES)), None),
        (AllOf((YES,)), True),
        (AnyOf((NO, YES)), True),
        (AnyOf((NO, NO)), False),
        (AnyOf((UNKNOWN, YES)), True),
        (AnyOf((UNKNOWN, NO)), None),
        (AnyOf((NO,)), False),
        (Not(YES), False),
        (Not(NO), True),
        (Not(UNKNOWN), None),
        (Not(AllOf((UNKNOWN, NO))), True),
    ],
)
def test_groups_answer_with_what_is_known_and_the_trace_agrees(condition: Condition, expected: bool | None) -> None:
    assert expected is compiled(condition)(VALUES)
    assert expected is _traced(condition, VALUES).answer


def test_a_condition_names_each_fact_it_asks_about_once() -> None:
    asked = facts_asked(AllOf((UNKNOWN, Not(YES), AnyOf((NO, UNKNOWN)))))

    assert asked == ("order.country", "order.total")
