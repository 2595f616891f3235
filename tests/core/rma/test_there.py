"""What the platform's own return holds decides which goods go back through it and which units it lets go of."""

from dataclasses import replace

import pytest

from retour.core.effect import EffectKind, EffectState, OnReturn
from retour.core.removal import RemoveFromReturn, StayingUnits
from retour.core.rma import Decision, EffectView, Ownership, Return, next_steps
from retour.core.rma.there import carried, letting_go, may_leave
from tests.core.rma import builders as b

K, E, D = EffectKind, EffectState, Decision
STORE = b.a_store(capable_of=frozenset(EffectKind))
FIRST = f"remove:{b.RETURN}:1"


def held(**units: int) -> EffectView:
    """Return the opening of the platform's return of these units of lines sent in one parcel."""
    rows = b.a_native({f"{ref}/1": quantity for ref, quantity in units.items()})
    return b.an_effect(K.OPEN_RETURN, b.OPEN, result=rows)


def taken_out(state: EffectState = E.CONFIRMED, n: int = 1, **left: int) -> EffectView:
    """Return the n-th removal, after which so many units of the lines were left."""
    told = {"return_ref": b.NATIVE, "status": "open", "quantities": {f"row/{ref}/1": q for ref, q in left.items()}}
    ref = f"remove:{b.RETURN}:{n}"
    return b.an_effect(K.REMOVE_FROM_RETURN, ref, state, result=told if state is E.CONFIRMED else {})


def lets_go(ret: Return, store: Ownership = STORE) -> list[tuple[EffectKind, str, object]]:
    return [(due.kind, due.business_ref, due.target) for due in letting_go(ret, b.an_order(), store)]


def removal(ref: str = FIRST, **stay: int) -> tuple[EffectKind, str, object]:
    lines = tuple(StayingUnits(f"row/{line}/1", quantity) for line, quantity in stay.items())
    return K.REMOVE_FROM_RETURN, ref, RemoveFromReturn(b.NATIVE, lines)


class TestLettingGo:
    def test_units_nobody_claims_any_more_leave_and_the_target_says_what_stays(self) -> None:
        ret = b.a_return(b.a_line(1, 2), b.a_line(2, 0, decision=D.CANCELLED), effects=(held(L1=3, L2=1),))

        assert lets_go(ret) == [removal(L1=2, L2=0)]
        assert (K.REMOVE_FROM_RETURN, FIRST) in b.due(ret, STORE)

    def test_nothing_leaves_while_every_unit_is_claimed(self) -> None:
        assert lets_go(b.a_return(b.a_line(1, 2), effects=(held(L1=2),))) == []
        assert lets_go(b.a_return(b.a_line(1, 3), effects=(held(L1=2),))) == []

    def test_the_next_ones_leave_under_the_next_reference_counted_from_what_was_left(self) -> None:
        ret = b.a_return(b.a_line(1, 1), effects=(held(L1=3), taken_out(L1=2)))

        assert lets_go(ret) == [removal(f"remove:{b.RETURN}:2", L1=1)]
        assert lets_go(b.a_return(b.a_line(1, 2), effects=(held(L1=3), taken_out(L1=2)))) == []

    def test_what_was_withdrawn_unsent_is_asked_for_anew(self) -> None:
        ret = b.a_return(b.a_line(1, 2), effects=(held(L1=3), taken_out(E.CANCELLED)))

        assert lets_go(ret) == [removal(f"remove:{b.RETURN}:2", L1=2)]

    @pytest.mark.parametrize("state", [E.INTENT, E.SENDING, E.PENDING, E.UNKNOWN, E.FAILED])
    def test_one_at_a_time_and_what_was_refused_is_left_to_a_person(self, state: EffectState) -> None:
        assert lets_go(b.a_return(b.a_line(1, 1), effects=(held(L1=3), taken_out(state)))) == []

    @pytest.mark.parametrize("state", [E.INTENT, E.SENDING, E.UNKNOWN])
    def test_never_while_units_are_being_processed(self, state: EffectState) -> None:
        line = b.a_line(1, 2, inspected=1)

        assert lets_go(b.a_return(line, effects=(held(L1=3), b.processed(state)))) == []
        assert lets_go(b.a_return(line, effects=(held(L1=3), b.processed()))) == [removal(L1=2)]

    @pytest.mark.parametrize(
        "store",
        [
            b.a_store(),
            replace(STORE, returns="platform"),
            replace(STORE, capable_of=STORE.capable_of - {K.PROCESS_RETURN}),
        ],
    )
    def test_where_the_platform_cannot_or_it_is_not_ours_units_stay_until_the_end(self, store: Ownership) -> None:
        assert lets_go(b.a_return(b.a_line(1, 1), effects=(held(L1=3),)), store) == []

    @pytest.mark.parametrize(
        "effects",
        [
            (),
            (b.opened("L1/1", state=E.SENDING),),
            (held(L1=3), b.an_effect(K.CLOSE_RETURN, b.FINISH)),
            (held(L1=3), b.an_effect(K.CANCEL_RETURN, b.FINISH, E.INTENT)),
        ],
    )
    def test_only_an_open_return_lets_go(self, effects: tuple[EffectView, ...]) -> None:
        assert lets_go(b.a_return(b.a_line(1, 1), effects=effects)) == []

    def test_where_none_would_stay_the_platforms_return_is_cancelled(self) -> None:
        lines = b.a_line(1, 0, decision=D.CANCELLED), b.a_line(2, 1)
        ret = b.a_return(*lines, effects=(held(L1=2),))

        assert lets_go(ret) == [(K.CANCEL_RETURN, b.FINISH, OnReturn(b.NATIVE))]
        refused = (held(L1=2), b.an_effect(K.CANCEL_RETURN, b.FINISH, E.FAILED))
        assert lets_go(replace(ret, effects=refused)) == []
        assert lets_go(ret, replace(STORE, capable_of=STORE.capable_of - {K.CANCEL_RETURN})) == []

    def test_units_that_the_order_does_not_show_as_sent_are_left_alone(self) -> None:
        assert lets_go(b.a_return(b.a_line(1, claimed=((11, 11),)), effects=(held(L1=3),))) == []

    def test_a_closing_return_takes_back_what_was_not_sent_and_waits_for_what_was(self) -> None:
        closed = b.a_return(b.a_line(1, 0, decision=D.CANCELLED), effects=(held(L1=3), taken_out(E.INTENT)))
        sent = replace(closed, effects=(held(L1=3), taken_out(E.UNKNOWN)))

        assert next_steps(closed, b.an_order(), STORE).withdraw == (closed.effects[1].id,)
        assert b.due(sent, STORE) == []
        assert b.due(replace(closed, effects=(held(L1=3), taken_out(E.FAILED))), STORE) == [(K.CANCEL_RETURN, b.FINISH)]


