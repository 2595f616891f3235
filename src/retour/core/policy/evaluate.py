"""Deciding: per line and outcome group, the first enabled rule that matches and speaks about the group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Generic, TypeVar, cast

from retour.core.eligibility import Returnable
from retour.core.errors import Objection, Scalar
from retour.core.policy.condition import compiled, facts_asked, parted
from retour.core.policy.document import Condition, FactValue, PolicyDocument, PromotionCondition, Rule, Several
from retour.core.policy.expression import Expressions, Test
from retour.core.policy.facts import LineFacts
from retour.core.policy.outcome import (
    Approving,
    DayCount,
    Defaults,
    Eligibility,
    Fees,
    Group,
    Inspection,
    Methods,
    Mode,
    NeverBecause,
    Outcome,
    Outcomes,
    RefundTerms,
    Requirements,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    SettleOn,
)
from retour.core.policy.window import Window, WorkingDays, window
from retour.core.policy.zone import in_zone, zones_by_country

DEFAULT: Final = "default"  # stands where no rule of the policy decided
STATUTE: Final = "statute"  # stands where the law decides and no policy may

_GROUPS: Final = tuple(Group)
_ALL: Final = (1 << len(_GROUPS)) - 1
_UNITS: Final = ("line.quantity", "line.shipped_quantity", "line.earlier_returned", "line.units_left")

T = TypeVar("T", bound=Outcome)


@dataclass(frozen=True, slots=True)
class Ruling(Generic[T]):
    """The outcome of one group and who decided it: the id of a rule, `default`, or `statute`."""

    outcome: T
    rule: str


# A statutory withdrawal is refused by no policy and is paid back the way it was paid, without a restocking fee
# (Directive 2011/83/EU, art. 9(1) and 13(1)).
_WITHDRAWN: Final[Mapping[Group, Ruling[Outcome]]] = {
    Group.ELIGIBILITY: Ruling(Eligibility(Mode.ALWAYS), STATUTE),
    Group.RESOLUTIONS: Ruling(Resolutions((ResolutionOffer(ResolutionKind.REFUND_ORIGINAL),)), STATUTE),
}
_NOTHING: Final[Mapping[Group, Ruling[Outcome]]] = {}


@dataclass(frozen=True, slots=True)
class PolicyObjection(Objection):
    """A reason why a line cannot come back, the rule it comes from if any, and the facts that were compared.

    `field` names the line by its ref, `lines[ref]` or `lines[ref].quantity`.
    """

    rule: str | None = None
    facts: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineDecision:
    """What the policy says about one line; it may come back when there are no objections.

    `closes_on` is the last merchant-local day of the window, if there is one and it has begun.
    """

    facts: LineFacts
    eligibility: Ruling[Eligibility]
    resolutions: Ruling[Resolutions]
    methods: Ruling[Methods]
    decision: Ruling[Approving]
    settle_on: Ruling[SettleOn]
    refund_terms: Ruling[RefundTerms]
    inspection: Ruling[Inspection]
    fees: Ruling[Fees]
    requirements: Ruling[Requirements]
    objections: tuple[PolicyObjection, ...] = ()
    closes_on: date | None = None

    @property
    def line_ref(self) -> str:
        """Return the ref of the line this is about."""
        return self.facts.line_ref

    def ruling(self, group: Group) -> Ruling[Outcome]:
        """Return the ruling of one group."""
        return cast("Ruling[Outcome]", getattr(self, group.value))


@dataclass(frozen=True, slots=True)
class Decision:
    """What one version of a policy says about the lines of a request."""

    version: str
    lines: tuple[LineDecision, ...]

    @property
    def objections(self) -> tuple[PolicyObjection, ...]:
        """Return every reason why the request as a whole cannot go on."""
        return tuple(objection for line in self.lines for objection in line.objections)


Spoken = tuple[int, int, Ruling[Outcome]]  # the number of a group, its bit, and what a rule says in it
Live = tuple[Test | None, int, tuple[Spoken, ...]]  # what each line answers itself, the groups as bits, what is said


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A published version ready to decide; compile once per version id and keep it.

    `rules` holds for each enabled rule the test that all lines of a request answer alike, and the rest of it. `shared`
    names the facts of the former, `asked` those of each rule's condition. `zones` has the zone of each country,
    `working` counts working days.
    """

    version: str
    currency: str | None
    rules: tuple[tuple[Test | None, Live], ...]
    defaults: tuple[Ruling[Outcome], ...]
    asked: Mapping[str, tuple[str, ...]]
    zones: Mapping[str, str]
    working: WorkingDays
    promotions: tuple[PromotionCondition, ...] = ()
    several: Several = Several.REVIEW
    shared: tuple[str, ...] = ()


