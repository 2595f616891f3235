"""Settings of deadlines: how long the shop waits for a parcel or an answer, and when it reminds."""

import re
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.rma import Patience
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_id_of
from retour.flows import patience as flow
from retour.store import patience
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "deadlines"
_DAYS: Final = re.compile(r"[0-9]{1,3}")


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [page(desk, at, _page), form(desk, at, _change, OWNER)]


async def _page(seen: Visit) -> Response[str]:
    store_id = await store_id_of(seen)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await patience.of_store(db, store_id)
    assert found is not None, "the store that was just read"
    shown = {
        "unsent_days": str(found.unsent_days or ""), "unanswered_days": str(found.unanswered_days or ""),
        "unpaid_days": str(found.unpaid_days or ""), "remind_days": ", ".join(str(days) for days in found.remind_days),
    }  # fmt: skip
    return await _form(seen, shown, FormErrors())


async def _form(seen: Visit, sent: Mapping[str, str], errors: FormErrors, *, status: int = 200) -> Response[str]:
    return await show(seen, AREA, status=status, sent=sent, errors=errors)


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    store_id = await store_id_of(seen)
    wanted = Patience(
        _days(sent, "unsent_days", errors, seen), _days(sent, "unanswered_days", errors, seen),
        _reminders(sent, errors, seen), _days(sent, "unpaid_days", errors, seen),
    )  # fmt: skip
    given = {name: sent.text(name) for name in ("unsent_days", "unanswered_days", "unpaid_days", "remind_days")}
    if errors:
        return await _form(seen, given, errors, status=422)

    async def work(db: Db) -> None:
        await flow.change(db, store_id=store_id, patience=wanted, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "unsent_days", explain(refused, seen.reader))
        return await _form(seen, given, errors, status=refused.status)
    return back_to(AREA, "saved")


def _days(sent: Form, name: str, errors: FormErrors, seen: Visit) -> int | None:
    text = sent.text(name)
    if not text:
        return None
    if not _DAYS.fullmatch(text) or not 1 <= int(text) <= flow.DAYS_MOST:
        errors.add(name, seen.reader.say("Enter 1 to 365 days, or nothing"))
        return None
    return int(text)


def _reminders(sent: Form, errors: FormErrors, seen: Visit) -> tuple[int, ...]:
    words = re.split(r"[\s,;]+", sent.text("remind_days").strip(" ,;"))
    given = [word for word in words if word]
    fits = all(_DAYS.fullmatch(word) and 1 <= int(word) <= flow.DAYS_MOST for word in given)
    if not fits or len(given) > flow.REMINDERS_MOST:
        errors.add("remind_days", seen.reader.say("Enter up to 5 numbers of 1 to 365, such as 7, 2"))
        return ()
    return tuple(int(word) for word in given)
