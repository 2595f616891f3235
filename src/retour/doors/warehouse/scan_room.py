"""The scan page: one field that every code goes into, and the last ten scans with what can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.core import scan as codes
from retour.core.errors import Refused
from retour.doors.warehouse import words
from retour.doors.warehouse.dock import HOME, AnyRequest, Band, Dock, after, parcel_path, refusal, uuid_of
from retour.flows import intake
from retour.flows.receiving import scanning
from retour.flows.receiving.observing import Seen, Sight
from retour.flows.receiving.scanning import Came, Did
from retour.store import dock as store
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.dock import Match, ScanView
from retour.web.forms import Form, read_form
from retour.web.intake import ReturnHands
from retour.web.pages import see
from retour.web.reader import Reader
from retour.web.session import Staff, signed_in

UNDOABLE = frozenset({Did.RECEIVED, Did.OBSERVED, Did.CORRECTED})


@dataclass(frozen=True, slots=True)
class LastScan:
    """One of the last scans as the page shows it."""

    id: UUID
    code: str
    word: str
    number: int | None
    at: datetime
    can_undo: bool
    is_gone: bool
    is_receipt: bool


def route_handlers(dock: Dock) -> list[HTTPRouteHandler]:
    """Return the handlers of /warehouse, /warehouse/scan, /warehouse/choose and what is undone or unannounced."""
    guards = [dock.sessions.require()]

    @get(HOME, guards=guards, include_in_schema=False)
    async def scan_page(request: AnyRequest) -> Response[Any]:
        """Show the scan field and the last scans."""
        return await show(dock, request, signed_in(request))

    @get(f"{HOME}/choose", guards=guards, include_in_schema=False)
    async def choose_page(request: AnyRequest) -> Response[Any]:
        """Show the returns that a code may mean."""
        return await _choose(dock, request, signed_in(request))

    @post(f"{HOME}/scan", guards=guards, include_in_schema=False, status_code=200)
    async def scan(request: AnyRequest) -> Response[Any]:
        """Follow a code and lead to what it means."""
        return await _scan(dock, request, signed_in(request))

    @post(f"{HOME}/unannounced", guards=guards, include_in_schema=False)
    async def unannounced(request: AnyRequest) -> Response[Any]:
        """Keep a parcel that no return announced."""
        return await _unannounced(dock, request, signed_in(request))

    @post(f"{HOME}/scans/{{scan_id:uuid}}/undo", guards=guards, include_in_schema=False)
    async def undo(request: AnyRequest, scan_id: FromPath[UUID]) -> Response[Any]:
        """Undo one of the reader's own scans."""
        return await _undo(dock, request, signed_in(request), scan_id)

    return [scan_page, choose_page, scan, unannounced, undo]


async def show(
    dock: Dock, request: AnyRequest, staff: Staff, *, band: Band | None = None, status: int = 200
) -> Response[Any]:
    """Return the scan page, with the band of a refusal or of the step that led here."""
    async with dock.database.tx(staff.tenant_id) as db:
        reader = await dock.reader(request, db, staff)
        found, row = await dock.band(db, staff, request, reader)
        last = await store.last_scans(db, staff_id=staff.staff_id)
        waits = await store.waiting(db, store_id=staff.store_id)
    did = Did(row.did) if row and not band else None
    return dock.render(
        "scan.html", reader=reader, staff=staff, status=status, band=band or found, last=_last(last, reader), waits=waits,
        nowhere=row.code if row and did in (Did.UNKNOWN, Did.NO_RETURN) else None,
    )  # fmt: skip


async def _choose(dock: Dock, request: AnyRequest, staff: Staff) -> Response[Any]:
    async with dock.database.tx(staff.tenant_id) as db:
        reader = await dock.reader(request, db, staff)
        band, row = await dock.band(db, staff, request, reader)
        code = codes.read(row.code) if row else None
        matches: list[Match] = await store.look_up(db, code) if code else []
    if not matches:
        return see(HOME)
    several = len({match.store_id for match in matches}) > 1
    shown = [match for match in matches if match.rma_id][: store.MOST_MATCHES]
    return dock.render(
        "choose.html", reader=reader, staff=staff, band=band, matches=shown, several_stores=several,
        more=len(matches) > store.MOST_MATCHES,
    )  # fmt: skip


