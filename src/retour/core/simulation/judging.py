"""Judging by a policy many times: what two lines have in common in the policy's eyes is decided once.

A decision depends on the facts that the rules ask about, on what the law asks, on whether the window is open, and on the
counts of units. Lines that agree in these share one verdict; `tests/core/simulation` proves it equal to `decide`.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from retour.core.policy import CompiledPolicy, LineDecision, decide, decode_facts
from retour.core.policy.evaluate import window
from retour.core.policy.outcome import Eligibility, Group, Outcome

_UNITS: Final = ("line.quantity", "line.shipped_quantity", "line.earlier_returned", "line.units_left")
_MOST: Final = 50_000  # days remembered of one eligibility before all are forgotten
_GROUPS: Final = tuple(Group)

Facts = Mapping[str, object]  # as policy.encode_facts makes them


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a policy says about all lines that are alike to it: one representative decision, compared by identity."""

    decision: LineDecision

    @property
    def is_refused(self) -> bool:
        """Return whether the line may not come back."""
        return bool(self.decision.objections)

    def says(self, group: Group) -> Outcome:
        """Return the outcome of one group."""
        return self.decision.ruling(group).outcome

    def rules(self) -> tuple[str, ...]:
        """Return who decided each group, in their order."""
        return tuple(self.decision.ruling(group).rule for group in _GROUPS)


class Judge:
    """One policy with everything it has judged so far."""

    def __init__(self, policy: CompiledPolicy) -> None:
        self.policy = policy
        self._asked = tuple(sorted({name for names in policy.asked.values() for name in names} | {"return.kind"}))
        self._kinds: dict[Hashable, _Alike] = {}

    def verdict(self, facts: Facts) -> Verdict:
        """Return the verdict on a line; the same object for all lines that are alike."""
        values = cast("Facts", facts["values"])
        key = (facts["books_currency"], *[_hashable(values.get(name)) for name in self._asked])
        alike = self._kinds.get(key)
        if alike is None:
            alike = self._kinds[key] = _Alike(self.decision(facts).eligibility.outcome)
        counted = (alike.is_open(facts, values), *[values.get(name) for name in _UNITS])
        verdict = alike.verdicts.get(counted)
        if verdict is None:
            verdict = alike.verdicts[counted] = Verdict(self.decision(facts))
        return verdict

    def decision(self, facts: Facts) -> LineDecision:
        """Return the decision about one line in full."""
        return decide(self.policy, [decode_facts(facts)]).lines[0]


class _Alike:
    """Lines on which every rule goes the same way; they differ in their days and their units."""

    __slots__ = ("_days", "_eligibility", "verdicts")

    def __init__(self, eligibility: Eligibility) -> None:
        self._eligibility = eligibility
        self._days: dict[Hashable, bool | None] = {}
        self.verdicts: dict[Hashable, Verdict] = {}

    def is_open(self, facts: Facts, values: Facts) -> bool | None:
        """Return whether the window of the line is open; nothing if there is none or it has not begun."""
        key = (facts["today"], values.get("order.placed_on"), _parcels(facts["parcels"]))
        if key in self._days:
            return self._days[key]
        judged = window(self._eligibility, decode_facts(facts))
        if len(self._days) >= _MOST:
            self._days.clear()
        answer = None if judged is None else date.fromisoformat(cast("str", facts["today"])) <= judged.closes_on
        self._days[key] = answer
        return answer


def _parcels(parcels: object) -> Hashable:
    return tuple(tuple(days) for days in cast("list[list[str | None]]", parcels))


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value
