"""A return in three worlds: as it was decided, under the policy it is compared with, and under the candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from retour.core.errors import Refused
from retour.core.order import Order
from retour.core.policy import PolicyDocument
from retour.core.policy.expression import Expressions
from retour.core.policy.outcome import Group
from retour.core.simulation.judging import Judge
from retour.core.simulation.money import NO_MONEY, Till, found_under, fresh, money, pay, plus
from retour.core.simulation.past import PastReturn
from retour.core.simulation.result import Change, Fate, Money
from retour.core.simulation.world import World, WorldLine, asks_person, world

# Groups whose outcome matters to a line that is accepted either way; the others show in its fate, its offer or its money.
_TELLING: Final = tuple(group for group in Group if group.value in {change.value for change in Change})


@dataclass(frozen=True, slots=True)
class Case:
    """One return in its three worlds; without a past decision `then` is the world `before`."""

    past: PastReturn
    then: World
    before: World
    after: World


@dataclass(frozen=True, slots=True)
class Compared:
    """A case with its money in both worlds; `requoted` if any of it was computed anew, `quoted` unless that failed."""

    case: Case
    before: Money
    after: Money
    changes: tuple[Change, ...]
    requoted: bool = False
    quoted: bool = True


class Court:
    """The candidate, the policy it is compared with if that is one for all, and the versions of the past by name."""

    def __init__(
        self,
        candidate: PolicyDocument,
        baseline: PolicyDocument | None,
        versions: Mapping[str, PolicyDocument],
        expressions: Expressions | None = None,
    ) -> None:
        self._candidate = Judge(candidate, version="candidate", expressions=expressions)
        self._baseline = None if baseline is None else Judge(baseline, version="baseline", expressions=expressions)
        self._versions = {
            name: Judge(document, version=name, expressions=expressions) for name, document in versions.items()
        }
        self._same_terms: dict[tuple[int, int], bool] = {}

    @property
    def candidate(self) -> Judge:
        """Return who judges by the candidate."""
        return self._candidate

    def judge_before(self, past: PastReturn) -> Judge:
        """Return who judges the return in the world it is compared with."""
        judge = self._baseline or self._versions.get(past.version or "")
        assert judge is not None, "a return is compared with some policy"
        return judge

    def case(self, past: PastReturn) -> Case:
        """Return the return in its worlds."""
        before_judge = self.judge_before(past)
        then_judge = self._versions.get(past.version or "", before_judge)
        said_then = [then_judge.verdict(line.facts) for line in past.lines]
        reviewed = asks_person(past, said_then)
        then = world(past, said_then, was_reviewed=reviewed)
        before = then
        if before_judge is not then_judge:
            before = world(past, [before_judge.verdict(line.facts) for line in past.lines], was_reviewed=reviewed)
        said_after = [self._candidate.verdict(line.facts) for line in past.lines]
        return Case(past, then, before, world(past, said_after, was_reviewed=reviewed))

    def needs_order(self, case: Case) -> bool:
        """Return whether the money of the case must be quoted: it is not recorded, or not the same in its worlds."""
        recorded = recorded_money(case)
        return any(
            _is_paid(w) and (recorded is None or not self._pays_alike(case, w)) for w in (case.before, case.after)
        )

    def compare(self, case: Case, quotes: "Quotes | None" = None) -> Compared:
        """Return the case with its money; with quotes where `needs_order` says so."""
        recorded = recorded_money(case)
        before = self._money(case, case.before, recorded, None if quotes is None else quotes.before, quotes)
        after = self._money(case, case.after, recorded, None if quotes is None else quotes.after, quotes)
        changes = _changes(case, before, after)
        return Compared(case, before, after, changes, requoted=quotes is not None)

    def compare_unquoted(self, case: Case) -> Compared:
        """Return a case whose money cannot be quoted: what was recorded stands wherever units are accepted."""
        recorded = recorded_money(case) or NO_MONEY
        before, after = (recorded if _is_paid(w) else NO_MONEY for w in (case.before, case.after))
        return Compared(case, before, after, _changes(case, before, after), requoted=True, quoted=False)

    def quote(self, order: Order, cases: Sequence[Case], wanted: frozenset[str]) -> dict[str, "Quotes | Refused"]:
        """Return what returns of one order pay in each world, by key, replayed in the order given.

        Returns that are not wanted are paid as well, so that those after them start from the ledger they would find.
        """
        tills = Tills(fresh(order), fresh(order), fresh(order))
        answer: dict[str, Quotes | Refused] = {}
        for case in cases:
            try:
                quotes = tills.pay(case)
            except Refused as no:
                if case.past.key in wanted:
                    answer[case.past.key] = no
            else:
                if case.past.key in wanted:
                    answer[case.past.key] = quotes
            if len(answer) == len(wanted):
                break
        return answer

    def _money(
        self, case: Case, of: World, recorded: Money | None, quoted: Money | None, quotes: "Quotes | None"
    ) -> Money:
        if not _is_paid(of):
            return NO_MONEY
        if recorded is not None and (quotes is None or quoted is None or self._pays_alike(case, of)):
            return recorded
        assert quotes is not None, "needs_order says what is to be quoted"
        assert quoted is not None
        if recorded is None:
            return quoted
        return _never_negative(plus(recorded, plus(quoted, quotes.then, -1)))

    def _pays_alike(self, case: Case, of: World) -> bool:
        """Return whether a world pays for the same units under the same terms as the world that was."""
        if of is case.then:
            return True
        ways = case.then.method, of.method
        return all(self._alike(a, b, ways) for a, b in zip(case.then.lines, of.lines, strict=True))

    def _alike(self, then: WorldLine, other: WorldLine, ways: tuple[str | None, str | None]) -> bool:
        if then.offer is None or other.offer is None:
            return then.offer is other.offer
        if then.verdict is other.verdict and ways[0] == ways[1]:
            return True
        if then.offer.kind is not other.offer.kind:
            return False
        if then.past.found and found_under(then, then) != found_under(other, then):
            return False
        terms = then.verdict.terms(then.offer, ways[0]), other.verdict.terms(other.offer, ways[1])
        key = id(terms[0]), id(terms[1])  # verdicts and their terms live as long as this court
        known = self._same_terms.get(key)
        if known is None:
            known = self._same_terms[key] = terms[0] == terms[1]
        return known


@dataclass(frozen=True, slots=True)
class Quotes:
    """What one return pays in its three worlds."""

    then: Money
    before: Money
    after: Money


@dataclass(frozen=True, slots=True)
class Tills:
    """The till of one order in each world."""

    then: Till
    before: Till
    after: Till

    def pay(self, case: Case) -> Quotes:
        """Return what the case pays in each world and book it there; raises Refused."""
        then = pay(self.then, case.then, case.then)
        before = then
        if case.before is not case.then:
            before = pay(self.before, case.before, case.then)
        return Quotes(then, before, pay(self.after, case.after, case.then))


def recorded_money(case: Case) -> Money | None:
    """Return what was recorded under the name of what the shopper got; nothing if lines got different things."""
    recorded = case.past.recorded
    kinds = {line.offer.kind for line in case.then.lines if line.offer is not None}
    if recorded is None or len(kinds) > 1:
        return None
    return money(
        next(iter(kinds), None),
        total=recorded.total_minor,
        fee=recorded.fee_minor,
        deduction=recorded.deduction_minor,
        bonus=recorded.bonus_minor,
    )


def _is_paid(of: World) -> bool:
    return any(line.offer is not None for line in of.lines)


def _never_negative(of: Money) -> Money:
    return Money(*(max(0, getattr(of, name)) for name in Money.__slots__))


def _changes(case: Case, before: Money, after: Money) -> tuple[Change, ...]:
    if before == after and all(
        b.verdict is a.verdict and b.fate is a.fate for b, a in zip(case.before.lines, case.after.lines, strict=True)
    ):
        return ()
    found = {change for b, a in zip(case.before.lines, case.after.lines, strict=True) for change in _of_line(b, a)}
    if case.before.method != case.after.method and case.before.method and case.after.method:
        found.add(Change.METHOD)
    if before.given_minor != after.given_minor:
        found.add(Change.PAYS_MORE if after.given_minor > before.given_minor else Change.PAYS_LESS)
    return tuple(change for change in Change if change in found)


def _of_line(before: WorldLine, after: WorldLine) -> list[Change]:
    if after.fate is Fate.REFUSED or before.fate is Fate.REFUSED:
        if before.fate is after.fate:
            return []
        return [Change.REFUSED if after.fate is Fate.REFUSED else Change.ALLOWED]
    found = []
    if before.fate is not after.fate:
        found.append(Change.TO_AUTOMATIC if after.fate is Fate.AUTOMATIC else Change.TO_REVIEW)
    if before.offer is not None and after.offer is not None:
        if before.offer.kind is not after.offer.kind:
            found.append(Change.RESOLUTION)
        found += [Change(group.value) for group in _TELLING if before.verdict.says(group) != after.verdict.says(group)]
    return found
