"""Settings of sources: systems that send returns and orders in as signed documents, each with a secret shown once."""

from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.platforms import FEED
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, forget, show, store_of, tell_once, told_once
from retour.flows.intake import sources as flow
from retour.store import sync
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "sources"
_MISSING: Final = "source_not_found"


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
        form(desk, f"{at}/{{source_id:str}}/rotate", _rotate, OWNER),
        form(desk, f"{at}/{{source_id:str}}/remove", _remove, OWNER),
    ]


async def _list(
    seen: Visit, here: Installation, sent: Form, errors: FormErrors, *, made: str | None = None, status: int = 200
) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found, standings = await flow.sources(db), await sync.standings(db)
    own = [one for one in found if seen.staff.store_id in (None, one.store_id)]
    return await show(
        seen, AREA, status=status, sent=sent, errors=errors, made=made,
        found=[(one, here.hook_url(FEED, one.id), standings.get(one.id)) for one in own],
    )  # fmt: skip


async def _add(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()

    async def work(db: Db) -> str:
        store = await store_of(db, seen)
        _source, secret = await flow.add_source(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, store_id=store.id, name=sent.text("name"),
            channel=sent.text("channel", "event"), decides=sent.checked("decides"), actor=seen.staff.actor, now=seen.now,
            asked=flow.Asked(sent.text("url"), sent.text("token")) if sent.text("url") else None,
            allow_private_urls=here.allow_private_urls,
        )  # fmt: skip
        return secret

    try:
        secret = await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "name", explain(refused, seen.reader))
        return await _list(seen, here, sent, errors, status=422)
    return tell_once(seen, back_to(AREA), secret=secret)


async def _rotate(seen: Visit) -> Response[Any]:
    source_id = uuid_of(seen.request.path_params["source_id"], _MISSING)

    async def work(db: Db) -> str:
        return await flow.rotate_secret(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, source_id=source_id, actor=seen.staff.actor,
            now=seen.now,
        )  # fmt: skip

    secret = await seen.desk.database.run(seen.staff.tenant_id, work)
    return tell_once(seen, back_to(AREA), secret=secret)


async def _remove(seen: Visit) -> Response[Any]:
    source_id = uuid_of(seen.request.path_params["source_id"], _MISSING)

    async def work(db: Db) -> None:
        await flow.remove_source(db, source_id=source_id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "disconnected")
