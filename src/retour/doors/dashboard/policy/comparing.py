"""Two versions of a policy side by side, in words: what is new, gone, changed, and what stands elsewhere now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any, Final, cast

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.policy import decode
from retour.core.policy.lifecycle import Change, ChangeKind, diff
from retour.doors.dashboard.desk import Desk, Visit, whole
from retour.doors.dashboard.policy import outcome_forms
from retour.doors.dashboard.policy.documents import Json, place_of, rule_of, rules_of
from retour.doors.dashboard.policy.room import ROOT, Opened, opened, show_version, teller_of
from retour.doors.dashboard.policy.sentences import Teller, Told, told_zone
from retour.doors.dashboard.route import page
from retour.store import policy
from retour.store.db import Db
from retour.store.policy import PolicyVersion

Line = tuple[str, str]  # kept, gone or new; the sentence


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


STATES: Final[Mapping[str, str]] = {
    "new": _("New"), "gone": _("Gone"), "changed": _("Changed"), "moved": _("Moved"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One rule or question that differs: its sentences before and now, each kept, gone or new."""

    title: str
    state: str  # new, gone, changed or moved
    before: Sequence[Line]
    after: Sequence[Line]
    moved: tuple[int, int] | None = None
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs between two documents, and how many rules are the same in both."""

    rules: Sequence[Difference]
    otherwise: Sequence[Difference]
    others: Sequence[Difference]
    same: int

    def __bool__(self) -> bool:
        return bool(self.rules or self.otherwise or self.others)

    def __len__(self) -> int:
        return len(self.rules) + len(self.otherwise) + len(self.others)


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of comparisons."""
    return [page(desk, f"{ROOT}/{{number:str}}/compare", _compare_page)]


async def _compare_page(seen: Visit) -> Response[Any]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await opened(db, seen)
        versions = [row for row in await policy.list_versions(db, here.store.id) if row["id"] != here.version.id]
        other = await _other(db, seen, here, [row["version"] for row in versions])
        found = None
        if other is not None:
            teller = await teller_of(db, seen, here.store, other.document)
            found = compared(cast("Json", other.document), here.document, teller, here.teller)
    return await show_version(
        seen, here, "compare", tab="compare", versions=versions, other=other, found=found,
        states={name: seen.reader.say(text) for name, text in STATES.items()},
    )  # fmt: skip


async def _other(db: Db, seen: Visit, here: Opened, numbers: Sequence[int]) -> PolicyVersion | None:
    """Return the version to compare with: the one that is asked for, what is in force, or the one before."""
    asked = whole(seen.request.query_params.get("with"), least=0)
    before = max((n for n in numbers if n < here.version.version), default=0)
    preferred = (asked, here.in_force if here.is_draft else before, before, *numbers)
    wanted = next((n for n in preferred if n in numbers), None)
    found = await policy.numbered(db, here.store.id, wanted) if wanted is not None else None
    return await policy.get_version(db, here.store.id, found) if found else None


def compared(before: Json, after: Json, was: Teller, now: Teller) -> Comparison:
    """Return what differs between two documents in words, as `diff` finds it."""
    changes = diff(decode(before), decode(after))
    touched: dict[str, list[Change]] = {}
    for change in changes:
        top, _, rest = change.path.partition(".")
        touched.setdefault(f"rules.{rest.partition('.')[0]}" if top == "rules" else change.path, []).append(change)
    rules = [
        _rule(name.removeprefix("rules."), touched[name], before, after, was, now)
        for name in _ordered(touched, before, after)
    ]
    otherwise = [
        _group(name, before, after, was, now)
        for name in outcome_forms.IN_ORDER
        if _mentions(touched, f"defaults.{name}")
    ]
    others = [_declared(name, before, after, was, now) for name in _DECLARED if _mentions(touched, name)]
    gone = sum(1 for found in rules if found.state == "gone")
    same = len(rules_of(after)) - (len(rules) - gone)
    return Comparison(rules, otherwise, others, same)


def _mentions(touched: Mapping[str, object], path: str) -> bool:
    return any(name == path or name.startswith(f"{path}.") for name in touched)


