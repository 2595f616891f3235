"""The condition of a rule as rows and groups: typed in menus, read into plain JSON, told as one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from retour.core.policy.document import MAX_DEPTH, Op
from retour.core.policy.facts import FACTS, Fact, Level
from retour.doors.dashboard.policy.fact_words import HINTS, LEVELS, clause, fact_name, op_name, strung
from retour.doors.dashboard.policy.pieces import Reading
from retour.doors.dashboard.policy.typed import Tree, rows_of, text_of, texts_of
from retour.doors.dashboard.policy.values import (
    Control,
    Wrong,
    choices,
    control,
    is_country,
    read_value,
    told_value,
    typed_value,
)
from retour.web.reader import Reader

MOST_EXPRESSION: Final = 500
FIRST_FACT: Final = "order.country"
Json = dict[str, object]


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# How the parts of a group hold together, as the menu of the group says it.
GROUPINGS: Final = (
    ("all", _("all of these hold")),
    ("any", _("at least one of these holds")),
    ("none", _("none of these holds")),
    ("not_all", _("not all of these hold")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row or group as the page shows it; `path` is the beginning of its field names."""

    path: str
    kind: str  # fact, group or expression
    grouping: str = "all"
    parts: tuple["Row", ...] = ()
    fact: str = ""
    op: str = ""
    ops: tuple[tuple[str, str], ...] = ()
    control: str = ""
    values: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    depth: int = 0
    is_first: bool = False
    is_last: bool = False


@dataclass(slots=True)
class Places:
    """Where in the form the parts of the JSON were typed: its paths to names of fields."""

    found: dict[str, str] = field(default_factory=dict)


def new_row(kind: str) -> Tree:
    """Return a row that was just added."""
    if kind == "group":
        return {"kind": "group", "of": "any", "parts": [new_row("fact")]}
    if kind == "expression":
        return {"kind": "expression", "text": ""}
    return {"kind": "fact", "fact": FIRST_FACT, "op": Op.IN.value, "value": ""}


def typed_condition(said: object, by: Reading) -> Tree:
    """Return the condition of a rule as it is typed: always a group at the top."""
    row = _typed(said, by)
    if row["kind"] == "group":
        return row
    return {"kind": "group", "of": "all", "parts": [row]}


def read_condition(tree: Tree, path: str, by: Reading, places: Places, at: str = "when") -> Json:
    """Return a typed condition as plain JSON; what is wrong is added to the errors under the name of its field."""
    places.found[at] = path
    kind = text_of(tree, "kind", "fact")
    if kind == "group":
        return _read_group(tree, path, by, places, at)
    if kind == "expression":
        text = text_of(tree, "text")
        places.found[f"{at}.expression"] = f"{path}.text"
        if not text or len(text) > MOST_EXPRESSION:
            most = by.reader.number(MOST_EXPRESSION)
            by.errors.add(
                f"{path}.text", by.reader.say("Write an expression of at most %(most)s characters", most=most)
            )
        return {"expression": " ".join(text.split())}
    return _read_fact(tree, path, by, places, at)


def shown_condition(tree: Tree, by: Reading, path: str = "when") -> Row:
    """Return the rows of a typed condition for the page."""
    return _shown(tree, by, path, 0, (0, 1))


