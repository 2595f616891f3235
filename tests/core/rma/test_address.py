"""Until when the shopper of a return may say that they are elsewhere: as long as nobody else has any of the goods."""

from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.rma import Decision, Return
from retour.core.rma.address import check_moving, may_move
from retour.core.rma.shopper import shopper_may_move
from tests.core.rma import builders as b

D = Decision


def refused(ret: Return) -> str | None:
    try:
        check_moving(ret, version=3)
    except Refused as no:
        return no.code
    return None


@pytest.mark.parametrize("decision", [D.REQUESTED, D.IN_REVIEW, D.APPROVED, D.REOPENED])
def test_while_nothing_is_sent_the_address_may_change(decision: Decision) -> None:
    ret = b.a_return(b.a_line(decision=decision))

    assert (refused(ret), may_move(ret)) == (None, True)


@pytest.mark.parametrize("decision", [D.REJECTED, D.CANCELLED, D.EXPIRED, D.RESOLVED])
def test_of_a_closed_return_nothing_is_sent_any_more(decision: Decision) -> None:
    ret = b.a_return(b.a_line(decision=decision))

    assert (refused(ret), may_move(ret)) == ("already_decided", False)


@pytest.mark.parametrize("decision", [D.REQUESTED, D.APPROVED, D.REOPENED])
@pytest.mark.parametrize("station", ["in_transit_at", "delivered_at", "received_at"])
def test_what_has_left_left_from_where_it_was(decision: Decision, station: str) -> None:
    times: dict[str, Any] = {station: b.NOW}
    ret = b.a_return(b.a_line(decision=decision), **times)

    assert (refused(ret), may_move(ret)) == ("handed_over", False)


def test_what_somebody_received_of_a_line_was_handed_over() -> None:
    line = b.a_line(decision=D.REOPENED, received=1)

    assert refused(b.a_return(line)) == "handed_over"


def test_a_refusal_says_how_the_return_stands() -> None:
    with pytest.raises(Refused) as no:
        check_moving(b.a_return(b.a_line(decision=D.REOPENED), received_at=b.NOW, status=D.REOPENED), version=3)

    assert no.value.facts == {"status": "reopened"}


def test_a_shopper_moves_only_what_nobody_holds() -> None:
    ret = b.a_return(b.a_line())

    assert (shopper_may_move(ret), shopper_may_move(b.a_return(b.a_line(), held=True))) == (True, False)
    assert not shopper_may_move(b.a_return(b.a_line(), in_transit_at=b.NOW))