class TestWhatIsCarried:
    def test_as_many_units_as_it_holds_go_back_through_it(self) -> None:
        line = b.a_line(1, 2, inspected=2)
        other = replace(
            b.a_line(2, 1, inspected=1), line_ref="L1", claimed=((3, 3),),
            inspections=(b.an_inspection(21, (3, 3), line_id=b.uid(102)),),
        )  # fmt: skip
        ret = b.an_inspected_return(line, other, effects=(held(L1=2),))
        mine, rest = {i.id for i in line.inspections}, other.inspections[0].id

        assert carried(ret, b.an_order()) == mine
        assert b.due(ret, STORE) == [(K.PROCESS_RETURN, f"process:{b.batch()}"), (K.RESTOCK, f"restock:{rest}")]

    def test_what_was_taken_out_goes_back_without_it(self) -> None:
        ret = b.an_inspected_return(b.a_line(inspected=1), effects=(held(L1=1, L2=1), taken_out(L2=1)))

        assert carried(ret, b.an_order()) == frozenset()

    def test_what_is_processed_stays_so_and_counts_first(self) -> None:
        before = b.a_line(1, 1, inspected=1)
        late = replace(
            b.a_line(2, 1), line_ref="L1", claimed=((2, 2),), received=((2, 2),),
            inspections=(b.an_inspection(21, (2, 2), line_id=b.uid(102), batch_id=b.batch(2)),),
        )  # fmt: skip
        done = b.processed(n=2)
        ret = b.an_inspected_return(before, late, effects=(held(L1=1), done))

        assert carried(ret, b.an_order()) == {late.inspections[0].id}
        ended = (held(L1=1), done, b.an_effect(K.CLOSE_RETURN, b.FINISH))
        assert carried(replace(ret, effects=ended), b.an_order()) == {late.inspections[0].id}

    @pytest.mark.parametrize("first", [(), (b.processed(),)])
    def test_what_was_put_back_alone_is_never_processed_as_well(self, first: tuple[EffectView, ...]) -> None:
        line = b.a_line(inspected=1)
        alone = b.an_effect(K.RESTOCK, f"restock:{line.inspections[0].id}")
        ret = b.an_inspected_return(line, effects=(held(L1=1), *first, alone))

        assert carried(ret, b.an_order()) == frozenset()

    def test_goods_wait_while_units_are_taken_out(self) -> None:
        ret = b.an_inspected_return(b.a_line(inspected=1), effects=(held(L1=2), taken_out(E.UNKNOWN)))

        assert b.due(ret, STORE) == []
        told = replace(ret, effects=(held(L1=2), taken_out(L1=1)))
        assert (K.PROCESS_RETURN, f"process:{b.batch()}") in b.due(told, STORE)


class TestTryingAgain:
    LINES = b.a_line(1, 2), b.a_line(2, 1)

    def test_what_nobody_wants_in_there_may_still_leave(self) -> None:
        ret = b.a_return(self.LINES[0], effects=(held(L1=3, L2=1), taken_out(E.FAILED)))

        assert may_leave(ret, b.an_order(), {"row/L1/1": 2, "row/L2/1": 0})

    def test_what_comes_back_after_all_stays(self) -> None:
        ret = b.a_return(*self.LINES, effects=(held(L1=3, L2=1), taken_out(E.FAILED)))

        assert not may_leave(ret, b.an_order(), {"row/L2/1": 0})
        assert may_leave(ret, b.an_order(), {"row/L1/1": 2})
        lost = b.a_return(b.a_line(1, claimed=((11, 11),)), effects=ret.effects)
        assert not may_leave(lost, b.an_order(), {"row/L1/1": 2})

    @pytest.mark.parametrize("state", [E.INTENT, E.SENDING, E.UNKNOWN])
    def test_nothing_leaves_while_units_are_processed(self, state: EffectState) -> None:
        ret = b.a_return(b.a_line(1, 2, inspected=1), effects=(held(L1=3), taken_out(E.FAILED), b.processed(state)))

        assert not may_leave(ret, b.an_order(), {"row/L1/1": 2})