def compile_policy(document: PolicyDocument, *, version: str, expressions: Expressions | None = None) -> CompiledPolicy:
    """Return the document as functions and tuples; `version` names it in every decision.

    Raise Refused(no_expressions) if a rule has an expression and nothing is given that can evaluate it.
    """
    parts = [(rule, *parted(rule.when)) for rule in document.rules if rule.enabled]
    rules = tuple(_ready(rule, shared, own, expressions) for rule, shared, own in parts)
    defaults = tuple(Ruling(_outcome(document.defaults, group), DEFAULT) for group in _GROUPS)
    asked = {rule.id: facts_asked(rule.when) for rule in document.rules}
    zones, working = zones_by_country(document), WorkingDays(document.calendar)
    return CompiledPolicy(
        version,
        document.currency,
        rules,
        defaults,
        asked,
        zones,
        working,
        document.promotions,
        document.several,
        tuple(sorted({name for _, shared, _ in parts if shared for name in facts_asked(shared)})),
    )


def decide(policy: CompiledPolicy, facts: Sequence[LineFacts]) -> Decision:
    """Return the decision per line from the frozen facts alone; the same facts always give the same decision.

    What only asks about the order, the customer and the return is asked once, as long as the lines know the same.
    """
    lines, known = [], None
    live: Sequence[Live] = ()
    for each in facts:
        line = in_zone(each, policy.zones)
        values = line.values
        knows = tuple(map(values.get, policy.shared))
        if knows != known:
            live, known = _live(policy, values), knows
        lines.append(_decide_line(policy, live, line))
    return Decision(policy.version, tuple(lines))


def speaks(then: Outcomes) -> tuple[Group, ...]:
    """Return the groups a rule says something about."""
    return tuple(group for group in _GROUPS if getattr(then, group.value) is not None)


def statutory(facts: LineFacts) -> Mapping[Group, Ruling[Outcome]]:
    """Return what the law decides for the line, whatever the policy says."""
    return _WITHDRAWN if facts.values.get("return.kind") == "withdrawal" else _NOTHING


def _live(policy: CompiledPolicy, values: Mapping[str, FactValue]) -> Sequence[Live]:
    """Return the rules that may still match, once what all lines know alike is known."""
    return [rest for shared, rest in policy.rules if shared is None or shared(values) is True]


def _ready(
    rule: Rule, shared: Condition | None, own: Condition | None, expressions: Expressions | None
) -> tuple[Test | None, Live]:
    spoken = tuple(
        (at, 1 << at, Ruling(_outcome(rule.then, group), rule.id))
        for at, group in enumerate(_GROUPS)
        if getattr(rule.then, group.value) is not None
    )
    tests = [None if part is None else compiled(part, expressions) for part in (shared, own)]
    return tests[0], (tests[1], sum(bit for _, bit, _ in spoken), spoken)


def _outcome(outcomes: Outcomes | Defaults, group: Group) -> Outcome:
    return cast("Outcome", getattr(outcomes, group.value))


def rulings_on(policy: CompiledPolicy, facts: LineFacts) -> tuple[Ruling[Outcome], ...]:
    """Return who decides each group of one line and what they say, in the order of the groups.

    It is what a decision is made of, beside the facts that the window, the units and the currency are judged by. The same
    rule gives the same object.
    """
    line = in_zone(facts, policy.zones)
    rulings = _rulings(policy, _live(policy, line.values), line)
    for group, ruling in statutory(line).items():
        rulings[_GROUPS.index(group)] = ruling
    return tuple(rulings)


def _decide_line(policy: CompiledPolicy, live: Sequence[Live], facts: LineFacts) -> LineDecision:
    return _line_decision(policy, facts, _rulings(policy, live, facts))


def _rulings(policy: CompiledPolicy, live: Sequence[Live], facts: LineFacts) -> list[Ruling[Outcome]]:
    rulings, values, undecided = list(policy.defaults), facts.values, _ALL
    for matches, about, spoken in live:
        if about & undecided and (matches is None or matches(values) is True):
            for at, bit, ruling in spoken:
                if bit & undecided:
                    rulings[at] = ruling
            undecided &= ~about
            if not undecided:
                break
    return rulings


