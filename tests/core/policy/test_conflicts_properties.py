"""Small policies whose every order is tried: what the check finds is so, and on such policies it finds everything."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations, product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.policy import LineFacts, PolicyDocument, Rule, compile_policy, decide
from retour.core.policy.condition import all_of, any_of, comparison, compiled, negated
from retour.core.policy.conflicts import Finding, FindingKind, find_conflicts
from retour.core.policy.conflicts.ground import wordless
from retour.core.policy.conflicts.offers import offers_of
from retour.core.policy.conflicts.space import leaves_of
from retour.core.policy.conflicts.terms import opened
from retour.core.policy.document import AllOf, AnyOf, Compare, Condition, Expression, FactValue, Not, Op, Zone
from retour.core.policy.evaluate import DEFAULT, LineDecision
from retour.core.policy.expression import Test
from retour.core.policy.grammar import Operation, Term, names, parse
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
from tests.core.policy.builders import a_policy, bare_facts
from tests.core.policy.expressions import Plain, grown_expression
from tests.core.policy.strategies import FACTS_OF_LINES, SEEDS, examples

TODAY = date(2026, 5, 1)
DAYS = tuple(date(2026, 4, day) for day in (1, 2, 3, 4))
WORLD: Mapping[str, tuple[FactValue, ...]] = {
    "order.country": ("DE", "at", "FR", "US", "DK", "NO", None),
    "order.total": (-1, 0, 1, 2, 3, None),
    "line.quantity": (0, 1, 2, 3, None),
    "line.sku": ("ab", "abc", "abcd", "b", "", None),
    "order.placed_on": (*DAYS, None),
    "product.tags": (None, *(tuple(texts) for n in range(4) for texts in combinations(("Red", "b", "c"), n))),
    "product.gift_card": (True, False, None),
    "return.kind": ("return", "claim", "withdrawal", "cancellation", None),
}
WANTED: Mapping[str, Callable[[Random], tuple[Op, str | int | bool | date | tuple[str, ...]]]] = {
    "order.country": lambda r: r.choice(
        ((Op.EQ, "de"), (Op.NE, "DE"), (Op.IN, ("DE", "FR")), (Op.NOT_IN, ("fr", "AT")), (Op.STARTS_WITH, "D"))
    ),
    "order.zone": lambda r: r.choice(
        ((Op.EQ, "Near"), (Op.NE, "near"), (Op.EQ, "elsewhere"), (Op.IN, ("Near", "Far")), (Op.KNOWN, r.random() < 0.5))
    ),
    "order.total": lambda r: (r.choice((Op.EQ, Op.NE, Op.LT, Op.LTE, Op.GT, Op.GTE)), r.choice((0, 1, 2))),
    "line.quantity": lambda r: (r.choice((Op.EQ, Op.LT, Op.GT)), r.choice((0, 1, 2))),
    "line.sku": lambda r: r.choice(
        ((Op.STARTS_WITH, "AB"), (Op.STARTS_WITH, "abc"), (Op.EQ, "ABC"), (Op.NE, "b"), (Op.KNOWN, r.random() < 0.5))
    ),
    "order.placed_on": lambda r: (r.choice((Op.EQ, Op.LT, Op.GTE)), r.choice(DAYS[1:3])),
    "product.tags": lambda r: (
        r.choice((Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE)),
        tuple(r.choice(("red", "B", "c")) for _ in range(r.randint(1, 3))),
    ),
    "product.gift_card": lambda r: (r.choice((Op.EQ, Op.KNOWN)), r.random() < 0.5),
    "return.kind": lambda r: r.choice(((Op.EQ, "return"), (Op.IN, ("withdrawal", "claim")), (Op.NE, "withdrawal"))),
}
ZONES = (Zone("Near", ("DE", "AT")), Zone("Far", ("US",)))
OUTCOMES = (
    Outcomes(eligibility=Eligibility(Mode.NEVER)),
    Outcomes(eligibility=Eligibility(Mode.ALWAYS)),
    Outcomes(decision=Approving(Approval.AUTO_APPROVE)),
    Outcomes(decision=Approving(Approval.REVIEW)),
    Outcomes(
        eligibility=Eligibility(Mode.NEVER), resolutions=Resolutions((ResolutionOffer(ResolutionKind.STORE_CREDIT),))
    ),
    Outcomes(decision=Approving(Approval.REVIEW), methods=Methods((MethodOffer(MethodKind.LABEL),))),
    Outcomes(resolutions=Resolutions((ResolutionOffer(ResolutionKind.GIFT_CARD),))),
)


def grown(seed: int, *, expressions: bool = False) -> PolicyDocument:
    chance = Random(seed)
    facts = chance.sample(sorted(WANTED), 1 if expressions else chance.choice((1, 2, 2, 3)))

    def leaf() -> Condition:
        if expressions and chance.random() < 0.3:
            return Expression(chance.choice(("order.total > 1", "order.country == 'DE'")))
        fact = chance.choice(facts)
        return Compare(fact, *WANTED[fact](chance))

    def tree(depth: int) -> Condition:
        kind = chance.choice(("leaf", "leaf", "all", "any", "not")) if depth else "leaf"
        if kind == "leaf":
            return leaf()
        if kind == "not":
            return Not(tree(depth - 1))
        parts = tuple(tree(depth - 1) for _ in range(chance.randint(1, 3)))
        return AllOf(parts) if kind == "all" else AnyOf(parts)

    rules = [
        Rule(f"r{n}", f"r{n}", chance.choice(OUTCOMES), tree(chance.randint(0, 2)), enabled=chance.random() < 0.9)
        for n in range(chance.randint(1, 6))
    ]
    zones = ZONES if "order.zone" in facts and chance.random() < 0.8 else ()
    document = a_policy(*rules, zones=zones, currency="EUR")
    mode = Eligibility(chance.choice((Mode.ALWAYS, Mode.NEVER)))
    return replace(document, defaults=replace(document.defaults, eligibility=mode))


class Told:
    """Answers the two expressions of these policies from the facts."""

    def test(self, term: Term) -> Test:
        facts = names(term)

        def answer(values: Mapping[str, FactValue]) -> bool | None:
            value = values.get(facts[0])
            if value is None:
                return None
            return value == "DE" if facts[0] == "order.country" else isinstance(value, int) and value > 1

        return answer


def every_line(document: PolicyDocument) -> Iterator[LineFacts]:
    """Return a line for every combination of values of the facts that the policy asks about."""
    asked = {leaf.fact for rule in document.rules for leaf in leaves_of(rule.when) if isinstance(leaf, Compare)}
    asked |= {"order.total", "order.country"} if any(_is_opaque(rule) for rule in document.rules) else set()
    asked = {"order.country" if name == "order.zone" else name for name in asked} | {"return.kind"}
    for values in product(*(WORLD[name] for name in sorted(asked))):
        yield replace(bare_facts(), values={**bare_facts().values, **dict(zip(sorted(asked), values, strict=True))})


def _is_opaque(rule: Rule) -> bool:
    return any(isinstance(leaf, Expression) for leaf in leaves_of(rule.when))


class Truth:
    """What every line of the small world says about a policy."""

    def __init__(self, document: PolicyDocument) -> None:
        self.document = document
        self.rules = [rule for rule in document.rules if rule.enabled]
        policy = compile_policy(document, version="1", expressions=Told())
        tests = {rule.id: compiled(rule.when, Told()) for rule in self.rules}
        self.decided = list(decide(policy, list(every_line(document))).lines)
        self.matching = [
            {name for name, test in tests.items() if test(line.facts.values) is True} for line in self.decided
        ]
        self.matched = {
            rule.id: {n for n, names in enumerate(self.matching) if rule.id in names} for rule in self.rules
        }

        self.deciders: dict[tuple[str, Group], set[int]] = {}
        for n, line in enumerate(self.decided):
            for group in (Group.ELIGIBILITY, Group.RESOLUTIONS, Group.METHODS, Group.DECISION):
                self.deciders.setdefault((line.ruling(group).rule, group), set()).add(n)

    def deciding(self, rule: str, group: Group) -> set[int]:
        return self.deciders.get((rule, group), set())

    def groups(self, rule: Rule) -> list[Group]:
        return [group for group in Group if getattr(rule.then, group.value) is not None]

    def never(self) -> set[str]:
        return {rule.id for rule in self.rules if not self.matched[rule.id]}

    def shadowed(self) -> set[tuple[str, Group]]:
        return {
            (rule.id, group) for rule in self.rules for group in self.groups(rule)
            if self.matched[rule.id] and not self.deciding(rule.id, group)
        }  # fmt: skip

    def torn(self) -> set[tuple[str, str]]:
        found = set()
        for one, other in combinations(self.rules, 2):
            mine, theirs = self.matched[one.id], self.matched[other.id]
            for group in set(self.groups(one)) & set(self.groups(other)):
                differ = wordless(getattr(one.then, group.value)) != wordless(getattr(other.then, group.value))
                both_decide = self.deciding(one.id, group) & theirs and self.deciding(other.id, group)
                if differ and both_decide and not mine <= theirs and not theirs <= mine:
                    found.add((one.id, other.id))
        return found

    def idle(self) -> set[str]:
        found = set()
        for rule in self.rules:
            groups = [group for group in self.groups(rule) if self.deciding(rule.id, group)]
            says_default = all(getattr(rule.then, g.value) == getattr(self.document.defaults, g.value) for g in groups)
            if groups and says_default and self.is_same_without(rule, groups):
                found.add(rule.id)
        return found

    def is_same_without(self, rule: Rule, groups: Sequence[Group]) -> bool:
        return all(
            before.ruling(group).outcome == after.ruling(group).outcome
            for before, after in zip(self.decided, Truth.without(self.document, rule), strict=True)
            for group in groups
        )

    @staticmethod
    def without(document: PolicyDocument, rule: Rule) -> Sequence[LineDecision]:
        """Return what would be decided if the rule were not there."""
        rest = replace(document, rules=tuple(other for other in document.rules if other is not rule))
        return decide(compile_policy(rest, version="1", expressions=Told()), list(every_line(document))).lines

    def out_of_reach(self) -> set[tuple[str, str | None]]:
        found: set[tuple[str, str | None]] = set()
        for group in (Group.RESOLUTIONS, Group.METHODS):
            outcomes = [getattr(rule.then, group.value) for rule in self.rules if group in self.groups(rule)]
            offered = {offer for outcome in outcomes for offer in offers_of(outcome)}
            offered |= set(offers_of(getattr(self.document.defaults, group.value)))
            for line in self.decided:
                if line.eligibility.outcome.mode is not Mode.NEVER:
                    offered -= set(offers_of(line.ruling(group).outcome))
            found |= offered
        return found


def of(findings: Sequence[Finding], kind: FindingKind) -> list[Finding]:
    return [finding for finding in findings if finding.kind is kind]


@examples
@given(st.integers(0, 2**32))
def test_on_a_small_world_the_check_finds_exactly_what_is_so(seed: int) -> None:
    document = grown(seed)
    truth, findings = Truth(document), find_conflicts(document, today=TODAY)

    assert of(findings, FindingKind.NOT_JUDGED) == []
    assert {one.rules[0] for one in of(findings, FindingKind.NEVER_MATCHES)} == truth.never()
    assert {(o.rules[0], g) for o in of(findings, FindingKind.SHADOWED) for g in o.groups} == truth.shadowed()
    assert {one.rules for one in of(findings, FindingKind.CONTRADICTION)} == truth.torn()
    assert {one.rules[0] for one in of(findings, FindingKind.NO_EFFECT)} == truth.idle()
    words = {kind.replace("_", " ") for kind, _ in truth.out_of_reach()}
    assert {one.subject for one in of(findings, FindingKind.UNREACHABLE_OFFER)} == words


@examples
@given(st.integers(0, 2**32))
def test_with_expressions_nothing_is_found_that_is_not_so(seed: int) -> None:
    document = grown(seed, expressions=True)
    truth = Truth(document)
    for heard in (None, Told()):
        findings = find_conflicts(document, today=TODAY, expressions=heard)

        assert {one.rules[0] for one in of(findings, FindingKind.NEVER_MATCHES)} <= truth.never()
        told = {(one.rules[0], group) for one in of(findings, FindingKind.SHADOWED) for group in one.groups}
        assert {pair for pair in told if pair[0] not in truth.never()} <= truth.shadowed()
        if heard is not None:
            for one in findings:
                check_example(document, one)


@examples
@given(st.integers(0, 2**32))
def test_every_example_shows_its_finding(seed: int) -> None:
    document = grown(seed)
    for one in find_conflicts(document, today=TODAY):
        if one.kind is not FindingKind.UNKNOWN_REFERENCE:
            assert one.example is not None, one
        check_example(document, one)


def check_example(document: PolicyDocument, one: Finding) -> None:
    """Decide the example and see that it shows what is claimed."""
    if one.example is None:
        return
    rules = {rule.id: rule for rule in document.rules}
    policy = compile_policy(document, version="1", expressions=Told())
    line = decide(policy, [one.example]).lines[0]

    def holds(rule: str) -> bool:
        return rule == DEFAULT or compiled(rules[rule].when, Told())(line.facts.values) is True

    def rulings(*names: str) -> list[bool]:
        return [line.ruling(group).rule in names for group in one.groups]

    match one.kind:
        case FindingKind.NEVER_MATCHES:
            assert not holds(one.rules[0])
        case FindingKind.SHADOWED:
            assert holds(one.rules[0])
            assert not any(rulings(one.rules[0]))
            assert all(rulings("statute", *list(rules)[: list(rules).index(one.rules[0])]))
        case FindingKind.CONTRADICTION:
            assert holds(one.rules[0])
            assert holds(one.rules[1])
            assert all(rulings(one.rules[0]))
            swapped = replace(document, rules=(rules[one.rules[1]], rules[one.rules[0]]))
            other = decide(compile_policy(swapped, version="1", expressions=Told()), [one.example]).lines[0]
            for group in one.groups:
                assert other.ruling(group).rule == one.rules[1]
                assert other.ruling(group).outcome != line.ruling(group).outcome
        case FindingKind.NO_EFFECT:
            assert line.ruling(one.groups[0]).rule == one.rules[0]
            assert line.ruling(one.groups[0]).outcome == getattr(document.defaults, one.groups[0].value)
        case FindingKind.UNREACHABLE_OFFER:
            offered = {kind.replace("_", " ") for kind, _ in offers_of(line.ruling(one.groups[0]).outcome)}
            assert one.subject not in offered or line.eligibility.outcome.mode is Mode.NEVER
        case _:
            pass


@examples
@given(st.lists(SEEDS, min_size=4, max_size=4), FACTS_OF_LINES)
def test_an_expression_that_was_taken_apart_answers_as_before(seeds: list[int], facts: LineFacts) -> None:
    for seed in seeds:
        text = grown_expression(Random(seed))
        try:
            term = parse(text)
        except Refused:
            continue
        closed = {repr(part): part for part in parts_of_term(term)}

        assert answer_of(opened(Expression(text)), closed, facts.values) == Plain().test(term)(facts.values)


def parts_of_term(term: Term) -> Iterator[Term]:
    yield term
    for part in term.parts if isinstance(term, Operation) else ():
        yield from parts_of_term(part)


def answer_of(condition: Condition, closed: Mapping[str, Term], values: Mapping[str, FactValue]) -> bool | None:
    if isinstance(condition, Expression):
        return Plain().test(closed[condition.text])(values)
    if isinstance(condition, Compare):
        return comparison(condition)(values)
    if isinstance(condition, Not):
        return negated(answer_of(condition.part, closed, values))
    answers = [answer_of(part, closed, values) for part in condition.parts]
    return all_of(answers) if isinstance(condition, AllOf) else any_of(answers)
