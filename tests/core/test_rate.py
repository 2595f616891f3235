"""A bucket lets through exactly as many calls as were agreed, whatever the moments at which they come."""

from hypothesis import given
from hypothesis import strategies as st

from retour.core.rate import MINUTE_NS, SECOND_NS, Bucket, take

MOMENTS = st.lists(st.integers(0, 20 * SECOND_NS), min_size=1, max_size=60)


def burst(bucket: Bucket | None, *, per_minute: int, now_ns: int, calls: int) -> tuple[Bucket | None, list[int]]:
    waits = []
    for _ in range(calls):
        taken = take(bucket, per_minute=per_minute, now_ns=now_ns)
        bucket = taken.bucket
        waits.append(taken.wait_s)
    return bucket, waits


def test_a_minutes_calls_may_come_at_once_and_the_next_waits_for_its_turn() -> None:
    bucket, waits = burst(None, per_minute=3, now_ns=7, calls=5)
    assert waits == [0, 0, 0, 20, 20]

    assert take(bucket, per_minute=3, now_ns=7 + 20 * SECOND_NS - 1).wait_s == 1
    bucket, waits = burst(bucket, per_minute=3, now_ns=7 + 20 * SECOND_NS, calls=2)
    assert waits == [0, 20]

    bucket, waits = burst(bucket, per_minute=3, now_ns=7 + 3600 * SECOND_NS, calls=4)
    assert waits == [0, 0, 0, 20]  # an hour saves no more than a minute's


def test_a_wait_is_at_least_a_second_however_many_calls_are_allowed() -> None:
    _, waits = burst(None, per_minute=6000, now_ns=0, calls=6001)
    assert waits == [0] * 6000 + [1]


@given(st.integers(1, 7), MOMENTS)
def test_no_stretch_of_time_sees_more_than_what_was_saved_and_what_came_in_it(per_minute: int, gaps: list[int]) -> None:
    bucket, now_ns, passed = None, 0, list[int]()
    for gap in gaps:
        now_ns += gap
        taken = take(bucket, per_minute=per_minute, now_ns=now_ns)
        bucket = taken.bucket
        if not taken.wait_s:
            passed.append(now_ns)
    for n, first in enumerate(passed):
        for m, last in enumerate(passed[n:], start=1):
            assert m <= per_minute + (last - first) * per_minute / MINUTE_NS


@given(st.integers(1, 5000), MOMENTS)
def test_who_waits_as_long_as_was_said_gets_in_and_a_second_sooner_does_not(per_minute: int, gaps: list[int]) -> None:
    bucket, now_ns = None, 0
    for gap in gaps:
        now_ns += gap
        taken = take(bucket, per_minute=per_minute, now_ns=now_ns)
        bucket = taken.bucket
        if taken.wait_s:
            until, sooner = now_ns + taken.wait_s * SECOND_NS, now_ns + (taken.wait_s - 1) * SECOND_NS
            assert take(bucket, per_minute=per_minute, now_ns=until).wait_s == 0
            assert take(bucket, per_minute=per_minute, now_ns=sooner).wait_s == 1
