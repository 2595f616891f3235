"""The platform's own return while a person decides and after; each test is one rule."""

from dataclasses import replace

import pytest

from retour.core.effect import EffectKind, EffectState, OnReturn, OpenReturn, ProcessReturn, ReturnedUnits
from retour.core.rma import Decision, EffectView, Return, Steps, next_steps
from tests.core.rma import builders as b
from tests.core.rma.builders import due

K, E, D = EffectKind, EffectState, Decision
IN_FLIGHT = [E.INTENT, E.SENDING, E.PENDING, E.UNKNOWN]
REQUEST, OPEN = (K.REQUEST_RETURN, b.OPEN), (K.OPEN_RETURN, b.OPEN)
APPROVE, DECLINE = (K.APPROVE_RETURN, b.DECIDE), (K.DECLINE_RETURN, b.DECIDE)


def steps_of(ret: Return) -> Steps:
    """Return what is due in the usual store and order."""
    return next_steps(ret, b.an_order(), b.a_store())


def decided(*effects: EffectView, first: Decision = D.APPROVED, second: Decision | None = None) -> Return:
    """Return a return whose one line, or two lines, were so decided, with these effects."""
    lines = [b.a_line(decision=first)] + ([b.a_line(2, decision=second)] if second else [])
    return b.a_return(*lines, effects=effects)


class TestRequesting:
    @pytest.mark.parametrize("decision", [D.REQUESTED, D.IN_REVIEW, D.REOPENED])
    def test_what_waits_for_a_decision_is_shown_on_the_platform_whole(self, decision: Decision) -> None:
        ret = b.a_return(b.a_line(units=2, decision=decision, note="tight"), b.a_line(2, decision=D.REQUESTED))

        steps = steps_of(ret)

        units = (ReturnedUnits("L1", "L1/1", 2, "too_small", "tight"), ReturnedUnits("L2", "L2/1", 1, "too_small"))
        assert b.planned(steps) == [REQUEST]
        assert OpenReturn(b.ORDER, units) == steps.effects[0].target

    def test_a_reason_is_called_as_the_merchant_says_the_platform_calls_it(self) -> None:
        ret = b.a_return(b.a_line(decision=D.REQUESTED, reason="narrow", platform_reason="size_too_small"))

        assert steps_of(ret).effects[0].target == OpenReturn(
            b.ORDER, (ReturnedUnits("L1", "L1/1", 1, "size_too_small"),)
        )

    def test_it_is_requested_once(self) -> None:
        for state in E:
            assert due(b.a_return(b.a_line(decision=D.REQUESTED), effects=(b.requested(state=state),))) == []

    def test_what_is_decided_in_part_is_not_requested_any_more(self) -> None:
        assert due(decided(first=D.APPROVED, second=D.REQUESTED)) == []
        assert due(decided(first=D.REJECTED, second=D.REQUESTED)) == []

    def test_what_the_policy_approved_is_opened_at_once(self) -> None:
        assert due(b.a_return()) == [OPEN]

    @pytest.mark.parametrize(
        "missing", [K.REQUEST_RETURN, K.APPROVE_RETURN, K.DECLINE_RETURN, K.OPEN_RETURN, K.PROCESS_RETURN]
    )
    def test_a_platform_that_cannot_answer_is_not_asked(self, missing: EffectKind) -> None:
        ret = b.a_return(b.a_line(decision=D.REQUESTED))

        assert due(ret, b.a_store(capable_of=b.PLATFORM - {missing})) == []
        assert due(ret, b.a_store(returns="platform")) == []

    def test_units_that_were_not_shipped_are_not_requested(self) -> None:
        ret = b.a_return(b.a_line(decision=D.REQUESTED, claimed=((3, 3),)))

        assert due(ret, order=b.an_order({"L1": (2,)})) == []

    def test_what_was_opened_before_it_was_reopened_is_not_requested(self) -> None:
        assert due(b.a_return(b.a_line(decision=D.REOPENED), effects=(b.opened("L1/1"),))) == []


