"""How long a return may wait for the same reason."""

from datetime import UTC, datetime, timedelta

from retour.core.sla import HOURS_MOST, USUAL_HOURS, hours_of, overdue_at

SINCE = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def test_a_store_s_own_limit_counts_before_the_usual_one() -> None:
    assert hours_of("decision_needed", {}) == 24
    assert hours_of("decision_needed", {"decision_needed": 8}) == 8
    assert hours_of("decision_needed", {"decision_needed": None}) is None
    assert hours_of("settles_later", {}) is None


def test_a_wait_is_too_long_once_its_hours_are_over() -> None:
    assert overdue_at("decision_needed", SINCE, {}) == SINCE + timedelta(hours=24)
    assert overdue_at("approves_later", SINCE, {}) is None


def test_the_usual_limits_are_within_what_a_store_may_set() -> None:
    assert all(1 <= hours <= HOURS_MOST for hours in USUAL_HOURS.values())