async def _scan(dock: Dock, request: AnyRequest, staff: Staff) -> Response[Any]:
    form = await read_form(request)
    step, raw = dock.step(staff, form), form.text("code")
    within = await _within(dock, staff, form)
    plain = "application/json" in request.headers.get("accept", "")

    async def work(db: Db) -> Came:
        return await scanning.scan(db, step=step, raw=raw, within=within)

    try:
        came = await dock.take(staff, step, work)
    except Refused as refused:
        reader = dock.pages.reader(request, now=dock.clock(), default_language=staff.language or "en")
        band = refusal(reader, refused, codes.clean(raw))
        if plain:
            return _told(band, None, status=refused.status)
        return await show(dock, request, staff, band=band, status=refused.status)
    path = await _where(dock, staff, came, within)
    if not plain:
        return after(path, came)
    reader = dock.pages.reader(request, now=dock.clock(), default_language=staff.language or "en")
    tone, word, text = words.BAND[came.did]
    again = "&again=1" if came.repeated else ""
    band = Band(tone, reader.say(word), came.code, reader.say(text) if text else "")
    return _told(band, f"{path}?scan={came.scan_id}{again}")


async def _unannounced(dock: Dock, request: AnyRequest, staff: Staff) -> Response[Any]:
    form = await read_form(request)
    step = dock.step(staff, form)
    store_id = uuid_of(form.text("store")) or staff.store_id
    known = [store_id for store_id, _ in staff.stores]
    store_id = store_id if store_id in known else known[0]
    sight = Sight(
        Seen.UNANNOUNCED, form.whole("units") or 1, code=codes.clean(form.text("code")) or None,
        note=form.text("note")[:2000] or None,
    )  # fmt: skip

    async def work(db: Db) -> Came:
        came = await scanning.observe_unannounced(db, step=step, store_id=store_id, sight=sight)
        row = (
            None
            if came.repeated or not came.scan_id
            else await store.one_scan(db, came.scan_id, staff_id=staff.staff_id)
        )
        if row is not None and row.observation_id is not None:
            await intake.park_parcel(
                db, dock.vault, tenant_id=staff.tenant_id, store_id=store_id, observation_id=row.observation_id,
                code=sight.code, note=sight.note, hands=ReturnHands(dock.policies), actor=step.actor, now=step.now,
            )  # fmt: skip
        return came

    return after(HOME, await dock.take(staff, step, work))


async def _undo(dock: Dock, request: AnyRequest, staff: Staff, scan_id: UUID) -> Response[Any]:
    form = await read_form(request)
    # Undone once, whatever is sent: the nonce is the scan's.
    step = dock.step(staff, form, nonce=f"undo-{scan_id}")

    async def work(db: Db) -> Came:
        came = await scanning.take_back(db, step=step, scan_id=scan_id)
        row = await store.one_scan(db, scan_id, staff_id=staff.staff_id)
        if row is not None and row.observation_id is not None:
            await intake.parcel_taken_back(db, observation_id=row.observation_id, actor=step.actor, now=step.now)
        return came

    try:
        came = await dock.take(staff, step, work)
    except Refused as refused:
        reader = dock.pages.reader(request, now=dock.clock(), default_language=staff.language or "en")
        return await show(dock, request, staff, band=refusal(reader, refused), status=refused.status)
    path = HOME
    if form.text("from") == "parcel":
        path = await _where(dock, staff, came, came.rma_id)
    return after(path, came)


async def _within(dock: Dock, staff: Staff, form: Form) -> UUID | None:
    """Return the return that a scan was made on, or nothing."""
    number = form.text("within")
    return await dock.rma_id(staff, number) if number else None


async def _where(dock: Dock, staff: Staff, came: Came, within: UUID | None) -> str:
    """Return the page that shows what came of a scan."""
    if came.did is Did.SEVERAL:
        return f"{HOME}/choose"
    rma_id = came.rma_id or (within if came.did in (Did.UNKNOWN, Did.NO_RETURN) else None)
    if rma_id is None:
        return HOME
    async with dock.database.tx(staff.tenant_id) as db:
        record = await returns.load(db, rma_id)
    assert record is not None
    return parcel_path(record.rma.number)


def _told(band: Band, href: str | None, *, status: int = 200) -> Response[Any]:
    told = {"tone": band.tone, "word": band.word, "code": band.code, "text": band.text, "href": href}
    return Response(told, status_code=status, headers={"Cache-Control": "no-store"})


def _last(scans: Sequence[ScanView], reader: Reader) -> list[LastScan]:
    return [
        LastScan(
            id=scan.id,
            code=scan.code,
            word=reader.say(words.BAND[Did(scan.did)][1]),
            number=scan.number,
            at=scan.at,
            can_undo=Did(scan.did) in UNDOABLE and scan.withdrawn_at is None,
            is_gone=scan.withdrawn_at is not None,
            is_receipt=scan.did == Did.RECEIVED,
        )
        for scan in scans
    ]
