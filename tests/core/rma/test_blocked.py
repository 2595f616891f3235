"""Whom a return waits for: money trouble first, then people, then machines; each test is one rule."""

from dataclasses import replace
from datetime import datetime

import pytest

from retour.core.effect import CARD_KINDS, EXCHANGE_KINDS, EffectKind, EffectState
from retour.core.rma import (
    Blocked,
    Decision,
    Ownership,
    Question,
    Return,
    SettlementState,
    ShipmentStatus,
    blocked_by,
    next_steps,
)
from retour.core.rma.label import LabelState, LabelView
from tests.core.rma import builders as b
from tests.core.rma.builders import a_paid_return

K, E, D = EffectKind, EffectState, Decision
OPENED = b.opened("L1/1", "L2/1", "L3/1")
MARKS = [K.TAG, K.UNTAG, K.NOTE, K.PUSH_RETURN]
IN_FLIGHT = [E.INTENT, E.SENDING, E.PENDING, E.UNKNOWN]


def blocked(ret: Return, store: Ownership | None = None) -> Blocked | None:
    """Return whom the return waits for in the usual store, or in this one."""
    store = store or b.a_store()
    return blocked_by(ret, store, next_steps(ret, b.an_order(), store), now=b.NOW)


def waits_for(ret: Return, store: Ownership | None = None) -> tuple[str, str, datetime] | None:
    """Return actor, code and since of the blocker."""
    found = blocked(ret, store)
    return (found.actor, found.code, found.since) if found else None


def a_waiting_return(**different: object) -> Return:
    """Return an approved return, opened on the platform, whose parcel was not sent yet."""
    return replace(b.a_return(effects=(OPENED,)), **different)  # type: ignore[arg-type]


