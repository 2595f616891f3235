"""A return in three worlds: as it was decided, under the policy it is compared with, and under the candidate."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from retour.core.errors import Refused
from retour.core.order import Order
from retour.core.policy import PolicyDocument
from retour.core.policy.expression import Expressions
from retour.core.policy.outcome import Group
from retour.core.simulation.judging import MOST, Eyes, Judge, Seen, Verdict
from retour.core.simulation.money import NO_MONEY, Till, found_under, money, moved, pay
from retour.core.simulation.past import PastReturn
from retour.core.simulation.result import Change, Fate, Money
from retour.core.simulation.world import World, WorldLine, world, world_key

# Groups whose outcome matters to a line that is accepted either way; the others show in its fate, its offer or its money.
_TELLING: Final = tuple(group for group in Group if group.value in {change.value for change in Change})


class Case(NamedTuple):
    """One return in its three worlds; without a past decision `then` is the world `before`.

    Where the candidate says the same about every line, whoever decides it, `after` is the very world `before`. Of each
    line `said` is the candidate's verdict, `alike` whether it decides as the one before, `seen` what all judges saw.
    `recorded` is what stands for the money of the world that was, if that is known.
    """

    past: PastReturn
    then: World
    before: World
    after: World
    said: tuple[Verdict, ...]
    alike: tuple[bool, ...]
    seen: tuple[Seen, ...]
    recorded: Money | None


class Compared(NamedTuple):
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
        *,
        most: int = MOST,
    ) -> None:
        self._most = most
        self._candidate = Judge(candidate, version="candidate", expressions=expressions)
        self._baseline = None if baseline is None else Judge(baseline, version="baseline", expressions=expressions)
        self._versions = {
            name: Judge(document, version=name, expressions=expressions) for name, document in versions.items()
        }
        documents = [candidate, *([baseline] if baseline else []), *versions.values()]
        self._eyes = Eyes(documents)
        self._same_terms: dict[tuple[int, int], bool] = {}
        self._same_verdicts: dict[tuple[int, int], bool] = {}
        self._worlds: dict[Hashable, World] = {}
        self._between: dict[tuple[int, int], _Between] = {}

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
        seen = tuple([self._eyes.see(line.facts) for line in past.lines])
        shown = [(line.facts, its) for line, its in zip(past.lines, seen, strict=True)]
        said_before = said_then = [then_judge.verdict(facts, its) for facts, its in shown]
        then = before = self._world(past, said_then)
        if before_judge is not then_judge:
            said_before = [before_judge.verdict(facts, its) for facts, its in shown]
            before = self._world(past, said_before, was_reviewed=then.is_reviewed)
        said = tuple([self._candidate.verdict(facts, its) for facts, its in shown])
        alike = tuple(map(self._decide_alike, said_before, said))
        after = before if all(alike) else self._world(past, said, was_reviewed=then.is_reviewed)
        return Case(past, then, before, after, said, alike, seen, _recorded(past, then))

    def needs_order(self, case: Case) -> bool:
        """Return whether the money of the case must be quoted: it is not recorded, or not the same in its worlds."""
        if case.recorded is None:
            return case.before.is_paid or case.after.is_paid
        if case.before is not case.then and case.before.is_paid and not self._pays_alike(case, case.before):
            return True
        return case.after is not case.before and case.after.is_paid and not self._pays_alike(case, case.after)

    def compare(self, case: Case, quotes: "Quotes | None" = None) -> Compared:
        """Return the case with its money; with quotes where `needs_order` says so."""
        before = self._money(case, case.before, None if quotes is None else quotes.before, quotes)
        if case.after is case.before:
            return Compared(case, before, before, (), requoted=quotes is not None)
        after = self._money(case, case.after, None if quotes is None else quotes.after, quotes)
        return Compared(case, before, after, self._changes(case, before, after), requoted=quotes is not None)

    def compare_unquoted(self, case: Case) -> Compared:
        """Return a case whose money cannot be quoted: what was recorded stands wherever units are accepted."""
        recorded = case.recorded or NO_MONEY
        before, after = (recorded if w.is_paid else NO_MONEY for w in (case.before, case.after))
        changes = () if case.after is case.before else self._changes(case, before, after)
        return Compared(case, before, after, changes, requoted=True, quoted=False)

    def quote(self, order: Order, cases: Sequence[Case], wanted: frozenset[str]) -> dict[str, "Quotes | Refused"]:
        """Return what returns of one order pay in each world, by key, replayed in the order given.

        Returns that are not wanted are paid as well, so that those after them start from the ledger they would find.
        """
        tills = Tills(order)
        answer: dict[str, Quotes | Refused] = {}
        last = max(at for at, case in enumerate(cases) if case.past.key in wanted)
        for at, case in enumerate(cases[: last + 1]):
            quotes: Quotes | Refused
            try:
                quotes = tills.pay(case, is_last=at == last)
            except Refused as no:
                quotes = no
            if case.past.key in wanted:
                answer[case.past.key] = quotes
        return answer

    def _money(self, case: Case, of: World, quoted: Money | None, quotes: "Quotes | None") -> Money:
        recorded = case.recorded
        if not of.is_paid:
            return NO_MONEY
        if recorded is not None and (quotes is None or quoted is None or self._pays_alike(case, of)):
            return recorded
        assert quotes is not None, "needs_order says what is to be quoted"
        assert quoted is not None
        if recorded is None:
            return quoted
        return moved(recorded, quotes.then, quoted)

    def _decide_alike(self, a: Verdict, b: Verdict) -> bool:
        key = id(a), id(b)  # verdicts live as long as their judges
        known = self._same_verdicts.get(key)
        if known is None:
            known = self._same_verdicts[key] = a.decides_as(b)
        return known

    def _world(self, past: PastReturn, verdicts: Sequence[Verdict], *, was_reviewed: bool | None = None) -> World:
        """Return the return under a policy; the same object for all returns that it treats alike."""
        key = world_key(past, verdicts, was_reviewed=was_reviewed)
        known = self._worlds.get(key)
        if known is None:
            if len(self._worlds) >= self._most:
                self._worlds.clear()
            known = self._worlds[key] = world(past, verdicts, was_reviewed=was_reviewed)
        return known

    def _compared(self, one: World, other: World) -> "_Between":
        key = id(one), id(other)  # what lies between them keeps them alive
        known = self._between.get(key)
        if known is None:
            if len(self._between) >= self._most:
                self._between.clear()
            known = self._between[key] = _between(one, other, pays_alike=self._pays_by_terms(one, other))
        return known

    def _pays_alike(self, case: Case, of: World) -> bool:
        """Return whether a world pays for the same units under the same terms as the world that was."""
        then = case.then
        if of is then:
            return True
        return self._compared(then, of).pays_alike and all(
            found_under(line, was, was) == found_under(line, now, was)
            for line, was, now in zip(case.past.lines, then.lines, of.lines, strict=True)
            if line.found and was.offer is not None
        )

    def _pays_by_terms(self, then: World, of: World) -> bool:
        return then.parcels == of.parcels and all(map(self._alike, then.lines, of.lines))

    def _alike(self, then: WorldLine, other: WorldLine) -> bool:
        if then.offer is None or other.offer is None:
            return then.offer is other.offer
        if then.offer.kind is not other.offer.kind:
            return False
        terms = then.verdict.terms(then.offer, then.method), other.verdict.terms(other.offer, other.method)
        key = id(terms[0]), id(terms[1])  # verdicts and their terms live as long as this court
        known = self._same_terms.get(key)
        if known is None:
            known = self._same_terms[key] = terms[0] == terms[1]
        return known

    def _changes(self, case: Case, before: Money, after: Money) -> tuple[Change, ...]:
        found = self._compared(case.before, case.after)
        was, now = before.given_minor, after.given_minor
        return found.changes if now == was else found.changes_more if now > was else found.changes_less


@dataclass(frozen=True, slots=True)
class _Between:
    """Two worlds, whether they pay under the same terms, and what changes from one to the other.

    The changes are those beside money, and those with more and with less money.
    """

    one: World
    other: World
    pays_alike: bool
    changes: tuple[Change, ...]
    changes_more: tuple[Change, ...]
    changes_less: tuple[Change, ...]


class Quotes(NamedTuple):
    """What one return pays in its three worlds."""

    then: Money
    before: Money
    after: Money


class Tills:
    """The tills of one order in the worlds."""

    def __init__(self, order: Order) -> None:
        self._then, self._before, self._after = (Till(order) for _ in range(3))

    def pay(self, case: Case, *, is_last: bool) -> Quotes:
        """Return what the case pays in each world and book it there, unless nobody comes after it; raises Refused."""
        before = then = pay(self._then, case.past, case.then, case.then, is_last=is_last)
        if case.before is not case.then:
            before = pay(self._before, case.past, case.before, case.then, is_last=is_last)
        return Quotes(then, before, pay(self._after, case.past, case.after, case.then, is_last=is_last))


def _recorded(past: PastReturn, then: World) -> Money | None:
    """Return what was recorded under the name of what the shopper got; nothing unless all that got anything got the same."""
    recorded = past.recorded
    if recorded is None or len(then.kinds) != 1:
        return None
    (kind,) = then.kinds
    return money(
        kind,
        total=recorded.total_minor,
        fee=recorded.fee_minor,
        deduction=recorded.deduction_minor,
        bonus=recorded.bonus_minor,
    )


def _between(one: World, other: World, *, pays_alike: bool) -> _Between:
    found = {change for b, a in zip(one.lines, other.lines, strict=True) for change in _of_line(b, a)}
    sorts: list[set[Change]] = [set(), {Change.PAYS_MORE}, {Change.PAYS_LESS}]
    told = (tuple(change for change in Change if change in found | more) for more in sorts)
    return _Between(one, other, pays_alike, *told)


def _of_line(before: WorldLine, after: WorldLine) -> list[Change]:
    if after.fate is Fate.REFUSED or before.fate is Fate.REFUSED:
        if before.fate is after.fate:
            return []
        return [Change.REFUSED if after.fate is Fate.REFUSED else Change.ALLOWED]
    found = []
    if before.fate is not after.fate:
        found.append(Change.TO_AUTOMATIC if after.fate is Fate.AUTOMATIC else Change.TO_REVIEW)
    if before.offer is not None and after.offer is not None:
        if (before.offer.kind, before.offer.ref) != (after.offer.kind, after.offer.ref):
            found.append(Change.RESOLUTION)
        if before.way != after.way:
            found.append(Change.METHOD)
        found += [Change(group.value) for group in _TELLING if before.verdict.says(group) != after.verdict.says(group)]
    return found
