"""Editing a draft: a form as it is typed, the steps its buttons ask for, and saving over the revision that was read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from retour.core.errors import Refused
from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.policy import conditions, outcome_forms, refusals, typed
from retour.doors.dashboard.policy.documents import Json
from retour.doors.dashboard.policy.pieces import Piece, typed_record
from retour.doors.dashboard.policy.room import Opened, a_draft, overtaken
from retour.doors.dashboard.policy.typed import Tree
from retour.flows import policy as flow
from retour.store.db import Db
from retour.web.forms import FormErrors
from retour.web.reader import Reader


@dataclass(frozen=True, slots=True)
class Edited:
    """A form of a draft as it was typed; `trouble` is said above it when somebody else was faster."""

    here: Opened
    tree: Tree
    errors: FormErrors
    trouble: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)

    async def refused(self, seen: Visit, refused: Refused, *, inside: str = "", prefix: str = "") -> "Edited":
        """Return the form with a refusal where it belongs; one of a colleague's change is said above it."""
        if refused.code == "state_changed":
            async with seen.desk.database.tx(seen.staff.tenant_id) as db:
                here = await a_draft(db, seen)
            return replace(self, here=here, trouble=overtaken(here, seen.reader))
        name = refusals.place(refused, self.places, inside=inside)
        name = f"{prefix}.{name}" if prefix else name
        while "." in name and typed.at(self.tree, name) is None:
            name = name.rpartition(".")[0]  # one of several values in a field, or a field that was not ticked
        self.errors.add(name, refusals.said(refused, seen.reader))
        return self


async def save(seen: Visit, change: Callable[[Json], Json], *, after: int) -> Opened:
    """Write a change over revision `after` of the draft; raise Refused, state_changed among others.

    Where an amount is the first of the policy, the policy gets the currency of the store's books.
    """

    async def work(db: Db) -> Opened:
        here = await a_draft(db, seen)
        if here.version.revision != after:
            raise Refused("state_changed", "somebody saved the draft meanwhile")
        document = change(here.document)
        wish: dict[str, Any] = {
            "store_id": here.store.id, "version_id": here.version.id, "after": after, "actor": seen.staff.actor,
            "now": seen.now,
        }  # fmt: skip
        try:
            await flow.checked(db, store_id=here.store.id, document=document)
        except Refused as refused:
            if refused.code != "missing_currency":
                raise
            document = {**document, "currency": here.store.currency}
        saved = await flow.save_draft(db, document=document, **wish)
        return replace(here, version=saved)

    return await seen.desk.database.run(seen.staff.tenant_id, work)


def step(tree: Tree, do: str, reader: Reader) -> str:
    """Carry out what a button of a growing form asks for and return the field that gets the focus then.

    `add:PATH`, `add-fact:PATH`, `add-group:PATH`, `add-expression:PATH`, `remove:PATH`, `up:PATH`, `down:PATH`,
    `say` (a group of outcomes, chosen in `more`), `unsay:GROUP`; anything else leaves the form as it is.
    """
    act, _, path = do.partition(":")
    if act in ("add-fact", "add-group", "add-expression"):
        row = typed.add_row(tree, path, conditions.new_row(act.removeprefix("add-")))
        return f"{row}.{'of' if act == 'add-group' else 'text' if act == 'add-expression' else 'fact'}" if row else path
    if act == "add":
        rows = _rows_at(path)
        if rows is None:
            return ""
        row = typed.add_row(tree, path, typed_record(rows.parts, {}, reader, "EUR"))
        return f"{row}.{rows.parts[0].name}" if row else path
    if act == "remove":
        typed.remove_row(tree, path)
        return path.rpartition(".")[0]
    if act in ("up", "down"):
        there = typed.move_row(tree, path, -1 if act == "up" else 1)
        return f"{act}:{there}"
    if act == "say":
        return _say(tree, reader)
    if act == "unsay":
        typed.part_of(tree, "then").pop(path, None)
        return "more"
    return ""


@dataclass(frozen=True, slots=True)
class FormView:
    """What the parts of a growing form ask for wherever they stand."""

    reader: Reader
    errors: FormErrors
    currency: str
    sources: Mapping[str, list[tuple[str, str]]]
    catalogue: list[tuple[str, list[tuple[str, str]]]]

    def said(self, options: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return options of a menu in the reader's language."""
        return [(value, self.capital(text)) for value, text in options]

    def capital(self, text: str) -> str:
        """Return a text in the reader's language with a capital at its beginning."""
        said = self.reader.say(text)
        return said[:1].upper() + said[1:]

    @property
    def groupings(self) -> list[tuple[str, str]]:
        """Return how the conditions of a group may hold together."""
        return self.said(conditions.GROUPINGS)


def form_values(seen: Visit, edited: Edited, *, focus: str = "") -> dict[str, Any]:
    """Return what a page with a growing form shows."""
    sources = {"resolutions": list(edited.here.teller.records.items())}
    catalogue = conditions.catalogue(seen.reader)
    return {
        "tree": edited.tree, "errors": edited.errors, "trouble": edited.trouble, "focus": focus,
        "forms": outcome_forms.FORMS, "group_names": outcome_forms.GROUPS, "in_order": outcome_forms.IN_ORDER,
        "calendar": outcome_forms.CALENDAR,
        "form": FormView(seen.reader, edited.errors, edited.here.currency, sources, catalogue),
    }  # fmt: skip


def _say(tree: Tree, reader: Reader) -> str:
    """Add the form of a group of outcomes that the rule says nothing about yet."""
    name = typed.text_of(tree, "more")
    then = tree.setdefault("then", {})
    if name in outcome_forms.FORMS and isinstance(then, dict) and name not in then:
        then[name] = typed_record(outcome_forms.FORMS[name], outcome_forms.NEW.get(name, {}), reader, "EUR")
        return f"then.{name}.{outcome_forms.FORMS[name][0].name}"
    return "more"


def _rows_at(path: str) -> Piece | None:
    """Return the list that a path leads to, as the forms describe it."""
    parts = path.split(".")
    known: tuple[Piece, ...] = ()
    if parts[0] in ("then", "defaults") and len(parts) > 1 and parts[1] in outcome_forms.FORMS:
        known, parts = outcome_forms.FORMS[parts[1]], parts[2:]
    elif parts[0] == "whole":
        known, parts = outcome_forms.CALENDAR, parts[1:]
    found: Piece | None = None
    for part in parts:
        if part.isdigit():
            continue
        found = next((piece for piece in known if piece.name == part), None)
        if found is None:
            return None
        known = found.parts
    return found
