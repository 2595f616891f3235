"""Settings of API keys: programs that act for the account, each with a role; a key is shown once."""

from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.account import Role
from retour.core.errors import Refused
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, forget, show, tell_once, told_once
from retour.flows import account as flow
from retour.store import account
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "keys"


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [
        page(desk, at, _page),
        form(desk, at, _create, OWNER),
        form(desk, f"{at}/{{key_id:str}}/revoke", _revoke, OWNER),
    ]


async def _page(seen: Visit) -> Response[str]:
    made = told_once(seen).get("key")
    answer = await _list(seen, Form({}), FormErrors(), made=made)
    return forget(answer) if made else answer


async def _list(
    seen: Visit, sent: Form, errors: FormErrors, *, made: str | None = None, status: int = 200
) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await account.keys(db)
    live = [key for key in found if key.revoked_at is None]
    return await show(
        seen, AREA, status=status, live=live, revoked=[key for key in found if key.revoked_at is not None], sent=sent,
        errors=errors, made=made,
    )  # fmt: skip


async def _create(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    role = next((role for role in Role if role.value == sent.text("role")), None)
    if role is None:
        errors.add("role", seen.reader.say("Choose what the program may do"))
    if not sent.text("name"):
        errors.add("name", seen.reader.say("Enter a name that tells what the key is for"))
    if errors or role is None:
        return await _list(seen, sent, errors, status=422)

    async def work(db: Db) -> str:
        return (await flow.create_key(db, name=sent.text("name"), role=role, actor=seen.staff.actor, now=seen.now)).text

    try:
        text = await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "name", explain(refused, seen.reader))
        return await _list(seen, sent, errors, status=refused.status)
    return tell_once(seen, back_to(AREA), key=text)


async def _revoke(seen: Visit) -> Response[Any]:
    key_id = uuid_of(seen.request.path_params["key_id"], "key_not_found")

    async def work(db: Db) -> None:
        await flow.revoke_key(db, key_id=key_id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "revoked")
