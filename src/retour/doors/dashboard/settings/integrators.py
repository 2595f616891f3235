"""Settings of integrators (ISVs): whose programs serve this account, since when; one is admitted, or ended, here."""

from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.account import Role
from retour.core.errors import Refused
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show
from retour.flows.account import isv as flow
from retour.store import isv
from retour.store.db import Db
from retour.store.isv import Isv
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "integrators"


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [
        page(desk, at, _page),
        form(desk, at, _admit, OWNER),
        form(desk, f"{at}/{{isv_id:str}}/end", _end, OWNER),
    ]


async def _page(seen: Visit) -> Response[str]:
    typed, errors = seen.request.query_params.get("isv", "").strip(), FormErrors()
    known = None
    if typed:
        try:
            known = await _find(seen, typed)
        except Refused as refused:
            errors.add("isv", explain(refused, seen.reader))
    return await _list(seen, typed, errors, known=known)


async def _find(seen: Visit, typed: str) -> Isv:
    """Return the integrator that an id means; refuses isv_not_found."""
    isv_id = uuid_of(typed, flow.MISSING)
    async with seen.desk.database.tx(isv_id) as db:
        return await flow.find(db)


async def _list(
    seen: Visit,
    typed: str,
    errors: FormErrors,
    *,
    known: Isv | None = None,
    sent: Form | None = None,
    status: int = 200,
) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await isv.services(db)
    return await show(
        seen, AREA, status=status, serving=[one for one in found if one.ended_at is None],
        ended=[one for one in found if one.ended_at is not None], typed=typed, known=known, errors=errors,
        sent=sent or Form({}),
    )  # fmt: skip


async def _admit(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    typed, role = sent.text("isv"), next((role for role in Role if role.value == sent.text("role")), None)
    known = None
    try:
        known = await _find(seen, typed)
        if role is not None:
            await _admitted(seen, known, role)
            return back_to(AREA, "admitted")
        errors.add("role", seen.reader.say("Choose what the integrator may do"))
    except Refused as refused:
        errors.add("isv", explain(refused, seen.reader))
        known = None
    return await _list(seen, typed, errors, known=known, sent=sent, status=422)


async def _admitted(seen: Visit, known: Isv, role: Role) -> None:
    async def work(db: Db) -> None:
        await flow.admit(db, known=known, role=role, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)


async def _end(seen: Visit) -> Response[Any]:
    isv_id: UUID = uuid_of(seen.request.path_params["isv_id"], flow.MISSING)

    async def work(db: Db) -> None:
        await flow.end(db, isv_id=isv_id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "service_ended")
