"""Settings of whoever is signed in: name, language, password, and the browsers they are signed in with."""

from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.sign_in import IDLE
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import back_to, show
from retour.flows import account as flow
from retour.flows import notice as notice_flow
from retour.flows import session as session_flow
from retour.store import account, notice, session
from retour.store.db import Db
from retour.store.password import check_password, hash_password
from retour.web.forms import Form, FormErrors, read_form
from retour.web.reader import LANGUAGE_COOKIE
from retour.web.session import EVERYBODY
from retour.web.texts import STAFF_LANGUAGES

AREA: Final = "you"
LANGUAGE_S: Final = 365 * 24 * 3600


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [
        page(desk, at, _page, EVERYBODY),
        form(desk, at, _change, EVERYBODY),
        form(desk, f"{at}/password", _change_password, EVERYBODY),
        form(desk, f"{at}/sessions/others", _end_others, EVERYBODY),
        form(desk, f"{at}/sessions/{{session_id:str}}/end", _end, EVERYBODY),
    ]


async def _page(seen: Visit) -> Response[str]:
    return await _form(seen, None, FormErrors())


async def _form(seen: Visit, sent: Form | None, errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await session.sessions(db, seen.staff.staff_id, idle=IDLE, now=seen.now)
        notices = await notice.wants(db, seen.staff.staff_id)
    typed = {"name": seen.staff.name, "language": seen.staff.language or ""}
    if sent is not None and "name" in sent.fields:
        typed, notices = {name: sent.text(name) for name in typed}, sent.checked("notices")
    return await show(
        seen, AREA, status=status, typed=typed, notices=notices, errors=errors, sessions=found, here=seen.staff.session_id,
        languages=list(STAFF_LANGUAGES.items()), browsers={row.id: browser(row.user_agent) for row in found},
    )  # fmt: skip


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    language = sent.text("language")
    if language and language not in STAFF_LANGUAGES:
        errors.add("language", seen.reader.say("Choose a language from the list"))
        return await _form(seen, sent, errors, status=422)

    async def work(db: Db) -> None:
        await flow.change_staff(
            db, staff_id=seen.staff.staff_id, name=sent.text("name"), language=language, actor=seen.staff.actor,
            now=seen.now,
        )  # fmt: skip
        await notice_flow.choose(
            db, staff_id=seen.staff.staff_id, wanted=sent.checked("notices"), actor=seen.staff.actor, now=seen.now
        )

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "name", explain(refused, seen.reader))
        return await _form(seen, sent, errors, status=refused.status)
    answer = back_to(AREA, "saved")
    if language:
        answer.set_cookie(
            key=LANGUAGE_COOKIE, value=language, path="/", max_age=LANGUAGE_S, samesite="lax", httponly=True
        )
    return answer


async def _change_password(seen: Visit) -> Response[Any]:
    sent, errors, staff = await read_form(seen.request, token=seen.staff.csrf), FormErrors(), seen.staff
    async with seen.desk.database.tx(staff.tenant_id) as db:
        stored = await account.password_hash(db, staff.staff_id)
    try:
        fresh = flow.check_new_password(sent.text("new_password"))
    except Refused as refused:
        fresh = ""
        errors.add("new_password", explain(refused, seen.reader))
    if stored is None or not await check_password(sent.text("old_password"), stored):
        errors.add("old_password", seen.reader.say("This is not your password"))
    if errors:
        return await _form(seen, sent, errors, status=422)
    hashed = await hash_password(fresh)

    async def work(db: Db) -> None:
        await flow.set_password(
            db, staff_id=staff.staff_id, password_hash=hashed, keep=staff.session_id, actor=staff.actor, now=seen.now
        )

    await seen.desk.database.run(staff.tenant_id, work)
    return back_to(AREA, "password")


async def _end(seen: Visit) -> Response[Any]:
    session_id = uuid_of(seen.request.path_params["session_id"], "session_not_found")
    await _run_end(seen, session_id)
    return back_to(AREA, "ended")


async def _run_end(seen: Visit, session_id: UUID) -> None:
    async def work(db: Db) -> None:
        open_ones = await session.sessions(db, seen.staff.staff_id, idle=IDLE, now=seen.now)
        if session_id not in {row.id for row in open_ones}:
            raise Refused("session_not_found", "there is no such session")
        await session_flow.sign_out(db, staff_id=seen.staff.staff_id, session_id=session_id, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)


async def _end_others(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> int:
        return await session_flow.sign_out_everywhere(
            db, staff_id=seen.staff.staff_id, but=seen.staff.session_id, now=seen.now
        )

    ended = await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "ended" if ended else "nothing_to_end")


def browser(user_agent: str) -> str:
    """Return the browser and system that a browser says it is, as people call them."""
    names = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("Mac OS X", "macOS"), ("Linux", "Linux"),
    )  # fmt: skip
    found = [next((name for mark, name in known if mark in user_agent), "") for known in (names, systems)]
    return ", ".join(name for name in found if name)
