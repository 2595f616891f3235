"""Judging by a policy many times: what two lines have in common in the policy's eyes is decided once.

A decision depends on how each comparison of the rules goes, on what the law asks, on whether the window is open, and on the
counts of units. Lines that agree in these share one verdict; `tests/core/simulation` proves it equal to `decide`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

from retour.core import refund
from retour.core.policy import LineDecision, PolicyDocument, compile_policy, decide, decode_facts
from retour.core.policy.condition import comparison, facts_asked
from retour.core.policy.document import Compare, Condition, Expression, Not, PromotionCondition, Several
from retour.core.policy.encoding import fact_value
from retour.core.policy.evaluate import rulings_on
from retour.core.policy.expression import Expressions
from retour.core.policy.outcome import Approval, DayCount, Eligibility, Group, MethodOffer, Outcome, ResolutionOffer
from retour.core.policy.window import WorkingDays, window
from retour.core.policy.zone import ZONE
from retour.core.terms import terms_of
from retour.core.ways import Way

_UNITS: Final = ("line.quantity", "line.shipped_quantity", "line.earlier_returned", "line.units_left")
_LAW: Final = ("return.kind", "order.country")  # what the law asks for, and what an order's zone follows from
_PLACED: Final = "order.placed_on"  # the one day beside those of the parcels from which a window is counted
MOST: Final = 50_000  # what is remembered of one kind before all of it is forgotten
_GROUPS: Final = tuple(Group)

Facts = Mapping[str, Any]  # as policy.encode_facts makes them, lists as tuples


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a policy says about all lines that are alike to it: one representative decision, compared by identity.

    `is_reviewed` also where photos are wanted, which a person looks at. `rules` says who decided each group, in their
    order; `ways` are the ways back by method; `promotions` and `several` are those of the policy's document.
    """

    decision: LineDecision
    is_refused: bool
    is_reviewed: bool
    rules: tuple[str, ...]
    ways: Mapping[str, Way]
    promotions: tuple[PromotionCondition, ...]
    several: Several
    _terms: dict[tuple[int, str | None], refund.RefundTerms] = field(default_factory=dict)

    def says(self, group: Group) -> Outcome:
        """Return the outcome of one group."""
        return self.decision.ruling(group).outcome

    @property
    def first_way(self) -> Way | None:
        """Return the first way back that is offered."""
        return next(iter(self.ways.values()), None)

    def offer(self, kind: str | None, ref: str | None = None) -> ResolutionOffer | None:
        """Return what is offered of that kind and record, else of that kind, else the first that is offered."""
        offered = self.decision.resolutions.outcome.offered
        of_kind = [offer for offer in offered if offer.kind.value == kind] or offered
        return next((offer for offer in of_kind if ref in (None, offer.ref)), of_kind[0] if of_kind else None)

    def decides_as(self, other: "Verdict") -> bool:
        """Return whether another verdict says the same in every group, whoever decided it."""
        return (
            self.is_refused is other.is_refused
            and self.promotions == other.promotions
            and self.several is other.several
            and all(self.says(group) == other.says(group) for group in _GROUPS)
        )

    def terms(self, offer: ResolutionOffer, method: str | None) -> refund.RefundTerms:
        """Return the terms under which the line is refunded; the same object for the same offer and way back."""
        key = id(offer), method  # what is offered lives as long as the decision
        known = self._terms.get(key)
        if known is None:
            kind = self.decision.facts.values.get("return.kind")
            known = self._terms[key] = terms_of(
                self.decision,
                offer.kind.value,
                resolution_ref=offer.ref,
                method=method,
                promotions=self.promotions,
                is_withdrawal=kind == "withdrawal",
                is_cancellation=kind == "cancellation",
            )
        return known


class Seen(NamedTuple):
    """A line as all policies see it: how every comparison goes, its counts of units, how long ago its days were."""

    answers: Hashable
    units: Hashable
    ago: Hashable


