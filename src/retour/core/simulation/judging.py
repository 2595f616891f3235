"""Judging by a policy many times: what two lines have in common in the policy's eyes is decided once.

A decision depends on how each comparison of the rules goes, on what the law asks, on whether the window is open, and on the
counts of units. Lines that agree in these share one verdict; `tests/core/simulation` proves it equal to `decide`.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, cast

from retour.core import refund
from retour.core.policy import FACTS, LineDecision, PolicyDocument, compile_policy, decide, decode_facts
from retour.core.policy.condition import comparison, facts_asked
from retour.core.policy.document import Compare, Condition, Expression, FactValue, Not, PromotionCondition
from retour.core.policy.expression import Expressions
from retour.core.policy.facts import FactType
from retour.core.policy.outcome import Eligibility, Group, Outcome, ResolutionOffer
from retour.core.policy.window import WorkingDays, window
from retour.core.policy.zone import ZONE
from retour.core.terms import terms_of

_UNITS: Final = ("line.quantity", "line.shipped_quantity", "line.earlier_returned", "line.units_left")
_LAW: Final = ("return.kind", "order.country")  # what the law asks for, and what an order's zone follows from
_DAYS: Final = tuple(fact.name for fact in FACTS.values() if fact.type is FactType.DATE)
_MOST: Final = 50_000  # what is remembered of one kind before all of it is forgotten
_GROUPS: Final = tuple(Group)

Facts = Mapping[str, object]  # as policy.encode_facts makes them


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a policy says about all lines that are alike to it: one representative decision, compared by identity.

    `rules` says who decided each group, in their order; `promotions` are the conditions of the policy's document.
    """

    decision: LineDecision
    is_refused: bool
    rules: tuple[str, ...]
    promotions: tuple[PromotionCondition, ...]
    _terms: dict[tuple[ResolutionOffer, str | None], refund.RefundTerms] = field(default_factory=dict)

    def says(self, group: Group) -> Outcome:
        """Return the outcome of one group."""
        return self.decision.ruling(group).outcome

    def terms(self, offer: ResolutionOffer, method: str | None) -> refund.RefundTerms:
        """Return the terms under which the line is refunded; the same object for the same offer and way back."""
        known = self._terms.get((offer, method))
        if known is None:
            kind = self.decision.facts.values.get("return.kind")
            known = self._terms[offer, method] = terms_of(
                self.decision,
                offer.kind.value,
                resolution_ref=offer.ref,
                method=method,
                promotions=self.promotions,
                is_withdrawal=kind == "withdrawal",
                is_cancellation=kind == "cancellation",
            )
        return known


class Judge:
    """One policy with everything it has judged so far."""

    def __init__(self, document: PolicyDocument, *, version: str, expressions: Expressions | None = None) -> None:
        self._policy = compile_policy(document, version=version, expressions=expressions)
        self._eyes = _eyes(document)
        self._alike: dict[Hashable, _Alike] = {}

    def verdict(self, facts: Facts) -> Verdict:
        """Return the verdict on a line; the same object for all lines that are alike."""
        values = cast("dict[str, Any]", facts["values"])
        alike = self._alike_to(facts, values)
        closes_on = alike.closes_on(facts, values)
        is_open = None if closes_on is None else cast("str", facts["today"]) <= closes_on.isoformat()
        counted = (is_open, *[values.get(name) for name in _UNITS])
        verdict = alike.verdicts.get(counted)
        if verdict is None:
            said = self.decision(facts)
            rules = tuple(said.ruling(group).rule for group in _GROUPS)
            verdict = Verdict(said, bool(said.objections), rules, self._policy.promotions)
            alike.verdicts[counted] = verdict
        return verdict

    def closes_on(self, facts: Facts) -> date | None:
        """Return the last day of the line's window, if it has one and it has begun."""
        values = cast("dict[str, Any]", facts["values"])
        return self._alike_to(facts, values).closes_on(facts, values)

    def decision(self, facts: Facts) -> LineDecision:
        """Return the decision about one line in full."""
        return decide(self._policy, [decode_facts(facts)]).lines[0]

    def _alike_to(self, facts: Facts, values: Mapping[str, Any]) -> "_Alike":
        key = (facts["books_currency"], *[see(values.get(name)) for name, see in self._eyes])
        alike = self._alike.get(key)
        if alike is None:
            alike = self._alike[key] = _Alike(self.decision(facts).eligibility.outcome, self._policy.working)
        return alike


