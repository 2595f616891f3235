"""What is due for inspected goods, with and without a return of the platform's own; each test is one rule."""

from dataclasses import replace

import pytest

from retour.core.effect import (
    Disposed,
    EffectKind,
    EffectState,
    ProcessReturn,
    Restock,
)
from retour.core.order import Order
from retour.core.rma import Decision, Ownership, Steps, next_steps
from retour.core.rma.state import Disposition
from tests.core.rma import builders as b
from tests.core.rma.builders import due

K, E, D = EffectKind, EffectState, Decision
OPENED = b.opened("L1/1", "L2/1", "L3/1")
RESTOCKED = {"restocked": True}


class TestGoodsThroughThePlatformsReturn:
    def test_inspected_units_are_processed_with_their_dispositions(self) -> None:
        line = b.a_line(units=4, received=4)
        verdicts = (
            b.an_inspection(1, (1, 1), location_ref="shelf"),
            b.an_inspection(2, (2, 3)),
            b.an_inspection(3, (4, 4), disposition=Disposition.DISPOSE),
        )
        ret = b.an_inspected_return(replace(line, inspections=verdicts), effects=(b.opened("L1/1", "L1/2"),))

        steps = next_steps(ret, b.an_order({"L1": (2, 2)}), b.a_store(location_ref=None))

        disposed = (
            Disposed("row/L1/1", "L1/1", 1, restock=True, location_ref="shelf", reverse_ref="rev/L1/1"),
            Disposed("row/L1/1", "L1/1", 1, restock=True, location_ref="loc/1", reverse_ref="rev/L1/1"),
            Disposed("row/L1/2", "L1/2", 1, restock=True, location_ref="loc/2", reverse_ref="rev/L1/2"),
            Disposed("row/L1/2", "L1/2", 1, restock=False, reverse_ref="rev/L1/2"),
        )
        assert ProcessReturn(b.ORDER, b.NATIVE, disposed) == steps.effects[0].target
        assert (b.uid(301), b.uid(302)) == steps.effects[0].restocks
        assert [(K.PROCESS_RETURN, f"process:{b.batch()}")] == b.planned(steps)

    def test_a_reverse_ref_the_platform_did_not_tell_is_left_out(self) -> None:
        told = b.an_effect(
            K.OPEN_RETURN,
            b.OPEN,
            result={
                "return_ref": b.NATIVE,
                "lines": [{"fulfilled_ref": "L1/1", "return_line_ref": "row", "quantity": 1}],
            },
        )

        target = next_steps(b.an_inspected_return(effects=(told,)), b.an_order(), b.a_store()).effects[0].target

        assert isinstance(target, ProcessReturn)
        assert (Disposed("row", "L1/1", 1, restock=True, location_ref="store/loc"),) == target.lines

    @pytest.mark.parametrize("state", [state for state in E if state is not E.CONFIRMED])
    def test_goods_wait_until_the_platforms_return_is_open(self, state: EffectState) -> None:
        ret = b.an_inspected_return(effects=(b.opened(state=state),))

        steps = next_steps(ret, b.an_order(), b.a_store(capable_of=frozenset(K)))

        assert Steps() == steps

    def test_no_units_restock_on_their_own_before_the_platforms_return_is_planned(self) -> None:
        everything = b.a_store(capable_of=frozenset(K))
        undecided = b.an_inspected_return(b.a_line(inspected=1), b.a_line(2, decision=D.REOPENED))

        assert Steps() == next_steps(undecided, b.an_order(), everything)
        steps = next_steps(b.an_inspected_return(in_transit_at=None), b.an_order(), everything)
        assert b.planned(steps) == [(K.OPEN_RETURN, b.OPEN)]
        assert steps.settle == ()

    def test_goods_that_restocked_on_their_own_never_enter_a_platforms_return(self) -> None:
        ret = b.an_inspected_return(in_transit_at=None, effects=(b.an_effect(K.RESTOCK, "restock:x"),))

        assert due(ret) == []

    def test_each_batch_is_processed_once_under_its_own_reference(self) -> None:
        line = b.a_line(units=2, received=2)
        verdicts = (b.an_inspection(1, (1, 1)), b.an_inspection(2, (2, 2), batch_id=b.batch(2)))
        ret = b.an_inspected_return(replace(line, inspections=verdicts), effects=(OPENED, b.processed(E.UNKNOWN)))

        assert [(K.PROCESS_RETURN, f"process:{b.batch(2)}")] == due(ret)

    def test_where_the_warehouse_masters_stock_the_process_puts_nothing_back(self) -> None:
        for master in ("warehouse", "platform"):
            steps = next_steps(b.an_inspected_return(effects=(OPENED,)), b.an_order(), b.a_store(restocks=master))
            target = steps.effects[0].target
            assert isinstance(target, ProcessReturn)
            assert [(x.restock, x.location_ref) for x in target.lines] == [(False, None)]
            assert steps.effects[0].restocks == ()

    def test_units_somebody_has_restocked_are_not_put_back_again(self) -> None:
        ret = b.an_inspected_return(b.a_line(inspected=1, verdicts=RESTOCKED), effects=(OPENED,))

        target = next_steps(ret, b.an_order(), b.a_store()).effects[0].target

        assert isinstance(target, ProcessReturn)
        assert [x.restock for x in target.lines] == [False]

    def test_a_line_approved_after_it_was_opened_restocks_on_its_own(self) -> None:
        ret = b.an_inspected_return(b.a_line(inspected=1), b.a_line(2, inspected=1), effects=(b.opened("L1/1"),))
        store = b.a_store(capable_of=frozenset(K))

        late = ret.lines[1].inspections[0].id
        assert [(K.PROCESS_RETURN, f"process:{b.batch()}"), (K.RESTOCK, f"restock:{late}")] == due(ret, store)
        half = replace(ret, effects=(*ret.effects, b.processed()))
        assert next_steps(half, b.an_order(), store).settle == ()
        whole = replace(half, effects=(*half.effects, b.an_effect(K.RESTOCK, f"restock:{late}")))
        assert (b.uid(701),) == next_steps(whole, b.an_order(), store).settle