class TestPeople:
    @pytest.mark.parametrize("decision", [D.REQUESTED, D.IN_REVIEW, D.REOPENED])
    def test_a_line_without_a_decision_waits_for_an_agent(self, decision: Decision) -> None:
        ret = b.a_return(b.a_line(), b.a_line(2, decision=decision))

        assert waits_for(ret) == ("agent", "decision_needed", b.REQUESTED_AT)

    def test_what_is_brought_to_a_counter_waits_for_the_visit_unless_a_part_is_sent(self) -> None:
        brought = b.a_line(method="in_store")
        ret = a_waiting_return(lines=(brought,))

        assert (waits_for(ret) or ())[:2] == ("shopper", "awaiting_visit")
        mixed = a_waiting_return(lines=(brought, b.a_line(2, method="own_carrier")))
        assert (waits_for(mixed) or ())[:2] == ("shopper", "awaiting_shipment")

    def test_a_held_return_waits_for_an_agent(self) -> None:
        assert waits_for(b.a_return(held=True)) == ("agent", "held", b.NOW)
        assert waits_for(b.a_return(b.a_line(decision=D.REQUESTED), held=True)) == ("agent", "held", b.NOW)

    @pytest.mark.parametrize(("until", "facts"), [(None, {}), (b.NOW, {"answer_by": b.NOW.isoformat()})])
    def test_a_question_waits_for_the_shopper_before_any_decision(
        self, until: datetime | None, facts: dict[str, str]
    ) -> None:
        asked = Question(b.uid(9), b.SCANNED_AT, until)
        found = blocked(b.a_return(b.a_line(decision=D.REQUESTED), asked=asked, approve_at=b.NOW))

        assert found is not None
        assert (found.actor, found.code, found.since) == ("shopper", "info_needed", b.SCANNED_AT)
        assert found.evidence == facts

    def test_a_parcel_to_be_sent_by_a_day_says_by_which(self) -> None:
        found = blocked(a_waiting_return(send_by=b.NOW))

        assert found is not None
        assert (found.code, found.evidence["send_by"]) == ("awaiting_shipment", b.NOW.isoformat())

    def test_an_approved_return_waits_for_the_shopper_to_send_it(self) -> None:
        found = blocked(a_waiting_return())

        assert found is not None
        assert (found.actor, found.code, found.since) == ("shopper", "awaiting_shipment", b.DECIDED_AT)
        assert found.evidence == {"approved": 1, "received": 0, "inspected": 0}
        assert waits_for(a_waiting_return(decided_at=None)) == ("shopper", "awaiting_shipment", b.REQUESTED_AT)

    def test_the_shopper_comes_before_work_under_way(self) -> None:
        assert waits_for(b.a_return()) == ("shopper", "awaiting_shipment", b.DECIDED_AT)
        opening = a_waiting_return(effects=(b.opened(state=E.PENDING),))
        assert waits_for(opening) == ("shopper", "awaiting_shipment", b.DECIDED_AT)

    @pytest.mark.parametrize("status", ["exception", "returned_to_sender", "lost"])
    def test_a_parcel_in_trouble_waits_for_an_agent(self, status: str) -> None:
        ret = a_waiting_return(shipments=(b.a_parcel(ShipmentStatus(status)),), in_transit_at=b.SCANNED_AT)

        assert waits_for(ret) == ("agent", "parcel_exception", b.SCANNED_AT)
        assert waits_for(replace(ret, in_transit_at=None)) == ("agent", "parcel_exception", b.NOW)

    def test_a_delivered_parcel_waits_for_the_warehouse_to_receive_it(self) -> None:
        ret = a_waiting_return(in_transit_at=b.SCANNED_AT, delivered_at=b.DELIVERED_AT)

        assert waits_for(ret) == ("warehouse", "awaiting_receipt", b.DELIVERED_AT)

    def test_received_units_wait_for_the_warehouse_to_judge_them(self) -> None:
        ret = a_waiting_return(lines=(b.a_line(units=2, received=1),), received_at=b.RECEIVED_AT)

        found = blocked(ret)

        assert found is not None
        assert (found.actor, found.code, found.since) == ("warehouse", "awaiting_inspection", b.RECEIVED_AT)
        assert found.evidence == {"approved": 2, "received": 1, "inspected": 0}
        assert waits_for(replace(ret, received_at=None)) == ("warehouse", "awaiting_inspection", b.NOW)

    def test_a_verdict_on_one_line_does_not_hide_the_other(self) -> None:
        twice_judged = replace(b.a_line(inspected=1), received=())
        ret = a_waiting_return(lines=(twice_judged, b.a_line(2, received=1)), received_at=b.RECEIVED_AT)

        assert waits_for(ret) == ("warehouse", "awaiting_inspection", b.RECEIVED_AT)

    def test_inspection_comes_before_the_refund_of_an_earlier_batch(self) -> None:
        line = b.a_line(units=2, received=2, inspections=(b.an_inspection(1, (1, 1), restocked=True),))
        refund = b.an_effect(K.REFUND_TENDER, "refund:1", E.PENDING, settlement=True)
        ret = b.an_inspected_return(
            line,
            effects=(OPENED, b.processed(), refund),
            settlements=(b.a_settlement(state=SettlementState.PENDING),),
        )

        assert waits_for(ret) == ("warehouse", "awaiting_inspection", b.RECEIVED_AT)

    def test_a_partial_receipt_waits_for_the_rest(self) -> None:
        ret = a_paid_return(lines=(b.a_line(units=2, inspected=1, verdicts={"restocked": True}),), in_transit_at=None)

        found = blocked(ret)

        assert found is not None
        assert (found.actor, found.code, found.since) == ("shopper", "awaiting_rest", b.RECEIVED_AT)
        assert found.evidence == {"approved": 2, "received": 1, "inspected": 1}
        assert waits_for(replace(ret, received_at=None)) == ("shopper", "awaiting_rest", b.NOW)

    def test_surplus_units_of_one_line_do_not_hide_the_missing_of_another(self) -> None:
        surplus = replace(b.a_line(inspected=1, verdicts={"restocked": True}), claimed=())
        ret = a_paid_return(lines=(surplus, b.a_line(2)), in_transit_at=None)

        assert waits_for(ret) == ("shopper", "awaiting_rest", b.RECEIVED_AT)

    def test_the_warehouse_that_masters_stock_is_waited_for(self) -> None:
        ret = a_paid_return(lines=(b.a_line(units=3, inspected=2),), in_transit_at=None)
        store = b.a_store(restocks="warehouse")

        found = blocked(ret, store)

        assert found is not None
        assert (found.actor, found.code, found.since) == ("warehouse", "awaiting_restock", b.INSPECTED_AT)
        assert found.evidence == {"units": 2}
        assert waits_for(replace(ret, inspected_at=None), store) == ("warehouse", "awaiting_restock", b.NOW)


