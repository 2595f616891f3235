"""What the check of policies stands on, and what it does where there is too much to judge."""

from datetime import date

import pytest

from retour.core.policy import LineFacts, PolicyDocument, compile_policy, decide
from retour.core.policy.conflicts import FindingKind, find_conflicts
from retour.core.policy.conflicts.cubes import Beyond, Budget, Layout
from retour.core.policy.conflicts.examples import example
from retour.core.policy.conflicts.space import Space, space_of
from retour.core.policy.document import AllOf, AnyOf, Expression, Not, Zone
from retour.core.policy.expression import Test
from retour.core.policy.grammar import Term
from retour.core.policy.outcome import (
    Eligibility,
    Mode,
    Outcomes,
)
from tests.core.policy.builders import ALWAYS_OPEN, NEVER, a_policy, a_rule
from tests.core.policy.findings import (
    AUTO,
    CREDIT,
    DEAR,
    GERMAN,
    PLAIN_REVIEW,
    REVIEW,
    SALE,
    TODAY,
    asks,
    crossing,
    found,
    kinds,
)


def test_conditions_that_are_too_much_to_look_into_are_told_as_not_judged() -> None:
    large = a_rule("large", Outcomes(Eligibility(Mode.ALWAYS), CREDIT.resolutions), crossing(depth=12))

    findings = found(large, a_rule("same", Outcomes(a_policy().defaults.eligibility), GERMAN), a_rule("never", NEVER))

    assert kinds(findings) == [("not_judged", ("large",))]
    assert findings[0].message == "Not everything about these rules could be judged: “large”."


def test_a_document_that_costs_too_much_is_judged_as_far_as_it_goes() -> None:
    rules = [a_rule(f"r{n}", (NEVER, ALWAYS_OPEN, CREDIT, AUTO)[n % 4], crossing(depth=n % 5)) for n in range(1, 12)]
    told = set(kinds(found(*rules)))
    for left in range(0, 3_000, 100):
        judged = kinds(found(*rules, budget=Budget(left, 40)))

        assert {one for one in judged if one[0] != "not_judged"} <= told


def test_a_rule_that_may_go_without_is_not_called_so_when_it_costs_too_much_to_know() -> None:
    rules = (a_rule("same", REVIEW, crossing(depth=5)), a_rule("auto", AUTO, crossing(depth=5)))
    assert kinds(found(*rules)) == [("shadowed", ("auto", "same"))]
    told = set()
    for left in range(200):
        rules = (a_rule("same", PLAIN_REVIEW, crossing(depth=3)), a_rule("auto", AUTO, DEAR))
        told |= set(kinds(found(*rules, budget=Budget(left))))

    assert told <= {
        ("not_judged", ("same",)),
        ("not_judged", ("auto",)),
        ("not_judged", ("same", "auto")),
        ("contradiction", ("same", "auto")),
    }


@pytest.mark.parametrize("answer", [True, False, None])
def test_what_an_expression_says_is_not_guessed(answer: bool | None) -> None:
    class Says:
        def test(self, _term: Term) -> Test:
            return lambda _: answer

    free = a_rule("free", ALWAYS_OPEN, AllOf((Expression("order.total > 1"), GERMAN)))
    rules = (free, a_rule("shut", NEVER, AllOf((SALE, Not(Expression("order.total > 2"))))))
    document = a_policy(*rules, a_rule("same", REVIEW, Expression("order.total > 1")), currency="EUR")

    found_kinds = [one.kind.value for one in find_conflicts(document, today=TODAY, expressions=Says())]

    assert "contradiction" not in found_kinds, "no order of these answers lies in both"
    assert find_conflicts(document, today=TODAY)[-1].kind is FindingKind.NOT_JUDGED


def test_an_example_hangs_together() -> None:
    space = space_of(a_policy(zones=(Zone("Near", ("DE",)),)))

    plain = example(space, {}, today=TODAY, currency="EUR")
    many = example(space, {"line.quantity": 4, "line.days_since_delivered": 40}, today=TODAY, currency="EUR")
    odd = example(
        space, {"line.delivered_on": None, "line.days_since_fulfilled": None, "order.placed_on": date.min,
                "order.days_since_ordered": 3, "order.days_since_fulfilled": 10**9, "line.quantity": None},
        today=TODAY, currency="EUR",
    )  # fmt: skip
    left = example(
        space, {"line.fulfilled_on": date(2026, 4, 1), "line.delivered_on": None}, today=TODAY, currency="EUR"
    )

    assert [plain.values[name] for name in ("order.country", "order.zone", "line.days_since_delivered")] == [
        "DE",
        "Near",
        5,
    ]
    assert [many.values[n] for n in ("line.units_left", "line.shipped_quantity", "return.item_count")] == [4, 4, 4]
    assert (many.values["line.delivered_on"], many.parcels[0].delivered_on) == (date(2026, 3, 22), date(2026, 3, 22))
    assert (odd.parcels, odd.values["line.days_since_delivered"], odd.values["order.fulfilled_on"]) == (
        (),
        None,
        date.min,
    )
    assert (odd.values["order.placed_on"], odd.values["order.days_since_ordered"]) == (date.min, 3)
    assert (left.parcels[0].delivered_on, left.values["line.days_since_fulfilled"]) == (None, 30)


