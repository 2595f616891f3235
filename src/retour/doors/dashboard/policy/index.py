"""The policies of a store: what is in force in sentences, drafts, history; new drafts, export, going back."""

import json
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.policy import VersionState
from retour.core.policy.template import template_named
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.policy import starting
from retour.doors.dashboard.policy.refusals import said as refusal_said
from retour.doors.dashboard.policy.room import (
    OWNER,
    ROOT,
    Opened,
    a_draft,
    as_file,
    opened,
    show,
    show_version,
    teller_of,
)
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import store_of
from retour.flows import policy as flow
from retour.store import policy
from retour.store.db import Db
from retour.store.desk.page import names
from retour.web.forms import FormErrors, read_form
from retour.web.pages import see

MOST_IMPORTED: Final = 2 * 1024 * 1024


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the list of versions and of what begins or ends one."""
    return [
        page(desk, ROOT, _index),
        page(desk, f"{ROOT}/new", _new_page, OWNER),
        form(desk, f"{ROOT}/new", _start, OWNER),
        page(desk, f"{ROOT}/{{number:str}}/export", _export),
        page(desk, f"{ROOT}/{{number:str}}/discard", _discard_page, OWNER),
        form(desk, f"{ROOT}/{{number:str}}/discard", _discard, OWNER),
        page(desk, f"{ROOT}/{{number:str}}/revert", _revert_page, OWNER),
        form(desk, f"{ROOT}/{{number:str}}/revert", _revert, OWNER),
    ]


async def _index(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await store_of(db, seen)
        versions = await policy.list_versions(db, store.id)
        live = next((row for row in versions if row["state"] == VersionState.PUBLISHED), None)
        found = await policy.get_version(db, store.id, live["id"]) if live else None
        here = None
        if found is not None:
            teller = await teller_of(db, seen, store, found.document)
            here = Opened(store, found, found.version, {}, teller)
        people = await names(db)
    return await show(
        seen, "index", store=store, live=live, here=here, people=people,
        rules=here.teller.rules(here.document) if here else [],
        otherwise=here.teller.defaults(here.document) if here else [],
        drafts=[row for row in versions if row["state"] == VersionState.DRAFT],
        history=[row for row in versions if row["state"] != VersionState.DRAFT],
    )  # fmt: skip


async def _new_page(seen: Visit) -> Response[str]:
    return await _new_form(seen, FormErrors())


async def _new_form(
    seen: Visit, errors: FormErrors, *, chosen: str = "", pasted: str = "", status: int = 200
) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await store_of(db, seen)
        live = await policy.published(db, store.id)
    options = starting.options(seen.reader, live[1] if live else None)
    return await show(
        seen, "new", status=status, store=store, options=options, errors=errors, chosen=chosen or options[0].value,
        pasted=pasted,
    )  # fmt: skip


async def _start(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, MOST_IMPORTED, token=seen.staff.csrf), FormErrors()
    chosen, pasted = sent.text("begin"), sent.text("pasted")
    wish: dict[str, Any] = {}
    if chosen == "import":
        files = sent.uploads("file")
        text = (await files[0].read()).decode("utf-8", "replace") if files else pasted
        pasted = text
        try:
            wish["document"] = json.loads(text) if text else None
        except (ValueError, RecursionError) as wrong:  # a ValueError too where a number has thousands of digits
            at = f"{wrong.lineno}:{wrong.colno}" if isinstance(wrong, json.JSONDecodeError) else "1:1"
            errors.add("pasted", seen.reader.say("This is no JSON: it breaks at %(place)s (line:column).", place=at))
        if not errors and wish["document"] is None:
            errors.add("pasted", seen.reader.say("Choose a file, or put the JSON here"))
    elif chosen.startswith("template:"):
        wish["document"] = template_named(chosen.removeprefix("template:")).make()
    if errors:
        return await _new_form(seen, errors, chosen=chosen, pasted=pasted, status=422)
    try:
        number = await _started(seen, wish)
    except Refused as refused:
        place = f"{refused.field}: " if refused.field else ""
        rule = refused.facts.get("rule_name")
        words = f"{place}{refusal_said(refused, seen.reader)}"
        errors.add(
            "pasted" if chosen == "import" else "begin",
            seen.reader.say("Rule “%(name)s”, %(what)s", name=rule, what=words) if rule else words,
        )
        return await _new_form(seen, errors, chosen=chosen, pasted=pasted, status=422)
    return see(f"{ROOT}/{number}?said=started")


async def _started(seen: Visit, wish: dict[str, Any]) -> int:
    async def work(db: Db) -> int:
        store = await store_of(db, seen)
        draft = await flow.start_draft(db, store_id=store.id, actor=seen.staff.actor, now=seen.now, **wish)
        return draft.version

    return await seen.desk.database.run(seen.staff.tenant_id, work)


async def _export(seen: Visit) -> Response[bytes]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await opened(db, seen)
    name = f"retour-policy-{here.store.shop_name}-v{here.version.version}.json".replace('"', "")
    return Response(
        as_file(here.document), media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name.encode("ascii", "replace").decode()}"',
            "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
        },
    )  # fmt: skip


async def _discard_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await a_draft(db, seen)
    return await show_version(seen, here, "discard", tab="")


async def _discard(seen: Visit) -> Response[Any]:
    await read_form(seen.request, token=seen.staff.csrf)

    async def work(db: Db) -> None:
        here = await a_draft(db, seen)
        await flow.discard_draft(
            db, store_id=here.store.id, version_id=here.version.id, actor=seen.staff.actor, now=seen.now
        )

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return see(f"{ROOT}?said=discarded")


async def _revert_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await opened(db, seen)
    rules, otherwise = here.teller.rules(here.document), here.teller.defaults(here.document)
    return await show_version(seen, here, "revert", tab="", rules=rules, otherwise=otherwise, overtaken=False)


async def _revert(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request, token=seen.staff.csrf)
    after = sent.whole("after") or 0

    async def work(db: Db) -> None:
        here = await opened(db, seen)
        await flow.revert(
            db, store_id=here.store.id, to=here.version.version, after=after, actor=seen.staff.actor, now=seen.now
        )

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        if refused.code != "state_changed":
            raise
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            here = await opened(db, seen)
        rules, otherwise = here.teller.rules(here.document), here.teller.defaults(here.document)
        return await show_version(
            seen, here, "revert", tab="", rules=rules, otherwise=otherwise, status=409, overtaken=True
        )
    return see(f"{ROOT}?said=reverted")
