"""Windows in working days, windows that are extended over days off, and windows with an absolute last day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.policy import LineDecision, LineFacts, PolicyDocument, compile_policy, decide
from retour.core.policy.document import WorkCalendar
from retour.core.policy.facts import ParcelDays
from retour.core.policy.outcome import Anchor, DayCount, Eligibility, Mode, Start
from retour.core.policy.window import Window, WorkingDays, window
from tests.core.policy.builders import a_parcel, a_window, an_order, bare_facts, facts_of, with_default
from tests.core.policy.strategies import examples

THURSDAY = date(2026, 3, 5)
EASTER = WorkCalendar((date(2026, 4, 3), date(2026, 4, 6)))
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
CALENDARS = st.builds(
    WorkCalendar,
    st.lists(DAYS, max_size=40, unique=True).map(tuple),
    st.lists(st.integers(1, 7), max_size=6, unique=True).map(tuple),
)


def decided(policy: PolicyDocument, facts: LineFacts) -> LineDecision:
    return decide(compile_policy(policy, version="7"), [facts]).lines[0]


def of_working_days(days: int, calendar: WorkCalendar = EASTER) -> PolicyDocument:
    return replace(with_default(replace(a_window(days), days=DayCount.WORKING)), calendar=calendar)


def extended(days: int, calendar: WorkCalendar = EASTER) -> PolicyDocument:
    return replace(with_default(replace(a_window(days), extend=True)), calendar=calendar)


def facts_delivered(on: date, today: date) -> LineFacts:
    return bare_facts(today, parcels=(ParcelDays(on, on),))


@pytest.mark.parametrize(
    ("days", "calendar", "expected"),
    [
        (0, EASTER, date(2026, 3, 5)),
        (1, EASTER, date(2026, 3, 6)),
        (2, EASTER, date(2026, 3, 9)),
        (20, EASTER, date(2026, 4, 2)),
        (21, EASTER, date(2026, 4, 7)),
        (14, WorkCalendar(weekend=()), date(2026, 3, 19)),
        (14, WorkCalendar(weekend=(7,)), date(2026, 3, 21)),
        (2, WorkCalendar(weekend=(1, 2, 3, 4, 5, 6)), date(2026, 3, 15)),
        (10, WorkCalendar((date(2026, 3, 7),)), date(2026, 3, 19)),
    ],
)
def test_a_window_of_working_days_counts_no_weekend_and_no_holiday(
    days: int, calendar: WorkCalendar, expected: date
) -> None:
    assert expected == decided(of_working_days(days, calendar), facts_delivered(THURSDAY, THURSDAY)).closes_on


def test_what_a_closed_window_of_working_days_compared_is_said() -> None:
    closed = decided(of_working_days(21), facts_delivered(THURSDAY, date(2026, 4, 8)))

    assert [(no.code, no.rule) for no in closed.objections] == [("window_closed", "default")]
    assert closed.objections[0].facts == {
        "counted_from": "delivered",
        "starts_on": "2026-03-05",
        "window_days": 21,
        "days": "working",
        "closes_on": "2026-04-07",
        "today": "2026-04-08",
    }


def test_a_window_that_would_end_on_a_day_off_ends_on_the_next_working_day() -> None:
    policy = extended(29)  # 3 April, Good Friday, before a weekend and Easter Monday
    facts = facts_delivered(THURSDAY, date(2026, 4, 8))

    judged = window(policy.defaults.eligibility, facts, WorkingDays(EASTER))

    assert judged == Window(Anchor.DELIVERED, THURSDAY, date(2026, 4, 7), extended_from=date(2026, 4, 3))
    assert decided(policy, facts_delivered(THURSDAY, date(2026, 4, 7))).objections == ()
    (no,) = decided(policy, facts).objections
    assert (no.facts["extended_from"], no.facts["closes_on"]) == ("2026-04-03", "2026-04-07")


def test_a_window_that_ends_on_a_working_day_is_not_extended() -> None:
    policy = extended(28)

    judged = window(policy.defaults.eligibility, facts_delivered(THURSDAY, THURSDAY), WorkingDays(EASTER))

    assert judged == Window(Anchor.DELIVERED, THURSDAY, date(2026, 4, 2))


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (date(2026, 3, 10), date(2026, 3, 10)),
        (date(2026, 4, 4), date(2026, 4, 4)),
        (date(2026, 4, 5), date(2026, 4, 4)),
    ],
)
def test_of_a_counted_and_an_absolute_last_day_the_earlier_counts(until: date, expected: date) -> None:
    policy = with_default(replace(a_window(30), until=until))

    on_the_day = decided(policy, facts_delivered(THURSDAY, expected))
    after = decided(policy, facts_delivered(THURSDAY, expected + timedelta(1)))

    assert (expected, ()) == (on_the_day.closes_on, on_the_day.objections)
    assert [no.code for no in after.objections] == ["window_closed"]
    assert until.isoformat() == after.objections[0].facts["until"]


def test_an_absolute_last_day_is_never_extended() -> None:
    sunday = date(2026, 3, 8)
    policy = with_default(replace(a_window(30), until=sunday, extend=True))

    assert sunday == decided(policy, facts_delivered(THURSDAY, sunday)).closes_on


def test_an_absolute_last_day_counts_for_a_parcel_that_has_not_arrived() -> None:
    policy = with_default(Eligibility(Mode.WINDOW, until=date(2026, 12, 31)))
    on_its_way = (ParcelDays(date(2026, 12, 30)),)

    open_still = decided(policy, bare_facts(date(2026, 12, 31), parcels=on_its_way))
    closed = decided(policy, bare_facts(date(2027, 1, 1), parcels=on_its_way))

    assert (date(2026, 12, 31), ()) == (open_still.closes_on, open_still.objections)
    assert [dict(no.facts) for no in closed.objections] == [
        {"until": "2026-12-31", "closes_on": "2026-12-31", "today": "2027-01-01"}
    ]


@pytest.mark.parametrize(
    ("delivered", "last", "zone"),
    [
        (datetime(2026, 3, 27, 22, tzinfo=UTC), datetime(2026, 3, 30, 21, 59, tzinfo=UTC), "Europe/Berlin"),
        (datetime(2026, 10, 23, 12, tzinfo=UTC), datetime(2026, 10, 26, 22, 59, tzinfo=UTC), "Europe/Berlin"),
        (datetime(2026, 3, 6, 12, tzinfo=UTC), datetime(2026, 3, 10, 3, 59, tzinfo=UTC), "America/New_York"),
    ],
)
def test_a_window_over_the_change_of_the_clocks_ends_at_local_midnight(
    delivered: datetime, last: datetime, zone: str
) -> None:
    policy = with_default(replace(a_window(1), extend=True))
    order = an_order(fulfilments=(a_parcel(delivered=delivered),))

    assert decided(policy, facts_of(order, now=last, zone=zone)[0]).objections == ()
    late = facts_of(order, now=last + timedelta(minutes=1), zone=zone)[0]
    assert [no.code for no in decided(policy, late).objections] == ["window_closed"]


def test_the_calendar_ends_with_the_year_9999_for_working_days_too() -> None:
    last = date.max
    calendar = WorkingDays(WorkCalendar((last,)))
    policy = Eligibility(Mode.WINDOW, 3650, (Start(Anchor.DELIVERED),), days=DayCount.WORKING, extend=True)

    assert last == calendar.after(date(9999, 12, 30), 3650)
    assert last == calendar.first_from(last)
    judged = window(policy, facts_delivered(date(9999, 1, 1), last), calendar)
    assert judged is not None
    assert last == judged.closes_on


@examples
@given(CALENDARS, DAYS, st.integers(0, 400))
def test_counting_whole_weeks_gives_what_counting_every_day_gives(
    calendar: WorkCalendar, day: date, working_days: int
) -> None:
    working = WorkingDays(calendar)

    counted, left = day, working_days
    while left:
        counted += timedelta(1)
        left -= counted.isoweekday() not in calendar.weekend and counted not in calendar.holidays

    assert counted == working.after(day, working_days)


@examples
@given(CALENDARS, DAYS)
def test_a_window_is_extended_to_the_nearest_day_that_is_worked(calendar: WorkCalendar, day: date) -> None:
    expected = day
    while expected.isoweekday() in calendar.weekend or expected in calendar.holidays:
        expected += timedelta(1)

    assert expected == WorkingDays(calendar).first_from(day)