class _Alike:
    """Lines on which every rule goes the same way; they differ in their days and their units."""

    __slots__ = ("_days", "_eligibility", "_working", "verdicts")

    def __init__(self, eligibility: Eligibility, working: WorkingDays) -> None:
        self._eligibility, self._working = eligibility, working
        self._days: dict[Hashable, date | None] = {}
        self.verdicts: dict[Hashable, Verdict] = {}

    def closes_on(self, facts: Facts, values: Mapping[str, Any]) -> date | None:
        """Return the last day of the window, if there is one and it has begun; only days are looked at."""
        key = (facts["today"], *[values.get(name) for name in _DAYS], *map(tuple, cast("list[Any]", facts["parcels"])))
        if key in self._days:
            return self._days[key]
        days = {name: values.get(name) for name in _DAYS}
        judged = window(self._eligibility, decode_facts({**facts, "values": days}), self._working)
        if len(self._days) >= _MOST:
            self._days.clear()
        answer = self._days[key] = None if judged is None else judged.closes_on
        return answer


class _Eye:
    """One fact as a policy sees it: values on which all its comparisons go the same way are one."""

    __slots__ = ("_name", "_seen", "_tests")

    def __init__(self, name: str, leaves: list[Compare]) -> None:
        self._name = name
        self._tests = [comparison(leaf) for leaf in leaves]
        self._seen: dict[Hashable, Hashable] = {}

    def __call__(self, value: Any) -> Hashable:
        """Return how the comparisons go on a value as it is kept in JSON."""
        plain = tuple(value) if type(value) is list else value
        answers = self._seen.get(plain)
        if answers is None:
            if len(self._seen) >= _MOST:
                self._seen.clear()
            known = {self._name: _fact(self._name, value)}
            answers = self._seen[plain] = tuple(test(known) for test in self._tests)
        return answers


def facts_needed(document: PolicyDocument) -> set[str]:
    """Return the names of all facts on which a verdict of this document may depend."""
    asked = {name for rule in document.rules for name in facts_asked(rule.when)}
    return asked | {*_LAW, *_UNITS, *_DAYS}


def _eyes(document: PolicyDocument) -> list[tuple[str, Callable[[Any], Hashable]]]:
    """Return every fact that matters to the document's rules, with the eye that sees it.

    What an expression asks about is seen as it is; the zone of an order is that of its country in this document.
    """
    asked: dict[str, list[Compare]] = {}
    whole = set(_LAW[:1])
    for rule in document.rules:
        for leaf in _leaves(rule.when):
            if isinstance(leaf, Compare):
                asked.setdefault(leaf.fact, []).append(leaf)
            else:
                whole.update(facts_asked(leaf))
    if ZONE in asked or ZONE in whole:
        whole.add("order.country")
    seen = [(name, _plain) for name in sorted(whole - {ZONE})]
    eyes = [(name, _Eye(name, leaves)) for name, leaves in sorted(asked.items()) if name not in {*whole, ZONE}]
    return [*seen, *eyes]


def _leaves(condition: Condition) -> Iterator[Compare | Expression]:
    if isinstance(condition, Compare | Expression):
        yield condition
    else:
        for part in (condition.part,) if isinstance(condition, Not) else condition.parts:
            yield from _leaves(part)


def _plain(value: Any) -> Hashable:
    return tuple(value) if type(value) is list else cast("Hashable", value)


def _fact(name: str, value: object) -> FactValue:
    """Return one value as the facts of a line hold it."""
    kept = {"line": "", "today": date.min.isoformat(), "books_currency": "", "values": {name: value}, "parcels": []}
    return decode_facts(kept).values[name]
