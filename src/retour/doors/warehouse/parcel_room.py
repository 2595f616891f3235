"""The page of one return at the dock: expected beside here, what does not belong, and the end of the parcel."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.core import scan as codes
from retour.core.errors import Refused
from retour.doors.warehouse import parcel
from retour.doors.warehouse.dock import HOME, AnyRequest, Band, Dock, after, refusal, uuid_of
from retour.flows.receiving import scanning
from retour.flows.receiving.observing import Seen, Sight
from retour.flows.receiving.scanning import Came, Did
from retour.store.db import Db
from retour.web.forms import Form, read_form
from retour.web.session import Staff, signed_in

_PATH = f"{HOME}/returns/{{number:str}}"


def route_handlers(dock: Dock) -> list[HTTPRouteHandler]:
    """Return the handlers of /warehouse/returns/{number} and its forms."""
    guards = [dock.sessions.require()]

    @get(_PATH, guards=guards, include_in_schema=False)
    async def parcel_page(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
        """Show what is expected and what is here."""
        staff = signed_in(request)
        return await show(dock, request, staff, await dock.rma_id(staff, number))

    @post(f"{_PATH}/receive", guards=guards, include_in_schema=False)
    async def receive(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
        """Record units that are here."""
        return await _receive(dock, request, signed_in(request), number)

    @post(f"{_PATH}/observe", guards=guards, include_in_schema=False)
    async def observe(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
        """Keep what does not belong to the return."""
        return await _observe(dock, request, signed_in(request), number)

    @post(f"{_PATH}/finish", guards=guards, include_in_schema=False)
    async def finish(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
        """End the parcel and go on with the inspection, or with the next parcel."""
        return await _finish(dock, request, signed_in(request), number)

    return [parcel_page, receive, observe, finish]


async def show(
    dock: Dock,
    request: AnyRequest,
    staff: Staff,
    rma_id: UUID,
    *,
    band: Band | None = None,
    status: int = 200,
    typed: Form | None = None,
) -> Response[Any]:
    """Return the page of a return as it is now, with the band of a refusal or of the step that led here."""
    async with dock.database.tx(staff.tenant_id) as db:
        seen = await parcel.load(db, rma_id)
        if seen is None:
            raise NotFoundException
        reader = await dock.reader(request, db, staff, store_id=seen.record.store_id)
        found, row = await dock.band(db, staff, request, reader)
    did = Did(row.did) if row and not band else None
    if found and row and did in (Did.RECEIVED, Did.FOUND):
        count = reader.say("%(here)s of %(expected)s here", here=seen.here, expected=seen.expected)
        found = Band(found.tone, count, found.code, found.text)
    return dock.render(
        "parcel.html", reader=reader, staff=staff, status=status, band=band or found, did=did.value if did else "",
        parcel=seen, asked=seen.line(row.return_line_id) if row else None, code=row.code if row else "",
        typed=typed or Form({}), several_stores=len(staff.stores) > 1,
        shop_name=next((name for id_, name in staff.stores if id_ == seen.record.store_id), ""),
    )  # fmt: skip


async def _receive(dock: Dock, request: AnyRequest, staff: Staff, number: str) -> Response[Any]:
    form, rma_id = await read_form(request), await dock.rma_id(staff, number)
    step, line_id = dock.step(staff, form), uuid_of(form.text("line"))
    quantity, here = form.whole("quantity") or 1, form.whole("here")

    async def work(db: Db) -> Came:
        seen = await parcel.load(db, rma_id)
        line = seen.line(line_id) if seen else None
        if seen is None or line is None:
            raise NotFoundException
        return await scanning.arrive(
            db, step=step, rma_id=rma_id, line_id=line.id, quantity=quantity, here=line.here if here is None else here,
            location_ref=None, code=line.code,
        )  # fmt: skip

    try:
        came = await dock.take(staff, step, work)
    except Refused as refused:
        return await _again(dock, request, staff, rma_id, refused)
    return after(f"{HOME}/returns/{number}", came)


async def _observe(dock: Dock, request: AnyRequest, staff: Staff, number: str) -> Response[Any]:
    form, rma_id = await read_form(request), await dock.rma_id(staff, number)
    step, kind, units = dock.step(staff, form), form.text("kind"), form.whole("units")
    allowed = (Seen.SURPLUS, Seen.NOT_EXPECTED, Seen.NOT_ON_IT)
    sight = Sight(
        Seen(kind) if kind in set(allowed) else Seen.NOT_ON_IT,
        0 if units is None else units,
        uuid_of(form.text("line")),
        codes.clean(form.text("code")) or None,
        form.text("note")[:2000] or None,
    )

    async def work(db: Db) -> Came:
        return await scanning.observe(db, step=step, rma_id=rma_id, sight=sight)

    try:
        came = await dock.take(staff, step, work)
    except Refused as refused:
        return await _again(dock, request, staff, rma_id, refused, form)
    return after(f"{HOME}/returns/{number}", came)


async def _finish(dock: Dock, request: AnyRequest, staff: Staff, number: str) -> Response[Any]:
    step, rma_id = dock.step(staff, await read_form(request)), await dock.rma_id(staff, number)

    async def work(db: Db) -> Came:
        return await scanning.finish(db, step=step, rma_id=rma_id)

    came = await dock.take(staff, step, work)
    async with dock.database.tx(staff.tenant_id) as db:
        seen = await parcel.load(db, rma_id)
    assert seen is not None
    return after(f"{HOME}/returns/{number}/inspect" if seen.waiting else HOME, came)


async def _again(
    dock: Dock, request: AnyRequest, staff: Staff, rma_id: UUID, refused: Refused, typed: Form | None = None
) -> Response[Any]:
    """Return the page as it is now, with why nothing was kept."""
    reader = dock.pages.reader(request, now=dock.clock(), default_language=staff.language or "en")
    band = refusal(reader, refused)
    return await show(dock, request, staff, rma_id, band=band, status=refused.status, typed=typed)
