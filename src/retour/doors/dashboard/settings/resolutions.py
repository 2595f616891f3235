"""Settings of resolutions: what shoppers may get, in the merchant's words, and which of it is only told about."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind
from retour.core.resolution import Resolution, Wording
from retour.core.rma.state import PAID_BY_US
from retour.doors.dashboard import words
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_id_of
from retour.doors.dashboard.told import word
from retour.flows import resolution as flow
from retour.store import resolution as resolutions
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form
from retour.web.reader import Reader
from retour.web.texts import LANGUAGES

AREA: Final = "resolutions"


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at, one = f"/dashboard/settings/{AREA}", f"/dashboard/settings/{AREA}/{{resolution_id:str}}"
    return [
        page(desk, at, _page),
        form(desk, f"{at}/told", _set_told, OWNER),
        page(desk, f"{at}/new", _new_page, OWNER),
        form(desk, f"{at}/new", _add, OWNER),
        page(desk, one, _one_page),
        form(desk, one, _change, OWNER),
        form(desk, f"{one}/up", _up, OWNER),
        form(desk, f"{one}/down", _down, OWNER),
        form(desk, f"{one}/archive", _archive, OWNER),
        form(desk, f"{one}/restore", _restore, OWNER),
    ]


def kinds(reader: Reader) -> list[tuple[str, str, str]]:
    """Return (kind, its name, what it means and who carries it out) of every kind."""
    return [
        (kind.value, reader.say(words.RESOLUTIONS[kind.value]), reader.say(words.RESOLUTION_MEANINGS[kind.value]))
        for kind in ResolutionKind
    ]


# --- the list ----------------------------------------------------------------------------------------------------------


async def _page(seen: Visit) -> Response[str]:
    return await _list(seen, FormErrors())


async def _list(seen: Visit, errors: FormErrors, *, status: int = 200) -> Response[str]:
    store_id = await store_id_of(seen)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await resolutions.of_store(db, store_id)
        told_only = await resolutions.notify_only(db, store_id)
        default = await resolutions.default_language(db, store_id)
    shown = [_row(one, seen.reader, default) for one in found]
    switches = [(kind, word(seen.reader, words.RESOLUTIONS, kind), kind in told_only) for kind in sorted(PAID_BY_US)]
    return await show(
        seen, AREA, status=status, errors=errors, active=[row for row in shown if row["active"]],
        archived=[row for row in shown if not row["active"]], switches=switches,
    )  # fmt: skip


def _row(record: Resolution, reader: Reader, default: str) -> dict[str, Any]:
    said = record.wording(reader.language, default)
    pays = record.kind.value in PAID_BY_US
    return {
        "id": record.id, "name": said.name, "description": said.description, "active": record.active,
        "kind": word(reader, words.RESOLUTIONS, record.kind.value),
        "by": reader.say("Retour pays it") if pays else record.integration or reader.say("you carry it out"),
        "languages": [LANGUAGES[tag] for tag in LANGUAGES if tag in record.texts],
    }  # fmt: skip


async def _set_told(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request, token=seen.staff.csrf)
    store_id, wanted = await store_id_of(seen), [kind for kind in sent.texts("told") if kind in PAID_BY_US]

    async def work(db: Db) -> None:
        await flow.set_notify_only(db, store_id=store_id, kinds=wanted, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "saved")


# --- one record --------------------------------------------------------------------------------------------------------


async def _new_page(seen: Visit) -> Response[str]:
    return await _new_form(seen, Form({}), FormErrors())


async def _new_form(seen: Visit, sent: Form, errors: FormErrors, *, status: int = 200) -> Response[str]:
    store_id = await store_id_of(seen)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        default = await resolutions.default_language(db, store_id)
    return await show(
        seen, AREA, template="resolution", status=status, errors=errors, record=None, kinds=kinds(seen.reader),
        default=default, **_typed(sent), languages=_languages(default),
    )  # fmt: skip


async def _add(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    kind = next((kind for kind in ResolutionKind if kind.value == sent.text("kind")), None)
    if kind is None:
        errors.add("kind", seen.reader.say("Choose what the shopper gets"))
        return await _new_form(seen, sent, errors, status=422)
    store_id = await store_id_of(seen)

    async def work(db: Db) -> None:
        await flow.create(
            db, store_id=store_id, kind=kind, texts=_texts(sent), integration=_integration(sent, kind),
            actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(_field(refused), explain(refused, seen.reader))
        return await _new_form(seen, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


async def _one_page(seen: Visit) -> Response[str]:
    return await _one_form(seen, None, FormErrors())


async def _one_form(seen: Visit, sent: Form | None, errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        record = await _own(db, seen)
        default = await resolutions.default_language(db, record.store_id)
    name, meaning = words.RESOLUTIONS[record.kind.value], words.RESOLUTION_MEANINGS[record.kind.value]
    return await show(
        seen, AREA, template="resolution", status=status, errors=errors, record=record, default=default,
        kind_name=seen.reader.say(name), kind_meaning=seen.reader.say(meaning), languages=_languages(default),
        **_typed(Form(_fields(record)) if sent is None else sent, record.version),
        title=record.wording(seen.reader.language, default).name,
    )  # fmt: skip


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()

    async def work(db: Db) -> None:
        record = await _own(db, seen)
        to = flow.Change(
            texts=_texts(sent), integration=_integration(sent, record.kind), expect_version=sent.whole("version")
        )
        await flow.change(db, resolution_id=record.id, to=to, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(_field(refused), explain(refused, seen.reader))
        return await _one_form(seen, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


async def _up(seen: Visit) -> Response[Any]:
    return await _move(seen, up=True)


async def _down(seen: Visit) -> Response[Any]:
    return await _move(seen, up=False)


async def _move(seen: Visit, *, up: bool) -> Response[Any]:
    async def work(db: Db) -> None:
        await flow.move(db, resolution_id=(await _own(db, seen)).id, up=up, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA)


async def _archive(seen: Visit) -> Response[Any]:
    errors = FormErrors()

    async def work(db: Db) -> None:
        await flow.archive(db, resolution_id=(await _own(db, seen)).id, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        if refused.code != "resolution_in_use":
            raise
        errors.add("archive", _in_use(refused, seen.reader))
        return await _one_form(seen, None, errors, status=refused.status)
    return back_to(AREA, "archived")


async def _restore(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> None:
        await flow.restore(db, resolution_id=(await _own(db, seen)).id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "restored")


async def _own(db: Db, seen: Visit) -> Resolution:
    """Return the record in the address; raise Refused(resolution_not_found)."""
    record = await resolutions.get(db, _id(seen))
    if record is None or seen.staff.store_id not in (None, record.store_id):
        raise Refused(flow.MISSING, "there is no such resolution")
    return record


def _id(seen: Visit) -> UUID:
    return uuid_of(seen.request.path_params["resolution_id"], flow.MISSING)


# --- what is typed -----------------------------------------------------------------------------------------------------


def _languages(default: str) -> list[tuple[str, str]]:
    """Return the languages of the portal, the store's own first."""
    return sorted(LANGUAGES.items(), key=lambda pair: pair[0] != default)


