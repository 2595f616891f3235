"""What is wrong with a policy that is well-formed, each kind of finding once by hand."""

from datetime import date

import pytest

from retour.core.policy import templates
from retour.core.policy.conflicts import FindingKind, Known, Severity, find_conflicts
from retour.core.policy.document import AllOf, AnyOf, Compare, Condition, Expression, Not, Zone
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
)
from tests.core.policy.builders import ALWAYS_OPEN, NEVER, a_rule
from tests.core.policy.findings import (
    AUTO,
    CREDIT,
    DEAR,
    FRENCH,
    GERMAN,
    REVIEW,
    SALE,
    TODAY,
    asks,
    crossing,
    found,
    kinds,
    shown,
)


def test_the_policies_to_start_from_have_nothing_wrong() -> None:
    for one in templates():
        assert find_conflicts(one.make(), today=TODAY) == (), one.name


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
        (Expression("order.total > 100 && !product.gift_card"), asks("order.total", "lt", 100)),
        (Expression("100 < order.total || 90 >= order.total"), asks("order.total", "eq", 95)),
        (Expression("order.placed_on >= '2026-02-01'"), asks("order.placed_on", "eq", date(2026, 1, 31))),
        (Expression("has(order.total)"), asks("order.total", "known", value=False)),
        (Expression("product.gift_card"), asks("product.gift_card", "eq", value=False)),
        (Expression("order.country == 'DE'"), Expression("!(order.country == 'DE')")),
        (Expression("true"), Expression("!true")),
        (Expression("order.country in ['DE']"), Not(Expression("order.country in ['DE']"))),
        (Expression("order.total * 2 > 5"), Expression("!(order.total * 2 > 5)")),
        (Expression("order.total == order.refunded"), Expression("!(order.total == order.refunded)")),
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


def test_a_corner_that_rules_of_two_conditions_leave_free_is_found() -> None:
    names = ("line.bundled", "order.test", "product.gift_card")
    sale, german, dear = (asks(name, "eq", value=True) for name in names)
    known = tuple(asks(name, "known", value=True) for name in names)
    corners: tuple[tuple[Condition, Condition], ...] = ((sale, german), (Not(sale), dear), (Not(sale), Not(dear)))
    rules = [a_rule(f"c{n}", NEVER, AllOf((*known, *both))) for n, both in enumerate(corners)]

    findings = found(*rules, a_rule("rest", ALWAYS_OPEN, AllOf(known)))

    assert kinds(findings) == []
    full = [*rules, a_rule("last", NEVER, AllOf((*known, sale, Not(german))))]
    assert kinds(found(*full, a_rule("rest", ALWAYS_OPEN, AllOf(known))))[0][1][0] == "rest"


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
