"""The velocity breaker: which payment goes beyond which limit, and which change lets more money leave."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.breaker import Limit, Limits, Sent, Trip, counted, loosens, trips

NUMBER = st.one_of(st.none(), st.integers(1, 1_000))
LIMITS = st.builds(Limits, st.integers(1, 1_440), NUMBER, NUMBER, NUMBER, st.one_of(st.none(), st.integers(2, 100)))
SENT = st.builds(Sent, *[st.integers(0, 1_000) for _ in range(5)])


@pytest.mark.parametrize(
    ("limits", "sent", "trip"),
    [
        (Limits(window_refunds=3), Sent(window_refunds=2), None),
        (Limits(window_refunds=3), Sent(window_refunds=3), Trip(Limit.WINDOW_REFUNDS, 3, 4)),
        (Limits(window_minor=1_000), Sent(window_minor=900), None),
        (Limits(window_minor=1_000), Sent(window_minor=901), Trip(Limit.WINDOW_AMOUNT, 1_000, 1_001)),
        (Limits(day_minor=100), Sent(), None),
        (Limits(day_minor=99), Sent(), Trip(Limit.DAY_AMOUNT, 99, 100)),
        (Limits(norm_times=3), Sent(day_refunds=500, month_refunds=27), None),
        (Limits(norm_times=3), Sent(day_refunds=2, month_refunds=28), None),
        (Limits(norm_times=3), Sent(day_refunds=3, month_refunds=28), Trip(Limit.NORM, 3, 4)),
        (Limits(norm_times=3), Sent(day_refunds=4, month_refunds=42), Trip(Limit.NORM, 4, 5)),
        (Limits(), Sent(9, 9, 9, 9, 900), None),
    ],
)
def test_a_payment_of_a_hundred_trips_the_first_limit_it_goes_beyond(
    limits: Limits, sent: Sent, trip: Trip | None
) -> None:
    assert trips(limits, sent, minor=100) == trip


@given(LIMITS, SENT, st.integers(1, 1_000))
def test_what_has_tripped_stays_tripped_when_more_has_left(limits: Limits, sent: Sent, minor: int) -> None:
    more = replace(sent, window_refunds=sent.window_refunds + 1, window_minor=sent.window_minor + minor)

    assert trips(limits, sent, minor=minor) is None or trips(limits, more, minor=minor) is not None
    assert limits.watches or trips(limits, sent, minor=minor) is None


@given(LIMITS, LIMITS, SENT, st.integers(1, 1_000))
def test_a_change_that_does_not_loosen_stops_whatever_was_stopped(
    before: Limits, after: Limits, sent: Sent, minor: int
) -> None:
    if not loosens(before, after) and before.window_minutes == after.window_minutes:
        assert trips(before, sent, minor=minor) is None or trips(after, sent, minor=minor) is not None


@pytest.mark.parametrize(
    ("before", "after", "looser"),
    [
        ({}, {"window_refunds": 5}, False),
        ({"window_refunds": 5}, {}, True),
        ({"window_refunds": 5}, {"window_refunds": 6}, True),
        ({"window_refunds": 5}, {"window_refunds": 4}, False),
        ({"window_minutes": 60, "window_minor": 5}, {"window_minutes": 10, "window_minor": 5}, True),
        ({"window_minutes": 60}, {"window_minutes": 10}, False),
        ({"norm_times": 3}, {"norm_times": 4}, True),
        ({"day_minor": 3}, {"day_minor": None}, True),
    ],
)
def test_a_looser_limit_is_known(before: dict[str, Any], after: dict[str, Any], looser: bool) -> None:
    assert loosens(Limits(**before), Limits(**after)) is looser


@pytest.mark.parametrize(
    ("resolution", "minor", "counts"),
    [("store_credit", 1_999, 1_999), ("exchange", 10, 10), ("gift_card", 0, 0), ("refund_service", -5, 0),
     ("repair", 1_999, 0), ("replacement", 1_999, 0)],
)  # fmt: skip
def test_what_is_owed_in_money_counts_when_it_is_handed_over(resolution: str, minor: int, counts: int) -> None:
    assert counted(resolution, minor) == counts