def _texts(sent: Form) -> dict[str, Wording]:
    """Return the words that were typed; a language in which nothing was said is left out by the flow."""
    return {tag: Wording(sent.text(f"name-{tag}"), sent.text(f"description-{tag}")) for tag in LANGUAGES}


def _integration(sent: Form, kind: ResolutionKind) -> str | None:
    """Return the service that pays; what was typed for another kind is no part of the record."""
    return sent.text("integration") if kind is ResolutionKind.REFUND_SERVICE else None


def _typed(sent: Form, version: int = 0) -> Mapping[str, Any]:
    """Return what was typed, to be saved over the record as it is now: `version` is shown with it."""
    names = ["kind", "integration"]
    names += [f"{part}-{tag}" for tag in LANGUAGES for part in ("name", "description")]
    return {"typed": {name: sent.text(name) for name in names} | {"version": str(version)}}


def _fields(record: Resolution) -> dict[str, list[str]]:
    fields = {"integration": [record.integration or ""]}
    for tag, said in record.texts.items():
        fields |= {f"name-{tag}": [said.name], f"description-{tag}": [said.description]}
    return fields


def _field(refused: Refused) -> str:
    """Return the field of the form that a refusal is about: `texts.de.name` is `name-de`."""
    parts = (refused.field or "").split(".")
    return f"{parts[2]}-{parts[1]}" if parts[0] == "texts" and len(parts) == 3 else refused.field or "kind"


def _in_use(refused: Refused, reader: Reader) -> str:
    rule = refused.facts.get("rule")
    if rule is None:
        return reader.say("The published policy offers it where no rule says otherwise. Take it out there first")
    return reader.say("The rule “%(rule)s” of the published policy offers it. Take it out there first", rule=rule)
