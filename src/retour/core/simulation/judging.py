"""Judging by a policy many times: what two lines have in common in the policy's eyes is decided once.

A decision depends on how each comparison of the rules goes, on what the law asks, on whether the window is open, and on the
counts of units. Lines that agree in these share one verdict; `tests/core/simulation` proves it equal to `decide`.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from retour.core.policy import FACTS, LineDecision, PolicyDocument, compile_policy, decide, decode_facts
from retour.core.policy.condition import comparison
from retour.core.policy.document import AllOf, AnyOf, Compare, Condition, FactValue, Not
from retour.core.policy.evaluate import window
from retour.core.policy.facts import FactType
from retour.core.policy.outcome import Eligibility, Group, Outcome

_UNITS: Final = ("line.quantity", "line.shipped_quantity", "line.earlier_returned", "line.units_left")
_DAYS: Final = tuple(fact.name for fact in FACTS.values() if fact.type is FactType.DATE)
_MOST: Final = 50_000  # what is remembered of one kind before all of it is forgotten
_GROUPS: Final = tuple(Group)

Facts = Mapping[str, object]  # as policy.encode_facts makes them


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a policy says about all lines that are alike to it: one representative decision, compared by identity."""

    decision: LineDecision
    is_refused: bool
    rules: tuple[str, ...]  # who decided each group, in their order

    def says(self, group: Group) -> Outcome:
        """Return the outcome of one group."""
        return self.decision.ruling(group).outcome


class Judge:
    """One policy with everything it has judged so far."""

    def __init__(self, document: PolicyDocument, *, version: str) -> None:
        self._policy = compile_policy(document, version=version)
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
            verdict = alike.verdicts[counted] = Verdict(said, bool(said.objections), rules)
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
            alike = self._alike[key] = _Alike(self.decision(facts).eligibility.outcome)
        return alike


class _Alike:
    """Lines on which every rule goes the same way; they differ in their days and their units."""

    __slots__ = ("_days", "_eligibility", "verdicts")

    def __init__(self, eligibility: Eligibility) -> None:
        self._eligibility = eligibility
        self._days: dict[Hashable, date | None] = {}
        self.verdicts: dict[Hashable, Verdict] = {}

    def closes_on(self, facts: Facts, values: Mapping[str, Any]) -> date | None:
        """Return the last day of the window, if there is one and it has begun; only days are looked at."""
        key = (facts["today"], *[values.get(name) for name in _DAYS], *map(tuple, cast("list[Any]", facts["parcels"])))
        if key in self._days:
            return self._days[key]
        days = {name: values.get(name) for name in _DAYS}
        judged = window(self._eligibility, decode_facts({**facts, "values": days}))
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


def _eyes(document: PolicyDocument) -> list[tuple[str, Callable[[Any], Hashable]]]:
    """Return every fact that matters to the document's rules, with the eye that sees it."""
    asked: dict[str, list[Compare]] = {}
    whole: set[str] = {"return.kind"}  # the law asks for it
    for rule in document.rules:
        for leaf in _leaves(rule.when):
            if isinstance(leaf, Compare):
                asked.setdefault(leaf.fact, []).append(leaf)
            else:
                whole.update(leaf)
    seen = [(name, _plain) for name in sorted(whole)]
    return [*seen, *((name, _Eye(name, leaves)) for name, leaves in sorted(asked.items()) if name not in whole)]


def _leaves(condition: Condition) -> Iterator[Compare | tuple[str, ...]]:
    """Yield the comparisons of a condition, and of anything else the facts it asks about."""
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from _leaves(part)
    elif isinstance(condition, Not):
        yield from _leaves(condition.part)


def _plain(value: Any) -> Hashable:
    return tuple(value) if type(value) is list else cast("Hashable", value)


def _fact(name: str, value: object) -> FactValue:
    """Return one value as the facts of a line hold it."""
    kept = {"line": "", "today": date.min.isoformat(), "books_currency": "", "values": {name: value}, "parcels": []}
    return decode_facts(kept).values[name]