class TestMoney:
    def test_a_differing_platform_figure_waits_for_finance(self) -> None:
        ret = a_paid_return(settlements=(b.a_settlement(comparison="differs"),))

        found = blocked(ret)

        assert found is not None
        assert (found.actor, found.code, found.since) == ("finance", "platform_disagrees", b.INSPECTED_AT)
        assert found.evidence == {"settlement": str(b.uid(701)), "total_minor": "2590"}
        assert waits_for(replace(ret, inspected_at=None)) == ("finance", "platform_disagrees", b.NOW)

    def test_a_difference_that_was_decided_waits_for_nobody(self) -> None:
        ret = a_paid_return(SettlementState.SETTLED, lines=(b.a_line(inspected=1),))

        decided = replace(ret.settlements[0], comparison="differs")
        assert waits_for(replace(ret, settlements=(decided,))) == waits_for(ret)

    @pytest.mark.parametrize("state", list(SettlementState))
    def test_paused_payments_wait_for_finance(self, state: SettlementState) -> None:
        refund = b.an_effect(K.REFUND_TENDER, "refund:1", E.INTENT, settlement=True)
        ret = a_paid_return(state)
        ret = replace(ret, effects=(*ret.effects, refund))

        paused = waits_for(ret, b.a_store(paused=True))

        waiting = state in (SettlementState.QUOTED, SettlementState.DUE)
        assert (paused == ("finance", "payments_paused", b.INSPECTED_AT)) == waiting
        assert waits_for(ret) != ("finance", "payments_paused", b.INSPECTED_AT)

    @pytest.mark.parametrize(
        "kind", [k for k in K if k not in (*MARKS, K.REQUEST_RETURN, K.APPROVE_RETURN, *EXCHANGE_KINDS, *CARD_KINDS)]
    )
    def test_an_effect_that_failed_or_is_parked_comes_before_everything(self, kind: EffectKind) -> None:
        for state, parked, code in ((E.FAILED, False, "effect_failed"), (E.UNKNOWN, True, "effect_unknown")):
            effect = b.an_effect(kind, "x", state, parked=parked, far_code="boom")
            for ret in (b.a_return(), b.a_return(b.a_line(decision=D.REQUESTED), held=True)):
                found = blocked(replace(ret, effects=(effect,)))
                assert found is not None
                assert (found.actor, found.code, found.since) == ("finance", code, b.DECIDED_AT)
                assert found.evidence == {"effect": str(effect.id), "kind": kind.value, "far_code": "boom"}

    @pytest.mark.parametrize(("state", "parked"), [(E.FAILED, False), (E.UNKNOWN, True)])
    def test_a_request_that_went_wrong_holds_up_nothing(self, state: EffectState, parked: bool) -> None:
        request = b.requested(state=state, parked=parked)

        signs = b.a_return(b.a_line(decision=D.REQUESTED), fraud_review=True)
        assert waits_for(signs) == ("agent", "fraud_review", b.REQUESTED_AT)
        asked = b.a_return(b.a_line(decision=D.REQUESTED), effects=(request,))
        assert waits_for(asked) == ("agent", "decision_needed", b.REQUESTED_AT)
        sent = a_waiting_return(in_transit_at=b.SCANNED_AT, effects=(request, OPENED))
        assert waits_for(sent) == ("carrier", "in_transit", b.SCANNED_AT)

    @pytest.mark.parametrize(("state", "parked"), [(E.FAILED, False), (E.UNKNOWN, True), (E.INTENT, False)])
    def test_a_push_that_went_wrong_holds_up_nothing(self, state: EffectState, parked: bool) -> None:
        push = b.an_effect(K.PUSH_RETURN, "push", state, parked=parked)

        asked = b.a_return(b.a_line(decision=D.REQUESTED), effects=(push,))
        assert waits_for(asked) == ("agent", "decision_needed", b.REQUESTED_AT)

    def test_a_refused_approval_is_made_good_by_opening_and_the_other_way_round(self) -> None:
        shopper = ("shopper", "awaiting_shipment", b.DECIDED_AT)
        refused, failed = b.approved(state=E.FAILED), b.opened(state=E.FAILED)

        assert waits_for(a_waiting_return(effects=(b.requested(), refused))) == shopper
        assert waits_for(a_waiting_return(effects=(b.requested(), refused, OPENED))) == shopper
        assert waits_for(a_waiting_return(effects=(b.requested(), failed, b.approved("L1/1")))) == shopper
        both = waits_for(a_waiting_return(effects=(b.requested(), refused, failed)))
        assert both == ("finance", "effect_failed", b.DECIDED_AT)

    def test_a_refused_decline_is_for_a_person(self) -> None:
        for decision in (D.REJECTED, D.APPROVED):
            ret = b.a_return(b.a_line(decision=decision), effects=(b.requested(), b.declined(E.FAILED)))
            assert waits_for(ret) == ("finance", "effect_failed", b.DECIDED_AT)

    def test_a_request_on_its_way_keeps_a_parcel_waiting_for_the_platform(self) -> None:
        ret = a_waiting_return(in_transit_at=b.SCANNED_AT, effects=(b.requested(state=E.SENDING),))

        assert waits_for(ret) == ("platform", "effect_in_flight", b.DECIDED_AT)

    def test_trouble_of_unknown_age_counts_from_now(self) -> None:
        effect = b.an_effect(K.PROCESS_RETURN, "x", E.FAILED, created_at=None)

        assert waits_for(b.a_return(effects=(effect,))) == ("finance", "effect_failed", b.NOW)

    def test_a_retry_takes_the_place_of_what_failed(self) -> None:
        failed, retry = b.opened(state=E.FAILED), OPENED

        assert waits_for(a_waiting_return(effects=(failed, retry))) == ("shopper", "awaiting_shipment", b.DECIDED_AT)
        assert waits_for(a_waiting_return(effects=(failed,))) == ("finance", "effect_failed", b.DECIDED_AT)

    def test_a_failed_refund_matters_while_its_settlement_has_failed(self) -> None:
        refund = b.an_effect(K.REFUND_TENDER, "refund:1", E.FAILED, settlement=True)
        effects = (OPENED, b.processed(), refund)

        assert waits_for(a_paid_return(SettlementState.FAILED, effects=effects)) == (
            "finance",
            "effect_failed",
            b.DECIDED_AT,
        )
        assert waits_for(a_paid_return(SettlementState.HANDED_OVER, effects=effects)) is None

    def test_what_was_parked_and_is_now_known_waits_for_nobody(self) -> None:
        effect = replace(OPENED, parked=True)

        assert waits_for(a_waiting_return(effects=(effect,))) == ("shopper", "awaiting_shipment", b.DECIDED_AT)


