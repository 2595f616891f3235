"""What all checks of one document stand on: where each rule matches, what is decided before it, and examples."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from retour.core.policy.condition import compiled
from retour.core.policy.conflicts.cubes import Beyond, Budget
from retour.core.policy.conflicts.examples import example
from retour.core.policy.conflicts.space import Space, space_of
from retour.core.policy.document import AnyOf, Compare, Condition, Expression, FactValue, Not, Op, PolicyDocument, Rule
from retour.core.policy.evaluate import (
    DEFAULT,
    STATUTE,
    CompiledPolicy,
    LineDecision,
    Ruling,
    compile_policy,
    decide,
    speaks,
    statutory,
)
from retour.core.policy.expression import Answer, Expressions, Test
from retour.core.policy.facts import LineFacts
from retour.core.policy.grammar import Term
from retour.core.policy.outcome import Approving, Eligibility, Group, Mode, Outcome

WITHDRAWN: Final = Compare("return.kind", Op.EQ, "withdrawal")
_BOOKS: Final = "EUR"  # of an example where the document has no amounts


@dataclass(frozen=True, slots=True)
class Place:
    """One rule that may match, or the default: where it matches, and what it says per group.

    `means` numbers what is said, the same number for outcomes that differ in their words alone.
    """

    rule: str
    at: int  # among the rules; the default stands after all
    cubes: Sequence[int]
    says: Mapping[Group, Outcome]
    means: Mapping[Group, int]


@dataclass(slots=True)
class Ground:
    """One document under examination.

    `unclear` has the rules about which something could not be judged, `unjudged` the groups of which it is not known
    whether a rule or the default decides them anywhere.
    """

    document: PolicyDocument
    today: date
    expressions: Expressions
    space: Space
    budget: Budget
    compiled: CompiledPolicy
    places: list[Place] = field(default_factory=list)
    unclear: dict[str, None] = field(default_factory=dict)
    unjudged: set[tuple[str, Group]] = field(default_factory=set)
    by_law: Mapping[Group, Ruling[Outcome]] = field(default_factory=dict)
    law: Sequence[int] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def speaking(self, group: Group) -> list[Place]:
        """Return the rules that speak about a group, in order, then the default."""
        return [place for place in self.places if group in place.says]

    def before(self, place: Place, group: Group) -> list[tuple[str, Sequence[int]]]:
        """Return who decides a group before a rule, and where: the law first."""
        law: list[tuple[str, Sequence[int]]] = [(STATUTE, self.law)] if group in self.by_law else []
        return law + [(other.rule, other.cubes) for other in self.speaking(group) if other.at < place.at]

    def free(self, cubes: Iterable[int], taken: Iterable[Sequence[int]]) -> int | None:
        """Return a place in a union that lies outside all of these, or nothing; raise Beyond."""
        others = [cube for union in taken for cube in union]
        found = (self.space.layout.outside(cube, others, self.budget) for cube in cubes)
        return next((cube for cube in found if cube is not None), None)

    def common(self, some: Sequence[int], others: Sequence[int]) -> list[int]:
        """Return what two unions have in common; raise Beyond."""
        self.budget.spend(len(some) * len(others))
        return self.space.layout.common(some, others)

    def shown(self, cube: int) -> LineFacts:
        """Return an order line that lies in a cube."""
        currency = self.document.currency or _BOOKS
        return example(self.space, self.space.point(cube), today=self.today, currency=currency)

    def decided(self, facts: LineFacts) -> LineDecision:
        """Return what the policy decides for a line."""
        return decide(self.compiled, [facts]).lines[0]

    def matches(self, rule_id: str, facts: LineFacts) -> bool:
        """Return whether the condition of a rule is true for a line."""
        return compiled(self.rules[rule_id].when, self.expressions)(self.decided(facts).facts.values) is True

    def named(self, rule_id: str) -> str:
        """Return what people call a rule."""
        if rule_id in self.rules:
            return f"“{self.rules[rule_id].name}”"
        return "the default" if rule_id == DEFAULT else "the law"

    def doubt(self, *rules: str) -> None:
        """Remember that something about these rules could not be judged."""
        self.unclear |= dict.fromkeys(rule for rule in rules if rule in self.rules)


def ground_of(document: PolicyDocument, *, today: date, expressions: Expressions | None, budget: Budget) -> Ground:
    """Return a document made ready for its checks."""
    heard = expressions or _Silent()
    space = space_of(document, [WITHDRAWN])
    withdrawn = LineFacts("", today, _BOOKS, {"return.kind": "withdrawal"})
    policy = compile_policy(document, version="", expressions=heard)
    ground = Ground(document, today, heard, space, budget, policy)
    ground.by_law, ground.law = statutory(withdrawn), space.cubes(WITHDRAWN)
    ground.rules = {rule.id: rule for rule in document.rules if rule.enabled}
    known: dict[Outcome, int] = {}
    for at, rule in enumerate(document.rules):
        if not rule.enabled:
            continue
        says = {group: getattr(rule.then, group.value) for group in speaks(rule.then)}
        try:
            cubes = space.cubes(rule.when)
        except Beyond:
            ground.doubt(rule.id)
            continue
        ground.places.append(Place(rule.id, at, cubes, says, _meanings(says, known)))
    defaults = {group: getattr(document.defaults, group.value) for group in Group}
    ground.places.append(Place(DEFAULT, len(document.rules), [space.layout.full], defaults, _meanings(defaults, known)))
    return ground


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions that must all hold, as far as they are written beside each other."""
    if isinstance(condition, AnyOf | Not | Compare | Expression):
        return (condition,)
    return tuple(part for whole in condition.parts for part in parts_of(whole))


def wordless(outcome: Outcome) -> Outcome:
    """Return an outcome without what is only said about it: two that are never are the same, whatever the reason."""
    if isinstance(outcome, Eligibility) and outcome.mode is Mode.NEVER:
        return Eligibility(Mode.NEVER)
    return replace(outcome, message=None) if isinstance(outcome, Eligibility | Approving) else outcome


def _meanings(says: Mapping[Group, Outcome], known: dict[Outcome, int]) -> Mapping[Group, int]:
    return {group: known.setdefault(wordless(outcome), len(known)) for group, outcome in says.items()}


class _Silent:
    """Stands in where nobody can evaluate expressions: none of them is known."""

    def test(self, _term: Term) -> Test:
        """Return a test without an answer."""
        return _unknown


def _unknown(_: Mapping[str, FactValue]) -> Answer:
    return None
