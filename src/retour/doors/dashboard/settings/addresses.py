"""Settings of return addresses: where goods go back to, by the names that the policy uses."""

from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.label import INSTRUCTIONS_MOST
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_id_of
from retour.flows import return_address as flow
from retour.store import return_address as addresses
from retour.store.db import Db
from retour.store.return_address import ReturnAddress
from retour.web.forms import Form, FormErrors, read_form
from retour.web.postal import postal_lines
from retour.web.postal_form import countries, filled, typed, wrong
from retour.web.reader import Reader
from retour.web.texts import LANGUAGES

AREA: Final = "addresses"
MISSING: Final = "return_address_not_found"


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at, one = f"/dashboard/settings/{AREA}", f"/dashboard/settings/{AREA}/{{address_id:str}}"
    return [
        page(desk, at, _page),
        page(desk, f"{at}/new", _new_page, OWNER),
        form(desk, f"{at}/new", _add, OWNER),
        page(desk, one, _one_page),
        form(desk, one, _change, OWNER),
        form(desk, f"{one}/remove", _remove, OWNER),
    ]


async def _page(seen: Visit) -> Response[str]:
    store_id = await store_id_of(seen)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await addresses.of_store(db, store_id)
    rows = [(one, postal_lines(one.address, seen.reader)) for one in found]
    return await show(seen, AREA, rows=rows)


async def _new_page(seen: Visit) -> Response[str]:
    return await _form(seen, None, Form({}), FormErrors())


async def _form(
    seen: Visit, record: ReturnAddress | None, sent: Form, errors: FormErrors, *, status: int = 200
) -> Response[str]:
    return await show(
        seen, AREA, template="address", status=status, errors=errors, record=record, languages=LANGUAGES.items(),
        form=sent, countries=countries(seen.reader), instructions_most=INSTRUCTIONS_MOST,
        version=sent.text("version") or (record.version if record else 0),
    )  # fmt: skip


async def _add(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    store_id = await store_id_of(seen)

    async def work(db: Db) -> None:
        await flow.add(db, store_id=store_id, place=_place(sent), actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(*_wrong(refused, seen.reader))
        return await _form(seen, None, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


async def _one_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        record = await _own(db, seen)
    return await _form(seen, record, _filled(record), FormErrors())


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()

    async def work(db: Db) -> None:
        record = await _own(db, seen)
        await flow.change(
            db, address_id=record.id, place=_place(sent), actor=seen.staff.actor, now=seen.now,
            expect_version=sent.whole("version"),
        )  # fmt: skip

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        return await _refused(seen, sent, refused, errors)
    return back_to(AREA, "saved")


async def _remove(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> None:
        record = await _own(db, seen)
        await flow.remove(db, address_id=record.id, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        return await _refused(seen, None, refused, FormErrors())
    return back_to(AREA, "deleted")


async def _refused(seen: Visit, sent: Form | None, refused: Refused, errors: FormErrors) -> Response[Any]:
    if refused.code == MISSING:
        raise refused
    errors.add(*_wrong(refused, seen.reader))
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        record = await _own(db, seen)
    return await _form(seen, record, sent or _filled(record), errors, status=refused.status)


async def _own(db: Db, seen: Visit) -> ReturnAddress:
    """Return the address of the page; raise Refused(return_address_not_found)."""
    address_id: UUID = uuid_of(seen.request.path_params["address_id"], MISSING)
    record = await addresses.get(db, address_id)
    if record is None or seen.staff.store_id not in (None, record.store_id):
        raise Refused(MISSING, "there is no such return address")
    return record


def _place(sent: Form) -> flow.Place:
    instructions = {tag: sent.text(f"instructions-{tag}") for tag in LANGUAGES}
    return flow.Place(
        sent.text("code"), typed(sent), sent.checked("is_default"), instructions, sent.text("location") or None
    )  # fmt: skip


def _filled(record: ReturnAddress) -> Form:
    fields = dict(filled(record.address).fields) | {
        "code": [record.code], "is_default": ["1"] if record.is_default else [], "location": [record.location_ref or ""],
    }  # fmt: skip
    fields |= {f"instructions-{tag}": [text] for tag, text in record.instructions.items()}
    return Form(fields)


def _wrong(refused: Refused, reader: Reader) -> tuple[str, str]:
    """Return the field of the form that a refusal is about, and what is said there."""
    say = reader.say
    match refused.code:
        case "already_exists":
            return "code", say("There is an address of that name already")
        case "invalid_code":
            return "code", say("Give it the name that the policy uses")
        case "state_changed":
            return "code", say("Somebody changed this address meanwhile. Open it again")
        case "default_needed":
            return "remove", say("Make another address the default first")
        case "too_many_addresses":
            return "code", say("A shop can have 50 return addresses")
        case "invalid_address":
            return wrong(refused, reader)
        case "invalid_text" if refused.field == "location_ref":
            return "location", say("This text is too long")
        case _:
            tag = (refused.field or "").partition(".")[2]
            return f"instructions-{tag}" if tag else "code", say("This text is too long")