class TestAnswering:
    def test_a_request_of_just_the_approved_units_is_approved(self) -> None:
        ret = decided(b.requested({"L1/1": 1, "L2/1": 1}), first=D.APPROVED, second=D.APPROVED)

        steps = steps_of(ret)

        assert b.planned(steps) == [APPROVE]
        assert OnReturn(b.NATIVE) == steps.effects[0].target

    def test_a_rejected_request_is_declined_with_the_words_the_shopper_reads(self) -> None:
        lines = (
            b.a_line(decision=D.REJECTED, message="Worn."),
            b.a_line(2, decision=D.REJECTED, message="Worn."),
            b.a_line(3, decision=D.REJECTED, message="Too late."),
        )

        steps = steps_of(b.a_return(*lines, effects=(b.requested({"L1/1": 1, "L2/1": 1, "L3/1": 1}),)))

        assert b.planned(steps) == [DECLINE]
        assert OnReturn(b.NATIVE, "Worn.; Too late.") == steps.effects[0].target

    @pytest.mark.parametrize("decision", [D.CANCELLED, D.EXPIRED, D.REJECTED])
    def test_what_ended_without_words_is_declined_by_its_state(self, decision: Decision) -> None:
        steps = steps_of(decided(b.requested(), first=decision))

        assert b.planned(steps) == [DECLINE]
        assert OnReturn(b.NATIVE, decision.value) == steps.effects[0].target

    def test_nothing_is_answered_before_every_line_is_decided(self) -> None:
        assert due(decided(b.requested({"L1/1": 1, "L2/1": 1}), first=D.APPROVED, second=D.IN_REVIEW)) == []

    def test_a_request_approved_in_part_is_declined_and_the_approved_units_opened_anew(self) -> None:
        request = b.requested({"L1/1": 1, "L2/1": 1})
        ret = b.a_return(b.a_line(), b.a_line(2, decision=D.REJECTED, message="Worn."), effects=(request,))

        steps = steps_of(ret)

        why = "Worn.; the approved units come back in a return of their own"
        assert b.planned(steps) == [DECLINE]
        assert OnReturn(b.NATIVE, why) == steps.effects[0].target
        for state in (*IN_FLIGHT, E.FAILED):
            assert due(replace(ret, effects=(request, b.declined(state)))) == []
        then = steps_of(replace(ret, effects=(request, b.declined())))
        assert b.planned(then) == [OPEN]
        assert OpenReturn(b.ORDER, (ReturnedUnits("L1", "L1/1", 1, "too_small"),)) == then.effects[0].target

    def test_a_request_of_more_units_than_are_left_is_not_approved(self) -> None:
        assert due(decided(b.requested({"L1/1": 2}))) == [DECLINE]

    def test_it_is_answered_once(self) -> None:
        for state in E:
            for answer in (b.approved("L1/1", state=state), b.declined(state)):
                assert not {APPROVE, DECLINE} & set(due(decided(b.requested(), answer)))

    def test_an_approval_that_the_platform_refused_is_made_good_by_opening(self) -> None:
        assert due(decided(b.requested(), b.approved(state=E.FAILED))) == [OPEN]

    def test_an_answer_needs_the_means(self) -> None:
        store = b.a_store(capable_of=b.PLATFORM - {K.APPROVE_RETURN})

        assert due(decided(b.requested()), store) == []


