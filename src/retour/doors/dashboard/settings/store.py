"""Settings of a store: what it is called, whose calendar it keeps, who masters what."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.set_up import CURRENCIES, time_zones
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_of
from retour.flows import account as flow
from retour.flows import session as session_flow
from retour.store.account import Store
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "store"
FIELDS: Final = (
    "shop_name", "timezone", "return_master", "refund_master", "restock_master", "tag_on", "location_ref",
)  # fmt: skip


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [
        page(desk, at, _page),
        form(desk, at, _change, OWNER),
        page(desk, f"{at}/new", _new_page, OWNER),
        form(desk, f"{at}/new", _add, OWNER),
    ]


async def _page(seen: Visit) -> Response[str]:
    return await _store_form(seen, {}, FormErrors())


async def _store_form(seen: Visit, sent: Mapping[str, str], errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await store_of(db, seen)
    shown = {name: sent.get(name, getattr(store, name) or "") for name in FIELDS}
    return await show(seen, AREA, status=status, store=store, sent=shown, errors=errors, zones=time_zones())


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    given = {name: sent.text(name) for name in FIELDS if name in sent.fields}

    async def work(db: Db) -> None:
        store = await store_of(db, seen)
        changed = {name: value for name, value in given.items() if value != (getattr(store, name) or "")}
        if changed:
            await flow.change_store(db, store_id=store.id, changes=changed, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "shop_name", explain(refused, seen.reader))
        return await _store_form(seen, given, errors, status=refused.status)
    return back_to(AREA, "saved")


async def _new_page(seen: Visit) -> Response[str]:
    return await _new_form(seen, Form({}), FormErrors())


async def _new_form(seen: Visit, sent: Form, errors: FormErrors, *, status: int = 200) -> Response[str]:
    return await show(
        seen, AREA, template="store_new", status=status, sent=sent, errors=errors, zones=time_zones(),
        currencies=[(name, name) for name in CURRENCIES],
    )  # fmt: skip


async def _add(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()

    async def work(db: Db) -> Store:
        added = await flow.create_store(
            db, shop_name=sent.text("shop_name"), timezone=sent.text("timezone"), currency=sent.text("currency"),
            actor=seen.staff.actor, now=seen.now, guarded=True,
        )  # fmt: skip
        await session_flow.choose_store(db, session_id=seen.staff.session_id, store_id=added.id)
        return added

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "shop_name", explain(refused, seen.reader))
        return await _new_form(seen, sent, errors, status=refused.status)
    return back_to(AREA, "saved")
