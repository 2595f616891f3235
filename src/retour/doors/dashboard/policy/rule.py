"""One rule of a draft: built from menus, tried on an order beside it, and saved into the draft."""

from dataclasses import replace
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.policy import conditions, documents, outcome_forms
from retour.doors.dashboard.policy.conditions import Places
from retour.doors.dashboard.policy.draft import MOST_BYTES
from retour.doors.dashboard.policy.editing import Edited, form_values, save, step
from retour.doors.dashboard.policy.pieces import Reading, typed_record
from retour.doors.dashboard.policy.room import OWNER, ROOT, Opened, a_draft, back_to, show_version
from retour.doors.dashboard.policy.trying import Trial, Tried, reasons, tried
from retour.doors.dashboard.policy.typed import Tree, part_of, text_of, tree_of
from retour.doors.dashboard.route import form, page
from retour.store.db import Db
from retour.web.forms import FormErrors, read_form

Json = documents.Json


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of a rule's own page."""
    at = f"{ROOT}/{{number:str}}"
    return [
        page(desk, f"{at}/add", _new_page, OWNER),
        form(desk, f"{at}/add", _sent, OWNER),
        page(desk, f"{at}/rules/{{rule:str}}", _rule_page, OWNER),
        form(desk, f"{at}/rules/{{rule:str}}", _sent, OWNER),
    ]


async def _new_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await a_draft(db, seen)
    when: Tree = {"kind": "group", "of": "all", "parts": [conditions.new_row("fact")]}
    tree: Tree = {"name": "", "enabled": "1", "when": when, "then": {}, **_trial(seen)}
    return await _form(seen, Edited(here, tree, FormErrors()))


def _trial(seen: Visit) -> Tree:
    """Return what the draft is tried on, as the fields of the form carry it."""
    trial = Trial.of(seen.request.query_params)
    return {"try_order": trial.order, "try_reason": trial.reason}


async def _rule_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await a_draft(db, seen)
        result = await tried(db, seen, here, here.document, Trial.of(seen.request.query_params))
    rule = documents.rule_of(here.document, seen.request.path_params["rule"])
    if rule is None:
        raise Refused("policy_not_found", "There is no such rule.")
    then = rule["then"]
    assert isinstance(then, dict)
    by = Reading(seen.reader, here.currency, FormErrors(), here.zones, here.reasons)
    tree: Tree = {
        "name": str(rule["name"]),
        "enabled": "1" if rule.get("enabled", True) else "",
        **_trial(seen),
        "when": conditions.typed_condition(rule.get("when"), by),
        "then": {
            name: typed_record(outcome_forms.FORMS[name], said, seen.reader, here.currency)
            for name, said in then.items()
        },
    }
    return await _form(seen, Edited(here, tree, FormErrors()), result=result)


async def _form(
    seen: Visit, edited: Edited, *, status: int = 200, focus: str = "", result: Tried | None = None
) -> Response[str]:
    here, tree = edited.here, edited.tree
    by = Reading(seen.reader, here.currency, edited.errors, here.zones, here.reasons)
    said = [name for name in outcome_forms.IN_ORDER if name in part_of(tree, "then")]
    return await show_version(
        seen, here, "rule", tab="rules", status=status, rule_id=seen.request.path_params.get("rule", ""), said_groups=said,
        unsaid=[(name, seen.reader.say(outcome_forms.GROUPS[name])) for name in outcome_forms.IN_ORDER if name not in said],
        condition=conditions.shown_condition(part_of(tree, "when"), by), result=result,
        trial=Trial.of(tree, inside="try_"), reasons=reasons(seen.reader), told=_told(here, tree, by),
        **form_values(seen, edited, focus=focus),
    )  # fmt: skip


def _told(here: Opened, tree: Tree, by: Reading) -> Any:
    """Return the rule in words as far as it can be read."""
    quiet = replace(by, errors=FormErrors())
    rule = _read(tree, quiet, Places())
    if quiet.errors:
        return None
    return here.teller.rule({**rule, "id": ""}, 0)


def _read(tree: Tree, by: Reading, places: Places) -> Json:
    """Return the typed rule as plain JSON, without its id; what is wrong is added to the errors."""
    name = " ".join(text_of(tree, "name").split())
    if not name or len(name) > 200:
        by.errors.add("name", by.reader.say("Give the rule a name of at most 200 characters"))
    when = conditions.read_condition(part_of(tree, "when") or {"kind": "group"}, "when", by, places)
    groups = part_of(tree, "then")
    then = {
        group: outcome_forms.read_group(group, part_of(groups, group), f"then.{group}", by)
        for group in outcome_forms.IN_ORDER
        if group in groups
    }
    if not then:
        by.errors.add("more", by.reader.say("Say what the rule decides"))
    return {"name": name, "enabled": bool(text_of(tree, "enabled")), "when": when, "then": then}


async def _sent(seen: Visit) -> Response[Any]:
    """Answer a step of the form, try the rule as it is typed, or save it."""
    sent = await read_form(seen.request, MOST_BYTES, token=seen.staff.csrf)
    do, rule_id = sent.text("do", "save"), seen.request.path_params.get("rule", "")
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await a_draft(db, seen)
        edited, places = Edited(here, tree_of(sent), FormErrors()), Places()
        by = Reading(seen.reader, here.currency, edited.errors, here.zones, here.reasons)
        result = await _try(db, seen, edited, by, rule_id) if do == "try" else None
    if do == "try":
        return await _form(seen, edited, result=result)
    if do != "save":
        focus = step(edited.tree, do, seen.reader)
        return await _form(seen, edited, focus=focus)
    rule = _read(edited.tree, by, places)
    if edited.errors:
        return await _form(seen, edited, status=422)
    found = (
        rule_id if documents.rule_of(here.document, rule_id) else documents.free_id(here.document, str(rule["name"]))
    )

    def change(document: Json) -> Json:
        return documents.with_rule(document, {"id": found, **rule}, instead_of=found)

    edited = replace(edited, places=places.found)
    try:
        here = await save(seen, change, after=sent.whole("revision") or 0)
    except Refused as refused:
        inside = f"rules[{documents.place_of(here.document, found)}]"
        edited = await edited.refused(seen, refused, inside=inside)
        return await _form(seen, edited, status=409 if edited.trouble else 422)
    return back_to(here, "saved", trial=Trial.of(edited.tree, inside="try_").query, at=f"#rule-{found}")


async def _try(db: Db, seen: Visit, edited: Edited, by: Reading, rule_id: str) -> Tried | None:
    """Return what the draft would decide with the rule as it is typed."""
    here, trial = edited.here, Trial.of(edited.tree, inside="try_")
    quiet = replace(by, errors=FormErrors())
    rule = {"id": rule_id or documents.free_id(here.document, "this-rule"), **_read(edited.tree, quiet, Places())}
    if quiet.errors:
        return Tried(trial.order, seen.reader.say("The rule is not complete yet. Fill it in, then try it."))
    document = documents.with_rule(here.document, rule, instead_of=rule_id or None)
    return await tried(db, seen, here, document, trial)