class TestARequestThatIsNotThere:
    def test_one_not_sent_yet_gives_way_first(self) -> None:
        request = b.requested(state=E.INTENT)
        ret = decided(request)

        steps = steps_of(ret)

        assert (steps.effects, steps.withdraw) == ((), (request.id,))
        assert due(decided(replace(request, state=E.CANCELLED))) == [OPEN]
        assert steps_of(decided(request, first=D.REJECTED)).withdraw == (request.id,)
        assert steps_of(decided(replace(request, state=E.CANCELLED), first=D.REJECTED)) == Steps()

    def test_one_not_sent_yet_stays_while_somebody_decides(self) -> None:
        assert steps_of(b.a_return(b.a_line(decision=D.REQUESTED), effects=(b.requested(state=E.INTENT),))) == Steps()

    @pytest.mark.parametrize("state", [E.SENDING, E.PENDING, E.UNKNOWN])
    def test_one_on_its_way_is_waited_for(self, state: EffectState) -> None:
        assert steps_of(decided(b.requested(state=state))) == Steps()

    def test_one_that_failed_or_is_parked_holds_up_nothing(self) -> None:
        assert due(decided(b.requested(state=E.FAILED))) == [OPEN]
        assert due(decided(b.requested(state=E.UNKNOWN, parked=True))) == [OPEN]

    def test_one_found_again_is_declined_if_the_return_was_opened_without_it(self) -> None:
        steps = steps_of(decided(b.requested(), b.opened("L1/1")))

        assert b.planned(steps) == [DECLINE]
        assert OnReturn(b.NATIVE, "the approved units come back in a return of their own") == steps.effects[0].target
        for state in IN_FLIGHT:
            assert due(decided(b.requested(), b.opened(state=state))) == []

    def test_one_found_again_is_approved_if_it_kept_the_return_from_being_opened(self) -> None:
        assert due(decided(b.requested(), b.opened(state=E.FAILED))) == [APPROVE]
        assert due(decided(b.requested(), b.opened(state=E.FAILED), b.approved("L1/1"))) == []

    def test_one_found_again_is_declined_if_the_goods_went_another_way(self) -> None:
        restock = b.an_effect(K.RESTOCK, "restock:x")

        assert due(decided(b.requested(), restock)) == [DECLINE]


class TestAfterApproval:
    def test_goods_are_processed_on_the_return_that_was_approved(self) -> None:
        ret = b.an_inspected_return(effects=(b.requested(), b.approved("L1/1")))

        steps = steps_of(ret)

        assert b.planned(steps) == [(K.PROCESS_RETURN, f"process:{b.batch()}")]
        target = steps.effects[0].target
        assert isinstance(target, ProcessReturn)
        assert (target.return_ref, target.lines[0].reverse_ref) == (b.NATIVE, "rev/L1/1")
        assert steps.settle == ()

    @pytest.mark.parametrize("answer", [None, *IN_FLIGHT])
    def test_goods_and_money_wait_for_the_approval(self, answer: EffectState | None) -> None:
        effects = (b.requested(), *(() if answer is None else (b.approved(state=answer),)))

        steps = steps_of(b.an_inspected_return(effects=effects))

        assert b.planned(steps) == ([APPROVE] if answer is None else [])
        assert (steps.settle, steps.resolve) == ((), ())

    def test_the_return_that_was_approved_is_closed_or_cancelled_at_the_end(self) -> None:
        line = b.a_line(inspected=1, verdicts={"restocked": True})
        settled = (b.a_settlement(state=b.SettlementState.SETTLED),)
        paid = b.an_inspected_return(
            line, in_transit_at=None, settlements=settled, effects=(b.requested(), b.approved("L1/1"), b.processed())
        )

        assert due(paid) == [(K.CLOSE_RETURN, b.FINISH)]
        assert due(decided(b.requested(), b.approved("L1/1"), first=D.CANCELLED)) == [(K.CANCEL_RETURN, b.FINISH)]
        assert due(decided(b.requested(), b.declined(), first=D.REJECTED)) == []


def test_the_platform_opens_no_return_for_the_parts_of_a_kit_that_it_sold_as_one() -> None:
    order = b.an_order()
    parts = replace(order, lines=tuple(replace(line, part_of="K") for line in order.lines))
    ret = b.a_return(b.a_line())

    assert [due.kind for due in next_steps(ret, order, b.a_store()).effects] == [EffectKind.OPEN_RETURN]
    assert next_steps(ret, parts, b.a_store()).effects == ()
