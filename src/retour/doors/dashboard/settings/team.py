"""Settings of the team: who works here, in which role, and the link by which each sets a password."""

from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.account import Role
from retour.core.errors import Refused
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, forget, show, tell_once, told_once
from retour.flows import account as flow
from retour.store import account, session
from retour.store.account import Staff
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "team"
_MISSING: Final = "staff_not_found"


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at, one = f"/dashboard/settings/{AREA}", f"/dashboard/settings/{AREA}/{{staff_id:str}}"

    async def invite(seen: Visit) -> Response[Any]:
        return await _invite(seen, here)

    async def make_link(seen: Visit) -> Response[Any]:
        return await _make_link(seen, here)

    return [
        page(desk, at, _page),
        form(desk, at, invite, OWNER),
        page(desk, one, _member_page),
        form(desk, one, _change, OWNER),
        form(desk, f"{one}/link", make_link, OWNER),
        form(desk, f"{one}/disable", _disable, OWNER),
        form(desk, f"{one}/enable", _enable, OWNER),
    ]


async def _page(seen: Visit) -> Response[str]:
    return await _list(seen, Form({}), FormErrors())


async def _list(seen: Visit, sent: Form, errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found, last_seen = await account.staff(db), await session.last_seen(db)
    return await show(seen, AREA, status=status, members=found, last_seen=last_seen, sent=sent, errors=errors)


async def _invite(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    role = _role(sent)
    if role is None:
        errors.add("role", seen.reader.say("Choose what they may do"))
        return await _list(seen, sent, errors, status=422)

    async def work(db: Db) -> tuple[Staff, str]:
        return await flow.invite(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, email=sent.text("email"), name=sent.text("name"),
            role=role, link_to=f"{here.public_url}/password/", invited_by=seen.staff.name,
            language=seen.reader.language, actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip

    try:
        added, link = await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "email", explain(refused, seen.reader))
        return await _list(seen, sent, errors, status=refused.status)
    return tell_once(seen, back_to(f"{AREA}/{added.id}"), link=link)


def _role(sent: Form) -> Role | None:
    return next((role for role in Role if role.value == sent.text("role")), None)


async def _member(db: Db, staff_id: UUID) -> Staff:
    found = await account.lock_staff(db, staff_id)
    if found is None:
        raise Refused(_MISSING, "there is no such member of the staff")
    return found


async def _member_page(seen: Visit) -> Response[str]:
    link = told_once(seen).get("link")
    answer = await _member_form(seen, None, FormErrors(), link=link)
    return forget(answer) if link else answer


async def _member_form(
    seen: Visit, sent: Form | None, errors: FormErrors, *, link: str | None = None, status: int = 200
) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        member = await _member(db, _id(seen))
        last_seen = (await session.last_seen(db)).get(member.id)
    typed = {"name": member.name, "role": member.role.value}
    if sent is not None:
        typed = {name: sent.text(name) for name in typed}
    return await show(
        seen, AREA, template="member", status=status, member=member, typed=typed, errors=errors, link=link,
        last_seen=last_seen, is_you=member.id == seen.staff.staff_id,
    )  # fmt: skip


def _id(seen: Visit) -> UUID:
    return uuid_of(seen.request.path_params["staff_id"], _MISSING)


async def _change(seen: Visit) -> Response[Any]:
    sent, errors, staff_id = await read_form(seen.request, token=seen.staff.csrf), FormErrors(), _id(seen)

    async def work(db: Db) -> None:
        await flow.change_staff(
            db, staff_id=staff_id, name=sent.text("name"), role=_role(sent), actor=seen.staff.actor, now=seen.now
        )

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        if refused.code == _MISSING:
            raise
        errors.add(refused.field or "name", explain(refused, seen.reader))
        return await _member_form(seen, sent, errors, status=refused.status)
    return back_to(f"{AREA}/{staff_id}", "saved")


async def _make_link(seen: Visit, here: Installation) -> Response[Any]:
    staff_id = _id(seen)

    async def work(db: Db) -> str:
        return await flow.make_password_link(db, staff_id=staff_id, actor=seen.staff.actor, now=seen.now)

    token = await seen.desk.database.run(seen.staff.tenant_id, work)
    return tell_once(seen, back_to(f"{AREA}/{staff_id}"), link=f"{here.public_url}/password/{token}")


async def _disable(seen: Visit) -> Response[Any]:
    staff_id, errors = _id(seen), FormErrors()

    async def work(db: Db) -> None:
        await flow.disable_staff(db, staff_id=staff_id, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        if refused.code == _MISSING:
            raise
        errors.add("role", explain(refused, seen.reader))
        return await _member_form(seen, None, errors, status=refused.status)
    return back_to(f"{AREA}/{staff_id}", "disabled")


async def _enable(seen: Visit) -> Response[Any]:
    staff_id = _id(seen)

    async def work(db: Db) -> None:
        await flow.enable_staff(db, staff_id=staff_id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(f"{AREA}/{staff_id}", "enabled")
