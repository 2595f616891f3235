"""Windows are counted in the merchant's own calendar days."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from retour.core.errors import Refused
from retour.core.policy import LineDecision, LineFacts, PolicyDocument, compile_policy, decide, local_day, time_zone
from retour.core.policy.facts import ParcelDays
from retour.core.policy.outcome import Anchor, Eligibility, Mode, Start
from tests.core.policy.builders import a_parcel, a_window, an_order, bare_facts, facts_of, with_default


def decided(policy: PolicyDocument, facts: LineFacts) -> LineDecision:
    return decide(compile_policy(policy, version="7"), [facts]).lines[0]


def codes(policy: PolicyDocument, facts: LineFacts) -> list[str]:
    return [objection.code for objection in decided(policy, facts).objections]


def delivered(at: datetime, *, now: datetime, zone: str) -> LineFacts:
    return facts_of(an_order(fulfilments=(a_parcel(delivered=at),)), now=now, zone=zone)[0]


def test_the_last_day_of_a_window_is_open_and_the_next_is_closed() -> None:
    policy = with_default(a_window(30))
    parcels = (ParcelDays(date(2026, 3, 2), date(2026, 3, 5)),)

    open_still = decided(policy, bare_facts(date(2026, 4, 4), parcels=parcels))
    closed = decided(policy, bare_facts(date(2026, 4, 5), parcels=parcels))

    assert (date(2026, 4, 4), ()) == (open_still.closes_on, open_still.objections)
    assert [(no.code, no.rule) for no in closed.objections] == [("window_closed", "default")]
    assert closed.objections[0].facts == {
        "counted_from": "delivered",
        "starts_on": "2026-03-05",
        "window_days": 30,
        "closes_on": "2026-04-04",
        "today": "2026-04-05",
    }


def test_a_window_of_no_days_is_open_on_its_first_day_only() -> None:
    policy = with_default(a_window(0))

    assert codes(policy, bare_facts(date(2026, 3, 5))) == []
    assert codes(policy, bare_facts(date(2026, 3, 6))) == ["window_closed"]


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Pacific/Auckland", datetime(2026, 4, 1, 10, 59, tzinfo=UTC), []),
        ("Pacific/Auckland", datetime(2026, 4, 1, 11, 0, tzinfo=UTC), ["window_closed"]),
        ("America/Los_Angeles", datetime(2026, 4, 1, 6, 59, tzinfo=UTC), []),
        ("America/Los_Angeles", datetime(2026, 4, 1, 7, 0, tzinfo=UTC), ["window_closed"]),
        ("UTC", datetime(2026, 3, 31, 23, 59, tzinfo=UTC), []),
        ("UTC", datetime(2026, 4, 1, tzinfo=UTC), ["window_closed"]),
    ],
)
def test_a_window_closes_at_the_merchants_midnight(zone: str, now: datetime, expected: list[str]) -> None:
    noon_in_utc_on_the_first = datetime(2026, 3, 1, 12, tzinfo=UTC)

    assert expected == codes(with_default(a_window(30)), delivered(noon_in_utc_on_the_first, now=now, zone=zone))[:1]


def test_the_day_with_twenty_three_hours_is_one_day() -> None:
    policy = with_default(a_window(1))
    evening_before = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # 23:30 in Berlin, clocks go forward in the night

    last_minute = delivered(evening_before, now=datetime(2026, 3, 29, 21, 59, tzinfo=UTC), zone="Europe/Berlin")
    midnight = delivered(evening_before, now=datetime(2026, 3, 29, 22, 0, tzinfo=UTC), zone="Europe/Berlin")

    assert codes(policy, last_minute) == []
    assert codes(policy, midnight) == ["window_closed"]
    assert (last_minute.values["line.days_since_delivered"], midnight.values["line.days_since_delivered"]) == (1, 2)


def test_the_day_with_twenty_five_hours_is_one_day() -> None:
    policy = with_default(a_window(1))
    evening_before = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)  # 23:30 in Berlin, clocks go back in the night

    last_minute = delivered(evening_before, now=datetime(2026, 10, 25, 22, 59, tzinfo=UTC), zone="Europe/Berlin")
    midnight = delivered(evening_before, now=datetime(2026, 10, 25, 23, 0, tzinfo=UTC), zone="Europe/Berlin")

    assert codes(policy, last_minute) == []
    assert codes(policy, midnight) == ["window_closed"]


def test_the_29th_of_february_counts_in_a_leap_year_and_is_absent_in_others() -> None:
    policy = with_default(a_window(30))

    def closes_on(start: date) -> date | None:
        return decided(policy, bare_facts(start, parcels=(ParcelDays(start, start),))).closes_on

    assert date(2028, 3, 1) == closes_on(date(2028, 1, 31))
    assert date(2027, 3, 2) == closes_on(date(2027, 1, 31))
    assert date(2028, 3, 30) == closes_on(date(2028, 2, 29))


def test_a_window_goes_on_over_the_end_of_the_year() -> None:
    policy = with_default(a_window(14))
    parcels = (ParcelDays(date(2026, 12, 20), date(2026, 12, 24)),)

    assert codes(policy, bare_facts(date(2027, 1, 7), parcels=parcels)) == []
    assert codes(policy, bare_facts(date(2027, 1, 8), parcels=parcels)) == ["window_closed"]


def test_an_order_of_new_years_eve_belongs_to_the_merchants_own_year() -> None:
    instant = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert date(2027, 1, 1) == local_day(instant, time_zone("Europe/Berlin"))
    assert date(2026, 12, 31) == local_day(instant, time_zone("America/New_York"))


def test_without_a_delivery_the_next_day_of_the_chain_counts_with_its_extra_days() -> None:
    chain = a_window(30, Anchor.DELIVERED, Start(Anchor.FULFILLED, 5), Anchor.ORDERED)
    policy = with_default(chain)
    on_its_way = (ParcelDays(date(2026, 3, 2)),)

    assert date(2026, 4, 6) == decided(policy, bare_facts(parcels=on_its_way)).closes_on
    assert date(2026, 4, 4) == decided(policy, bare_facts()).closes_on
    assert date(2026, 3, 31) == decided(policy, bare_facts(parcels=())).closes_on
    assert date(2026, 3, 31) == decided(with_default(a_window(30, Anchor.ORDERED)), bare_facts()).closes_on


def test_a_window_that_has_not_begun_is_open() -> None:
    policy = with_default(a_window(30, Anchor.DELIVERED))

    waiting = decided(policy, bare_facts(date(2027, 1, 1), parcels=(ParcelDays(date(2026, 3, 2)),)))
    nothing_left_yet = decided(policy, bare_facts(parcels=()))

    assert (waiting.closes_on, waiting.objections) == (None, ())
    assert nothing_left_yet.closes_on is None


def test_the_parcel_whose_window_begins_last_counts() -> None:
    policy = with_default(a_window(30, Anchor.DELIVERED, Start(Anchor.FULFILLED, 5)))
    early, late = ParcelDays(date(2026, 3, 1), date(2026, 3, 20)), ParcelDays(date(2026, 3, 2))

    assert date(2026, 4, 19) == decided(policy, bare_facts(parcels=(early, late))).closes_on
    assert date(2026, 4, 19) == decided(policy, bare_facts(parcels=(late, early))).closes_on


def test_a_line_is_not_delivered_while_one_of_its_parcels_is_on_its_way() -> None:
    order = an_order(
        fulfilments=(
            a_parcel(quantity=1, ref="F1"),
            a_parcel(quantity=1, ref="F2", shipped=datetime(2026, 3, 4, 10, tzinfo=UTC), delivered=None),
        )
    )

    facts = facts_of(order)[0]

    assert (None, date(2026, 3, 4)) == (facts.values["line.delivered_on"], facts.values["line.fulfilled_on"])
    assert (facts.values["line.days_since_delivered"], facts.values["line.days_since_fulfilled"]) == (None, 6)
    assert decided(with_default(a_window(1)), facts).closes_on is None


def test_the_merchants_own_words_are_shown_when_the_window_is_closed() -> None:
    policy = with_default(replace(a_window(1), message="Please write to us."))

    assert decided(policy, bare_facts()).objections[0].message == "Please write to us."
    assert "2026-03-06" in decided(with_default(a_window(1)), bare_facts()).objections[0].message


def test_always_and_never_have_no_window() -> None:
    assert decided(with_default(Eligibility(Mode.ALWAYS)), bare_facts()).closes_on is None
    assert codes(with_default(Eligibility(Mode.NEVER)), bare_facts()) == ["never_eligible"]


def test_the_end_of_the_calendar_is_no_crash() -> None:
    policy = with_default(a_window(3650))
    far = date(9999, 12, 30)

    assert date.max == decided(policy, bare_facts(far, parcels=(ParcelDays(far, far),))).closes_on


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "America", "../etc/passwd", "\x00", "Europe/Berlin\n"])
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        time_zone(name)

    assert (refused.value.code, refused.value.field) == ("unknown_time_zone", "time_zone")
