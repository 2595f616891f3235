"""One version of a policy: its rules in sentences; of a draft their order, switches and copies, and what holds otherwise."""

from collections.abc import Callable
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.policy.document import Several
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.policy import documents, outcome_forms
from retour.doors.dashboard.policy.editing import Edited, form_values, save, step
from retour.doors.dashboard.policy.pieces import Reading, typed_record
from retour.doors.dashboard.policy.room import OWNER, ROOT, Opened, a_draft, back_to, opened, overtaken, show_version
from retour.doors.dashboard.policy.trying import Trial, reasons, tried
from retour.doors.dashboard.policy.typed import Tree, part_of, tree_of
from retour.doors.dashboard.route import form, page
from retour.web.forms import Form, FormErrors, read_form

Json = documents.Json
MOST_BYTES: Final = 512 * 1024


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of a version's own pages."""
    at = f"{ROOT}/{{number:str}}"
    return [
        page(desk, at, _version_page),
        form(desk, f"{at}/rules", _change_rules, OWNER),
        page(desk, f"{at}/otherwise", _otherwise_page, OWNER),
        form(desk, f"{at}/otherwise", _save_otherwise, OWNER),
        page(desk, f"{at}/calendar", _calendar_page, OWNER),
        form(desk, f"{at}/calendar", _save_calendar, OWNER),
    ]


async def _version_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await opened(db, seen)
        result = await tried(db, seen, here, here.document, Trial.of(seen.request.query_params))
    return await _shown(seen, here, result=result)


async def _shown(
    seen: Visit, here: Opened, *, status: int = 200, trouble: str | None = None, result: Any = None
) -> Response[str]:
    return await show_version(
        seen, here, "version", tab="rules", status=status, rules=here.teller.rules(here.document), trouble=trouble,
        otherwise=here.teller.defaults(here.document), result=result,
        trial=Trial.of(seen.request.query_params), reasons=reasons(seen.reader),
    )  # fmt: skip


async def _change_rules(seen: Visit) -> Response[Any]:
    """Move, copy, switch or remove a rule of a draft, at once."""
    sent = await read_form(seen.request, token=seen.staff.csrf)
    act, _, rule_id = sent.text("do").partition(":")
    name = seen.reader.say("Copy of %(name)s")
    acts: dict[str, tuple[str, Callable[[Json], Json]]] = {
        "up": ("moved", lambda d: documents.moved(d, rule_id, -1)),
        "down": ("moved", lambda d: documents.moved(d, rule_id, 1)),
        "copy": ("copied", lambda d: documents.copied(d, rule_id, name % {"name": _name(d, rule_id)})),
        "remove": ("removed", lambda d: documents.without_rule(d, rule_id)),
        "switch": ("switched", lambda d: documents.switched(d, rule_id)),
    }
    if act not in acts:
        raise Refused("not_found", "There is no such act.")
    said, change = acts[act]
    try:
        here = await save(seen, change, after=sent.whole("revision") or 0)
    except Refused as refused:
        if refused.code != "state_changed":
            raise
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            here = await a_draft(db, seen)
        return await _shown(seen, here, status=409, trouble=overtaken(here, seen.reader))
    at = "" if act == "remove" else f"#rule-{rule_id}"
    return back_to(here, said, trial=Trial(sent.text("order"), sent.text("reason")).query, at=at)


def _name(document: Json, rule_id: str) -> str:
    rule = documents.rule_of(document, rule_id)
    return str(rule["name"]) if rule else ""


async def _otherwise_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await a_draft(db, seen)
    said = here.document["defaults"]
    assert isinstance(said, dict)
    tree: Tree = {
        "defaults": {
            name: typed_record(outcome_forms.FORMS[name], said.get(name, {}), seen.reader, here.currency)
            for name in outcome_forms.IN_ORDER
        }
    }
    return await _otherwise_form(seen, Edited(here, tree, FormErrors()))


async def _otherwise_form(seen: Visit, edited: Edited, *, status: int = 200, focus: str = "") -> Response[str]:
    return await show_version(
        seen, edited.here, "otherwise", tab="otherwise", status=status, **form_values(seen, edited, focus=focus)
    )


async def _save_otherwise(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request, MOST_BYTES, token=seen.staff.csrf)
    edited, focus = await _sent(seen, sent)
    if sent.text("do", "save") != "save":
        return await _otherwise_form(seen, edited, focus=focus)
    by = Reading(seen.reader, edited.here.currency, edited.errors)
    groups = part_of(edited.tree, "defaults")
    said = {
        name: outcome_forms.read_group(name, part_of(groups, name), f"defaults.{name}", by)
        for name in outcome_forms.IN_ORDER
    }
    return await _finish(seen, sent, edited, lambda d: {**d, "defaults": said}, _otherwise_form)


async def _calendar_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await a_draft(db, seen)
    document = {"several": Several.REVIEW.value, **here.document}
    tree = typed_record(outcome_forms.CALENDAR, document, seen.reader, here.currency)
    return await _calendar_form(seen, Edited(here, {"whole": tree}, FormErrors()))


async def _calendar_form(seen: Visit, edited: Edited, *, status: int = 200, focus: str = "") -> Response[str]:
    return await show_version(
        seen, edited.here, "calendar", tab="calendar", status=status, **form_values(seen, edited, focus=focus)
    )


async def _save_calendar(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request, MOST_BYTES, token=seen.staff.csrf)
    edited, focus = await _sent(seen, sent)
    if sent.text("do", "save") != "save":
        return await _calendar_form(seen, edited, focus=focus)
    by = Reading(seen.reader, edited.here.currency, edited.errors)
    said = outcome_forms.read_calendar(part_of(edited.tree, "whole"), by)
    return await _finish(seen, sent, edited, lambda d: {**d, **said}, _calendar_form, inside="whole")


async def _sent(seen: Visit, sent: Form) -> tuple[Edited, str]:
    """Return a form as it was sent, after the step that one of its buttons asks for, and where the focus goes."""
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await a_draft(db, seen)
    tree = tree_of(sent)
    focus = step(tree, sent.text("do", "save"), seen.reader)
    return Edited(here, tree, FormErrors()), focus


async def _finish(
    seen: Visit, sent: Form, edited: Edited, change: Callable[[Json], Json], again: Callable[..., Any], *,
    inside: str = "",
) -> Response[Any]:  # fmt: skip
    """Save what was read, or show the form again with what is wrong."""
    if not edited.errors:
        try:
            here = await save(seen, change, after=sent.whole("revision") or 0)
            return back_to(Opened(here.store, here.version, here.in_force, here.people, here.teller), "saved")
        except Refused as refused:
            edited = await edited.refused(seen, refused, prefix=inside)
    status = 409 if edited.trouble else 422
    answer: Response[Any] = await again(seen, edited, status=status)
    return answer
