"""When money may move and when a line is done; each test is one rule."""

from dataclasses import replace

import pytest

from retour.core.effect import (
    EffectKind,
    EffectState,
)
from retour.core.rma import Decision, Ownership, Return, SettlementState, next_steps
from retour.core.rma.state import SETTLED, Disposition
from tests.core.rma import builders as b
from tests.core.rma.builders import a_paid_return

K, E, D = EffectKind, EffectState, Decision
OPENED = b.opened("L1/1", "L2/1", "L3/1")
RESTOCKED = {"restocked": True}


class TestMoney:
    def test_waits_until_the_platform_confirmed_the_goods(self) -> None:
        for state in E:
            ret = b.an_inspected_return(effects=(OPENED, b.processed(state)))
            expected = (b.uid(701),) if state is E.CONFIRMED else ()
            assert expected == next_steps(ret, b.an_order(), b.a_store()).settle

    def test_waits_until_the_process_is_planned(self) -> None:
        assert next_steps(b.an_inspected_return(effects=(OPENED,)), b.an_order(), b.a_store()).settle == ()

    def test_waits_for_the_restock_of_its_units_without_a_platforms_return(self) -> None:
        ret = b.an_inspected_return()
        ref = f"restock:{ret.inspections()[0].id}"

        assert next_steps(ret, b.an_order(), b.a_bare_store()).settle == ()
        for state in E:
            there = replace(ret, effects=(b.an_effect(K.RESTOCK, ref, state),))
            expected = (b.uid(701),) if state is E.CONFIRMED else ()
            assert expected == next_steps(there, b.an_order(), b.a_bare_store()).settle

    def test_of_one_batch_does_not_wait_for_the_goods_of_another(self) -> None:
        line = b.a_line(units=2, received=2)
        verdicts = (b.an_inspection(1, (1, 1)), b.an_inspection(2, (2, 2), batch_id=b.batch(2)))
        ret = b.an_inspected_return(
            replace(line, inspections=verdicts),
            settlements=(b.a_settlement(), b.a_settlement(2)),
            effects=(b.an_effect(K.RESTOCK, f"restock:{b.uid(301)}"),),
        )

        assert (b.uid(701),) == next_steps(ret, b.an_order(), b.a_bare_store()).settle

    def test_moves_only_for_inspected_units(self) -> None:
        for effects in ((), (OPENED,), (OPENED, b.processed())):
            ret = b.a_return(b.a_line(received=1), settlements=(b.a_settlement(),), effects=effects)
            for store in (b.a_store(), b.a_bare_store()):
                assert next_steps(ret, b.an_order(), store).settle == ()

    @pytest.mark.parametrize("state", list(SettlementState))
    def test_is_asked_for_once(self, state: SettlementState) -> None:
        ret = b.an_inspected_return(settlements=(b.a_settlement(state=state),), effects=(OPENED, b.processed()))

        expected = (b.uid(701),) if state is SettlementState.QUOTED else ()
        assert expected == next_steps(ret, b.an_order(), b.a_store()).settle

    @pytest.mark.parametrize("comparison", [None, "equal", "rounded", "differs", "accepted_by_person"])
    @pytest.mark.parametrize("master", ["retour", "platform"])
    def test_waits_for_a_person_where_the_platform_disagrees(self, comparison: str | None, master: str) -> None:
        settlement = b.a_settlement(comparison=comparison)
        ret = b.an_inspected_return(settlements=(settlement,), effects=(OPENED, b.processed()))

        steps = next_steps(ret, b.an_order(), b.a_store(refunds=master))

        assert (() if comparison == "differs" else (settlement.id,)) == steps.settle + steps.hand_over

    def test_is_handed_over_where_another_system_refunds(self) -> None:
        ret = b.an_inspected_return(effects=(OPENED, b.processed()))

        steps = next_steps(ret, b.an_order(), b.a_store(refunds="platform"))

        assert ((), (b.uid(701),)) == (steps.settle, steps.hand_over)


def resolved(ret: Return, store: Ownership | None = None) -> bool:
    """Return whether the first line of the return is done."""
    return ret.lines[0].id in next_steps(ret, b.an_order(), store or b.a_store()).resolve


class TestResolving:
    @pytest.mark.parametrize("state", list(SettlementState))
    def test_a_line_is_done_when_it_is_paid(self, state: SettlementState) -> None:
        assert (state in SETTLED) == resolved(a_paid_return(state))

    def test_a_line_without_its_settlement_is_not_done(self) -> None:
        assert not resolved(a_paid_return(settlements=()))
        assert not resolved(a_paid_return(settlements=(b.a_settlement(2, SettlementState.SETTLED),)))

    def test_refused_units_need_no_settlement(self) -> None:
        line = b.a_line(inspected=1, verdicts={"accepted": False, "disposition": Disposition.RETURN_TO_CUSTOMER})

        assert resolved(a_paid_return(lines=(line,), settlements=()))

    def test_a_line_waits_for_the_restock_of_its_units(self) -> None:
        waiting = a_paid_return(lines=(b.a_line(inspected=1),))

        assert not resolved(waiting)
        assert not resolved(waiting, b.a_store(restocks="warehouse"))
        assert resolved(waiting, b.a_store(restocks="platform"))

    @pytest.mark.parametrize(
        ("part_of", "tracked", "done"), [("K", False, True), ("K", True, False), (None, False, False)]
    )
    def test_a_part_of_a_kit_without_a_stock_of_its_own_waits_for_none(
        self, part_of: str | None, *, tracked: bool, done: bool
    ) -> None:
        order = b.an_order(tracked=tracked)
        order = replace(order, lines=tuple(replace(line, part_of=part_of) for line in order.lines))
        waiting = a_paid_return(lines=(b.a_line(inspected=1),), effects=())

        assert (waiting.lines[0].id in next_steps(waiting, order, b.a_bare_store()).resolve) is done
        assert not next_steps(waiting, order, b.a_bare_store(restocks="warehouse")).resolve

    @pytest.mark.parametrize("state", [state for state in E if state is not E.CONFIRMED])
    def test_a_line_waits_for_the_platform_to_confirm_its_goods(self, state: EffectState) -> None:
        assert not resolved(a_paid_return(effects=(OPENED, b.processed(state))))

    def test_a_partial_receipt_leaves_the_line_open(self) -> None:
        assert not resolved(a_paid_return(lines=(b.a_line(units=2, inspected=1, verdicts=RESTOCKED),)))

    def test_cancelling_the_rest_finishes_the_line(self) -> None:
        judged = (b.an_inspection(1, (2, 2), restocked=True),)

        assert not resolved(a_paid_return(lines=(b.a_line(claimed=((2, 3),), inspections=judged),)))
        assert resolved(a_paid_return(lines=(b.a_line(claimed=((2, 2),), inspections=judged),)))

    def test_judging_other_units_does_not_finish_a_line(self) -> None:
        judged = (b.an_inspection(1, (1, 1), restocked=True),)

        assert not resolved(a_paid_return(lines=(b.a_line(claimed=((2, 2),), inspections=judged),)))

    @pytest.mark.parametrize("decision", [d for d in D if d is not D.APPROVED])
    def test_only_an_approved_line_is_resolved(self, decision: Decision) -> None:
        line = b.a_line(inspected=1, verdicts=RESTOCKED, decision=decision)

        assert not resolved(a_paid_return(lines=(line,), status=decision))

    def test_a_line_that_claims_nothing_is_not_resolved(self) -> None:
        assert not resolved(a_paid_return(lines=(b.a_line(units=0),)))
