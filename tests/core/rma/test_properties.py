"""What holds for every state a return can be in, reachable or not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retour.core.effect import EffectKind, EffectState, ProcessReturn, Restock
from retour.core.rma import (
    Decision,
    Due,
    EffectView,
    Moment,
    Ownership,
    Return,
    ReturnLine,
    SettlementState,
    ShipmentStatus,
    blocked_by,
    count,
    minus,
    next_steps,
    settled_early,
)
from retour.core.rma.moves import OPEN
from retour.core.rma.state import Disposition, common
from tests.core.rma import builders as b

pytestmark = pytest.mark.property

K, E = EffectKind, EffectState
MASTERS = st.sampled_from(["retour", "warehouse", "platform"])
ORDER = b.an_order({"L1": (1, 2), "L2": (3,), "L3": (1,)})
ACTORS = {"shopper", "agent", "warehouse", "finance", "carrier", "platform", "retour"}

STORES: st.SearchStrategy[Ownership] = st.builds(
    Ownership,
    returns=MASTERS,
    refunds=MASTERS,
    restocks=MASTERS,
    tag_on=st.sampled_from(["order", "customer", "nothing"]),
    location_ref=st.sampled_from([None, "store/loc"]),
    capable_of=st.sampled_from([frozenset(K), b.PLATFORM, b.BARE, frozenset()]),
    paused=st.booleans(),
)


@st.composite
def lines(draw: st.DrawFn, n: int) -> ReturnLine:
    """Draw a line with some units received, some of them judged, in one or two batches."""
    units = draw(st.integers(1, 3))
    received = draw(st.integers(0, units))
    verdicts = tuple(
        b.an_inspection(
            n * 10 + unit,
            (unit, unit),
            line_id=b.uid(100 + n),
            line_ref=f"L{n}",
            batch_id=b.batch(draw(st.integers(1, 2))),
            disposition=draw(st.sampled_from(Disposition)),
            accepted=draw(st.booleans()),
            restocked=draw(st.booleans()),
        )
        for unit in range(1, 1 + draw(st.integers(0, received)))
    )
    decision = draw(st.sampled_from([Decision.APPROVED, *Decision]))
    times: dict[str, Any] = {
        "settle_on": draw(st.sampled_from([Moment.INSPECTED, *Moment])),
        "settle_after_hours": draw(st.sampled_from([0, 48])),
        "decided_at": draw(st.sampled_from([None, b.DECIDED_AT])),
        "arrived_at": b.RECEIVED_AT if received else None,
    }
    return replace(b.a_line(n, units, decision=decision, received=received, **times), inspections=verdicts)


@st.composite
def effects(draw: st.DrawFn, inspected: tuple[str, ...]) -> tuple[EffectView, ...]:
    """Draw any effects a return may have, in any state, with retries and without."""
    refs = [
        (K.REQUEST_RETURN, b.OPEN),
        (K.APPROVE_RETURN, b.DECIDE),
        (K.DECLINE_RETURN, b.DECIDE),
        (K.OPEN_RETURN, b.OPEN),
        (K.PROCESS_RETURN, f"process:{b.batch(1)}"),
        (K.PROCESS_RETURN, f"process:{b.batch(2)}"),
        (K.TAG, b.TAG),
        (K.UNTAG, b.UNTAG),
        (K.NOTE, f"transit:{b.RETURN}"),
        (K.CLOSE_RETURN, b.FINISH),
        (K.REFUND_TENDER, "refund:1"),
        *((K.RESTOCK, ref) for ref in inspected),
    ]
    made = []
    for kind, ref in draw(st.lists(st.sampled_from(refs), max_size=7)):
        state = draw(st.sampled_from([E.CONFIRMED, *E]))
        known = draw(st.sampled_from([("L1/1", "L1/2", "L2/1", "L3/1"), ("L1/1",)]))
        opens = kind in (K.OPEN_RETURN, K.REQUEST_RETURN, K.APPROVE_RETURN)
        result = b.a_native(dict.fromkeys(known, 1)) if opens else {}
        effect = b.an_effect(kind, ref, state, result=result)
        made.append(replace(effect, parked=draw(st.booleans()), settlement=kind is K.REFUND_TENDER))
    return tuple(made)


@st.composite
def returns(draw: st.DrawFn) -> Return:
    """Draw a return in any state, reachable or not."""
    drawn = tuple(draw(lines(n)) for n in range(1, 1 + draw(st.integers(1, 3))))
    times: dict[str, Any] = {
        name: draw(st.sampled_from([None, b.SCANNED_AT]))
        for name in ("decided_at", "in_transit_at", "delivered_at", "received_at", "inspected_at")
    }
    settled = tuple(
        b.a_settlement(
            n,
            draw(st.sampled_from([SettlementState.QUOTED, *SettlementState])),
            comparison=draw(st.sampled_from([None, "equal", "differs"])),
            not_before=draw(st.sampled_from([None, b.NOW + timedelta(hours=1)])),
            **draw(st.sampled_from([{}, {}, {"moment": Moment.RECEIVED, "units": ((f"L{n}", 1, 2),)}])),
        )
        for n in range(1, 1 + draw(st.integers(0, 3)))
    )
    ret = b.a_return(*drawn, settlements=settled, **times)
    return replace(
        ret,
        effects=draw(effects(tuple(f"restock:{i.id}" for i in ret.inspections()))),
        shipments=tuple(b.a_parcel(s) for s in draw(st.lists(st.sampled_from(ShipmentStatus), max_size=1))),
        person_ref=draw(st.sampled_from([None, b.SHOPPER])),
        location_ref=draw(st.sampled_from([None, "desk"])),
        held=draw(st.booleans()),
        approve_at=draw(st.sampled_from([None, b.NOW + timedelta(hours=1)])),
        another_in_transit=draw(st.booleans()),
    )


def put_back(due: Due) -> int:
    """Return how many units an effect puts back into stock."""
    if isinstance(due.target, ProcessReturn):
        return sum(x.quantity for x in due.target.lines if x.restock)
    return due.target.quantity if isinstance(due.target, Restock) else 0


@settings(max_examples=b.EXAMPLES)
@given(ret=returns(), store=STORES)
def test_every_open_return_waits_for_someone_or_is_done_now(ret: Return, store: Ownership) -> None:
    steps = next_steps(ret, ORDER, store)
    found = blocked_by(ret, store, steps, now=b.NOW)

    left = [line for line in ret.lines if line.decision in OPEN and line.id not in steps.resolve]
    if left:
        assert found is not None
    if found is not None:
        assert found.actor in ACTORS
        assert found.unblocks
        assert found.since.utcoffset() is not None
        assert found.since <= b.NOW


@settings(max_examples=b.EXAMPLES)
@given(ret=returns(), store=STORES, state=st.sampled_from(E))
def test_nothing_is_planned_twice(ret: Return, store: Ownership, state: EffectState) -> None:
    steps = next_steps(ret, ORDER, store)
    again = next_steps(b.stored(ret, steps, state), ORDER, store)

    assert steps == next_steps(ret, ORDER, store)
    first, second = b.planned(steps), b.planned(again)
    assert len(set(first)) == len(first)
    assert not set(first) & set(second)
    assert not {(e.kind, e.business_ref) for e in ret.effects} & set(first)
    units = [unit for due in (*steps.effects, *again.effects) for unit in due.restocks]
    assert len(set(units)) == len(units)


@settings(max_examples=b.EXAMPLES)
@given(ret=returns(), store=STORES)
def test_only_units_judged_restock_are_put_back_and_only_where_stock_is_ours(ret: Return, store: Ownership) -> None:
    verdicts = {i.id: i for i in ret.inspections()}

    for due in next_steps(ret, ORDER, store).effects:
        if due.business_ref.startswith("unrestock:"):
            continue
        judged = [verdicts[i] for i in due.restocks]
        assert put_back(due) == count(i.span for i in judged)
        assert all(i.disposition is Disposition.RESTOCK and not i.restocked for i in judged)
        assert not judged or store.restocks == "retour"


@settings(max_examples=b.EXAMPLES)
@given(ret=returns(), store=STORES)
def test_only_what_was_put_back_of_rejected_lines_is_taken_out_again(ret: Return, store: Ownership) -> None:
    stands = {f"unrestock:{i.id}": i for x in ret.lines if x.decision is Decision.REJECTED for i in x.inspections}

    for due in next_steps(ret, ORDER, store).effects:
        if due.business_ref.startswith("unrestock:"):
            inspection = stands[due.business_ref]
            assert (put_back(due), due.restocks) == (-count((inspection.span,)), ())
            assert inspection.restocked
            assert store.restocks == "retour"


@settings(max_examples=b.EXAMPLES)
@given(ret=returns(), store=STORES)
def test_money_moves_after_the_goods_and_in_one_way(ret: Return, store: Ownership) -> None:
    steps = next_steps(ret, ORDER, store)

    assert not (steps.settle and steps.hand_over)
    assert not steps.settle or store.refunds == "retour"
    moved = {s.batch_id for s in ret.settlements if s.id in steps.settle + steps.hand_over and not s.units}
    assert moved <= {i.batch_id for i in ret.inspections()}
    assert not moved & {i.batch_id for due in steps.effects for i in ret.inspections() if i.id in due.restocks}
    for s in ret.settlements:
        if s.id in steps.settle + steps.hand_over:
            assert (s.state, s.comparison == "differs") == (SettlementState.QUOTED, False)


@settings(max_examples=b.EXAMPLES)
@given(ret=returns(), store=STORES)
def test_units_are_due_before_their_inspection_once_and_only_where_nobody_has_judged_them(
    ret: Return, store: Ownership
) -> None:
    lines = {line.id: line for line in ret.lines}

    for units in next_steps(ret, ORDER, store).quote:
        line = lines[units.line_id]
        assert (line.decision, line.settle_on) == (Decision.APPROVED, units.moment)
        assert units.moment is not Moment.INSPECTED
        assert not minus(units.spans, line.claimed)
        assert not common(units.spans, (*line.inspected, *settled_early(ret, line.line_ref)))
    void = next_steps(ret, ORDER, store).void
    assert not set(void) & set(next_steps(ret, ORDER, store).settle + next_steps(ret, ORDER, store).hand_over)


@settings(max_examples=b.EXAMPLES)
@given(ret=returns(), store=STORES)
def test_no_effect_is_planned_that_the_platform_is_not_capable_of(ret: Return, store: Ownership) -> None:
    opened = ret.effect(K.OPEN_RETURN, b.OPEN) or ret.effect(K.APPROVE_RETURN, b.DECIDE)
    carried_on = {K.PROCESS_RETURN} if opened else set()

    assert {due.kind for due in next_steps(ret, ORDER, store).effects} <= store.capable_of | carried_on
