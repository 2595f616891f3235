"""The home page: what needs a person now, by reason and age; how things go; whether the connections are well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup

from retour.core.money import Money
from retour.core.resolution import wording_of
from retour.core.rma.axes import STOPPED, answers_for
from retour.doors.dashboard import way_words, words
from retour.doors.dashboard.desk import Desk, Visit, visit
from retour.doors.dashboard.told import age, mark_of, word
from retour.store import resolution as resolutions
from retour.store.db import Db
from retour.store.desk import board, queues
from retour.store.desk.board import Figures, Health, Waiting, Week
from retour.web.parts import Mark
from retour.web.reader import Reader

FRESH_S: Final = 300  # figures of weeks and months are computed once in five minutes
LATE: Final = timedelta(minutes=5)  # a call that waits longer is told on the home page
_MONTH: Final = board.FIGURES_OF


@dataclass(frozen=True, slots=True)
class Waits:
    """One row of the queue: returns that wait for the reader for the same reason."""

    mark: Mark
    title: str
    text: str | Markup
    age: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection in words."""

    mark: Mark
    name: str
    at: str
    trouble: str | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """Figures as they were computed, and when."""

    at: datetime
    weeks: tuple[Week, ...]
    now: Figures
    before: Figures


class Figuring:
    """Keeps the figures of each shop for five minutes: they cost more than the rest of the page and move slowly."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, Any, str], _Kept] = {}

    async def of(self, db: Db, seen: Visit) -> _Kept:
        """Return the figures of the shop that is looked at."""
        zone = str(seen.reader.timezone)
        key = (seen.staff.tenant_id, seen.staff.store_id, zone)
        kept = self._kept.get(key)
        if kept is None or seen.now - kept.at > timedelta(seconds=FRESH_S):
            if len(self._kept) > 1_000:
                self._kept.clear()
            kept = self._kept[key] = await _figures(db, seen, zone)
        return kept


async def _figures(db: Db, seen: Visit, zone: str) -> _Kept:
    store, now = seen.staff.store_id, seen.now
    today = now.astimezone(ZoneInfo(zone)).date()
    monday = datetime.combine(today - timedelta(days=today.weekday()), time())
    weeks = await board.weeks(db, store, zone=zone, monday=monday)
    last = await board.figures(db, store, since=now - _MONTH, until=now)
    before = await board.figures(db, store, since=now - 2 * _MONTH, until=now - _MONTH)
    return _Kept(now, weeks, last, before)


def home_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handler of the home page."""
    figuring = Figuring()

    @get("/dashboard", guards=[desk.sessions.require()], include_in_schema=False)
    async def home(request: Request[Any, Any, Any]) -> Response[str]:
        """Answer what needs the reader now."""
        seen = visit(desk, request)
        store, mine = seen.staff.store_id, answers_for(seen.staff.role)
        async with desk.database.tx(seen.staff.tenant_id) as db:
            queue = await board.queue(db, store)
            yours = sorted((w for w in queue if w.actor in mine), key=lambda w: (w.code not in STOPPED, w.oldest))
            details = await _details(db, seen, yours)
            figures = await figuring.of(db, seen)
            late = await queues.late(db, store_id=store, now=seen.now)
            health = await board.health(db, store, late_before=seen.now - LATE)
        others = sum(w.count for w in queue if w.actor not in mine)
        colleagues = sum(w.count for w in queue if w.actor not in mine and w.actor in ("agent", "finance", "operator"))
        return await seen.page(
            "dashboard/home.html",
            current="home",
            waiting=[_waits(seen.reader, w, details.get(w.code)) for w in yours],
            yours=sum(w.count for w in yours),
            late=late,
            moving=others - colleagues,
            colleagues=colleagues,
            any_returns=bool(queue) or any(week.count for week in figures.weeks),
            chart=_chart(seen.reader, figures.weeks),
            figures=_figure_rows(seen.reader, figures.now, figures.before),
            connections=[_connected(seen.reader, one) for one in health],
        )

    return [home]


async def _details(db: Db, seen: Visit, yours: Sequence[Waiting]) -> Mapping[str, str | Markup]:
    """Return what a queue row can say beyond its code: amounts that stopped, places where goods wait."""
    codes, reader, said = {w.code for w in yours}, seen.reader, dict[str, str | Markup]()
    if "effect_failed" in codes:
        for row in await board.stopped_money(db, seen.staff.store_id):
            money = reader.money(Money(int(str(row["minor"])), str(row["currency"])))
            text = Markup(reader.say("Refunds of %(money)s were refused. No money moved."))  # noqa: S704 - our own words
            said["effect_failed"] = text % {"money": money}
            break
    if "awaiting_payout" in codes:
        said["awaiting_payout"] = await _outside(db, seen)
    if "awaiting_inspection" in codes:
        places = [(place, n) for place, n in await board.waiting_per_location(db, seen.staff.store_id) if place]
        if len(places) > 1:
            said["awaiting_inspection"] = ", ".join(f"{_place(place)} {reader.number(n)}" for place, n in places)
    return said