class TestGoodsWithoutAPlatformsReturn:
    def test_each_verdict_restocks_its_units_at_the_chosen_location(self) -> None:
        line = b.a_line(units=3, received=3)
        verdicts = (b.an_inspection(1, (1, 2), location_ref="shelf"), b.an_inspection(2, (3, 3)))
        ret = b.an_inspected_return(replace(line, inspections=verdicts), location_ref="desk")

        steps = next_steps(ret, b.an_order(), b.a_bare_store())

        restocks = [d for d in steps.effects if d.kind is K.RESTOCK]
        assert [Restock("L1/inv", "shelf", 2), Restock("L1/inv", "desk", 1)] == [d.target for d in restocks]
        assert [(b.uid(301),), (b.uid(302),)] == [d.restocks for d in restocks]

    @pytest.mark.parametrize(
        ("verdict", "ret", "store", "location"),
        [("a", "b", "c", "a"), (None, "b", "c", "b"), (None, None, "c", "c"), (None, None, None, "loc/1")],
    )
    def test_the_nearest_choice_of_location_wins(
        self, verdict: str | None, ret: str | None, store: str | None, location: str
    ) -> None:
        judged = b.an_inspected_return(b.a_line(inspected=1, verdicts={"location_ref": verdict}), location_ref=ret)

        steps = next_steps(judged, b.an_order(), b.a_bare_store(location_ref=store))

        assert [Restock("L1/inv", location, 1)] == [d.target for d in steps.effects if d.kind is K.RESTOCK]

    @pytest.mark.parametrize("disposition", [d for d in Disposition if d is not Disposition.RESTOCK])
    def test_only_what_was_judged_restock_is_restocked(self, disposition: Disposition) -> None:
        ret = b.an_inspected_return(b.a_line(inspected=1, verdicts={"disposition": disposition}))

        steps = next_steps(ret, b.an_order(), b.a_bare_store())

        assert K.RESTOCK not in dict(b.planned(steps))
        assert (b.uid(701),) == steps.settle

    def test_units_received_but_not_judged_go_nowhere(self) -> None:
        ret = b.a_return(b.a_line(received=1), received_at=b.RECEIVED_AT)

        assert Steps() == next_steps(ret, b.an_order(), b.a_bare_store())

    @pytest.mark.parametrize("master", ["warehouse", "platform"])
    def test_another_master_of_stock_restocks_by_itself(self, master: str) -> None:
        assert K.RESTOCK not in dict(due(b.an_inspected_return(), b.a_bare_store(restocks=master)))

    @pytest.mark.parametrize(
        ("order", "store"),
        [
            (b.an_order(tracked=False), b.a_bare_store()),
            (b.an_order({"L9": (1,)}), b.a_bare_store()),
            (b.an_order(), b.a_bare_store(capable_of=frozenset())),
            (replace(b.an_order(), fulfilments=()), b.a_bare_store(location_ref=None)),
        ],
    )
    def test_what_cannot_be_restocked_is_not_planned_and_does_not_hold_the_money_back(
        self, order: Order, store: Ownership
    ) -> None:
        steps = next_steps(b.an_inspected_return(), order, store)

        assert K.RESTOCK not in dict(b.planned(steps))
        assert (b.uid(701),) == steps.settle
