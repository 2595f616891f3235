"""What is wrong with a policy that is well-formed, each kind of finding once by hand."""

from datetime import date
from time import process_time

import pytest

from retour.core.policy import LineFacts, PolicyDocument, Rule, compile_policy, decide, template
from retour.core.policy.conflicts import Finding, FindingKind, Known, Severity, find_conflicts
from retour.core.policy.conflicts.cubes import Beyond, Budget, Layout
from retour.core.policy.conflicts.examples import example
from retour.core.policy.conflicts.space import Space, space_of
from retour.core.policy.document import AllOf, AnyOf, Compare, Condition, Expression, FactValue, Not, Op, Zone
from retour.core.policy.expression import Test
from retour.core.policy.grammar import Term
from retour.core.policy.outcome import (
    Approval,
    Approving,
    Eligibility,
    Group,
    MethodKind,
    MethodOffer,
    Methods,
    Mode,
    Outcomes,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
)
from tests.core.policy.builders import ALWAYS_OPEN, NEVER, a_policy, a_rule

TODAY = date(2026, 5, 1)
REVIEW = Outcomes(decision=Approving(Approval.REVIEW, "Look twice"))
PLAIN_REVIEW = Outcomes(decision=Approving(Approval.REVIEW))
AUTO = Outcomes(decision=Approving(Approval.AUTO_APPROVE))
CREDIT = Outcomes(resolutions=Resolutions((ResolutionOffer(ResolutionKind.STORE_CREDIT, "rec-1"),)))


def asks(fact: str, op: str, value: str | int | bool | date | tuple[str, ...]) -> Compare:
    return Compare(fact, Op(op), value)


GERMAN = asks("order.country", "eq", "DE")
FRENCH = asks("order.country", "eq", "FR")
SALE = asks("product.tags", "has_any", ("sale",))
DEAR = asks("order.total", "gt", 10_000)


def found(*rules: Rule, known: Known | None = None, zones: tuple[Zone, ...] = ()) -> list[Finding]:
    document = a_policy(*rules, currency="EUR", zones=zones)
    return list(find_conflicts(document, today=TODAY, known=known or Known()))


def kinds(findings: list[Finding]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.kind.value, one.rules) for one in findings]


def shown(finding: Finding, *names: str) -> tuple[FactValue, ...]:
    assert finding.example is not None
    return tuple(finding.example.values[name] for name in names)


def test_the_policies_to_start_from_have_nothing_wrong() -> None:
    assert find_conflicts(template(), today=TODAY) == ()
    assert find_conflicts(template(automatic=True), today=TODAY) == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (asks("order.country", "in", ("DE", "AT")), asks("order.country", "not_in", ("de", "at"))),
        (asks("order.total", "gt", 100), asks("order.total", "lt", 50)),
        (asks("order.total", "gt", 100), asks("order.total", "lt", 101)),
        (asks("line.sku", "starts_with", "AB-"), asks("line.sku", "eq", "ab")),
        (asks("line.sku", "starts_with", "AB-"), Not(asks("line.sku", "starts_with", "a"))),
        (asks("product.tags", "has_all", ("a", "b")), asks("product.tags", "has_none", ("B", "c"))),
        (asks("product.tags", "has_any", ("a",)), asks("product.tags", "known", False)),
        (asks("product.gift_card", "eq", value=True), asks("product.gift_card", "eq", value=False)),
        (asks("order.placed_on", "lt", date(2026, 1, 1)), asks("order.placed_on", "gte", date(2026, 1, 1))),
        (asks("order.placed_on", "lt", date.min), asks("order.placed_on", "known", True)),
        (asks("line.quantity", "lt", 0), asks("line.quantity", "known", True)),
        (asks("return.kind", "ne", "return"), asks("return.kind", "not_in", ("claim", "withdrawal", "cancellation"))),
        (asks("order.country", "eq", "DE"), Not(asks("order.country", "known", True))),
        (asks("order.country", "eq", "CH"), asks("order.zone", "eq", "Near")),
        (asks("order.zone", "eq", "elsewhere"), asks("order.country", "in", ("DE", "AT"))),
        (Expression("order.total > 1"), Not(Expression("order.total > 1"))),
        (asks("order.total", "eq", 5), AnyOf((asks("order.total", "eq", 6), asks("order.total", "eq", 7)))),
    ],
)
def test_conditions_that_exclude_each_other_are_named(first: Condition, second: Condition) -> None:
    never = a_rule("never", NEVER, AllOf((asks("line.title", "ne", "x"), first, second)))

    (finding,) = found(never, zones=(Zone("Near", ("DE", "AT")),))

    assert (finding.kind, finding.severity) == (FindingKind.NEVER_MATCHES, Severity.ERROR)
    assert finding.message == "No order fulfils the conditions of “never”."
    assert finding.groups == (Group.ELIGIBILITY,)
    clashing = {leaf for part in (first, second) for leaf in _leaves(part)}
    assert set(finding.conditions) <= clashing
    assert finding.conditions
    assert finding.example is not None


