"""The first matching rule decides each group, and every no names its reason."""

from dataclasses import replace

from retour.core.policy import (
    Asked,
    History,
    LineDecision,
    LineFacts,
    PolicyDocument,
    compile_policy,
    decide,
    decode_facts,
    encode_facts,
    encode_line_decision,
    template,
    trace,
)
from retour.core.policy.document import AnyOf, Compare, FactValue, Not, Op
from retour.core.policy.outcome import (
    Approval,
    Approving,
    Eligibility,
    Fee,
    Grade,
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
from tests.core.policy.builders import (
    ALWAYS_OPEN,
    NEVER,
    a_line,
    a_policy,
    a_rule,
    an_order,
    bare_facts,
    facts_of,
    knowing,
    with_default,
)

REVIEW, AUTO = Outcomes(decision=Approving(Approval.REVIEW)), Outcomes(decision=Approving(Approval.AUTO_APPROVE))
IN_GERMANY = Compare("order.country", Op.EQ, "DE")


def decided(policy: PolicyDocument, facts: LineFacts) -> LineDecision:
    return decide(compile_policy(policy, version="7"), [facts]).lines[0]


def test_the_first_rule_that_matches_and_speaks_about_a_group_decides_it() -> None:
    both = Outcomes(decision=AUTO.decision, methods=Methods((MethodOffer(MethodKind.LABEL),)))
    policy = a_policy(a_rule("no-match", AUTO, IN_GERMANY), a_rule("first", REVIEW), a_rule("second", both))

    line = decided(policy, knowing(order_country="FR"))

    assert (REVIEW.decision, "first") == (line.decision.outcome, line.decision.rule)
    assert (both.methods, "second") == (line.methods.outcome, line.methods.rule)
    assert line.resolutions.rule == "default"
    assert policy.defaults.resolutions == line.resolutions.outcome


def test_a_rule_that_is_not_enabled_never_decides_but_is_traced() -> None:
    policy = a_policy(a_rule("off", NEVER, enabled=False))

    assert decided(policy, bare_facts()).eligibility.rule == "default"
    assert (
        (rule := trace(policy, bare_facts()).rules[0]).enabled,
        rule.answer,
        rule.decides,
    ) == (False, True, ())


def test_rules_after_the_last_open_group_are_not_asked() -> None:
    everything = Outcomes(**{group.value: getattr(template().defaults, group.value) for group in Group})
    policy = a_policy(a_rule("all", everything), a_rule("late", NEVER))

    assert {"all"} == {decided(policy, bare_facts()).ruling(group).rule for group in Group}


def test_the_version_is_named_and_lines_keep_their_order() -> None:
    facts = facts_of(an_order(a_line("L1"), a_line("L2")), Asked("L2", 1), Asked("L1", 1))

    decision = decide(compile_policy(template(), version="v-41"), facts)

    assert (
        decision.version,
        [line.line_ref for line in decision.lines],
        decision.objections,
    ) == ("v-41", ["L2", "L1"], ())


def test_never_names_its_code_its_rule_and_the_facts_compared() -> None:
    policy = a_policy(a_rule("sale", NEVER, AnyOf((Compare("product.tags", Op.HAS_ANY, ("sale",)), Not(IN_GERMANY)))))
    facts = facts_of(an_order(a_line(product=replace(a_line().product, tags=("Sale", "linen")))))[0]

    (no,) = decided(policy, facts).objections

    assert (no.code, no.rule) == ("final_sale", "sale")
    assert no.facts == {"product.tags": "Sale, linen", "order.country": "DE"}


def test_a_day_in_the_facts_compared_is_shown_as_text() -> None:
    policy = a_policy(a_rule("old", NEVER, Compare("order.placed_on", Op.KNOWN, value=True)))

    assert decided(policy, bare_facts()).objections[0].facts == {"order.placed_on": "2026-03-01"}


def test_units_that_cannot_come_back_are_objected_to_with_the_counts() -> None:
    policy = template()
    order = an_order(a_line("L1"), a_line("L2"))
    unshipped = replace(order, fulfilments=())

    def codes_of(*asked: Asked, claimed: int = 0, refunded: int = 0) -> list[tuple[str, FactValue]]:
        history = History(claimed={"L1": claimed}, refunded_without_return={"L1": refunded})
        objections = decided(policy, facts_of(order, *asked, history=history)[0]).objections
        return [(no.code, no.facts["line.units_left"]) for no in objections]

    assert codes_of(Asked("L1", 2)) == []
    assert codes_of(Asked("L1", 3)) == [("more_than_returnable", 2)]
    assert codes_of(Asked("L1", 2), refunded=1) == [("more_than_returnable", 1)]
    assert codes_of(Asked("L1", 1), claimed=1, refunded=1) == [("nothing_left", 0)]
    assert codes_of(Asked("L1", 0)) == [("quantity_not_positive", 2)]
    assert [no.code for no in decided(policy, facts_of(unshipped)[0]).objections] == ["not_shipped"]


def test_units_not_shipped_are_what_a_cancellation_is_for() -> None:
    facts = facts_of(an_order(fulfilments=()), kind="cancellation")[0]

    assert decided(template(), facts).objections == ()


def test_every_objection_is_told_at_once() -> None:
    policy = replace(with_default(Eligibility(Mode.NEVER)), currency="USD")
    empty = Outcomes(resolutions=Resolutions(()), methods=Methods(()))
    policy = replace(policy, rules=(a_rule("nothing", empty),))

    found = decided(policy, facts_of(an_order(), Asked("L1", 9))[0]).objections

    assert [(no.code, no.rule) for no in found] == [
        ("never_eligible", "default"),
        ("more_than_returnable", None),
        ("no_resolution", "nothing"),
        ("no_method", "nothing"),
        ("currency_mismatch", None),
    ]
    assert {no.field for no in found} == {"lines[L1]", "lines[L1].quantity"}


def test_amounts_in_the_currency_of_the_books_are_no_objection() -> None:
    assert decided(replace(template(), currency="EUR"), bare_facts()).objections == ()


def test_no_policy_refuses_a_withdrawal_or_keeps_the_money_from_where_it_came() -> None:
    fee = Resolutions((ResolutionOffer(ResolutionKind.STORE_CREDIT, restocking_fee=Fee(5000)),))
    policy = replace(a_policy(a_rule("never", replace(NEVER, resolutions=fee, methods=Methods(())))), currency="JPY")
    facts = facts_of(an_order(fulfilments=()), kind="withdrawal")[0]

    line = decided(policy, facts)

    assert line.objections == ()
    assert (line.eligibility.rule, line.eligibility.outcome.mode) == ("statute", Mode.ALWAYS)
    assert ("statute", (ResolutionOffer(ResolutionKind.REFUND_ORIGINAL),)) == (
        line.resolutions.rule,
        line.resolutions.outcome.offered,
    )
    assert line.methods.rule == "never"
    assert trace(policy, facts).rules[0].decides == (Group.METHODS,)


def test_the_template_offers_a_refund_and_waits_for_a_person_unless_automatic() -> None:
    facts = facts_of()[0]

    by_hand, automatic = decided(template(), facts), decided(template(automatic=True), facts)

    assert () == by_hand.objections == automatic.objections
    assert Approval.REVIEW is by_hand.decision.outcome.approval
    assert Approval.AUTO_APPROVE is automatic.decision.outcome.approval
    assert ResolutionKind.REFUND_ORIGINAL is by_hand.resolutions.outcome.offered[0].kind


def test_the_template_lets_no_gift_card_and_no_final_sale_come_back() -> None:
    gift_card = facts_of(an_order(a_line(product=replace(a_line().product, gift_card=True))))[0]
    final_sale = facts_of(an_order(a_line(product=replace(a_line().product, tags=("Final Sale",)))))[0]

    assert [(no.code, no.rule) for no in decided(template(), gift_card).objections] == [
        ("never_eligible", "gift-cards")
    ]
    assert [(no.code, no.rule) for no in decided(template(), final_sale).objections] == [("final_sale", "final-sale")]


def test_deductions_and_proposals_are_asked_by_grade() -> None:
    terms = replace(template().defaults.refund_terms, opened_deduction_bp=1000, damaged_deduction_bp=4000)
    inspection = template().defaults.inspection

    assert [terms.deduction_bp(grade) for grade in Grade] == [0, 1000, 4000]
    assert [inspection.sealed, inspection.opened, inspection.damaged] == [inspection.verdict(grade) for grade in Grade]


def test_what_is_kept_with_the_return_gives_the_same_decision_again() -> None:
    facts = facts_of()[0]

    kept = encode_facts(facts)

    assert facts == decode_facts(kept)
    assert decided(template(), facts) == decided(template(), decode_facts(kept))


def test_a_kept_fact_that_left_the_catalogue_is_kept_as_it_was() -> None:
    kept = encode_facts(facts_of()[0])
    kept["values"] = {"order.mood": "sunny"}

    assert decode_facts(kept).values == {"order.mood": "sunny"}


def test_a_decision_is_told_as_plain_json() -> None:
    told = encode_line_decision(decided(a_policy(a_rule("never", NEVER)), bare_facts()))

    assert (told["line"], told["closes_on"]) == ("L1", None)
    assert told["rulings"]["eligibility"] == {"rule": "never", "outcome": {"mode": "never", "because": "final_sale"}}  # type: ignore[index]
    assert told["objections"] == [
        {"code": "final_sale", "message": "This article cannot be returned.", "rule": "never", "facts": {}}
    ]


def test_an_open_rule_above_a_never_rule_is_an_exception_to_it() -> None:
    policy = a_policy(a_rule("vip", ALWAYS_OPEN, Compare("customer.tags", Op.HAS_ANY, ("vip",))), a_rule("no", NEVER))

    assert decided(policy, knowing(customer_tags=("VIP",))).objections == ()
    assert [no.code for no in decided(policy, knowing(customer_tags=())).objections] == ["final_sale"]
