"""Opening and closing the platform's return, and the marks that tell where a return is; each test is one rule."""

from dataclasses import replace

import pytest

from retour.core.effect import (
    EffectKind,
    EffectState,
    Note,
    OnReturn,
    OpenReturn,
    ReturnedUnits,
    Tagging,
)
from retour.core.rma import Decision, Ownership, Steps, next_steps
from tests.core.rma import builders as b
from tests.core.rma.builders import a_paid_return, due

K, E, D = EffectKind, EffectState, Decision
OPENED = b.opened("L1/1", "L2/1", "L3/1")
RESTOCKED = {"restocked": True}


class TestOpeningThePlatformsReturn:
    def test_names_the_shipped_units_of_every_approved_line(self) -> None:
        ret = b.a_return(b.a_line(units=3, note="too tight"), b.a_line(2, decision=D.REJECTED))

        steps = next_steps(ret, b.an_order({"L1": (2, 5), "L2": (1,)}), b.a_store())

        units = (
            ReturnedUnits("L1", "L1/1", 2, "too_small", "too tight"),
            ReturnedUnits("L1", "L1/2", 1, "too_small", "too tight"),
        )
        assert OpenReturn(b.ORDER, units) == steps.effects[0].target
        assert b.planned(steps) == [(K.OPEN_RETURN, b.OPEN)]

    def test_waits_until_every_line_is_decided(self) -> None:
        assert due(b.a_return(b.a_line(), b.a_line(2, decision=D.IN_REVIEW))) == []

    def test_happens_once(self) -> None:
        for state in E:
            assert (K.OPEN_RETURN, b.OPEN) not in due(b.a_return(effects=(b.opened(state=state),)))

    def test_is_left_to_whoever_masters_returns(self) -> None:
        assert due(b.a_return(), b.a_store(returns="platform")) == []

    @pytest.mark.parametrize("missing", [K.OPEN_RETURN, K.PROCESS_RETURN])
    def test_needs_a_platform_that_can_open_and_process_returns(self, missing: EffectKind) -> None:
        assert due(b.a_return(), b.a_store(capable_of=frozenset(K) - {missing})) == []

    def test_needs_shipped_units(self) -> None:
        assert due(b.a_return(b.a_line(claimed=((3, 3),))), order=b.an_order({"L1": (2,)})) == []

    def test_puts_two_lines_of_the_same_parcel_row_together(self) -> None:
        first = b.a_line(claimed=((1, 1),), note="a")
        second = b.a_line(2, line_ref="L1", claimed=((2, 3),), reason="damaged", note="b")

        steps = next_steps(b.a_return(first, second), b.an_order(), b.a_store())

        assert OpenReturn(b.ORDER, (ReturnedUnits("L1", "L1/1", 3, "other", "a; b"),)) == steps.effects[0].target

    def test_keeps_a_reason_that_both_lines_share(self) -> None:
        ret = b.a_return(b.a_line(), b.a_line(2, line_ref="L1", claimed=((2, 2),)))

        target = next_steps(ret, b.an_order(), b.a_store()).effects[0].target

        assert OpenReturn(b.ORDER, (ReturnedUnits("L1", "L1/1", 2, "too_small", None),)) == target