class TestMachines:
    def test_a_parcel_on_its_way_waits_for_the_carrier(self) -> None:
        found = blocked(a_waiting_return(in_transit_at=b.SCANNED_AT))

        assert found is not None
        assert (found.actor, found.code, found.since) == ("carrier", "in_transit", b.SCANNED_AT)

    @pytest.mark.parametrize("kind", MARKS)
    @pytest.mark.parametrize("state", [*IN_FLIGHT, E.FAILED])
    def test_marks_are_never_what_an_open_return_waits_for(self, kind: EffectKind, state: EffectState) -> None:
        mark = b.an_effect(kind, "x", state)

        ret = a_waiting_return(in_transit_at=b.SCANNED_AT, effects=(OPENED, mark))
        assert waits_for(ret) == ("carrier", "in_transit", b.SCANNED_AT)

    @pytest.mark.parametrize("state", IN_FLIGHT)
    def test_an_effect_in_flight_waits_for_the_platform(self, state: EffectState) -> None:
        ret = a_paid_return(effects=(OPENED, b.processed(state)))

        found = blocked(ret)

        assert found is not None
        assert (found.actor, found.code, found.since) == ("platform", "effect_in_flight", b.DECIDED_AT)
        assert found.evidence == {"kind": "process_return"}
        undated = replace(ret, effects=(OPENED, replace(ret.effects[1], created_at=None)))
        assert waits_for(undated) == ("platform", "effect_in_flight", b.NOW)

    def test_an_effect_in_flight_on_a_lost_connection_waits_for_the_operator(self) -> None:
        ret = a_paid_return(effects=(OPENED, b.processed(E.UNKNOWN)), connected=False)

        assert waits_for(ret) == ("operator", "needs_reconnect", b.NOW)

    @pytest.mark.parametrize("master", ["retour", "platform"])
    def test_what_is_due_now_waits_for_retour(self, master: str) -> None:
        expected = ("retour", "work_in_progress", b.NOW)

        assert waits_for(b.an_inspected_return(effects=(OPENED,))) == expected
        assert waits_for(a_paid_return(SettlementState.QUOTED), b.a_store(refunds=master)) == expected

    def test_units_that_nobody_can_restock_wait_for_the_warehouse(self) -> None:
        ret = b.an_inspected_return(in_transit_at=None, settlements=(b.a_settlement(state=SettlementState.SETTLED),))
        nowhere = b.a_store(capable_of=frozenset())

        found = blocked(ret, nowhere)

        assert found is not None
        assert (found.actor, found.code, found.since) == ("warehouse", "nowhere_to_restock", b.INSPECTED_AT)
        assert found.evidence == {"units": 1}
        assert waits_for(replace(ret, inspected_at=None), nowhere) == ("warehouse", "nowhere_to_restock", b.NOW)

    def test_a_judged_batch_without_its_settlement_waits_for_retour(self) -> None:
        ret = a_paid_return(settlements=())

        assert waits_for(ret) == ("retour", "work_in_progress", b.INSPECTED_AT)
        assert waits_for(replace(ret, inspected_at=None)) == ("retour", "work_in_progress", b.NOW)


