"""The window of a line: from which day it is counted, in which days, and which one is the last."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from retour.core.policy.document import FactValue, WorkCalendar
from retour.core.policy.facts import LineFacts, ParcelDays
from retour.core.policy.outcome import Anchor, DayCount, Eligibility

_LAST: Final = date.max.toordinal()  # the calendar ends with the year 9999


@dataclass(frozen=True, slots=True)
class Window:
    """A window that was judged: the parcel's start that counts, the day it was counted from, its last day.

    Without a day to count from only the absolute last day is known. `extended_from` is the last day as it was counted,
    where that was not a working day and the window was extended.
    """

    anchor: Anchor | None
    starts_on: date | None
    closes_on: date
    extended_from: date | None = None


class WorkingDays:
    """A calendar ready to count with."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self._weekend = frozenset(calendar.weekend)
        self._holidays = sorted(day.toordinal() for day in calendar.holidays if day.isoweekday() not in self._weekend)
        self._free = frozenset(self._holidays)
        self._per_week = 7 - len(self._weekend)

    def works(self, ordinal: int) -> bool:
        """Return whether the day of this ordinal is a working day."""
        return (ordinal - 1) % 7 + 1 not in self._weekend and ordinal not in self._free

    def first_from(self, day: date) -> date:
        """Return the day if it is a working day, else the next one that is."""
        at = day.toordinal()
        while at < _LAST and not self.works(at):
            at += 1
        return date.fromordinal(at)

    def after(self, day: date, working_days: int) -> date:
        """Return the n-th working day after a day; whole weeks are counted at once."""
        at, left = day.toordinal(), working_days
        while left and at < _LAST:
            weeks = (left - 1) // self._per_week
            end = min(at + 7 * weeks, _LAST)
            if end > at:
                left -= (end - at) // 7 * self._per_week - sum(at < free <= end for free in self._holidays)
                at = end
            else:
                at += 1
                left -= self.works(at)
        return date.fromordinal(at)


EVERY_WEEK: Final = WorkingDays(WorkCalendar())


def window(eligibility: Eligibility, facts: LineFacts, working: WorkingDays = EVERY_WEEK) -> Window | None:
    """Return the window of the line, or nothing if it has none or no parcel has a day to count from yet.

    Parcel by parcel the first known day of `counted_from` counts; the window of the line is that of the parcel whose
    window begins last (as the withdrawal period of Directive 2011/83/EU, art. 9(2)(b)(i), begins with the last good).
    A last day that is not a working day may be moved to the next one (as Regulation 1182/71, art. 3(4), does); the
    absolute last day is never moved, and where it is earlier it counts.
    """
    counted = (
        None if eligibility.window_days is None else _counted(eligibility, facts, eligibility.window_days, working)
    )
    until = eligibility.until
    if until is None or (counted is not None and counted.closes_on <= until):
        return counted
    if counted is None:
        return Window(None, None, until)
    return Window(counted.anchor, counted.starts_on, until)


def _counted(eligibility: Eligibility, facts: LineFacts, days: int, working: WorkingDays) -> Window | None:
    starts = [found for parcel in facts.parcels or (None,) if (found := _start(eligibility, facts, parcel))]
    if len(starts) < max(1, len(facts.parcels)):
        return None
    starts_on, anchor = max(starts)
    closes_on = _plus(starts_on, days) if eligibility.days is DayCount.CALENDAR else working.after(starts_on, days)
    extended = working.first_from(closes_on) if eligibility.extend else closes_on
    return Window(anchor, starts_on, extended, None if extended == closes_on else closes_on)


def _start(eligibility: Eligibility, facts: LineFacts, parcel: ParcelDays | None) -> tuple[date, Anchor] | None:
    """Return the first known day of the chain for one parcel; without a parcel only the order's day is known."""
    for start in eligibility.counted_from:
        day: FactValue = None
        if start.anchor is Anchor.ORDERED:
            day = facts.values.get("order.placed_on")
        elif parcel is not None:
            day = parcel.delivered_on if start.anchor is Anchor.DELIVERED else parcel.fulfilled_on
        if isinstance(day, date):
            return _plus(day, start.plus_days), start.anchor
    return None


def _plus(day: date, days: int) -> date:
    return date.fromordinal(min(day.toordinal() + days, _LAST))