class TestMarks:
    def test_the_first_carrier_scan_tags_the_order_and_writes_a_note(self) -> None:
        ret = b.a_return(in_transit_at=b.SCANNED_AT, effects=(OPENED,))

        steps = next_steps(ret, b.an_order(), b.a_store())

        text = "Return R-10001 is on its way back (first carrier scan 2026-03-03 09:30 UTC)."
        assert (Tagging(b.ORDER, "return-in-transit"), Note(b.ORDER, text)) == tuple(d.target for d in steps.effects)

    def test_there_is_no_mark_before_the_first_scan(self) -> None:
        assert due(b.a_return(effects=(OPENED,))) == []

    def test_a_store_may_tag_the_customer(self) -> None:
        ret = b.a_return(in_transit_at=b.SCANNED_AT)

        steps = next_steps(ret, b.an_order(), b.a_store(tag_on="customer", capable_of=frozenset({K.TAG})))

        assert [Tagging(b.SHOPPER, "return-in-transit")] == [d.target for d in steps.effects]

    @pytest.mark.parametrize(
        ("person", "store"),
        [
            (None, b.a_store(tag_on="customer", capable_of=frozenset({K.TAG}))),
            (b.SHOPPER, b.a_store(tag_on="nothing", capable_of=frozenset({K.TAG}))),
            (b.SHOPPER, b.a_store(capable_of=frozenset())),
        ],
    )
    def test_nothing_is_tagged_without_someone_to_tag_or_the_means(self, person: str | None, store: Ownership) -> None:
        assert due(b.a_return(in_transit_at=b.SCANNED_AT, person_ref=person), store) == []

    def test_the_tag_goes_at_receipt(self) -> None:
        ret = b.a_return(
            b.a_line(received=1),
            in_transit_at=b.SCANNED_AT,
            received_at=b.RECEIVED_AT,
            effects=(OPENED, b.an_effect(K.TAG, b.TAG)),
        )

        steps = next_steps(ret, b.an_order(), b.a_store())

        assert b.planned(steps) == [(K.UNTAG, b.UNTAG)]
        assert Tagging(b.ORDER, "return-in-transit") == steps.effects[0].target
        assert due(b.stored(ret, steps)) == []

    def test_the_tag_goes_when_the_return_is_closed_on_its_way(self) -> None:
        ret = b.a_return(b.a_line(decision=D.EXPIRED), in_transit_at=b.SCANNED_AT, effects=(b.an_effect(K.TAG, b.TAG),))

        assert due(ret) == [(K.UNTAG, b.UNTAG)]

    def test_the_tag_stays_while_another_return_of_the_order_is_in_transit(self) -> None:
        ret = b.an_inspected_return(another_in_transit=True, effects=(OPENED, b.an_effect(K.TAG, b.TAG)))

        assert K.UNTAG not in dict(due(ret))
        assert K.UNTAG in dict(due(replace(ret, another_in_transit=False)))

    @pytest.mark.parametrize("state", [state for state in E if state is not E.CONFIRMED])
    def test_a_tag_that_is_not_there_is_not_removed(self, state: EffectState) -> None:
        assert K.UNTAG not in dict(due(b.an_inspected_return(effects=(OPENED, b.an_effect(K.TAG, b.TAG, state)))))

    def test_a_platform_that_cannot_untag_is_not_asked_to(self) -> None:
        ret = b.an_inspected_return(effects=(OPENED, b.an_effect(K.TAG, b.TAG)))

        assert K.UNTAG not in dict(due(ret, b.a_store(capable_of=b.PLATFORM - {K.UNTAG})))

    def test_marks_not_yet_sent_are_withdrawn_at_receipt(self) -> None:
        tag, note = b.an_effect(K.TAG, b.TAG, E.INTENT), b.an_effect(K.NOTE, f"transit:{b.RETURN}", E.INTENT)
        sent = b.an_effect(K.NOTE, "other", E.SENDING)
        ret = b.a_return(in_transit_at=b.SCANNED_AT, effects=(b.opened(state=E.INTENT), tag, note, sent))

        assert next_steps(ret, b.an_order(), b.a_store()).withdraw == ()
        arrived = replace(ret, received_at=b.RECEIVED_AT)
        assert (tag.id, note.id) == next_steps(arrived, b.an_order(), b.a_store()).withdraw


class TestClosingThePlatformsReturn:
    def test_comes_with_the_last_line(self) -> None:
        steps = next_steps(a_paid_return(in_transit_at=None), b.an_order(), b.a_store())

        assert b.planned(steps) == [(K.CLOSE_RETURN, b.FINISH)]
        assert OnReturn(b.NATIVE) == steps.effects[0].target

    def test_waits_for_the_other_lines(self) -> None:
        ret = a_paid_return(in_transit_at=None)

        assert due(replace(ret, lines=(*ret.lines, b.a_line(2)))) == []
        assert due(replace(ret, lines=(*ret.lines, b.a_line(2, decision=D.EXPIRED)))) == [(K.CLOSE_RETURN, b.FINISH)]

    @pytest.mark.parametrize("decision", [D.CANCELLED, D.EXPIRED, D.REJECTED])
    def test_is_a_cancellation_if_nothing_came(self, decision: Decision) -> None:
        ret = b.a_return(b.a_line(decision=decision), effects=(OPENED,))

        assert due(ret) == [(K.CANCEL_RETURN, b.FINISH)]

    def test_closes_what_was_processed_even_if_the_line_was_cancelled(self) -> None:
        line = b.a_line(inspected=1, decision=D.CANCELLED)

        assert due(b.a_return(line, effects=(OPENED, b.processed()))) == [(K.CLOSE_RETURN, b.FINISH)]

    def test_waits_for_goods_still_on_their_way_into_it(self) -> None:
        line = b.a_line(inspected=1, decision=D.CANCELLED)

        assert [(K.PROCESS_RETURN, f"process:{b.batch()}")] == due(b.a_return(line, effects=(OPENED,)))
        for state in (E.INTENT, E.SENDING, E.PENDING, E.UNKNOWN):
            assert due(b.a_return(line, effects=(OPENED, b.processed(state)))) == []

    @pytest.mark.parametrize("kind", [K.CLOSE_RETURN, K.CANCEL_RETURN])
    def test_happens_once_in_one_way(self, kind: EffectKind) -> None:
        end = b.an_effect(kind, b.FINISH)

        assert due(a_paid_return(in_transit_at=None, effects=(OPENED, b.processed(), end))) == []
        assert due(b.a_return(b.a_line(decision=D.CANCELLED), effects=(OPENED, end))) == []

    def test_needs_a_platforms_return_that_was_opened(self) -> None:
        line = b.a_line(decision=D.CANCELLED)

        assert due(b.a_return(line)) == []
        assert due(b.a_return(line, effects=(b.opened(state=E.UNKNOWN),))) == []
        assert due(b.a_return(line, effects=(OPENED,)), b.a_store(capable_of=frozenset())) == []


def test_a_held_return_plans_nothing() -> None:
    for ret in (b.a_return(), b.an_inspected_return(effects=(OPENED, b.processed())), a_paid_return()):
        assert next_steps(ret, b.an_order(), b.a_store())
        steps = next_steps(replace(ret, held=True), b.an_order(), b.a_store())
        assert Steps() == steps
        assert not steps