class Eyes:
    """The facts that some policies ask about, as all of them see them: values that none tells apart are one."""

    def __init__(self, documents: Iterable[PolicyDocument], *, most: int = MOST) -> None:
        self._whole, eyes = _eyes(documents, most)
        self._eyes = [(eye.name, eye.seen, eye) for eye in eyes]

    def see(self, facts: Facts) -> Seen:
        """Return how a line looks to the policies."""
        get = facts["values"].get
        answers: list[Hashable] = [facts["books_currency"]]
        for name in self._whole:
            answers.append(get(name))
        for name, seen, eye in self._eyes:
            value = get(name)
            known = seen.get(value)
            answers.append(eye.look(value) if known is None else known)
        now, placed = _day(facts["today"]), get(_PLACED)
        ago = [None if placed is None else now - _day(placed)]
        for left, arrived in facts["parcels"]:
            ago.append(now - _day(left))
            ago.append(None if arrived is None else now - _day(arrived))
        return Seen(tuple(answers), tuple(map(get, _UNITS)), tuple(ago))


class Judge:
    """One policy with everything it has judged so far; what it is shown was seen by eyes that know its document."""

    def __init__(
        self, document: PolicyDocument, *, version: str, expressions: Expressions | None = None, most: int = MOST
    ) -> None:
        self._policy = compile_policy(document, version=version, expressions=expressions)
        self._answered: dict[Hashable, _Alike] = {}
        self._alike: dict[Hashable, _Alike] = {}
        self._windows: dict[Eligibility, _Windows] = {}
        self._most = most

    def verdict(self, facts: Facts, seen: Seen) -> Verdict:
        """Return the verdict on a line; the same object for all lines that are alike."""
        alike = self._answered.get(seen.answers) or self._answer(facts, seen)
        counted = alike.windows.is_open(facts, seen), seen.units
        return alike.verdicts.get(counted) or self._first(alike, counted, facts)

    def closes_on(self, facts: Facts, seen: Seen) -> date | None:
        """Return the last day of the window of a line that was judged, if it has one and it has begun."""
        return self._answered[seen.answers].windows.closes_on(facts)

    def decision(self, facts: Facts) -> LineDecision:
        """Return the decision about one line in full."""
        return decide(self._policy, [decode_facts(facts)]).lines[0]

    def _answer(self, facts: Facts, seen: Seen) -> "_Alike":
        """Return what is known of lines on which every rule goes the same way; who decides them is asked once."""
        rulings = rulings_on(self._policy, decode_facts(facts))
        kind = facts["values"].get(_LAW[0])
        key = (facts["books_currency"], kind, *map(id, rulings))  # they live as long as the policy, or the law
        alike = self._alike.get(key)
        if alike is None:
            said = cast("Eligibility", rulings[0].outcome)
            windows = self._windows.setdefault(said, _Windows(said, self._policy.working, self._most))
            alike = self._alike[key] = _Alike(windows)
        self._answered[seen.answers] = alike
        return alike

    def _first(self, alike: "_Alike", counted: Hashable, facts: Facts) -> Verdict:
        said = self.decision(facts)
        verdict = alike.verdicts[counted] = Verdict(
            said,
            bool(said.objections),
            said.decision.outcome.approval is Approval.REVIEW or said.requirements.outcome.photos > 0,
            tuple(said.ruling(group).rule for group in _GROUPS),
            _ways(said.methods.outcome.offered),
            self._policy.promotions,
            self._policy.several,
        )
        return verdict


def _ways(offered: Iterable[MethodOffer]) -> dict[str, Way]:
    ways: dict[str, Way] = {}
    for offer in offered:
        ways.setdefault(offer.kind.value, Way(offer.kind.value, offer.destination))
    return ways


class _Alike:
    """Lines that the same rules decide; they differ in their days and their units."""

    __slots__ = ("verdicts", "windows")

    def __init__(self, windows: "_Windows") -> None:
        self.windows = windows
        self.verdicts: dict[Hashable, Verdict] = {}