def _leaves(condition: Condition) -> list[Compare | Expression]:
    if isinstance(condition, Compare | Expression):
        return [condition]
    parts = (condition.part,) if isinstance(condition, Not) else condition.parts
    return [leaf for part in parts for leaf in _leaves(part)]


def test_the_example_of_a_rule_that_never_matches_fulfils_all_of_it_but_one_condition() -> None:
    (finding,) = found(a_rule("never", NEVER, AllOf((GERMAN, DEAR, asks("order.total", "lt", 5_000)))))

    assert finding.conditions == (DEAR, asks("order.total", "lt", 5_000))
    assert shown(finding, "order.total") == (10_001,)


def test_a_rule_behind_a_wider_one_is_shadowed() -> None:
    narrow = a_rule("narrow", ALWAYS_OPEN, AllOf((SALE, GERMAN)))

    (finding,) = found(a_rule("off", NEVER, enabled=False), a_rule("wide", NEVER, SALE), narrow)

    assert (finding.kind, finding.severity, finding.rules) == ("shadowed", "error", ("narrow", "wide"))
    assert finding.message == ("“narrow” never decides anything: “wide” stands before it and covers all it matches.")
    assert shown(finding, "product.tags", "order.country") == (("sale",), "DE")


def test_several_rules_may_shadow_one_together_and_for_one_group_alone() -> None:
    cheap, dear = a_rule("cheap", NEVER, Not(DEAR)), a_rule("dear", ALWAYS_OPEN, DEAR)
    unknown = a_rule("unknown", NEVER, asks("order.total", "known", value=False))
    both = a_rule("both", Outcomes(eligibility=Eligibility(Mode.ALWAYS), decision=AUTO.decision), GERMAN)

    findings = found(a_rule("other", NEVER, FRENCH), cheap, dear, unknown, both)
    (finding,) = (one for one in findings if one.kind is FindingKind.SHADOWED)

    assert (finding.kind, finding.severity) == ("shadowed", "warning")
    assert finding.rules == ("both", "cheap", "dear", "unknown")
    assert finding.groups == (Group.ELIGIBILITY,)
    assert finding.message == (
        "“both” never decides anything about eligibility: “cheap” and “dear” and “unknown” stand before it and cover "
        "together all it matches."
    )


def test_what_the_law_decides_shadows_what_a_rule_says_of_withdrawals() -> None:
    (finding,) = found(a_rule("no", NEVER, asks("return.kind", "eq", "withdrawal")))

    assert (finding.kind, finding.rules) == ("shadowed", ("no", "statute"))
    assert "the law stands before it" in finding.message


def test_two_rules_that_cross_contradict_each_other_and_the_example_lies_in_both() -> None:
    open_, closed = a_rule("open", ALWAYS_OPEN, GERMAN), a_rule("closed", NEVER, SALE)

    (finding,) = found(open_, closed)

    assert (finding.kind, finding.severity, finding.rules) == ("contradiction", "warning", ("open", "closed"))
    assert finding.message == (
        "“open” and “closed” want different things of the same line; “open” wins because it stands first."
    )
    assert shown(finding, "order.country", "product.tags") == ("DE", ("sale",))


