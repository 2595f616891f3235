"""What people see of a return: shape by axis, fill by progress, colour only where somebody must act."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from retour.core.account import Role
from retour.core.rma import Decision
from retour.core.rma.axes import OTHERS, PEOPLE, Axis, Fill, Standing, Tone, answers_for, axes, urgency
from retour.core.rma.state import SettlementState as S

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
WAITING = Standing(Decision.APPROVED, "shopper", "awaiting_shipment", 0, None, None, None, None)


def seen(**changes: Any) -> Any:
    return axes(replace(WAITING, **changes))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (Decision.REQUESTED, "decision_needed", Axis("requested", Fill.HALF, Tone.NEEDS_YOU)),
        (Decision.REOPENED, "decision_needed", Axis("reopened", Fill.HALF, Tone.NEEDS_YOU)),
        (Decision.REQUESTED, "held", Axis("held", Fill.HALF, Tone.NEEDS_YOU)),
        (Decision.APPROVED, "held", Axis("held", Fill.HALF, Tone.NEEDS_YOU)),
        (Decision.APPROVED, "in_transit", Axis("approved", Fill.FULL, Tone.DONE)),
        (Decision.RESOLVED, None, Axis("resolved", Fill.FULL, Tone.DONE)),
        (Decision.REJECTED, None, Axis("rejected", Fill.FULL, Tone.QUIET)),
        (Decision.CANCELLED, None, Axis("cancelled", Fill.FULL, Tone.QUIET)),
    ],
)
def test_the_decision_says_whether_a_person_is_asked(status: Decision, code: str | None, expected: Axis) -> None:
    assert seen(status=status, blocked_code=code).decision == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Axis("not_sent", Fill.EMPTY, Tone.QUIET)),
        ({"parcels": 1}, Axis("label", Fill.EMPTY, Tone.QUIET)),
        ({"in_transit_at": NOON}, Axis("in_transit", Fill.HALF, Tone.MOVING)),
        ({"in_transit_at": NOON, "status": Decision.CANCELLED}, Axis("in_transit", Fill.HALF, Tone.QUIET)),
        ({"blocked_code": "parcel_exception"}, Axis("parcel_exception", Fill.HALF, Tone.STOPPED)),
        ({"delivered_at": NOON}, Axis("delivered", Fill.HALF, Tone.MOVING)),
        ({"delivered_at": NOON, "blocked_code": "awaiting_receipt"}, Axis("delivered", Fill.HALF, Tone.NEEDS_YOU)),
        ({"received_at": NOON}, Axis("received", Fill.HALF, Tone.MOVING)),
        ({"received_at": NOON, "blocked_code": "awaiting_inspection"}, Axis("received", Fill.HALF, Tone.NEEDS_YOU)),
        (
            {"received_at": NOON, "inspected_at": NOON, "blocked_code": "awaiting_inspection"},
            Axis("received", Fill.HALF, Tone.NEEDS_YOU),
        ),
        ({"received_at": NOON, "inspected_at": NOON}, Axis("inspected", Fill.FULL, Tone.DONE)),
        ({"inspected_at": NOON, "blocked_code": "awaiting_restock"}, Axis("inspected", Fill.FULL, Tone.NEEDS_YOU)),
    ],
)
def test_the_goods_say_how_far_they_came(changes: dict[str, Any], expected: Axis) -> None:
    assert seen(**changes).goods == expected


@pytest.mark.parametrize(
    ("settlements", "status", "expected"),
    [
        ((), Decision.APPROVED, Axis("due", Fill.EMPTY, Tone.QUIET)),
        ((), Decision.REJECTED, Axis("nothing_due", Fill.EMPTY, Tone.QUIET)),
        (((S.FAILED, None), (S.SETTLED, None)), Decision.APPROVED, Axis("failed", Fill.HALF, Tone.STOPPED)),
        (((S.UNKNOWN, None),), Decision.APPROVED, Axis("unknown", Fill.HALF, Tone.STOPPED)),
        (((S.QUOTED, "differs"),), Decision.APPROVED, Axis("differs", Fill.HALF, Tone.NEEDS_YOU)),
        (((S.QUOTED, None),), Decision.APPROVED, Axis("sending", Fill.HALF, Tone.MOVING)),
        (((S.SETTLED, "equal"), (S.PENDING, None)), Decision.APPROVED, Axis("sending", Fill.HALF, Tone.MOVING)),
        (((S.SETTLED, "equal"),), Decision.APPROVED, Axis("partly_settled", Fill.HALF, Tone.MOVING)),
        (((S.SETTLED, "equal"),), Decision.RESOLVED, Axis("settled", Fill.FULL, Tone.DONE)),
        (((S.HANDED_OVER, None),), Decision.RESOLVED, Axis("handed_over", Fill.FULL, Tone.DONE)),
    ],
)
def test_the_money_says_whether_it_is_on_its_way(settlements: Any, status: Decision, expected: Axis) -> None:
    assert seen(settlements=settlements, status=status).money == expected


def test_paused_payments_need_a_person_whatever_is_settled() -> None:
    paused = seen(blocked_code="payments_paused", settlements=((S.QUOTED, None),))

    assert paused.money == Axis("paused", Fill.EMPTY, Tone.NEEDS_YOU)


def test_the_list_shows_a_card_that_refused_and_one_that_nobody_answers_for() -> None:
    assert seen(blocked_code="card_refused").money == Axis("card_refused", Fill.HALF, Tone.MOVING)
    assert seen(blocked_code="card_failed").money == Axis("card_failed", Fill.HALF, Tone.STOPPED)


def test_each_role_answers_for_its_own_part_of_the_shop() -> None:
    assert {role: answers_for(role) for role in Role} == {
        Role.OWNER: ("agent", "warehouse", "finance", "operator"),
        Role.AGENT: ("agent", "warehouse", "finance"),
        Role.WAREHOUSE: ("warehouse",),
    }
    assert not set(PEOPLE) & set(OTHERS)


def test_what_stopped_comes_before_what_waits() -> None:
    codes = ["decision_needed", "effect_failed", "awaiting_inspection", "effect_unknown"]

    assert sorted(codes, key=urgency) == ["effect_unknown", "effect_failed", "awaiting_inspection", "decision_needed"]