async def _outside(db: Db, seen: Visit) -> str:
    """Return what waits for a report, as the merchant calls it, and how many returns wait for it."""
    records, reader = await resolutions.names(db, seen.staff.store_id), seen.reader
    found = []
    for kind, ref, n in await board.waiting_outside(db, seen.staff.store_id):
        own = wording_of(records, ref, language=reader.language, default="en")
        found.append(f"{own.name if own else word(reader, words.RESOLUTIONS, kind)} {reader.number(n)}")
    return ", ".join(found)


def _place(ref: str) -> str:
    return ref.rpartition("/")[2]


def _waits(reader: Reader, waiting: Waiting, detail: str | Markup | None) -> Waits:
    title, text = words.QUEUE.get(waiting.code, (waiting.code, ""))
    if waiting.code == "effect_failed" and detail is not None:
        title = words.REFUND_REFUSED
    only = waiting.count == 1
    return Waits(
        mark=mark_of(waiting.code, person=True),
        title=reader.say(title),
        text=detail or (reader.say(text) if text else ""),
        age=age(reader, waiting.oldest) if only else reader.say("oldest %(age)s", age=age(reader, waiting.oldest)),
        count=waiting.count,
        url=f"/dashboard/returns/R-{waiting.number}"
        if only
        else f"/dashboard/returns?blocker={waiting.code}&sort=waiting",
    )


def _chart(reader: Reader, weeks: Sequence[Week]) -> Mapping[str, Any]:
    """Return the bars of the chart: (label, value, text, url, is_main) each, with the sentence that says the point."""
    bars = []
    for week in weeks:
        until = week.begins_on + timedelta(days=6)
        url = f"/dashboard/returns?view=all&since={week.begins_on}&until={until}"
        label = reader.number(week.begins_on.isocalendar().week)
        bars.append((label, week.count, reader.number(week.count), url, week is weeks[-1]))
    most = max(weeks, key=lambda week: week.count)
    point = Markup(reader.say("Week %(week)s so far: <b>%(count)s</b>. The most were %(most)s in week %(then)s."))  # noqa: S704
    said = {
        "week": bars[-1][0], "count": bars[-1][2], "most": reader.number(most.count),
        "then": reader.number(most.begins_on.isocalendar().week),
    }  # fmt: skip
    return {
        "bars": bars,
        "title": reader.say("Returns per week, weeks %(first)s to %(last)s", first=bars[0][0], last=bars[-1][0]),
        "point": point % said,
        "description": reader.say("Highest in week %(then)s with %(most)s, this week %(count)s.", **said),
    }


def _figure_rows(reader: Reader, last: Figures, before: Figures) -> list[tuple[str, str | Markup, str | None]]:
    """Return what thirty days came to as (label, value, note); what has no data is left out."""
    rows: list[tuple[str, str | Markup, str | None]] = []
    for paid in last.refunded:
        note = reader.say_plural("%(n)s payment", "%(n)s payments", paid.payments)
        label = reader.say("Refunded") if paid is last.refunded[0] else reader.say("Refunded in %(c)s", c=paid.currency)
        rows.append((label, reader.money(Money(paid.minor, paid.currency)), note))
    kept, kept_before = _kept_share(last), _kept_share(before)
    if kept is not None and (kept or kept_before):
        rows.append((reader.say("Kept as credit or exchange"), reader.percent(kept), _was(reader, kept_before)))
    if last.whole_s is not None:
        rows.append((reader.say("Request to money, median"), _days(reader, last.whole_s), _of_carrier(reader, last)))
    if last.decided:
        was = _was(reader, _alone_share(before))
        rows.append((reader.say("Decided without a person"), reader.percent(_alone_share(last) or 0), was))
    return rows


def _kept_share(figures: Figures) -> int | None:
    payments = sum(paid.payments for paid in figures.refunded)
    return _share(sum(paid.kept for paid in figures.refunded), payments) if payments else None


def _alone_share(figures: Figures) -> int | None:
    return _share(figures.alone, figures.decided) if figures.decided else None


def _share(part: int, of: int) -> int:
    """Return a share in basis points, to the whole percent."""
    return (200 * part + of) // (2 * of) * 100


def _was(reader: Reader, share: int | None) -> str | None:
    return None if share is None else reader.say("was %(share)s", share=reader.percent(share))


def _days(reader: Reader, seconds: float) -> str:
    return reader.span(timedelta(seconds=max(60, round(seconds))))


def _of_carrier(reader: Reader, figures: Figures) -> str | None:
    if figures.carrier_s is None:
        return None
    return reader.say("%(span)s of them with the carrier", span=_days(reader, figures.carrier_s))


def _connected(reader: Reader, one: Health) -> Connected:
    name = f"{word(reader, way_words.PLATFORMS, one.platform)}, {one.far_name}"
    heard = reader.ago(one.last_heard_at) if one.last_heard_at else ""
    if one.state != "connected":
        trouble = reader.say("The credential is no longer accepted. Refunds wait, nothing is lost.")
        return Connected(Mark("money", "stopped", "stopped", ""), name, heard, trouble)
    if one.problem or one.late:
        trouble = reader.say("Answers late. What waits is sent as soon as it answers; nothing is lost.")
        return Connected(Mark("money", "stopped", "you", ""), name, heard, trouble)
    return Connected(Mark("money", "full", "done", ""), name, heard, None)