def test_rules_of_which_one_is_a_special_case_or_that_agree_or_never_meet_do_not_contradict() -> None:
    special = (a_rule("special", ALWAYS_OPEN, AllOf((GERMAN, SALE))), a_rule("general", NEVER, SALE))
    apart = (a_rule("german", ALWAYS_OPEN, GERMAN), a_rule("french", NEVER, FRENCH))
    agreeing = (a_rule("one", NEVER, GERMAN), a_rule("two", Outcomes(Eligibility(Mode.NEVER)), SALE))
    worded = (a_rule("one", REVIEW, GERMAN), a_rule("two", Outcomes(decision=Approving(Approval.REVIEW)), SALE))

    for rules in (special, apart, agreeing, worded):
        assert "contradiction" not in [kind for kind, _ in kinds(found(*rules))]


def test_rules_decided_before_they_meet_do_not_contradict() -> None:
    rules = (a_rule("both", NEVER, AllOf((GERMAN, SALE))), a_rule("a", ALWAYS_OPEN, GERMAN), a_rule("b", NEVER, SALE))

    assert kinds(found(*rules)) == []


def test_only_the_first_hundred_contradictions_are_told() -> None:
    rules = [
        a_rule(f"r{n}", NEVER if n % 2 else ALWAYS_OPEN, asks("product.tags", "has_any", (f"t{n}",))) for n in range(22)
    ]

    findings = found(*rules)

    assert [kind for kind, _ in kinds(findings)].count("contradiction") == 100
    assert findings[-1].message == (
        "The first 100 pairs of rules that contradict each other are told; there may be more."
    )


def test_a_rule_that_says_what_the_default_says_has_no_effect() -> None:
    same = a_rule("same", Outcomes(decision=Approving(Approval.REVIEW)), GERMAN)

    (finding,) = found(same)

    assert (finding.kind, finding.severity, finding.rules) == ("no_effect", "note", ("same", "default"))
    assert finding.message == "“same” says what holds without it: the same as the default."
    assert shown(finding, "order.country") == ("DE",)


def test_a_rule_that_keeps_the_default_from_a_later_one_has_an_effect() -> None:
    same = a_rule("same", Outcomes(decision=Approving(Approval.REVIEW)), GERMAN)

    assert kinds(found(same, a_rule("auto", AUTO))) == []
    assert kinds(found(same, a_rule("auto", AUTO, FRENCH))) == [("no_effect", ("same", "default"))]


def test_an_offer_for_lines_that_may_never_come_back_reaches_nobody() -> None:
    findings = found(a_rule("closed", NEVER, SALE), a_rule("credit", CREDIT, AllOf((GERMAN, SALE))))

    (finding,) = (one for one in findings if one.kind is FindingKind.UNREACHABLE_OFFER)
    assert (finding.severity, finding.rules, finding.groups) == ("warning", ("credit",), (Group.RESOLUTIONS,))
    assert finding.subject == "store credit (rec-1)"
    assert finding.message == "Nobody can get store credit (rec-1): no line that may come back is offered it."
    assert shown(finding, "order.country", "product.tags") == ("DE", ("sale",))


def test_an_offer_is_reached_where_the_first_example_is_not() -> None:
    closed = a_rule("closed", NEVER, GERMAN)
    methods = Outcomes(methods=Methods((MethodOffer(MethodKind.LABEL),)))

    assert kinds(found(closed, a_rule("credit", CREDIT, asks("order.country", "in", ("DE", "FR"))))) == []
    assert kinds(found(closed, a_rule("label", methods, AllOf((GERMAN, asks("return.kind", "ne", "claim")))))) == []
    assert kinds(found(a_rule("all", NEVER), a_rule("credit", CREDIT))) == [("unreachable_offer", ("credit",))]


def test_an_offer_of_a_rule_that_never_matches_reaches_nobody() -> None:
    never = a_rule("never", CREDIT, AllOf((GERMAN, FRENCH)))

    assert kinds(found(never)) == [("never_matches", ("never",)), ("unreachable_offer", ("never",))]


def test_an_alternative_that_another_one_holds_already_changes_nothing() -> None:
    twice = AnyOf((SALE, AllOf((SALE, GERMAN))))

    assert kinds(found(a_rule("sale", NEVER, SALE), a_rule("again", ALWAYS_OPEN, twice))) == [
        ("shadowed", ("again", "sale"))
    ]


def test_who_withdraws_is_offered_a_way_back_whatever_the_rules_say() -> None:
    methods = Outcomes(methods=Methods((MethodOffer(MethodKind.LABEL),)))

    assert kinds(found(a_rule("all", NEVER), a_rule("label", methods, GERMAN))) == []


