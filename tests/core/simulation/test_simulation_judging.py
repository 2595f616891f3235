"""What lines have in common in a policy's eyes is decided once, and always as if each were decided alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.policy import FACTS, Asked, LineFacts, PolicyDocument, compile_policy, decide
from retour.core.policy.document import AllOf, Compare, Expression, Not, Op, Zone
from retour.core.policy.outcome import Approval, Eligibility, Group, MethodKind, Mode, Outcomes, ResolutionKind
from retour.core.simulation import Change, Court, Fate, facts_needed
from retour.core.simulation.judging import Eyes, Judge, Verdict
from retour.store.expression import Cel
from tests.core.policy import builders as p
from tests.core.policy.strategies import FACTS_OF_LINES, POLICIES, SEEDS, examples, grown_facts
from tests.core.simulation import builders as b


def shifted(facts: LineFacts, seed: int) -> LineFacts:
    """Return facts that are like the given ones but for their days and a few other values."""
    other = grown_facts(seed)
    names = sorted(FACTS)[seed % 7 :: 7]
    values = {**facts.values, **{name: other.values[name] for name in names}}
    return replace(facts, values=values, today=facts.today + timedelta(seed % 40), parcels=other.parcels)


@pytest.mark.property
@examples
@given(POLICIES, POLICIES, st.lists(FACTS_OF_LINES, min_size=1, max_size=3), st.lists(SEEDS, max_size=12))
def test_a_verdict_is_what_deciding_the_line_alone_gives(
    policy: PolicyDocument, another: PolicyDocument, lines: Sequence[LineFacts], seeds: Sequence[int]
) -> None:
    eyes, judge = Eyes([policy, another]), Judge(policy, version="1", expressions=Cel())
    compiled = compile_policy(policy, version="1", expressions=Cel())

    for facts in [*lines, *(shifted(line, seed) for line in lines for seed in seeds)]:
        plain = b.kept(facts)
        seen = eyes.see(plain)
        verdict = judge.verdict(plain, seen)
        alone = decide(compiled, [facts]).lines[0]
        assert verdict.rules == tuple(alone.ruling(group).rule for group in Group)
        assert all(verdict.says(group) == alone.ruling(group).outcome for group in Group)
        assert [o.code for o in verdict.decision.objections] == [o.code for o in alone.objections]
        assert verdict.is_refused is bool(alone.objections)
        assert judge.closes_on(plain, seen) == alone.closes_on


@pytest.mark.property
@examples
@given(POLICIES, FACTS_OF_LINES)
def test_a_verdict_needs_no_other_facts_than_it_says(policy: PolicyDocument, facts: LineFacts) -> None:
    needed = facts_needed(policy)
    few = replace(facts, values={name: value for name, value in facts.values.items() if name in needed})
    compiled = compile_policy(policy, version="1", expressions=Cel())

    whole, part = decide(compiled, [facts]).lines[0], decide(compiled, [few]).lines[0]

    assert [whole.ruling(group) for group in Group] == [part.ruling(group) for group in Group]
    assert [o.code for o in whole.objections] == [o.code for o in part.objections]
    assert whole.closes_on == part.closes_on


def test_values_on_which_all_comparisons_go_alike_share_one_verdict() -> None:
    cheap = p.a_rule("cheap", p.NEVER, Compare("line.price_paid", Op.LT, 1_000))
    policy = replace(p.a_policy(cheap), currency="EUR")
    eyes, judge = Eyes([policy]), Judge(policy, version="1")

    found = [verdict_on(judge, eyes, p.knowing(line_price_paid=price)) for price in (10, 999, 1_000, 90_000)]

    assert found[0] is found[1]
    assert found[2] is found[3]
    assert [verdict.is_refused for verdict in found] == [True, True, False, False]


def test_an_expression_sees_each_value_of_its_own() -> None:
    policy = p.a_policy(p.a_rule("odd", p.NEVER, Not(Expression("line.quantity % 2 == 0"))))
    eyes, judge = Eyes([policy]), Judge(policy, version="1", expressions=Cel())

    found = [verdict_on(judge, eyes, p.knowing(line_quantity=n)) for n in (1, 2)]

    assert [verdict.rules[0] for verdict in found] == ["odd", "default"]


def test_the_zone_of_an_order_is_that_of_the_policy_which_is_asked() -> None:
    far = p.a_rule("far", p.NEVER, AllOf((Compare("order.zone", Op.EQ, "far"),)))
    near, here = (
        replace(p.a_policy(far), zones=(Zone("far", ("DE",)),)),
        replace(p.a_policy(far), zones=(Zone("far", ("AT",)),)),
    )
    eyes = Eyes([near, here])
    judges = Judge(near, version="1"), Judge(here, version="2")

    found = [verdict_on(judge, eyes, p.knowing(order_country=c)).is_refused for judge in judges for c in ("DE", "AT")]

    assert found == [True, False, False, True]


def test_what_is_remembered_is_forgotten_before_it_grows_without_end() -> None:
    policy = replace(p.a_policy(p.a_rule("a", p.NEVER, Compare("line.sku", Op.EQ, "s1"))))
    eyes, judge = Eyes([policy], most=3), Judge(policy, version="1", most=3)

    refused = [
        verdict_on(judge, eyes, replace(p.knowing(line_sku=f"s{n % 5}"), today=date(2026, 3, 1 + n))).is_refused
        for n in range(10)
    ]

    assert refused == [n % 5 == 1 for n in range(10)]


def test_worlds_are_forgotten_before_they_grow_without_end() -> None:
    order = b.an_order(b.a_line("A", 1_000))
    then = b.automatic()
    candidate = replace(then, rules=(p.a_rule("late", p.NEVER, Compare("line.reason", Op.EQ, "late")),))
    court, fresh = (Court(candidate, None, {b.VERSION: then}, most=most) for most in (2, 50_000))
    wishes = [(way, reason) for way in ("a", "b", "c", "a") for reason in ("late", "too_small")]
    pasts = [b.a_past(order, Asked("A", 1, reason), method=way, recorded=1_000) for way, reason in wishes]

    found = [court.compare(court.case(past)) for past in pasts]

    assert [one.changes for one in found] == [(Change.REFUSED, Change.PAYS_LESS), ()] * 4
    assert [one.after for one in found] == [fresh.compare(fresh.case(past)).after for past in pasts]


def test_what_differs_from_return_to_return_is_never_taken_from_another() -> None:
    order = b.an_order(b.a_line("A", 1_000), b.a_line("B", 2_000))
    then = b.automatic(methods=b.by("label", "own_carrier"))
    offers = tuple(replace(then.defaults.resolutions.offered[0], kind=ResolutionKind(kind), ref=ref)
                   for kind, ref in (("refund_original", None), ("store_credit", "C1"), ("store_credit", "C2")))  # fmt: skip
    resolutions = replace(then.defaults.resolutions, offered=offers)
    then = replace(then, defaults=replace(then.defaults, resolutions=resolutions))
    candidate = b.with_fee(then, 1_000)
    court = b.a_court(candidate, then)
    pasts = [
        past._replace(lines=tuple(line._replace(ref=ref, quantity=n) for line in past.lines))
        for asked in ((Asked("A", 1, "x"),), (Asked("A", 1, "x"), Asked("B", 1, "x")))
        for wished, ref in (("refund_original", None), ("store_credit", None), ("store_credit", "C2"))
        for method in ("label", "own_carrier")
        for held in ({}, {"A": Fate.REJECTED}, {"A": Fate.CLOSED})
        for n in (1, 2)
        for past in [b.a_past(order, *asked, wished=wished, method=method, held=held)]
    ]

    for past in pasts:
        alone = b.a_court(candidate, then).case(past)
        case = court.case(past)
        for world, same in ((case.before, alone.before), (case.after, alone.after)):
            assert [(x.fate, x.offer, x.way) for x in world.lines] == [(x.fate, x.offer, x.way) for x in same.lines]


def test_the_last_days_of_windows_are_forgotten_before_they_grow_without_end() -> None:
    policy = p.with_default(p.a_window(14))
    eyes, judge = Eyes([policy]), Judge(policy, version="1", most=2)
    lines = [p.knowing(order_placed_on=date(2026, 1, 1 + n % 4)) for n in range(8)]
    compiled = compile_policy(policy, version="1")

    for facts in lines:
        verdict_on(judge, eyes, facts)

    seen = [(b.kept(facts), eyes.see(b.kept(facts))) for facts in lines]
    assert [judge.closes_on(*one) for one in seen] == [decide(compiled, [facts]).lines[0].closes_on for facts in lines]


def test_a_wish_is_met_by_its_record_then_by_its_kind_then_by_what_comes_first() -> None:
    offers = tuple(
        replace(p.a_policy().defaults.resolutions.offered[0], kind=ResolutionKind(kind), ref=ref)
        for kind, ref in (("store_credit", "A"), ("refund_original", "B"), ("refund_original", "C"))
    )
    policy = p.a_policy()
    resolutions = replace(policy.defaults.resolutions, offered=offers)
    policy = replace(policy, defaults=replace(policy.defaults, resolutions=resolutions))
    verdict = verdict_on(Judge(policy, version="1"), Eyes([policy]), p.bare_facts())

    met = [verdict.offer("refund_original", ref) for ref in ("C", "gone", None)]

    assert [offer.ref for offer in met if offer] == ["C", "B", "B"]
    assert verdict.offer("repair") is offers[0]


def test_a_line_that_is_offered_nothing_gets_nothing() -> None:
    nothing = Outcomes(resolutions=replace(p.a_policy().defaults.resolutions, offered=()), methods=b.by())
    policy = p.a_policy(p.a_rule("none", nothing))

    verdict = verdict_on(Judge(policy, version="1"), Eyes([policy]), p.bare_facts())

    assert (verdict.offer(None), verdict.first_way, verdict.is_refused) == (None, None, True)


def test_terms_are_worked_out_once_for_the_same_offer_and_way() -> None:
    policy = b.automatic(methods=b.by("label"))
    verdict = verdict_on(Judge(policy, version="1"), Eyes([policy]), p.bare_facts())
    offer = verdict.offer(None)
    assert offer is not None

    assert verdict.terms(offer, MethodKind.LABEL.value) is verdict.terms(offer, MethodKind.LABEL.value)
    assert verdict.decision.decision.outcome.approval is Approval.AUTO_APPROVE


def test_two_verdicts_decide_alike_whoever_decided() -> None:
    window = Outcomes(Eligibility(Mode.ALWAYS))
    policies = [p.a_policy(p.a_rule("a", window)), p.a_policy(p.a_rule("b", window)), p.a_policy()]
    eyes = Eyes(policies)
    one, same, other = (verdict_on(Judge(policy, version="1"), eyes, p.bare_facts()) for policy in policies)

    assert one.decides_as(same)
    assert not one.decides_as(other)


def verdict_on(judge: Judge, eyes: Eyes, facts: LineFacts) -> Verdict:
    plain = b.kept(facts)
    return judge.verdict(plain, eyes.see(plain))
