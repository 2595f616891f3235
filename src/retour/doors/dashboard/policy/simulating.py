"""Simulations of a version over the past: asked for, watched while they run, and read in figures, charts and a list."""

from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.policy import VersionState, time_zone
from retour.core.simulation import Against, Mode
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.policy import simulated
from retour.doors.dashboard.policy.refusals import said as policy_said
from retour.doors.dashboard.policy.room import OWNER, ROOT, Opened, opened, show, show_version, teller_of
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import store_of
from retour.flows import simulation as flow
from retour.store import account as accounts
from retour.store import policy
from retour.store import simulation as simulations
from retour.store.db import Db
from retour.store.desk.page import names
from retour.store.simulation import SimulationRow
from retour.web.forms import Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.reader import Reader

AT: Final = "/dashboard/simulations"
SPAN: Final = timedelta(days=90)
PAGE: Final = 50
MOST_BYTES: Final = 64 * 1024 * 1024
_SHOWN: Final = 20


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


MODES: Final = (
    ("returns", _("Past returns"), _("As they were asked for, decided again.")),
    ("orders", _("Orders nobody has returned"), _("As if everything in them came back.")),
    ("imported", _("A file"), _("Past returns of another system as CSV.")),
)
AGAINST: Final = (
    ("recorded", _("What was decided then")), ("version", _("What the version in force would decide")),
)  # fmt: skip
REFUSALS: Final = {
    "policy_not_published": _("No version is in force to compare with"),
    "range_invalid": _("The first day must not lie after the last, and ten years at once are the most"),
    "file_missing": _("Choose the file"),
    "file_too_long": _("The file is too large"),
}
# What is wrong in a line of a file, by the code of the objection.
MISTAKES: Final = {
    "unknown_column": _("A column is not known"),
    "missing_column": _("A column is missing"),
    "duplicate_column": _("A column stands there twice"),
    "wrong_number_of_fields": _("It has more or fewer fields than the first line"),
    "invalid_value": _("The value is missing or not of the right kind"),
    "duplicate_line": _("The article stands in this return already"),
    "days_in_wrong_order": _("The days are in the wrong order"),
    "more_than_ordered": _("More came back than was ordered"),
}
FIELDS: Final = {"until": "until_on", "from": "from_on", "csv": "file"}


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of simulations."""
    return [
        page(desk, f"{ROOT}/{{number:str}}/simulate", _ask_page),
        form(desk, f"{ROOT}/{{number:str}}/simulate", _start, OWNER, most_bytes=MOST_BYTES),
        page(desk, f"{AT}/{{id:str}}", _result_page),
        form(desk, f"{AT}/{{id:str}}/cancel", _cancel, OWNER),
    ]


async def _ask_page(seen: Visit) -> Response[str]:
    return await _ask(seen, FormErrors(), {})


async def _ask(seen: Visit, errors: FormErrors, typed: dict[str, str], *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await opened(db, seen)
        runs = await simulations.list_of_store(db, here.store.id, now=seen.now, limit=200)
    today = _today(seen, here)
    say = seen.reader.say
    values = {
        "mode": "returns", "against": "recorded", "from_on": (today - SPAN).isoformat(), "until_on": today.isoformat(),
        **typed,
    }  # fmt: skip
    return await show_version(
        seen, here, "simulate", tab="simulate", status=status, errors=errors, typed=values,
        modes=[(value, say(title), say(text)) for value, title, text in MODES],
        against=[(value, say(title)) for value, title in AGAINST],
        runs=[simulated.told_run(row, seen.reader) for row in runs if row.candidate_version_id == here.version.id][:_SHOWN],
    )  # fmt: skip


def _today(seen: Visit, here: Opened) -> date:
    return seen.now.astimezone(time_zone(here.store.timezone)).date()


async def _start(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, MOST_BYTES, token=seen.staff.csrf), FormErrors()
    typed = {name: sent.text(name) for name in ("mode", "against", "from_on", "until_on")}
    days = {name: _day(typed[name]) for name in ("from_on", "until_on")}
    for name, found in days.items():
        if found is None:
            errors.add(name, seen.reader.say("Enter a day such as 2026-05-31"))
    if typed["mode"] not in set(Mode) or typed["against"] not in set(Against):
        errors.add("mode", seen.reader.say("Choose one of the answers"))
    if errors:
        return await _ask(seen, errors, typed, status=422)
    try:
        return see(f"{AT}/{await _started(seen, sent, typed, days)}")
    except Refused as refused:
        if refused.code.endswith("_not_found"):
            raise
        words = refusal_said(refused, seen.reader)
        place = FIELDS.get(refused.field or "", "file" if refused.code.startswith("file") else "from_on")
        errors.add(place, words)
        return await _ask(seen, errors, typed, status=422)


def refusal_said(refused: Refused, reader: Reader) -> str:
    """Return why nothing is simulated; of a file with mistakes the first one, with its line and column."""
    if refused.code in REFUSALS:
        return reader.say(REFUSALS[refused.code])
    if refused.code != "file_invalid":
        return policy_said(refused, reader)
    first = next(iter(refused.objections), None)
    if first is None or first.code not in MISTAKES:
        return reader.say(
            "The file cannot be read. It must be CSV in UTF-8 with a line for each article that came back."
        )
    line, _dot, column = (first.field or "").removeprefix("line ").partition(".")
    what = reader.say(MISTAKES[first.code])
    return reader.say("Line %(line)s of the file: %(what)s", line=line, what=f"{what} ({column})" if column else what)


async def _started(seen: Visit, sent: Form, typed: dict[str, str], days: dict[str, date | None]) -> Any:
    files = sent.uploads("file")
    imported = await files[0].read() if files and typed["mode"] == Mode.IMPORTED else None
    first, last = days["from_on"], days["until_on"]
    assert first is not None, "days were read before"
    assert last is not None, "days were read before"

    async def work(db: Db) -> Any:
        here = await opened(db, seen)
        return await flow.start(
            db, store_id=here.store.id, version_id=here.version.id, mode=Mode(typed["mode"]),
            against=Against(typed["against"]), from_on=first, until_on=last, imported=imported, actor=seen.staff.actor,
            now=seen.now,
        )  # fmt: skip

    return await seen.desk.database.run(seen.staff.tenant_id, work)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


async def _result_page(seen: Visit) -> Response[Any]:
    query = seen.request.query_params
    by = query.get("by", "rule") if query.get("by") in simulated.BY else "rule"
    change = query.get("change") if query.get("change") in simulated.CHANGES else None
    after = int(query["after"]) if query.get("after", "").isdecimal() and len(query["after"]) < 9 else 0
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        row = await _found(db, seen)
        store = await accounts.get_store(db, row.store_id)  # not always the store whose policies are shown
        assert store is not None, "a store is never deleted"
        candidate = row.candidate_version_id if store.id == (await store_of(db, seen)).id else None
        version = await policy.get_version(db, store.id, candidate) if candidate else None
        version = None if version is not None and version.state == VersionState.DISCARDED else version
        rows = await simulations.affected(
            db, row.id, limit=PAGE + 1, after=after, change=simulated.change_of(change)
        ) if row.result else []  # fmt: skip
        teller = await teller_of(db, seen, store, version.document if version else None)
        people = await names(db)
    telling = simulated.Telling(teller, row)
    return await show(
        seen, "simulation", row=row, run=simulated.told_run(row, seen.reader), version=version, by=by, change=change,
        who=people.get(row.actor, row.actor), summary=telling.summary(), headline=telling.headline(),
        groups=telling.groups(by), chart=telling.chart(by), tabs=telling.tabs(by, change), kinds=telling.kinds(by, change),
        listed=[telling.affected(one.affected) for one in rows[:PAGE]], url=_url(row, by, change),
        more=_url(row, by, change, after=rows[PAGE - 1].n) if len(rows) > PAGE else None, first=after == 0,
    )  # fmt: skip


def _url(row: SimulationRow, by: str, change: str | None, *, after: int = 0) -> str:
    query = {name: value for name, value in (("by", by), ("change", change), ("after", after or None)) if value}
    return f"{AT}/{row.id}?{urlencode(query)}"


async def _found(db: Db, seen: Visit) -> SimulationRow:
    row = await simulations.get(db, uuid_of(seen.request.path_params["id"], "simulation_not_found"), now=seen.now)
    if row is None or seen.staff.store_id not in (None, row.store_id):
        raise Refused("simulation_not_found", "There is no such simulation.")
    return row


async def _cancel(seen: Visit) -> Response[Any]:
    await read_form(seen.request, token=seen.staff.csrf)

    async def work(db: Db) -> Any:
        row = await _found(db, seen)
        if not row.is_over:
            await flow.cancel(db, simulation_id=row.id, store_id=row.store_id, now=seen.now)
        return row.id

    return see(f"{AT}/{await seen.desk.database.run(seen.staff.tenant_id, work)}")
