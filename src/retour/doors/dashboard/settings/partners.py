"""Settings of warehouses and carriers: systems that report by signed messages, each with a secret shown once."""

from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, forget, show, store_of, tell_once, told_once
from retour.flows import partner as flow
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "partners"


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"

    async def list_page(seen: Visit) -> Response[Any]:
        made = told_once(seen).get("secret")
        answer = await _list(seen, here, Form({}), FormErrors(), made=made)
        return forget(answer) if made else answer

    async def add(seen: Visit) -> Response[Any]:
        return await _add(seen, here)

    return [
        page(desk, at, list_page),
        form(desk, at, add, OWNER),
        form(desk, f"{at}/{{partner_id:str}}/rotate", _rotate, OWNER),
        form(desk, f"{at}/{{partner_id:str}}/remove", _remove, OWNER),
    ]


async def _list(
    seen: Visit, here: Installation, sent: Form, errors: FormErrors, *, made: str | None = None, status: int = 200
) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await flow.partners(db)
    own = [one for one in found if seen.staff.store_id in (None, one.store_id)]
    return await show(
        seen, AREA, status=status, sent=sent, errors=errors, made=made,
        found=[(one, here.hook_url(one.platform, one.id)) for one in own],
    )  # fmt: skip


async def _add(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()

    async def work(db: Db) -> str:
        store = await store_of(db, seen)
        _partner, secret = await flow.add(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, store_id=store.id, kind=sent.text("kind"),
            name=sent.text("name"), actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip
        return secret

    try:
        secret = await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        say = seen.reader.say
        told = {
            "invalid_name": say("Enter a name of at most 60 characters"), "invalid_kind": say("Choose what it is"),
            "already_exists": say("There is one of that name already"),
        }  # fmt: skip
        if refused.code not in told:
            raise
        errors.add(refused.field or "name", told[refused.code])
        return await _list(seen, here, sent, errors, status=422)
    return tell_once(seen, back_to(AREA), secret=secret)


async def _rotate(seen: Visit) -> Response[Any]:
    partner_id = uuid_of(seen.request.path_params["partner_id"], flow.MISSING)

    async def work(db: Db) -> str:
        return await flow.rotate(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, partner_id=partner_id, actor=seen.staff.actor,
            now=seen.now,
        )  # fmt: skip

    secret = await seen.desk.database.run(seen.staff.tenant_id, work)
    return tell_once(seen, back_to(AREA), secret=secret)


async def _remove(seen: Visit) -> Response[Any]:
    partner_id = uuid_of(seen.request.path_params["partner_id"], flow.MISSING)

    async def work(db: Db) -> None:
        await flow.remove(db, partner_id=partner_id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "disconnected")