def test_an_offer_that_a_rule_nobody_understands_might_open_is_not_called_out_of_reach() -> None:
    large = a_rule("large", ALWAYS_OPEN, crossing(depth=12))

    assert kinds(found(large, a_rule("all", NEVER), a_rule("credit", CREDIT, GERMAN))) == [
        ("not_judged", ("large", "credit"))
    ]


def test_references_to_nothing_are_found_where_it_is_known_what_there_is() -> None:
    away = Outcomes(methods=Methods((MethodOffer(MethodKind.LABEL, "warehouse-9"),)))
    rules = (a_rule("credit", CREDIT, GERMAN), a_rule("away", away, FRENCH))
    zoned = a_rule(
        "zoned", AUTO, AnyOf((asks("order.zone", "in", ("Mars", "near")), asks("order.zone", "eq", "Elsewhere")))
    )

    assert kinds(found(*rules)) == []
    findings = found(
        *rules, zoned, known=Known(frozenset({"rec-2"}), frozenset({"warehouse-1"})), zones=(Zone("Near", ("DE",)),)
    )

    assert [(one.kind.value, one.rules, one.subject) for one in findings] == [
        ("unknown_reference", ("credit",), "rec-1"),
        ("unknown_reference", ("away",), "warehouse-9"),
        ("unknown_reference", ("zoned",), "Mars"),
    ]
    assert shown(findings[0], "order.country") == ("DE",)
    assert shown(findings[1], "order.country") == ("FR",)
    assert kinds(found(*rules, known=Known(frozenset({"rec-1"}), frozenset({"warehouse-9"})))) == []


def test_a_reference_in_a_rule_that_decides_nothing_has_no_example() -> None:
    findings = found(a_rule("all", CREDIT), a_rule("again", CREDIT), known=Known(resolutions=frozenset()))

    assert [(one.rules, one.example is None) for one in findings if one.kind is FindingKind.UNKNOWN_REFERENCE] == [
        (("all",), False), (("again",), True),
    ]  # fmt: skip


def crossing(*, depth: int) -> Condition:
    """Return a condition of two to the power of `depth` cubes."""
    pairs = (
        AnyOf((asks("product.tags", "has_any", (f"a{n}",)), asks("order.tags", "has_any", (f"b{n}",))))
        for n in range(depth)
    )
    return AllOf(tuple(pairs))


def test_conditions_that_are_too_much_to_look_into_are_told_as_not_judged() -> None:
    large = a_rule("large", Outcomes(Eligibility(Mode.ALWAYS), CREDIT.resolutions), crossing(depth=12))

    findings = found(large, a_rule("same", Outcomes(a_policy().defaults.eligibility), GERMAN), a_rule("never", NEVER))

    assert kinds(findings) == [("not_judged", ("large",))]
    assert findings[0].message == "Not everything about these rules could be judged: “large”."


def test_a_document_that_costs_too_much_is_judged_as_far_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [a_rule(f"r{n}", (NEVER, ALWAYS_OPEN, CREDIT, AUTO)[n % 4], crossing(depth=n % 5)) for n in range(1, 12)]
    told = set(kinds(found(*rules)))
    for left in range(0, 3_000, 100):
        monkeypatch.setattr("retour.core.policy.conflicts.ground.Budget", lambda left=left: Budget(left, 40))

        assert {one for one in kinds(found(*rules)) if one[0] != "not_judged"} <= told


def test_a_rule_that_may_go_without_is_not_called_so_when_it_costs_too_much_to_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = (a_rule("same", REVIEW, crossing(depth=5)), a_rule("auto", AUTO, crossing(depth=5)))
    assert kinds(found(*rules)) == [("shadowed", ("auto", "same"))]
    told = set()
    for left in range(200):
        monkeypatch.setattr("retour.core.policy.conflicts.ground.Budget", lambda left=left: Budget(left))
        told |= set(kinds(found(a_rule("same", PLAIN_REVIEW, crossing(depth=3)), a_rule("auto", AUTO, DEAR))))

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
    started = process_time()

    findings = found(*rules)

    assert process_time() - started < 2
    assert [one.kind for one in findings if one.kind is FindingKind.NOT_JUDGED] == []
    assert len(findings) > 20