class TestAfterTheEnd:
    def test_a_return_whose_last_line_is_done_waits_for_nobody(self) -> None:
        assert waits_for(a_paid_return()) is None

    def test_a_return_with_a_line_left_still_waits(self) -> None:
        ret = a_paid_return()

        assert waits_for(replace(ret, lines=(*ret.lines, b.a_line(2)))) is not None

    @pytest.mark.parametrize("decision", [D.REJECTED, D.CANCELLED, D.EXPIRED, D.RESOLVED])
    def test_a_closed_return_waits_for_nobody(self, decision: Decision) -> None:
        assert waits_for(b.a_return(b.a_line(decision=decision))) is None
        assert waits_for(b.a_return(b.a_line(decision=decision), held=True, in_transit_at=b.SCANNED_AT)) is None

    @pytest.mark.parametrize("kind", list(K))
    def test_a_closed_return_shows_what_may_have_happened(self, kind: EffectKind) -> None:
        effect = b.an_effect(kind, "x", E.UNKNOWN, parked=True)

        ret = b.a_return(b.a_line(decision=D.CANCELLED), effects=(effect,))
        assert waits_for(ret) == ("finance", "effect_unknown", b.DECIDED_AT)

    @pytest.mark.parametrize("kind", list(K))
    def test_a_closed_return_shows_failures_that_leave_a_difference_behind(self, kind: EffectKind) -> None:
        ret = b.a_return(b.a_line(decision=D.CANCELLED), effects=(b.an_effect(kind, "x", E.FAILED),))

        moot = kind in (
            K.REQUEST_RETURN,
            K.APPROVE_RETURN,
            K.OPEN_RETURN,
            K.REMOVE_FROM_RETURN,
            K.TAG,
            K.NOTE,
            K.PUSH_RETURN,
            *EXCHANGE_KINDS,
            *CARD_KINDS,
        )
        assert waits_for(ret) == (None if moot else ("finance", "effect_failed", b.DECIDED_AT))


def test_what_is_on_its_way_to_a_shop_that_is_not_connected_waits_for_the_operator() -> None:
    on_its_way = replace(b.opened("L1/1"), state=E.INTENT)

    travelling = b.a_return(effects=(on_its_way,), in_transit_at=b.SCANNED_AT)

    connected = blocked(travelling)
    cut_off = blocked(replace(travelling, connected=False))

    assert connected is not None
    assert connected.code != "needs_reconnect"
    assert cut_off == Blocked("operator", "needs_reconnect", b.NOW, "connect the platform again")


class TestLabels:
    def a_labelled(self, state: str, *, to: str | None = None, problem: str | None = None) -> Return:
        line = replace(b.a_line(), method="label")
        label = LabelView(b.uid(900), 1, "label", (line.id,), LabelState(state), b.SCANNED_AT, to, problem)
        return a_waiting_return(lines=(line,), labels=(label,))

    def test_a_label_that_failed_waits_for_an_agent_and_says_why(self) -> None:
        found = blocked(self.a_labelled("failed", problem="return_address_missing"))

        assert found is not None
        assert (found.actor, found.code, found.since) == ("agent", "label_failed", b.SCANNED_AT)
        assert found.evidence == {"problem": "return_address_missing", "destination": None, "parcel": 1}

    def test_a_label_being_made_waits_for_nobody_but_us(self) -> None:
        assert waits_for(self.a_labelled("due")) == ("retour", "work_in_progress", b.SCANNED_AT)

    @pytest.mark.parametrize("state", ["made", "waived"])
    def test_with_its_label_or_without_one_the_shopper_sends_the_parcel(self, state: str) -> None:
        assert waits_for(self.a_labelled(state)) == ("shopper", "awaiting_shipment", b.DECIDED_AT)

    def test_a_label_for_another_place_than_the_line_goes_to_keeps_nobody(self) -> None:
        assert waits_for(self.a_labelled("failed", to="mugs")) == ("shopper", "awaiting_shipment", b.DECIDED_AT)
