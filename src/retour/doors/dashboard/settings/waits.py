"""Settings of waits: how many hours returns may wait for each reason, and who is told when it is longer."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.sla import HOURS_MOST, USUAL_HOURS
from retour.doors.dashboard import words
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_of
from retour.flows import escalation as flow
from retour.store import account, sla
from retour.store.db import Db
from retour.store.sla import OwnLimit
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "waits"


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [page(desk, at, _page), form(desk, at, _change, OWNER)]


async def _page(seen: Visit) -> Response[str]:
    return await _form(seen, None, FormErrors())


async def _form(seen: Visit, sent: Form | None, errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await store_of(db, seen)
        own = await sla.limits(db, store.id)
        staff = [member for member in await account.staff(db) if member.disabled_at is None]
    rows = [
        (
            code, seen.reader.say(words.QUEUE[code][0]), seen.reader.number(usual),
            sent.text(f"hours-{code}") if sent else _hours(own, code),
            sent.text(f"tell-{code}") if sent else _told(own, code), errors.of(f"hours-{code}"),
        )
        for code, usual in USUAL_HOURS.items()
        if code in words.QUEUE
    ]  # fmt: skip
    people = [("", seen.reader.say("Owners")), *((str(member.id), member.name) for member in staff)]
    return await show(seen, AREA, status=status, store=store, rows=rows, people=people, errors=errors)


def _hours(own: Mapping[str, OwnLimit], code: str) -> str:
    """Return what stands in the field: nothing for the usual hours, 0 where it may wait for ever."""
    if code not in own or own[code].hours == USUAL_HOURS[code]:
        return ""
    return str(own[code].hours or 0)


def _told(own: Mapping[str, OwnLimit], code: str) -> str:
    return str(own[code].tell_staff_id or "") if code in own else ""


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    own: dict[str, OwnLimit] = {}
    for code, usual in USUAL_HOURS.items():
        typed, told = sent.text(f"hours-{code}"), sent.text(f"tell-{code}")
        hours = usual if not typed else sent.whole(f"hours-{code}")
        if hours is None or hours > HOURS_MOST:
            most = seen.reader.number(HOURS_MOST)
            errors.add(f"hours-{code}", seen.reader.say("Enter hours from 0 to %(most)s", most=most))
        elif typed or told:
            own[code] = OwnLimit(hours or None, _id(told))
    if errors:
        return await _form(seen, sent, errors, status=422)

    async def work(db: Db) -> None:
        store = await store_of(db, seen)
        await flow.change_limits(db, store_id=store.id, own=own, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(f"hours-{refused.field}", explain(refused, seen.reader))
        return await _form(seen, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


def _id(text: str) -> UUID | None:
    """Return who is told; what is no id names nobody the account knows."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
