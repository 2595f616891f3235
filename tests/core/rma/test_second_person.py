"""A payment that waits for a second person: nothing of it is due, and the return says so before all else about money."""

from dataclasses import replace

import pytest

from retour.core.rma import NO_STEPS, Decision, SettlementState, blocked_by, next_steps
from retour.core.rma.axes import Axis, Fill, Standing, Tone, axes
from tests.core.rma import builders as b

WAITING = b.a_settlement(second_at=b.NOW, second_because="amount")


def test_nothing_of_it_is_paid_or_handed_over() -> None:
    ret = b.an_inspected_return(settlements=(WAITING,))

    steps = next_steps(ret, b.an_order(), b.a_bare_store())

    assert steps.settle + steps.hand_over == ()


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("state", list(SettlementState))
def test_the_return_waits_for_finance_with_the_evidence(state: SettlementState, paused: bool) -> None:
    ret = b.an_inspected_return(settlements=(replace(WAITING, state=state),))

    blocked = blocked_by(ret, b.a_bare_store(paused=paused), NO_STEPS, now=b.NOW)

    waits = blocked is not None and blocked.code == "second_approval"
    assert waits == (state is SettlementState.QUOTED)
    if waits and blocked is not None:
        assert (blocked.actor, blocked.since, blocked.evidence["because"]) == ("finance", b.NOW, "amount")
        assert blocked.evidence["settlement"] == str(WAITING.id)


def test_its_money_needs_a_person() -> None:
    standing = Standing(
        Decision.APPROVED, "finance", "second_approval", 1, b.NOW, b.NOW, b.NOW, b.NOW,
        ((SettlementState.QUOTED, "equal"),),
    )  # fmt: skip

    assert axes(standing).money == Axis("second_approval", Fill.HALF, Tone.NEEDS_YOU)