def _ordered(touched: Mapping[str, object], before: Json, after: Json) -> list[str]:
    """Return the rules that differ: those of the new document in its order, each that is gone where it stood."""
    names = [name for name in touched if name.startswith("rules.")]

    def place(name: str) -> tuple[int, int]:
        rule_id = name.removeprefix("rules.")
        if rule_of(after, rule_id) is not None:
            return place_of(after, rule_id), 1
        return place_of(before, rule_id), 0

    return sorted(names, key=place)


def _rule(rule_id: str, changes: Sequence[Change], before: Json, after: Json, was: Teller, now: Teller) -> Difference:
    old, new = rule_of(before, rule_id), rule_of(after, rule_id)
    told_old = was.rule(old, place_of(before, rule_id) + 1) if old else None
    told_new = now.rule(new, place_of(after, rule_id) + 1) if new else None
    moved = next((change for change in changes if change.kind is ChangeKind.MOVED), None)
    places = (cast("int", moved.before), cast("int", moved.after)) if moved else None
    told = told_new or told_old
    assert told is not None, "a rule that differs is in one of the documents"
    state = "new" if old is None else "gone" if new is None else "moved" if len(changes) == 1 and moved else "changed"
    renamed = told_old is not None and told_new is not None and told_old.name != told_new.name
    left, right = beside(_lines(told_old, now, renamed=renamed), _lines(told_new, now, renamed=renamed))
    return Difference(told.name, state, left, right, places, anchor=rule_id)


def _lines(told: Told | None, by: Teller, *, renamed: bool) -> list[str]:
    if told is None:
        return []
    name = [by.quoted(told.name)] if renamed else []
    off = [] if told.enabled else [by.reader.say("Switched off.")]
    return [*name, *off, told.when, *told.sentences]


def _group(name: str, before: Json, after: Json, was: Teller, now: Teller) -> Difference:
    def told(document: Json, by: Teller) -> list[str]:
        said = cast("Mapping[str, Mapping[str, object]]", document["defaults"])
        return by.outcome(name, said.get(name, {}))

    left, right = beside(told(before, was), told(after, now))
    return Difference(now.reader.say(outcome_forms.GROUPS[name]), "changed", left, right)


_DECLARED: Final[Mapping[str, str]] = {
    "name": _("Name of the policy"),
    "currency": _("Currency of the amounts"),
    "several": _("When items of one request go different ways"),
    "zones": _("Zones"),
    "calendar": _("Days off"),
    "promotions": _("Discounts with a condition"),
}


def _declared(name: str, before: Json, after: Json, was: Teller, now: Teller) -> Difference:
    left, right = beside(told_declared(name, before, was), told_declared(name, after, now))
    return Difference(now.reader.say(_DECLARED[name]), "changed", left, right)


def told_declared(name: str, document: Json, by: Teller) -> list[str]:
    """Return what a document declares under a name, in words."""
    value, reader = document.get(name), by.reader
    if name == "zones" and isinstance(value, list):
        return [told_zone(zone, reader) for zone in value]
    if name == "several":
        return [reader.say(dict(outcome_forms.SEVERAL)[str(value or "review")])]
    if name == "calendar":
        said = value if isinstance(value, dict) else {}
        weekend = [reader.say(dict(outcome_forms.WEEKDAYS)[str(n)]) for n in said.get("weekend", (6, 7))]
        days = [reader.day(date.fromisoformat(str(day))) for day in said.get("holidays", ())]
        return [*weekend, *days]
    if name == "promotions" and isinstance(value, list):
        return [_promotion(one, by) for one in value]
    return [str(value)] if value else []


def _promotion(said: Mapping[str, object], by: Teller) -> str:
    parts = []
    if said.get("minimum_minor"):
        parts.append(by.reader.say("from %(amount)s", amount=by.money(said["minimum_minor"])))
    if said.get("minimum_units"):
        units = cast("int", said["minimum_units"])
        parts.append(by.reader.say_plural("from %(n)s unit", "from %(n)s units", units))
    return f"{said['code']}: {', '.join(parts)}"


def beside(before: Sequence[str], after: Sequence[str]) -> tuple[list[Line], list[Line]]:
    """Return two lists of sentences, each kept, gone (only before) or new (only after)."""
    left: list[Line] = []
    right: list[Line] = []
    for _op, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        same = list(before[i1:i2]) == list(after[j1:j2])
        left += [("kept" if same else "gone", text) for text in before[i1:i2]]
        right += [("kept" if same else "new", text) for text in after[j1:j2]]
    return left, right