def test_a_text_nobody_named_begins_with_its_prefix_and_with_no_longer_one() -> None:
    letters = "obcdefghijklmnopqrstuvwxyz0123456789a"
    prefixes = ("x", *(f"x{letter}" for letter in letters))
    leaves = [asks("line.sku", "starts_with", prefix) for prefix in prefixes] + [asks("line.sku", "eq", "other")]
    space = space_of(a_policy(a_rule("r", NEVER, AnyOf(tuple(leaves)))))
    texts = [cell["line.sku"] for cells in space.cells for cell in cells if "line.sku" in cell]

    assert [text for text in texts if isinstance(text, str) and text.startswith("x") and len(text) == 2] == ["x一"]
    assert "otherr" in texts


def test_an_exhausted_budget_and_too_many_cubes_are_beyond() -> None:
    layout = Layout()
    for _ in range(9):
        layout.add(2)
    pairs = [[layout.cube({n: 1}), layout.cube({(n + 1) % 9: 1})] for n in range(9)]

    with pytest.raises(Beyond):
        layout.outside(layout.full, [layout.full] * 3, Budget(left=2))
    with pytest.raises(Beyond):
        layout.outside(layout.full, [layout.cube({0: 1})], Budget(each=0))
    with pytest.raises(Beyond):
        layout.product([range_of_cubes(layout)[:250], range_of_cubes(layout)[:300]])
    with pytest.raises(Beyond):
        layout.product([[layout.cube({n: 1, (n + m) % 9: 2}) for n in range(9) for m in range(1, 9)]] * 4)
    with pytest.raises(Beyond):
        layout.joined(range_of_cubes(layout))
    assert layout.joined([layout.cube({0: 1}), layout.cube({0: 2})]) == [layout.full]
    assert len(layout.product(pairs)) < 256


def range_of_cubes(layout: Layout) -> list[int]:
    return [
        layout.cube({a: x, b: y, c: z})
        for a in range(9) for b in range(a) for c in range(b) for x in (1, 2) for y in (1, 2) for z in (1, 2)
    ]  # fmt: skip


def test_a_point_of_an_unknown_list_holds_nothing() -> None:
    document = a_policy(a_rule("r", NEVER, AllOf((Not(asks("product.tags", "known", value=True)), SALE))))
    space = space_of(document)

    assert isinstance(space, Space)
    cube = space.layout.cube({0: 2, 1: 1})
    assert space.point(cube) == {"product.tags": None}


def test_examples_are_lines_that_decide_takes() -> None:
    document = a_policy(a_rule("open", ALWAYS_OPEN, GERMAN), a_rule("closed", NEVER, SALE))
    (finding,) = find_conflicts(document, today=TODAY)

    assert isinstance(finding.example, LineFacts)
    line = decide(compile_policy(document, version="1"), [finding.example]).lines[0]
    assert (line.eligibility.rule, line.objections) == ("open", ())


def test_a_policy_without_rules_has_nothing_wrong() -> None:
    bare: PolicyDocument = a_policy()

    assert find_conflicts(bare, today=TODAY) == ()


def test_three_hundred_rules_are_judged_whole_within_two_seconds() -> None:
    outcomes = (NEVER, ALWAYS_OPEN, CREDIT, AUTO, REVIEW)
    countries = ("DE", "AT", "FR", "US", "JP", "GB", "CH", "NL", "BE")
    rules = [
        a_rule(
            f"r{n}", outcomes[n % 5],
            AllOf((asks("order.country", "in", countries[n % 7 : n % 7 + 2]), asks("product.type", "eq", f"type {n // 3}"),
                   asks("order.total", "gt", n * 37 % 1_000), asks("product.tags", "has_any", (f"t{n % 11}", f"t{n % 7}")))),
        )
        for n in range(300)
    ]  # fmt: skip
    budget = Budget()

    findings = found(*rules, budget=budget)

    assert budget.left > Budget().left // 2
    assert [one.kind for one in findings if one.kind is FindingKind.NOT_JUDGED] == []
    assert len(findings) > 20