def _line_decision(policy: CompiledPolicy, facts: LineFacts, rulings: list[Ruling[Outcome]]) -> LineDecision:
    by_law = statutory(facts)
    for group, ruling in by_law.items():
        rulings[_GROUPS.index(group)] = ruling
    eligibility = cast("Ruling[Eligibility]", rulings[0])
    resolutions = cast("Ruling[Resolutions]", rulings[1])
    methods = cast("Ruling[Methods]", rulings[2])
    judged = window(eligibility.outcome, facts, policy.working)
    objections: tuple[PolicyObjection, ...] = ()
    if not by_law:
        objections = (
            *_eligibility_objections(policy, eligibility, facts, judged),
            *_unit_objections(facts),
            *_offer_objections(facts, resolutions, methods),
            *_currency_objections(policy, facts),
        )
    return LineDecision(
        facts,
        eligibility,
        resolutions,
        methods,
        cast("Ruling[Approving]", rulings[3]),
        cast("Ruling[SettleOn]", rulings[4]),
        cast("Ruling[RefundTerms]", rulings[5]),
        cast("Ruling[Inspection]", rulings[6]),
        cast("Ruling[Fees]", rulings[7]),
        cast("Ruling[Requirements]", rulings[8]),
        objections,
        None if judged is None else judged.closes_on,
    )


def _eligibility_objections(
    policy: CompiledPolicy, ruling: Ruling[Eligibility], facts: LineFacts, judged: Window | None
) -> tuple[PolicyObjection, ...]:
    said = ruling.outcome
    if said.mode is Mode.NEVER:
        code = said.because or NeverBecause.NEVER_ELIGIBLE
        compared = {name: shown(facts.values.get(name)) for name in policy.asked.get(ruling.rule, ())}
        message = said.message or "This article cannot be returned."
        return (PolicyObjection(code.value, message, _place(facts), ruling.rule, compared),)
    if judged is None or facts.today <= judged.closes_on:
        return ()
    message = said.message or f"The time to return this article ended on {judged.closes_on.isoformat()}."
    went = _compared(said, judged, facts.today)
    return (PolicyObjection("window_closed", message, _place(facts), ruling.rule, went),)


def _compared(said: Eligibility, judged: Window, today: date) -> Mapping[str, Scalar]:
    """Return what was compared when a window had closed, as far as each part of it plays a role."""
    compared: dict[str, Scalar] = {}
    if judged.anchor is not None:
        compared |= {
            "counted_from": judged.anchor.value,
            "starts_on": shown(judged.starts_on),
            "window_days": said.window_days,
        }
        if said.days is DayCount.WORKING:
            compared["days"] = said.days.value
    if judged.extended_from is not None:
        compared["extended_from"] = shown(judged.extended_from)
    if said.until is not None:
        compared["until"] = shown(said.until)
    return compared | {"closes_on": shown(judged.closes_on), "today": shown(today)}


def _unit_objections(facts: LineFacts) -> tuple[PolicyObjection, ...]:
    """Return why the units cannot come back; a cancellation concerns units that never left and is gated elsewhere."""
    values = facts.values
    if values.get("return.kind") == "cancellation":
        return ()
    asked, shipped, claimed, left = (cast("int", values.get(name) or 0) for name in _UNITS)
    if values.get("line.quantity") is None:
        asked = 1  # not chosen yet: whether one could come back
    refunded = max(0, shipped - claimed - left)
    found = Returnable(facts.line_ref, shipped, claimed, refunded, left).objections(asked)
    if not found:
        return ()
    compared: dict[str, Scalar] = dict(zip(_UNITS, (asked, shipped, claimed, left), strict=True))
    return tuple(PolicyObjection(one.code, one.message, one.field, None, compared) for one in found)


def _offer_objections(
    facts: LineFacts, resolutions: Ruling[Resolutions], methods: Ruling[Methods]
) -> tuple[PolicyObjection, ...]:
    found, place = [], _place(facts)
    if not resolutions.outcome.offered:
        found.append(PolicyObjection("no_resolution", "Nothing is offered for this line.", place, resolutions.rule))
    if not methods.outcome.offered:
        found.append(PolicyObjection("no_method", "No way to send this line back is offered.", place, methods.rule))
    return tuple(found)


def _currency_objections(policy: CompiledPolicy, facts: LineFacts) -> tuple[PolicyObjection, ...]:
    if policy.currency is None or policy.currency == facts.books_currency:
        return ()
    compared: dict[str, Scalar] = {"policy": policy.currency, "books": facts.books_currency}
    message = "The amounts of the policy are in another currency than the books of the store."
    return (PolicyObjection("currency_mismatch", message, _place(facts), None, compared),)


def _place(facts: LineFacts) -> str:
    return f"lines[{facts.line_ref}]"


def shown(value: FactValue) -> Scalar:
    """Return the value of a fact as one scalar: days as ISO 8601, lists joined by commas."""
    if isinstance(value, date):
        return value.isoformat()
    return ", ".join(value) if isinstance(value, tuple) else value