def catalogue(reader: Reader) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the facts for a menu: (level, [(name, words)]) in the order of the catalogue."""
    found = []
    for level in Level:
        facts = [(fact.name, _capital(fact_name(fact.name, reader))) for fact in FACTS.values() if fact.level is level]
        if facts:
            found.append((reader.say(LEVELS[level]), facts))
    return found


def told_condition(said: object, reader: Reader, *, currency: str, inside: bool = False) -> str:
    """Return a condition as a clause, "" for one that always holds; groups inside each other stand in brackets."""
    node: Mapping[str, object] = said if isinstance(said, dict) else {}
    if "not" in node:
        told = told_condition(node["not"], reader, currency=currency)
        return reader.say("it is not so that %(what)s", what=told)
    if "expression" in node:
        return reader.say("the expression %(text)s holds", text=node["expression"])
    if "fact" in node:
        name, op, value = str(node["fact"]), Op(str(node["op"])), node.get("value")
        return clause(name, op, value, told_value(name, op, value, reader, currency=currency), reader)
    name = "any" if "any" in node else "all"
    parts = node.get(name)
    told_parts = [
        told_condition(part, reader, currency=currency, inside=len(parts) > 1) for part in parts
    ] if isinstance(parts, list) else []  # fmt: skip
    told = strung(told_parts, reader, alternatives=name == "any")
    return f"({told})" if inside and len(told_parts) > 1 else told


def _typed(said: object, by: Reading) -> Tree:
    node: Mapping[str, object] = said if isinstance(said, dict) else {"all": []}
    if "not" in node:
        return _negated(_typed(node["not"], by))
    if "expression" in node:
        return {"kind": "expression", "text": str(node["expression"])}
    if "fact" in node:
        fact, op = FACTS[str(node["fact"])], Op(str(node["op"]))
        values = typed_value(fact, op, node["value"], by.reader, currency=by.currency, zones=by.zones)
        return {"kind": "fact", "fact": fact.name, "op": op.value, "value": values[0] if len(values) == 1 else values}
    name = "any" if "any" in node else "all"
    parts = node.get(name)
    return {
        "kind": "group",
        "of": name,
        "parts": [_typed(part, by) for part in parts] if isinstance(parts, list) else [],
    }


def _negated(row: Tree) -> Tree:
    """Return a row turned into its opposite: a group by its grouping, anything else inside a group."""
    opposite = {"all": "not_all", "any": "none"}
    if row["kind"] == "group" and row["of"] in opposite:
        return {**row, "of": opposite[str(row["of"])]}
    return {"kind": "group", "of": "none", "parts": [row]}


def _read_group(tree: Tree, path: str, by: Reading, places: Places, at: str) -> Json:
    grouping, rows = text_of(tree, "of", "all"), rows_of(tree, "parts")
    name = "any" if grouping in ("any", "none") else "all"
    negated = grouping in ("none", "not_all")
    if path.count(".parts.") >= MAX_DEPTH - 1:
        by.errors.add(
            f"{path}.of", by.reader.say("Groups can be at most %(most)s deep", most=by.reader.number(MAX_DEPTH))
        )
    if not rows and (path != "when" or grouping != "all"):
        by.errors.add(f"{path}.of", by.reader.say("Add a condition to this group, or remove it"))
    if negated and len(rows) == 1:
        return {"not": read_condition(rows[0], f"{path}.parts.0", by, places, f"{at}.not")}
    inner = f"{at}.not.{name}" if negated else f"{at}.{name}"
    parts = [read_condition(row, f"{path}.parts.{n}", by, places, f"{inner}[{n}]") for n, row in enumerate(rows)]
    if path == "when" and grouping == "all" and len(parts) == 1:
        return read_condition(rows[0], "when.parts.0", by, places, at)
    return {"not": {name: parts}} if negated else {name: parts}


def _read_fact(tree: Tree, path: str, by: Reading, places: Places, at: str) -> Json:
    fact, op = _chosen(tree)
    places.found |= {f"{at}.{name}": f"{path}.{name}" for name in ("fact", "op", "value")}
    try:
        value = read_value(fact, op, texts_of(tree, "value"), by.reader, currency=by.currency, zones=by.zones)
    except Wrong as wrong:
        name = fact_name(fact.name, by.reader)
        by.errors.add(f"{path}.value", f"{_capital(name)}: {wrong.message}")
        value = ""
    return {"fact": fact.name, "op": op.value, "value": value}


def _chosen(tree: Tree) -> tuple[Fact, Op]:
    """Return the fact and the comparison that were chosen; one that the fact has not becomes its first."""
    fact = FACTS.get(text_of(tree, "fact"), FACTS[FIRST_FACT])
    wanted = text_of(tree, "op")
    return fact, next((op for op in fact.ops if op.value == wanted), fact.ops[0])


def _shown(tree: Tree, by: Reading, path: str, depth: int, place: tuple[int, int]) -> Row:
    kind, first, last = text_of(tree, "kind", "fact"), place[0] == 0, place[0] == place[1] - 1
    if kind == "group":
        rows = rows_of(tree, "parts")
        parts = tuple(_shown(r, by, f"{path}.parts.{n}", depth + 1, (n, len(rows))) for n, r in enumerate(rows))
        return Row(
            path, "group", grouping=text_of(tree, "of", "all"), parts=parts, depth=depth, is_first=first, is_last=last
        )
    if kind == "expression":
        return Row(path, kind, values=(text_of(tree, "text"),), depth=depth, is_first=first, is_last=last)
    fact, op = _chosen(tree)
    how = control(fact, op, by.zones)
    return Row(
        path, "fact", fact=fact.name, op=op.value, ops=tuple((o.value, op_name(o, fact, by.reader)) for o in fact.ops),
        control=how.value, values=tuple(texts_of(tree, "value")), options=_options(fact, how, by),
        hint=_hint(fact, how, by.reader), depth=depth, is_first=first, is_last=last,
    )  # fmt: skip


def _hint(fact: Fact, how: Control, reader: Reader) -> str:
    said = [HINTS[fact.name]] if fact.name in HINTS else []
    if how is Control.LIST:
        country = is_country(fact.name)
        said.append(_("Names or two letters, with commas between them.") if country else _("With commas between them."))
    return " ".join(reader.say(text) for text in said)


def _options(fact: Fact, how: Control, by: Reading) -> tuple[tuple[str, str], ...]:
    if how is Control.FLAG:
        return (("yes", by.reader.say("yes")), ("no", by.reader.say("no")))
    if how in (Control.ONE_OF, Control.SOME_OF):
        return tuple((value, _capital(by.reader.say(words))) for value, words in choices(fact, by.zones, by.reasons))
    return ()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
