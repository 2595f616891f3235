"""Settings of privacy: how long each class of personal data is kept, and which requests of people wait."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.privacy import OPEN, TERMS, Keep, days_of, fits
from retour.doors.dashboard import privacy_words as words
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.privacy import shown
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show
from retour.flows import privacy as flow
from retour.store.db import Db
from retour.store.desk import page as names_of
from retour.store.privacy import retention, rows
from retour.web.forms import FormErrors, read_form

AREA: Final = "privacy"
MOST: Final = 50  # requests on the page


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [page(desk, at, _page, OWNER), form(desk, at, _change, OWNER)]


async def _page(seen: Visit) -> Response[str]:
    return await _form(seen, None, FormErrors())


async def _form(seen: Visit, sent: Mapping[str, str] | None, errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        days = days_of(await retention.chosen(db))
        waiting = await rows.list_(db, states=OPEN, limit=MOST)
        names = await names_of.names(db)
        last = await retention.last_forgotten(db)
    kept = {keep.value: "" if value is None else str(value) for keep, value in days.items()}
    reader = seen.reader
    classes = [
        (keep.value, reader.say(words.CLASSES[keep.value][0]), reader.say(words.CLASSES[keep.value][1]), _bounds(seen, keep))
        for keep in Keep
    ]  # fmt: skip
    return await show(
        seen, AREA, status=status, classes=classes, sent=sent or kept, errors=errors, last=last,
        counts=[(reader.say(words.CLASSES[k][0]), n) for k, n in (last[1] if last else {}).items() if k in words.CLASSES],
        requests=shown(reader, waiting, names, now=seen.now),
    )  # fmt: skip


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    days: dict[Keep, int | None] = {}
    for keep in Keep:
        text, value = sent.text(keep.value), sent.whole(keep.value)
        if (text and value is None) or not fits(keep, value if text else None):
            errors.add(keep.value, _bounds(seen, keep))
        days[keep] = value if text else None
    given = {keep.value: sent.text(keep.value) for keep in Keep}
    if errors:
        return await _form(seen, given, errors, status=422)

    async def work(db: Db) -> None:
        await flow.change_terms(db, tenant_id=seen.staff.tenant_id, days=days, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or Keep.INBOX.value, explain(refused, seen.reader))
        return await _form(seen, given, errors, status=refused.status)
    return back_to(AREA, "saved")


def _bounds(seen: Visit, keep: Keep) -> str:
    term, number = TERMS[keep], seen.reader.number
    if term.may_be_none:
        return seen.reader.say(
            "%(least)s to %(most)s days. Empty: until somebody asks", least=number(term.least), most=number(term.most)
        )
    return seen.reader.say("%(least)s to %(most)s days", least=number(term.least), most=number(term.most))