class _Windows:
    """The windows of one eligibility: days that lie alike around today are judged once."""

    __slots__ = ("_closing", "_eligibility", "_is_relative", "_most", "_open", "_working")

    def __init__(self, eligibility: Eligibility, working: WorkingDays, most: int) -> None:
        self._eligibility, self._working, self._most = eligibility, working, most
        # Else it matters which days of the calendar they are, not only how long ago they were.
        self._is_relative = (
            eligibility.days is DayCount.CALENDAR and not eligibility.extend and eligibility.until is None
        )
        self._open: dict[Hashable, bool | None] = {}
        self._closing: dict[Hashable, date | None] = {}

    def is_open(self, facts: Facts, seen: Seen) -> bool | None:
        """Return whether the window is open; nothing if there is none or it has not begun."""
        key = seen.ago if self._is_relative else (facts["today"], seen.ago)
        if key in self._open:
            return self._open[key]
        if len(self._open) >= self._most:
            self._open.clear()
        closes_on = self.closes_on(facts)
        found = None if closes_on is None else date.fromisoformat(facts["today"]) <= closes_on
        self._open[key] = found
        return found

    def closes_on(self, facts: Facts) -> date | None:
        """Return the last day of the window; nothing if there is none or it has not begun."""
        placed = facts["values"].get(_PLACED)
        key = (placed, *map(tuple, facts["parcels"]))
        if key not in self._closing:
            if len(self._closing) >= self._most:
                self._closing.clear()
            judged = window(self._eligibility, decode_facts({**facts, "values": {_PLACED: placed}}), self._working)
            self._closing[key] = None if judged is None else judged.closes_on
        return self._closing[key]


@lru_cache(maxsize=MOST)
def _day(text: str) -> int:
    """Return the number of a day that is kept as text."""
    return date.fromisoformat(text).toordinal()


class _Eye:
    """One fact: values on which all comparisons go the same way have one number."""

    __slots__ = ("_most", "_numbers", "_regions", "_steps", "_tests", "name", "seen")

    def __init__(self, name: str, leaves: Iterable[Compare], most: int) -> None:
        self.name, self._most = name, most
        asked = list(leaves)
        self._tests = [comparison(leaf) for leaf in asked]
        self._steps = sorted({leaf.value for leaf in asked if type(leaf.value) is int})
        self._regions: dict[Hashable, int] = {}  # of whole numbers: all between two that are compared with are alike
        self._numbers: dict[Hashable, int] = {}
        self.seen: dict[Hashable, int] = {}

    def look(self, value: Hashable) -> int:
        """Return the number of a value as it is kept in JSON, and remember it."""
        if len(self.seen) >= self._most:
            self.seen.clear()
        if type(value) is not int:
            number = self._ask(value)
        else:
            region = bisect_left(self._steps, value), bisect_right(self._steps, value)
            known = self._regions.get(region)
            number = self._regions[region] = self._ask(value) if known is None else known
        self.seen[value] = number
        return number

    def _ask(self, value: Hashable) -> int:
        known = {self.name: fact_value(self.name, value)}
        answers = tuple([test(known) for test in self._tests])
        return self._numbers.setdefault(answers, len(self._numbers))


def facts_needed(document: PolicyDocument) -> set[str]:
    """Return the names of all facts on which a verdict of this document may depend."""
    asked = {name for rule in document.rules for name in facts_asked(rule.when)}
    return asked | {*_LAW, *_UNITS, _PLACED}


def _eyes(documents: Iterable[PolicyDocument], most: int) -> tuple[tuple[str, ...], tuple[_Eye, ...]]:
    """Return the facts that must be seen as they are, and an eye for each of the others.

    As they are: what the law or an expression asks about; the zone of an order is that of its country in each document.
    """
    asked: dict[str, dict[Compare, None]] = {}
    whole = {*_LAW[:1]}
    for leaf in (leaf for document in documents for rule in document.rules for leaf in _leaves(rule.when)):
        if isinstance(leaf, Compare):
            asked.setdefault(leaf.fact, {})[leaf] = None
        else:
            whole.update(facts_asked(leaf))
    if ZONE in asked or ZONE in whole:
        whole.add("order.country")
    eyes = (_Eye(name, leaves, most) for name, leaves in sorted(asked.items()) if name not in {*whole, ZONE})
    return tuple(sorted(whole - {ZONE})), tuple(eyes)


def _leaves(condition: Condition) -> Iterator[Compare | Expression]:
    if isinstance(condition, Compare | Expression):
        yield condition
    else:
        for part in (condition.part,) if isinstance(condition, Not) else condition.parts:
            yield from _leaves(part)
