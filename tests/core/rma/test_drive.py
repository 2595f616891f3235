"""A return driven through random legal moves by nothing but its next steps, on an outside that answers at random."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from retour.core.effect import (
    MOVES,
    OPEN_STATES,
    EffectKind,
    EffectState,
    ProcessReturn,
    Restock,
)
from retour.core.rma import (
    Decision,
    Due,
    EarlyUnits,
    EffectView,
    Inspection,
    Moment,
    ReturnLine,
    SettlementState,
    SettlementView,
    blocked_by,
    count,
    decide_line,
    derive_status,
    lowest,
    minus,
    moves,
    next_steps,
    settled_early,
)
from retour.core.rma.moves import OPEN, UNDECIDED
from retour.core.rma.state import Disposition
from tests.core.rma import builders as b
from tests.core.rma.their_return import TheirReturn

pytestmark = pytest.mark.property

K, E, D, S = EffectKind, EffectState, Decision, SettlementState
ORDER = b.an_order({"L1": (1, 2, 3), "L2": (3,)})
PICK = st.integers(0, 50)


class ReturnMachine(RuleBasedStateMachine):
    """The flows' part played by the book: store what is due, withdraw, settle, resolve; count what happens outside."""

    @initialize(
        units=st.lists(st.integers(1, 3), min_size=1, max_size=2),
        native=st.sampled_from([True, True, False]),
        restocks=st.sampled_from(["retour", "retour", "warehouse", "platform"]),
        refunds=st.sampled_from(["retour", "platform"]),
        settle_on=st.sampled_from([Moment.INSPECTED, *Moment]),
        same_article=st.booleans(),
        begun=st.booleans(),
    )
    def request(
        self,
        *,
        units: list[int],
        native: bool,
        restocks: str,
        refunds: str,
        settle_on: Moment,
        same_article: bool,
        begun: bool,
    ) -> None:
        """Request a return of these units, of two articles or in two lines of one; `begun` if it is approved and open."""
        capable_of = frozenset(K) if native else b.BARE
        self.store = b.a_store(capable_of=capable_of, restocks=restocks, refunds=refunds)
        lines = [b.a_line(n, of, decision=D.REQUESTED, settle_on=settle_on) for n, of in enumerate(units, 1)]
        if same_article and len(lines) > 1:
            lines[1] = replace(lines[1], line_ref="L1", claimed=((units[0] + 1, sum(units)),))
        self.ret = b.a_return(*lines)
        self.asked = {line.id: line.claimed for line in lines}
        self.there, self.given_up = TheirReturn(), 0
        self.native, self.batches, self.tries = native, 0, 0
        self.dues: dict[UUID, Due] = {}
        self.put_back: Counter[UUID] = Counter()  # how often the units of an inspection entered the stock
        self.opened = self.finished = self.tagged = 0
        self.requested = self.answered = 0
        self.paid: Counter[UUID] = Counter()  # how often the money of a batch moved
        self.paid_units: Counter[tuple[str, int]] = Counter()  # how often the money of a unit moved
        self.early = 0
        self._go()
        for n in range(len(units) if begun else 0):
            self.decide(n, D.APPROVED)
        if begun:
            self.all_is_answered()

    # --- what people and carriers do ---------------------------------------------------------------------------------

    @rule(n=PICK, to=st.sampled_from([D.APPROVED, D.APPROVED, D.REJECTED, D.REOPENED, D.IN_REVIEW]))
    def decide(self, n: int, to: Decision) -> None:
        """Decide a line, if its decision may move there and no unit of it is in the house."""
        line = self.ret.lines[n % len(self.ret.lines)]
        if line.decision is D.RESOLVED or line.received or line.decision is to:
            return
        if to in {D.REJECTED, D.REOPENED, D.APPROVED, D.IN_REVIEW} & moves.MOVES[line.decision]:
            claimed = line.claimed
            if to is D.REJECTED:
                self.given_up, claimed = self.given_up + line.quantity, ()
            elif line.decision is D.REJECTED:
                claimed = self.asked[line.id]
            decided = replace(line, decision=decide_line(line.decision, to), decided_at=b.DECIDED_AT, claimed=claimed)
            self._line(decided)

    @rule(n=PICK, waits=st.booleans())
    def change_minds(self, n: int, *, waits: bool) -> None:
        """Reject a line that was changed and approve it after all, at once or when the outside has followed."""
        line = self.ret.lines[n % len(self.ret.lines)]
        unmoved = not self.ret.settlements and self.ret.in_transit_at is None and not line.received
        if line.decision is D.APPROVED and unmoved:
            self._line(replace(line, decision=D.REQUESTED))
        self.decide(n, D.REJECTED)
        if waits:
            self.all_is_answered()
        self.decide(n, D.REOPENED)
        self.decide(n, D.APPROVED)

    @precondition(lambda self: self.ret.status is D.APPROVED and self.ret.in_transit_at is None)
    @rule()
    def scan(self) -> None:
        """Scan the parcel."""
        self._change(in_transit_at=b.SCANNED_AT)

    @rule(n=PICK, some=st.integers(1, 3))
    def receive(self, n: int, some: int) -> None:
        """Receive some of the units of an approved line that are still out."""
        line = self.ret.lines[n % len(self.ret.lines)]
        came = lowest(minus(line.claimed, line.received), some)
        if line.decision is D.APPROVED and came:
            self.ret = replace(self.ret, received_at=b.RECEIVED_AT)
            self._line(replace(line, received=line.received + came, arrived_at=b.RECEIVED_AT))

    @rule(some=st.integers(1, 3), disposition=st.sampled_from(Disposition), accepted=st.booleans())
    def inspect(self, some: int, disposition: Disposition, *, accepted: bool) -> None:
        """Judge some received units of every line in one batch, and quote what is owed for it."""
        self.batches += 1
        batch_id, judged, owed = b.batch(self.batches), False, False
        for line in self.ret.lines:
            spans = lowest(minus(line.received, line.inspected), some) if line.decision is D.APPROVED else ()
            verdicts = tuple(self._verdict(line, span, batch_id, disposition, accepted=accepted) for span in spans)
            judged = judged or bool(verdicts)
            owed = owed or bool(minus(spans, settled_early(self.ret, line.line_ref)))
            self._put(replace(line, inspections=line.inspections + verdicts))
        if owed and accepted:
            quoted = b.a_settlement(self.batches)
            self.ret = replace(self.ret, settlements=(*self.ret.settlements, quoted))
        self._change(inspected_at=b.INSPECTED_AT if judged else self.ret.inspected_at)

    @rule(n=PICK)
    def cancel_the_rest(self, n: int) -> None:
        """Cancel the units of a line that have not arrived."""
        line = self.ret.lines[n % len(self.ret.lines)]
        if line.decision in OPEN and minus(line.claimed, line.received):
            decision = line.decision if line.received else D.CANCELLED
            self.given_up += line.quantity - count(line.received)
            self._line(replace(line, claimed=line.received, decision=decision))

    @rule(n=PICK)
    def give_one_up(self, n: int) -> None:
        """Ask for one unit less of a line of several that are still out."""
        line = self.ret.lines[n % len(self.ret.lines)]
        out = minus(line.claimed, line.received)
        if line.decision in OPEN and line.quantity > 1 and out:
            self.given_up += 1
            self._line(replace(line, claimed=minus(line.claimed, ((out[-1][1], out[-1][1]),))))

    @precondition(lambda self: self.store.restocks == "warehouse")
    @rule()
    def the_warehouse_restocks(self) -> None:
        """Report every unit to be restocked as restocked by the warehouse."""
        self._mark([i.id for i in self.ret.inspections() if i.disposition is Disposition.RESTOCK and not i.restocked])
        self._go()

    # --- what the outside does ---------------------------------------------------------------------------------------

    @rule(n=PICK, to=st.sampled_from([E.SENDING, E.PENDING, E.UNKNOWN, E.CONFIRMED, E.CONFIRMED, E.FAILED]))
    def answer(self, n: int, to: EffectState) -> None:
        """Move an effect; what failed is tried again by a person."""
        moving = [e for e in self.ret.effects if to in MOVES[e.state]]
        if moving:
            self._move(moving[n % len(moving)], to)
            self._go()

    @rule()
    def all_is_answered(self) -> None:
        """Let everything that is on its way succeed."""
        while moving := [e for e in self.ret.effects if e.state in OPEN_STATES]:
            self._move(moving[0], E.SENDING if moving[0].state is E.INTENT else E.CONFIRMED)
            self._go()

    @rule()
    def park(self) -> None:
        """Leave a lost request to a person: the return goes on without it, whatever it turns out to be."""
        lost = [e.id for e in self.ret.effects if e.kind is K.REQUEST_RETURN and e.state is E.UNKNOWN]
        self._change(effects=tuple(replace(e, parked=e.parked or e.id in lost) for e in self.ret.effects))

    # --- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def nothing_happens_twice(self) -> None:
        """Every unit enters the stock once at most, every batch is paid once, one return is opened and ended."""
        if hasattr(self, "paid"):
            assert max([0, *self.put_back.values(), *self.paid.values(), self.opened, self.finished]) <= 1
            assert max([0, *self.paid_units.values()]) <= 1
            assert self.answered <= self.requested <= 1
            assert self.there.taken_out <= self.given_up
            verdicts = {i.id: i for i in self.ret.inspections()}
            assert all(verdicts[i].disposition is Disposition.RESTOCK for i in self.put_back)
            assert not self.put_back or self.store.restocks == "retour"

    @invariant()
    def an_open_return_waits_for_someone(self) -> None:
        """While a line is open somebody is named."""
        if hasattr(self, "paid") and self.ret.status in OPEN:
            steps = next_steps(self.ret, ORDER, self.store)
            assert blocked_by(self.ret, self.store, steps, now=b.NOW) is not None

    def teardown(self) -> None:
        """Let everything arrive and succeed: the return must end, and end right."""
        if not hasattr(self, "paid"):
            return
        for n, line in enumerate(self.ret.lines):
            if line.decision in UNDECIDED:
                self.decide(n, D.APPROVED)
            self.receive(n, 3)
        self.inspect(3, Disposition.RESTOCK, accepted=True)
        self.all_is_answered()
        if self.store.restocks == "warehouse":
            self.the_warehouse_restocks()
            self.all_is_answered()
        self._ends_right()

    def _ends_right(self) -> None:
        assert self.ret.status not in OPEN
        assert not next_steps(self.ret, ORDER, self.store)
        assert blocked_by(self.ret, self.store, next_steps(self.ret, ORDER, self.store), now=b.NOW) is None
        assert self.opened == self.finished
        refused = any(e.kind is K.APPROVE_RETURN and e.state is E.FAILED for e in self.ret.effects)
        # An approval that failed is made up for by an opening.
        assert self.requested == self.answered or (refused and self.opened == 1)
        assert self.tagged == 0
        assert {s.batch_id for s in self.ret.settlements if s.state is not S.REVERSED} == set(self.paid)
        accepted = {u for i in self.ret.inspections() if i.accepted for u in self._each(i.line_ref, i.span)}
        assert accepted <= set(self.paid_units)
        if self.store.restocks == "retour":
            wanted = {i.id for i in self.ret.inspections() if i.disposition is Disposition.RESTOCK}
            assert wanted == set(self.put_back)

    # --- the flows' part ---------------------------------------------------------------------------------------------

    def _go(self) -> None:
        while steps := next_steps(self.ret, ORDER, self.store):
            for due in steps.effects:
                self._plan(due.kind, due.business_ref, due)
            self._states(steps.withdraw, E.CANCELLED)
            for units in steps.quote:
                self._quote(units)
            for settlement_id in steps.void:
                self._settlement(settlement_id, S.REVERSED)
            for s in self.ret.settlements:
                if s.id in steps.settle + steps.hand_over and not s.units:
                    self._goods_are_there(s.batch_id)
                if s.id in steps.settle:
                    self._settlement(s.id, S.DUE)
                    self._plan(K.REFUND_TENDER, f"refund:{s.id}", None)
                if s.id in steps.hand_over:
                    self._pay(s)
                    self._settlement(s.id, S.HANDED_OVER)
            for line in self.ret.lines:
                if line.id in steps.resolve:
                    self._put(replace(line, decision=decide_line(line.decision, D.RESOLVED)))
            self.ret = replace(self.ret, status=derive_status(x.decision for x in self.ret.lines))

    def _quote(self, units: EarlyUnits) -> None:
        """Answer for units whose money is due before their inspection, each once."""
        self.early += 1
        named = tuple((units.line_ref, lo, hi) for lo, hi in units.spans)
        known = {u for s in self.ret.settlements for ref, lo, hi in s.units for u in self._each(ref, (lo, hi))}
        assert not known & {u for ref, lo, hi in named for u in self._each(ref, (lo, hi))}
        made = b.a_settlement(100 + self.early, moment=units.moment, units=named, batch_id=b.uid(600 + self.early))
        self.ret = replace(self.ret, settlements=(*self.ret.settlements, made))

    def _pay(self, settlement: SettlementView) -> None:
        """Count whose money moved: the units a settlement names, or those accepted in its batch and not paid before."""
        self.paid[settlement.batch_id] += 1
        ahead = {u for s in self.ret.settlements for ref, lo, hi in s.units for u in self._each(ref, (lo, hi))}
        units = [u for ref, lo, hi in settlement.units for u in self._each(ref, (lo, hi))]
        for i in self.ret.inspections():
            if i.batch_id == settlement.batch_id and i.accepted:
                units += [u for u in self._each(i.line_ref, i.span) if u not in ahead]
        self.paid_units.update(units)

    @staticmethod
    def _each(ref: str, span: tuple[int, int]) -> list[tuple[str, int]]:
        return [(ref, unit) for unit in range(span[0], span[1] + 1)]

    def _goods_are_there(self, batch_id: UUID) -> None:
        batch = [i for i in self.ret.inspections() if i.batch_id == batch_id]
        assert batch
        for i in batch:
            if i.disposition is Disposition.RESTOCK and self.store.restocks == "retour":
                assert self.put_back[i.id] == 1

    def _plan(self, kind: EffectKind, ref: str, due: Due | None) -> None:
        self.tries += 1
        made = replace(b.an_effect(kind, ref, E.INTENT), id=b.uid(9000 + self.tries), settlement=due is None)
        old = self.ret.effect(kind, ref)
        assert old is None or old.state is E.FAILED
        if due is not None:
            self.dues[made.id] = due
        self.ret = replace(self.ret, effects=(*self.ret.effects, made))

    def _move(self, effect: EffectView, to: EffectState) -> None:
        assert to in MOVES[effect.state]
        self._states((effect.id,), to)
        if to is E.FAILED and effect.kind not in (K.REQUEST_RETURN, K.APPROVE_RETURN):  # it goes on without these
            self._plan(effect.kind, effect.business_ref, self.dues.get(effect.id))
        elif to is E.CONFIRMED:
            self._happened(effect, self.dues.get(effect.id))

    def _happened(self, effect: EffectView, due: Due | None) -> None:
        if due is None:
            settlement = next(s for s in self.ret.settlements if effect.business_ref == f"refund:{s.id}")
            self._pay(settlement)
            self._settlement(settlement.id, S.SETTLED)
            return
        self.requested += due.kind is K.REQUEST_RETURN
        self.answered += due.kind in (K.APPROVE_RETURN, K.DECLINE_RETURN)
        self.opened += due.kind in (K.OPEN_RETURN, K.APPROVE_RETURN)
        self.finished += due.kind in (K.CLOSE_RETURN, K.CANCEL_RETURN)
        self.tagged += (due.kind is K.TAG) - (due.kind is K.UNTAG)
        result = b.as_effect(due, E.CONFIRMED, self.ret).result
        self.there.happened(due, result)
        self.ret = replace(
            self.ret, effects=tuple(replace(e, result=result) if e.id == effect.id else e for e in self.ret.effects)
        )
        if isinstance(due.target, ProcessReturn):
            assert sum(x.quantity for x in due.target.lines if x.restock) == self._units(due)
        if isinstance(due.target, Restock):
            assert due.target.quantity == self._units(due)
        self.put_back.update(due.restocks)
        self._mark(list(due.restocks))

    def _units(self, due: Due) -> int:
        return count(i.span for i in self.ret.inspections() if i.id in due.restocks)

    def _verdict(
        self, line: ReturnLine, span: tuple[int, int], batch_id: UUID, disposition: Disposition, *, accepted: bool
    ) -> Inspection:
        number = line.position * 100 + span[0]
        verdict = b.an_inspection(number, span, line_id=line.id, line_ref=line.line_ref, batch_id=batch_id)
        return replace(verdict, disposition=disposition, accepted=accepted)

    def _mark(self, inspections: list[UUID]) -> None:
        for line in self.ret.lines:
            judged = tuple(replace(i, restocked=i.restocked or i.id in inspections) for i in line.inspections)
            self._put(replace(line, inspections=judged))

    def _states(self, ids: tuple[UUID, ...], to: EffectState) -> None:
        changed = tuple(replace(e, state=to) if e.id in ids else e for e in self.ret.effects)
        self.ret = replace(self.ret, effects=changed)

    def _settlement(self, settlement: UUID, to: SettlementState) -> None:
        changed = tuple(replace(s, state=to) if s.id == settlement else s for s in self.ret.settlements)
        self.ret = replace(self.ret, settlements=changed)

    def _put(self, line: ReturnLine) -> None:
        lines = tuple(line if x.id == line.id else x for x in self.ret.lines)
        self.ret = replace(self.ret, lines=lines, status=derive_status(x.decision for x in lines))

    def _line(self, line: ReturnLine) -> None:
        self._put(line)
        self._go()

    def _change(self, **different: Any) -> None:
        self.ret = replace(self.ret, **different)
        self._go()


ReturnMachine.TestCase.settings = settings(
    max_examples=b.EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestAReturnDrivenByItsNextSteps = ReturnMachine.TestCase
