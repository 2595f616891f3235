"""The counter: a shopper brings the goods, staff look at each unit and confirm once; everything after follows by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.core import scan as codes
from retour.core.errors import Refused
from retour.core.rma import Grade
from retour.doors.warehouse import parcel, words
from retour.doors.warehouse.dock import HOME, AnyRequest, Band, Dock, after, grade_of, refusal
from retour.doors.warehouse.parcel import Line, Parcel
from retour.flows.receiving import Verdict, counter
from retour.flows.receiving.scanning import Came
from retour.store import dock as store
from retour.store import return_address as addresses
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.dock import Match
from retour.store.return_address import ReturnAddress
from retour.web.forms import Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.session import Staff, signed_in

PATH: Final = f"{HOME}/counter"
_ONE: Final = f"{PATH}/{{number:str}}"
MOST_UNITS: Final = 20  # of one line on the page at once; the rest comes after the first are taken in
_OPEN: Final = ("expected", "here")


@dataclass(frozen=True, slots=True)
class Row:
    """One unit that may be taken in: its field in the form, and what was chosen for it."""

    name: str
    n: int
    of: int
    chosen: str


def route_handlers(dock: Dock) -> list[HTTPRouteHandler]:
    """Return the handlers of /warehouse/counter and of one return there."""
    guards = [dock.sessions.require()]

    @get(PATH, guards=guards, include_in_schema=False)
    async def find_page(request: AnyRequest) -> Response[Any]:
        """Find a return by what the shopper shows or knows."""
        return await _find(dock, request, signed_in(request))

    @get(_ONE, guards=guards, include_in_schema=False)
    async def counter_page(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
        """Show the units that may be taken in."""
        return await _show(dock, request, signed_in(request), number)

    @post(_ONE, guards=guards, include_in_schema=False)
    async def take_in(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
        """Take in what was confirmed."""
        return await _take_in(dock, request, signed_in(request), number)

    return [find_page, counter_page, take_in]


async def _find(dock: Dock, request: AnyRequest, staff: Staff) -> Response[Any]:
    typed = str(request.query_params.get("code", ""))[:200]
    code = codes.read(typed) if typed.strip() else None
    async with dock.database.tx(staff.tenant_id) as db:
        reader = await dock.reader(request, db, staff)
        done, row = await dock.band(db, staff, request, reader)
        found: list[Match] = [m for m in await store.look_up(db, code) if m.rma_id] if code else []
    if len(found) == 1:
        return see(f"{PATH}/R-{found[0].number}")
    band = done
    if code and not found:
        band = Band("bad", reader.say("Not found"), codes.clean(typed), reader.say("No return has this code or order."))
    return dock.render(
        "counter.html", reader=reader, staff=staff, band=band, matches=found[: store.MOST_MATCHES],
        is_counter=True, several_stores=len(staff.stores) > 1, done=row.code if row else None,
    )  # fmt: skip


async def _show(
    dock: Dock, request: AnyRequest, staff: Staff, number: str, *, band: Band | None = None, typed: Form | None = None,
    errors: FormErrors | None = None, status: int = 200,
) -> Response[Any]:  # fmt: skip
    rma_id, sent = await dock.rma_id(staff, number), typed or Form({})
    async with dock.database.tx(staff.tenant_id) as db:
        seen = await parcel.load(db, rma_id)
        if seen is None:
            raise NotFoundException
        reader = await dock.reader(request, db, staff, store_id=seen.record.store_id)
        places = await addresses.of_store(db, seen.record.store_id)
        here = await counter.place_of(db, seen.record)
    grades = [(grade.value, f"{text.letter} · {reader.say(text.name)}") for grade, text in words.GRADES.items()]
    return dock.render(
        "counter_return.html", reader=reader, staff=staff, status=status, band=band, parcel=seen,
        lines=[(line, rows) for line in seen.lines if (rows := _rows(line, sent))],
        closed=[line for line in seen.lines if line.decision != "approved"],
        choices=[("", reader.say("Not here")), *grades], errors=errors or FormErrors(), note=sent.text("note"),
        places=_places(places, seen), place=sent.text("location") or here or seen.location_ref or "",
    )  # fmt: skip


def _places(places: list[ReturnAddress], seen: Parcel) -> list[tuple[str, str]]:
    """Return where units may go back into stock: the counters that name a location, then the store's own."""
    found = {one.location_ref: one.code for one in places if one.location_ref}
    if seen.location_ref and seen.location_ref not in found:
        found[seen.location_ref] = seen.location_ref
    return list(found.items())


def _rows(line: Line, sent: Form) -> list[Row]:
    """Return the units of a line that are not judged yet: those that are here already first."""
    units = [unit for unit in line.units if unit.state in _OPEN]
    shown = sorted(units, key=lambda unit: (unit.state != "here", unit.ordinal))[:MOST_UNITS]
    names = [f"unit-{line.id}-{n}" for n in range(1, len(shown) + 1)]
    return [Row(name, n, len(units), sent.text(name)) for n, name in enumerate(names, start=1)]


async def _take_in(dock: Dock, request: AnyRequest, staff: Staff, number: str) -> Response[Any]:
    form, rma_id = await read_form(request), await dock.rma_id(staff, number)
    step, version, note = dock.step(staff, form), form.whole("version"), form.text("note")[:2000] or None
    async with dock.database.tx(staff.tenant_id) as db:
        record = await returns.load(db, rma_id)
        reader = await dock.reader(request, db, staff)
    assert record is not None, "a return that was just found"
    judged: Mapping[tuple[Any, Grade], int] = _judged(form, [line.id for line in record.rma.lines])
    if not judged:
        errors = FormErrors()
        errors.add("units", reader.say("Say what is here"))
        return await _show(dock, request, staff, number, typed=form, errors=errors, status=422)
    verdicts = [Verdict(line_id, units, grade, note=note) for (line_id, grade), units in judged.items()]

    async def work(db: Db) -> Came:
        return await counter.take_in_once(
            db, step=step, rma_id=rma_id, verdicts=verdicts, location_ref=form.text("location") or None,
            version=version if version is not None else record.version, policies=dock.policies,
        )  # fmt: skip

    try:
        came = await dock.take(staff, step, work)
    except Refused as refused:
        if refused.code == "location_missing":
            errors = FormErrors()
            errors.add("location", reader.say("Say where the units go"))
            return await _show(dock, request, staff, number, typed=form, errors=errors, status=422)
        return await _show(
            dock, request, staff, number, band=refusal(reader, refused, number), typed=form, status=refused.status
        )
    return after(PATH, came)


def _judged(form: Form, lines: list[Any]) -> dict[tuple[Any, Grade], int]:
    """Return how many units of which line were found in which condition."""
    found: dict[tuple[Any, Grade], int] = {}
    for line_id in lines:
        for n in range(1, MOST_UNITS + 1):
            grade = grade_of(form.text(f"unit-{line_id}-{n}"))
            if grade is not None:
                found[line_id, grade] = found.get((line_id, grade), 0) + 1
    return found
