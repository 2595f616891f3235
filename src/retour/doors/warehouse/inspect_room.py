"""The inspection: one unit per screen, its picture and reason, photos, a grade, and what happens with the unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.core.errors import Refused
from retour.core.policy.outcome import Proposal
from retour.core.rma import Disposition, Grade
from retour.doors.warehouse import parcel, words
from retour.doors.warehouse.dock import HOME, AnyRequest, Band, Dock, after, grade_of, refusal, uuid_of
from retour.doors.warehouse.parcel import Line, Parcel
from retour.flows.photo import evidence
from retour.flows.photo.encoding import Photo, reencode
from retour.flows.receiving import Verdict, scanning
from retour.flows.receiving.scanning import Came, Did
from retour.store import rma as returns
from retour.store import why as reasons
from retour.store.db import Db
from retour.store.photo import PhotoKind
from retour.web.forms import Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.reader import Reader
from retour.web.session import Staff, signed_in

# A photo of 10 MB and the form around it; what is larger, up to this, is refused in words instead of cut off.
LIMIT_BYTES: Final = 32 * 1024 * 1024
_PATH: Final = f"{HOME}/returns/{{number:str}}/inspect"


@dataclass(frozen=True, slots=True)
class Bench:
    """What lies on the bench: the unit, and what the policy proposes for each grade."""

    parcel: Parcel
    line: Line
    unit: int
    proposals: Mapping[Grade, Proposal]


def route_handlers(dock: Dock) -> list[HTTPRouteHandler]:
    """Return the handlers of /warehouse/returns/{number}/inspect."""
    guards = [dock.sessions.require()]

    @get(_PATH, guards=guards, include_in_schema=False)
    async def inspect_page(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
        """Show the next unit that waits for a verdict."""
        return await show(dock, request, signed_in(request), number)

    @post(_PATH, guards=guards, include_in_schema=False, request_max_body_size=LIMIT_BYTES)
    async def inspect(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
        """Keep a photo, or save the verdict and go on with the next unit."""
        return await _save(dock, request, signed_in(request), number)

    return [inspect_page, inspect]


async def show(
    dock: Dock,
    request: AnyRequest,
    staff: Staff,
    number: str,
    *,
    band: Band | None = None,
    status: int = 200,
    form: Form | None = None,
    errors: FormErrors | None = None,
) -> Response[Any]:
    """Return the screen of the next unit, with what was typed and why it was not saved; without one the return's page."""
    rma_id = await dock.rma_id(staff, number)
    async with dock.database.tx(staff.tenant_id) as db:
        bench = await _bench(dock, db, rma_id)
        if bench is None:
            return see(f"{HOME}/returns/{number}")
        store_id = bench.parcel.record.store_id
        reader = await dock.reader(request, db, staff, store_id=store_id)
        own = await reasons.names(db, store_id, language=reader.language, default=reader.language)
        found, row = await dock.band(db, staff, request, reader)
    if found and row and row.did == Did.FINISHED:
        found = None
    typed = form or Form({})
    return dock.render(
        "inspect.html", reader=reader, staff=staff, status=status, band=band or found, bench=bench, typed=typed,
        errors=errors or FormErrors(), grades=list(words.GRADES.items()), dispositions=_dispositions(reader),
        chosen=grade_of(typed.text("grade")), reason=own.get(bench.line.reason) or words.reason_of(bench.line.reason),
    )  # fmt: skip


def _dispositions(reader: Reader) -> list[tuple[str, str]]:
    named = [(disposition.value, reader.say(word)) for disposition, word in words.DISPOSITIONS.items()]
    return [("", reader.say("As suggested")), *named]


async def _bench(dock: Dock, db: Db, rma_id: UUID) -> Bench | None:
    seen = await parcel.load(db, rma_id)
    if seen is None:
        raise NotFoundException
    waits = scanning.next_unit(seen.record)
    if waits is None:
        return None
    line = seen.line(waits[0].id)
    assert line is not None
    compiled = await dock.policies.get(db, seen.record.policy_version_id)
    ruling = (await returns.rulings(db, rma_id, compiled))[waits[0].line_ref]
    return Bench(seen, line, waits[1], {grade: ruling.inspection.outcome.verdict(grade) for grade in Grade})


