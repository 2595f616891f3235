"""What somebody outside carries out: it is handed over once, waits for a report, and is done when it is reported."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from retour.core.effect import EffectKind, EffectState
from retour.core.rma import Decision, Moment, Ownership, Return, SettlementState, blocked_by, next_steps
from retour.core.rma.axes import Axis, Fill, Standing, Tone, axes
from tests.core.rma import builders as b

S = SettlementState
OPENED = b.opened("L1/1", "L2/1", "L3/1")
HANDED_AT = b.RECEIVED_AT + timedelta(hours=2)
FAILED_AT = HANDED_AT + timedelta(hours=1)
TOLD_ONLY = frozenset({"refund_original"})


def a_return(state: SettlementState, *, to: str | None = "merchant", resolution: str = "gift_card") -> Return:
    """Return an inspected return, processed on the platform, whose settlement stands there."""
    handed: dict[str, Any] = {
        "handed_to": to,
        "handed_at": HANDED_AT,
        "reported_at": FAILED_AT if state is S.DUE else None,
    }
    settlement = b.a_settlement(state=state, resolution=resolution, **(handed if to else {}))
    line = b.a_line(inspected=1, verdicts={"restocked": True})
    return b.an_inspected_return(line, settlements=(settlement,), effects=(OPENED, b.processed()))


def waits_for(ret: Return, store: Ownership | None = None) -> tuple[object, ...] | None:
    store = store or b.a_store()
    found = blocked_by(ret, store, next_steps(ret, b.an_order(), store), now=b.NOW)
    return (found.actor, found.code, found.since, found.unblocks) if found else None


def is_resolved(ret: Return) -> bool:
    return bool(next_steps(ret, b.an_order(), b.a_store()).resolve)


@pytest.mark.parametrize("master", ["retour", "platform"])
def test_what_retour_does_not_pay_goes_to_the_merchant_whoever_masters_refunds(master: str) -> None:
    steps = next_steps(a_return(S.QUOTED, to=None), b.an_order(), b.a_store(refunds=master))

    assert ((b.uid(701),), ()) == (steps.settle, steps.hand_over)


def test_refunds_that_are_only_told_about_go_to_the_merchant_too() -> None:
    refund = a_return(S.QUOTED, to=None, resolution="refund_original")

    told = next_steps(refund, b.an_order(), b.a_store(refunds="platform", notify_only=TOLD_ONLY))
    theirs = next_steps(refund, b.an_order(), b.a_store(refunds="platform"))

    assert ((b.uid(701),), ()) == (told.settle, told.hand_over)
    assert ((), (b.uid(701),)) == (theirs.settle, theirs.hand_over)


@pytest.mark.parametrize(
    ("resolution", "task"),
    [
        ("gift_card", "issue the gift card"),
        ("refund_service", "pay through the refund service"),
        ("something_new", "carry it out"),
    ],
)
def test_what_is_handed_over_waits_for_whoever_pays(resolution: str, task: str) -> None:
    ret = a_return(S.HANDED_OVER, resolution=resolution)

    assert waits_for(ret) == ("finance", "awaiting_payout", HANDED_AT, f"{task}, then report it as done")
    assert not is_resolved(ret)
    assert next_steps(ret, b.an_order(), b.a_store()).settle == ()


def test_what_failed_outside_is_owed_again() -> None:
    ret, task = a_return(S.DUE), "issue the gift card by another way, then report it as done"

    assert waits_for(ret) == ("finance", "payout_failed", FAILED_AT, task)
    assert waits_for(ret, b.a_store(paused=True)) == ("finance", "payout_failed", FAILED_AT, task)
    assert not is_resolved(ret)


@pytest.mark.parametrize("ret", [a_return(S.SETTLED), a_return(S.HANDED_OVER, to="platform")])
def test_what_is_reported_or_the_platforms_own_resolves_the_line(ret: Return) -> None:
    assert is_resolved(ret)
    assert waits_for(ret) is None


def test_a_refund_of_ours_that_is_about_to_be_sent_waits_for_no_report() -> None:
    paying = b.an_effect(EffectKind.REFUND_TENDER, "refund:1", EffectState.INTENT, settlement=True)
    settlement = b.a_settlement(state=S.DUE)
    line = b.a_line(inspected=1, verdicts={"restocked": True})
    ret = b.an_inspected_return(line, settlements=(settlement,), effects=(OPENED, b.processed(), paying))

    found = waits_for(ret)

    assert found is not None
    assert found[:2] == ("platform", "effect_in_flight")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("awaiting_payout", Axis("awaiting_payout", Fill.HALF, Tone.NEEDS_YOU)),
        ("payout_failed", Axis("payout_failed", Fill.HALF, Tone.STOPPED)),
    ],
)
def test_the_money_axis_says_that_somebody_must_pay(code: str, expected: Axis) -> None:
    at = Standing(
        Decision.APPROVED, "finance", code, 0, None, None, None, b.NOW, [(S.HANDED_OVER, None)]
    )  # fmt: skip

    assert axes(at).money == expected


def test_what_was_handed_over_before_the_return_was_cancelled_still_waits_for_a_report() -> None:
    ret = a_return(S.HANDED_OVER)
    cancelled = replace(ret, lines=tuple(replace(line, decision=Decision.CANCELLED) for line in ret.lines))

    found = waits_for(cancelled)

    assert found is not None
    assert found[:3] == ("finance", "awaiting_payout", HANDED_AT)


class TestKeeping:
    """A line whose goods the shopper keeps: nothing is sent, received or inspected."""

    KEPT = replace(b.a_line(units=2), resolution="keep_item", settle_on=Moment.APPROVED, decided_at=b.DECIDED_AT)

    def test_its_money_is_due_at_approval(self) -> None:
        (early,) = next_steps(b.a_return(self.KEPT, effects=(OPENED,)), b.an_order(), b.a_store()).quote

        assert (early.line_ref, early.spans, early.moment) == ("L1", ((1, 2),), Moment.APPROVED)

    def test_nobody_waits_for_a_parcel(self) -> None:
        kept = b.a_return(self.KEPT, effects=(OPENED,))

        found = waits_for(kept)

        assert found is not None
        assert found[:2] == ("retour", "work_in_progress")
        both = waits_for(b.a_return(self.KEPT, b.a_line(2), effects=(OPENED,)))
        assert both is not None
        assert both[:2] == ("shopper", "awaiting_shipment")

    @pytest.mark.parametrize(("state", "done"), [(S.HANDED_OVER, False), (S.DUE, False), (S.SETTLED, True)])
    def test_it_is_done_when_all_its_units_are_reported(self, state: SettlementState, done: bool) -> None:
        def settled(*units: tuple[str, int, int]) -> Return:
            settlement = b.a_settlement(
                state=state, resolution="keep_item", units=units, moment=Moment.APPROVED, handed_to="merchant"
            )
            return b.a_return(self.KEPT, settlements=(settlement,), effects=(OPENED,))

        assert done == is_resolved(settled(("L1", 1, 2)))
        assert not is_resolved(settled(("L1", 1, 1)))
        assert not is_resolved(settled(("L2", 1, 2)))


def test_a_repair_waits_for_its_beginning_then_for_its_end_and_a_replacement_for_another_one() -> None:
    waiting, other = a_return(S.HANDED_OVER, resolution="repair"), a_return(S.HANDED_OVER, resolution="replacement")
    begun = replace(waiting, settlements=(replace(waiting.settlements[0], begun_at=FAILED_AT),))

    assert (waits_for(waiting) or ())[:3] == ("warehouse", "awaiting_repair", HANDED_AT)
    assert (waits_for(begun) or ())[:3] == ("warehouse", "in_repair", FAILED_AT)
    assert (waits_for(other) or ())[:3] == ("warehouse", "awaiting_replacement", HANDED_AT)
