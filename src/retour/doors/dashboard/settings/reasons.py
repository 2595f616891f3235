"""Settings of reasons: why things go back, in two levels and the merchant's words, and what each of them asks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.why import Reason, Standard
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings import reason_form
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_id_of
from retour.doors.dashboard.told import word
from retour.flows import why as flow
from retour.store import resolution as resolutions
from retour.store import why as reasons
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form
from retour.web.reader import Reader
from retour.web.texts import LANGUAGES

AREA: Final = "reasons"


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


REASON_GROUPS: Final[Mapping[str, str]] = {
    "fit": _("Fit"),
    "quality": _("Quality"),
    "mistake": _("Mistake of the shop"),
    "preference": _("Preference"),
    "other": _("Other"),
}
ASK_KINDS: Final[Mapping[str, str]] = {
    "text": _("In words"),
    "choice": _("One of some answers"),
    "number": _("A whole number"),
    "yes_no": _("Yes or no"),
    "photo": _("With a photo"),
}


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at, one = f"/dashboard/settings/{AREA}", f"/dashboard/settings/{AREA}/{{reason_id:str}}"
    return [
        page(desk, at, _page),
        page(desk, f"{at}/new", _new_page, OWNER),
        form(desk, f"{at}/new", _add, OWNER),
        page(desk, one, _one_page),
        form(desk, one, _change, OWNER),
        form(desk, f"{one}/up", _up, OWNER),
        form(desk, f"{one}/down", _down, OWNER),
        form(desk, f"{one}/archive", _archive, OWNER),
        form(desk, f"{one}/restore", _restore, OWNER),
    ]


async def _page(seen: Visit) -> Response[str]:
    store_id = await store_id_of(seen)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        known = await reasons.of_store(db, store_id)
        default = await resolutions.default_language(db, store_id)
    living = [one for one in known if one.active]
    levels = [
        (
            _row(top, seen.reader, default),
            [_row(one, seen.reader, default) for one in living if one.parent_id == top.id],
        )
        for top in living
        if top.parent_id is None
    ]
    archived = [_row(one, seen.reader, default) for one in known if not one.active]
    return await show(seen, AREA, levels=levels, archived=archived)


def _row(record: Reason, reader: Reader, default: str) -> dict[str, Any]:
    applies = record.applies
    return {
        "id": record.id, "name": record.name(reader.language, default), "code": record.code,
        "group": word(reader, REASON_GROUPS, record.standard_group.value),
        "for": ", ".join((*applies.types, *applies.tags, *applies.collections)), "note": record.note_required,
        "asks": len(record.questions), "languages": [LANGUAGES[tag] for tag in LANGUAGES if tag in record.texts],
    }  # fmt: skip


async def _new_page(seen: Visit) -> Response[str]:
    parent = seen.request.query_params.get("in", "")
    return await _new_form(seen, Form({"parent": [parent]}), FormErrors())


async def _new_form(seen: Visit, sent: Form, errors: FormErrors, *, status: int = 200) -> Response[str]:
    store_id = await store_id_of(seen)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        known = await reasons.of_store(db, store_id)
        default = await resolutions.default_language(db, store_id)
    return await show(
        seen, AREA, template="reason", status=status, errors=errors, record=None,
        **_values(seen.reader, sent, known, None, default),
    )  # fmt: skip


async def _add(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    store_id = await store_id_of(seen)

    async def work(db: Db) -> None:
        default = await resolutions.default_language(db, store_id)
        said = reason_form.said_of(sent, default)
        code = sent.text("code") or reason_form.slug(said.texts.get(default, ""), 64)
        await flow.create(db, store_id=store_id, code=code, said=said, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(reason_form.field_of(refused, sent), explain(refused, seen.reader))
        return await _new_form(seen, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


async def _one_page(seen: Visit) -> Response[str]:
    return await _one_form(seen, None, FormErrors())


async def _one_form(seen: Visit, sent: Form | None, errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        record = await _own(db, seen)
        known = await reasons.of_store(db, record.store_id)
        default = await resolutions.default_language(db, record.store_id)
    typed = Form(reason_form.fields_of(record)) if sent is None else sent
    return await show(
        seen, AREA, template="reason", status=status, errors=errors, record=record,
        title=record.name(seen.reader.language, default), **_values(seen.reader, typed, known, record, default),
    )  # fmt: skip


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()

    async def work(db: Db) -> None:
        record = await _own(db, seen)
        default = await resolutions.default_language(db, record.store_id)
        await flow.change(
            db, reason_id=record.id, said=reason_form.said_of(sent, default), expect_version=sent.whole("version"),
            actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(reason_form.field_of(refused, sent), explain(refused, seen.reader))
        return await _one_form(seen, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


async def _up(seen: Visit) -> Response[Any]:
    return await _move(seen, up=True)


async def _down(seen: Visit) -> Response[Any]:
    return await _move(seen, up=False)


async def _move(seen: Visit, *, up: bool) -> Response[Any]:
    async def work(db: Db) -> None:
        await flow.move(db, reason_id=(await _own(db, seen)).id, up=up, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA)


async def _archive(seen: Visit) -> Response[Any]:
    errors = FormErrors()

    async def work(db: Db) -> None:
        await flow.archive(db, reason_id=(await _own(db, seen)).id, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        if refused.code not in ("reason_in_use", "last_reason"):
            raise
        errors.add("archive", explain(refused, seen.reader))
        return await _one_form(seen, None, errors, status=refused.status)
    return back_to(AREA, "reason_archived")


async def _restore(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> None:
        await flow.restore(db, reason_id=(await _own(db, seen)).id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "restored")


async def _own(db: Db, seen: Visit) -> Reason:
    """Return the record in the address; raise Refused(reason_not_found)."""
    record = await reasons.get(db, uuid_of(seen.request.path_params["reason_id"], flow.MISSING))
    if record is None or seen.staff.store_id not in (None, record.store_id):
        raise Refused(flow.MISSING, "there is no such reason")
    return record


def _values(reader: Reader, sent: Form, known: Sequence[Reason], record: Reason | None, default: str) -> dict[str, Any]:
    """Return what the form shows: what was typed, the groups it may stand in, the questions and an empty one."""
    own: UUID | None = record.id if record else None
    holds = any(one.parent_id == own and one.active for one in known) if own else False
    groups = [
        (str(one.id), one.name(reader.language, default))
        for one in known
        if one.active and one.parent_id is None and one.id != own
    ]
    return {
        "typed": reason_form.typed_of(sent), "questions": reason_form.questions_of(sent),
        "version": record.version if record else 0, "default": default,
        "parents": [] if holds else [("", reader.say("No group: it stands by itself or is a group")), *groups],
        "standards": [(one.value, word(reader, REASON_GROUPS, one.value)) for one in Standard],
        "kinds": [("", reader.say("No question")), *((kind, reader.say(text)) for kind, text in ASK_KINDS.items())],
        "languages": sorted(LANGUAGES.items(), key=lambda pair: pair[0] != default),
    }  # fmt: skip
