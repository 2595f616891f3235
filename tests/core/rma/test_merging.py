"""Which of two open returns of one order may go on as part of the other."""

from collections.abc import Mapping
from typing import Any

import pytest

from retour.core.effect import EffectKind, EffectState
from retour.core.rma import Decision, Return, ShipmentStatus
from retour.core.rma.merging import merge_objection
from tests.core.rma.builders import (
    OPEN,
    RECEIVED_AT,
    a_line,
    a_parcel,
    a_return,
    a_settlement,
    an_effect,
    opened,
    requested,
    uid,
)

REQUESTED = a_line(2, decision=Decision.REQUESTED)


def another(*lines: Any, **different: Any) -> Return:
    return a_return(*(lines or (a_line(3),)), id=uid(2), number=10002, **different)


def code(source: Return, target: Return) -> str | None:
    objection = merge_objection(source, target)
    return objection.code if objection else None


@pytest.mark.parametrize(
    "different",
    [
        {},
        {"effects": (requested({"L2/1": 1}),)},
        {"effects": (requested(state=EffectState.INTENT),)},
        {"effects": (an_effect(EffectKind.OPEN_RETURN, OPEN, EffectState.FAILED),)},
    ],
)
def test_a_return_of_which_nothing_has_moved_may_go(different: Mapping[str, Any]) -> None:
    assert code(a_return(REQUESTED, **different), another()) is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (a_return(REQUESTED, a_line(decision=Decision.REJECTED)), "merge_not_open"),
        (a_return(REQUESTED, shipments=(a_parcel(ShipmentStatus.LABEL_CREATED),)), "merge_has_goods"),
        (a_return(REQUESTED, received_at=RECEIVED_AT), "merge_has_goods"),
        (a_return(a_line(received=1)), "merge_has_goods"),
        (a_return(REQUESTED, settlements=(a_settlement(),)), "merge_has_money"),
        (a_return(REQUESTED, effects=(requested(state=EffectState.SENDING),)), "merge_calls_running"),
        (a_return(a_line(), effects=(opened(state=EffectState.INTENT),)), "merge_calls_running"),
    ],
)
def test_what_has_moved_stays_where_it_is(source: Return, expected: str) -> None:
    assert code(source, another()) == expected


def test_a_return_is_not_merged_into_itself_or_into_a_closed_one() -> None:
    assert code(a_return(REQUESTED), a_return(REQUESTED)) == "merge_same_return"
    assert code(a_return(REQUESTED), another(a_line(3, decision=Decision.RESOLVED))) == "merge_not_open"


def test_a_platforms_open_return_takes_no_more_units_of_an_article_it_holds() -> None:
    source = a_return(REQUESTED)

    assert code(source, another(a_line(2), effects=(_opened_there(),))) == "merge_opened_there"
    assert code(source, another(a_line(3), effects=(_opened_there(),))) is None
    assert code(source, another(a_line(2), effects=(_opened_there(EffectState.FAILED),))) is None


def _opened_there(state: EffectState = EffectState.CONFIRMED) -> Any:
    return an_effect(EffectKind.OPEN_RETURN, f"open:{uid(2)}", state, result={"return_ref": "n", "lines": []})


def test_a_gift_is_merged_with_nothing() -> None:
    assert code(a_return(REQUESTED, gift=True), another()) == "merge_of_a_gift"
    assert code(a_return(REQUESTED), another(gift=True)) == "merge_of_a_gift"
