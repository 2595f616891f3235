"""A shopper may cancel until a carrier or the warehouse has something."""

import pytest

from retour.core.rma import Decision, shopper_may_cancel
from tests.core.rma.builders import DELIVERED_AT, RECEIVED_AT, SCANNED_AT, a_line, a_return


@pytest.mark.parametrize("decision", Decision)
def test_what_is_open_may_be_cancelled_and_what_is_closed_may_not(decision: Decision) -> None:
    opened = {Decision.REQUESTED, Decision.IN_REVIEW, Decision.APPROVED, Decision.REOPENED}

    assert shopper_may_cancel(a_return(a_line(decision=decision))) is (decision in opened)


@pytest.mark.parametrize(
    "moment", [{"in_transit_at": SCANNED_AT}, {"delivered_at": DELIVERED_AT}, {"received_at": RECEIVED_AT}]
)
def test_what_was_handed_over_may_not(moment: dict[str, object]) -> None:
    assert not shopper_may_cancel(a_return(a_line(decision=Decision.APPROVED), **moment))


def test_a_unit_that_arrived_in_another_way_counts_too() -> None:
    assert not shopper_may_cancel(a_return(a_line(units=2, decision=Decision.APPROVED, received=1)))
