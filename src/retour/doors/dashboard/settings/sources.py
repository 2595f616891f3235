"""Settings of sources: systems that send returns and orders in as signed documents, each with a secret shown once."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.platforms import FEED
from retour.doors.dashboard import way_words
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, forget, show, store_of, tell_once, told_once
from retour.flows.intake import asking, pushing
from retour.flows.intake import sources as flow
from retour.store import sync
from retour.store.connection import Connection
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "sources"
_MISSING: Final = "source_not_found"
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"

    async def list_page(seen: Visit) -> Response[Any]:
        made = told_once(seen)
        answer = await _list(seen, here, Form({}), FormErrors(), made=made)
        return forget(answer) if made else answer

    async def add(seen: Visit) -> Response[Any]:
        return await _add(seen, here)

    async def set_push(seen: Visit) -> Response[Any]:
        return await _set_push(seen, here)

    async def set_asking(seen: Visit) -> Response[Any]:
        return await _set_asking(seen, here)

    return [
        page(desk, at, list_page),
        form(desk, at, add, OWNER),
        form(desk, f"{at}/{{source_id:str}}/rotate", _rotate, OWNER),
        page(desk, f"{at}/{{source_id:str}}/push", _push_page, OWNER),
        page(desk, f"{at}/{{source_id:str}}/asking", _asking_page, OWNER),
        form(desk, f"{at}/{{source_id:str}}/asking", set_asking, OWNER),
        form(desk, f"{at}/{{source_id:str}}/push", set_push, OWNER),
        form(desk, f"{at}/{{source_id:str}}/remove", _remove, OWNER),
    ]


async def _list(
    seen: Visit, here: Installation, sent: Form, errors: FormErrors, *, made: Mapping[str, str] = NOTHING,
    status: int = 200,
) -> Response[str]:  # fmt: skip
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found, standings = await flow.sources(db), await sync.standings(db)
    own = [one for one in found if seen.staff.store_id in (None, one.store_id)]
    return await show(
        seen, AREA, status=status, sent=sent, errors=errors, made=made.get("secret"), push_secret=made.get("push"),
        found=[(one, here.hook_url(FEED, one.id), standings.get(one.id), _told(seen, one)) for one in own],
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


def _told(seen: Visit, source: Connection) -> str | None:
    """Return which returns are told to a source, or nothing."""
    kinds = pushing.pushing_of(source).kinds
    if not kinds:
        return None
    named = ", ".join(seen.reader.say(way_words.KINDS[kind]) for kind in kinds)
    return seen.reader.say("Told here: %(kinds)s", kinds=named)


async def _push_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        source = await flow.source_of(db, uuid_of(seen.request.path_params["source_id"], _MISSING))
    return await _push_form(seen, source, pushing.pushing_of(source), FormErrors())


async def _push_form(
    seen: Visit, source: Connection, told: pushing.Pushing, errors: FormErrors, *, status: int = 200
) -> Response[str]:
    kinds = [(kind, seen.reader.say(name), "") for kind, name in way_words.KINDS.items()]
    return await show(
        seen, AREA, template="source_push", status=status, source=source, told=told, kinds=kinds, errors=errors
    )


async def _set_push(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    source_id = uuid_of(seen.request.path_params["source_id"], _MISSING)
    wish = pushing.Pushing(
        sent.text("url"), tuple(sent.texts("kinds")),
        sent.text("moment", "requested"),
    )  # fmt: skip

    async def work(db: Db) -> str | None:
        return await pushing.set_pushing(
            db, seen.desk.vault, source_id=source_id, wish=wish, actor=seen.staff.actor, now=seen.now,
            allow_private_urls=here.allow_private_urls,
        )  # fmt: skip

    try:
        secret = await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        if refused.code == _MISSING:
            raise
        errors.add(refused.field or "url", explain(refused, seen.reader))
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            source = await flow.source_of(db, source_id)
        return await _push_form(seen, source, wish, errors, status=422)
    return tell_once(seen, back_to(AREA), push=secret) if secret else back_to(AREA, "saved")


async def _asking_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        source = await flow.source_of(db, uuid_of(seen.request.path_params["source_id"], _MISSING))
    wish = asking.Schedule(source.base_url, minutes=asking.minutes_of(source))
    return await show(seen, AREA, template="source_asking", source=source, wish=wish, errors=FormErrors())


async def _set_asking(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    source_id = uuid_of(seen.request.path_params["source_id"], _MISSING)
    said = sent.text("minutes")
    minutes = int(said) if said.isascii() and said.isdigit() and len(said) <= 4 else 0
    wish = asking.Schedule(sent.text("url"), sent.text("token") or None, minutes)

    async def work(db: Db) -> None:
        await asking.set_asking(
            db, seen.desk.vault, source_id=source_id, wish=wish, actor=seen.staff.actor, now=seen.now,
            allow_private_urls=here.allow_private_urls,
        )  # fmt: skip

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        if refused.code == _MISSING:
            raise
        errors.add(refused.field or "url", explain(refused, seen.reader))
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            source = await flow.source_of(db, source_id)
        return await show(seen, AREA, template="source_asking", status=422, source=source, wish=wish, errors=errors)
    return back_to(AREA, "saved")


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