async def _save(dock: Dock, request: AnyRequest, staff: Staff, number: str) -> Response[Any]:
    form = await read_form(request, LIMIT_BYTES)
    rma_id, errors = await dock.rma_id(staff, number), FormErrors()
    reader = dock.pages.reader(request, now=dock.clock(), default_language=staff.language or "en")
    kept = await _keep_photos(dock, staff, rma_id, form)
    if kept:
        errors.add("photo", reader.say(words.PHOTO_REFUSED[kept]))
    if form.text("do") == "photo" and not errors:
        return await show(dock, request, staff, number, form=form)
    grade = grade_of(form.text("grade"))
    if grade is None and form.text("do") != "photo":
        errors.add("grade", reader.say("Choose the condition"))
    if errors or grade is None:
        return await show(dock, request, staff, number, form=form, errors=errors, status=422)
    try:
        came = await _judge(dock, staff, rma_id, form, grade)
    except Refused as refused:
        if refused.code == "location_missing":
            errors.add("location", reader.say("Say where the unit goes: no location is known"))
            return await show(dock, request, staff, number, form=form, errors=errors, status=422)
        band = refusal(reader, refused)
        return await show(dock, request, staff, number, band=band, status=refused.status)
    async with dock.database.tx(staff.tenant_id) as db:
        record = await returns.load(db, rma_id)
    assert record is not None
    path = f"{HOME}/returns/{number}"
    return after(f"{path}/inspect" if scanning.next_unit(record) else path, came)


async def _judge(dock: Dock, staff: Staff, rma_id: UUID, form: Form, grade: Grade) -> Came:
    line_id, unit, chosen = uuid_of(form.text("line")), form.whole("unit") or 0, form.text("disposition")
    if line_id is None:
        raise NotFoundException
    disposition = Disposition(chosen) if chosen in set(Disposition) else None
    accepted = {"yes": True, "no": False}.get(form.text("accepted"))
    if accepted is None and disposition is Disposition.RETURN_TO_CUSTOMER:
        accepted = False  # whoever gets the unit back is not paid for it
    verdict = Verdict(
        line_id, 1, grade, disposition, accepted, location_ref=form.text("location")[:200] or None,
        note=form.text("note")[:2000] or None,
    )  # fmt: skip
    step = dock.step(staff, form)

    async def work(db: Db) -> Came:
        seen = await parcel.load(db, rma_id)
        line = seen.line(line_id) if seen else None
        return await scanning.judge(
            db, step=step, rma_id=rma_id, unit=unit, verdict=verdict, code=line.code if line else "",
            policies=dock.policies,
        )  # fmt: skip

    return await dock.take(staff, step, work)


async def _keep_photos(dock: Dock, staff: Staff, rma_id: UUID, form: Form) -> str | None:
    """Keep the photos of a form, each in a transaction of its own; return the code of the first refusal, or nothing."""
    refused_with = None
    for upload in form.uploads("photo")[:5]:
        try:
            photo = await reencode(await upload.read(), longest_px=evidence.LONGEST_PX)
            await _keep_photo(dock, staff, rma_id, uuid_of(form.text("line")), photo)
        except Refused as refused:
            if refused.code not in words.PHOTO_REFUSED:
                raise
            refused_with = refused_with or refused.code
    return refused_with


async def _keep_photo(dock: Dock, staff: Staff, rma_id: UUID, line_id: UUID | None, photo: Photo) -> None:
    now = dock.clock()

    async def work(db: Db) -> UUID:
        return await evidence.keep(
            db, dock.vault, tenant_id=staff.tenant_id, rma_id=rma_id, line_id=line_id, kind=PhotoKind.INSPECTION,
            photo=photo, actor=staff.actor, now=now,
        )  # fmt: skip

    await dock.database.run(staff.tenant_id, work)
