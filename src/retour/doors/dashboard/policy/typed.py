"""A form that grows: its fields as a tree of texts, and the steps that add, move and remove its rows.

The name of a field is the path to it, such as `when.parts.0.fact`; numbers are the places in a list. A page is made
from the tree and gives it back when it is sent, so that nothing is lost on the way, with or without script.
"""

import re
from collections.abc import Mapping
from typing import Final

from retour.web.forms import Form

Tree = dict[str, object]  # of texts, lists of texts, lists of trees, and trees

MOST_FIELDS: Final = 4000
MOST_ROWS: Final = 300
_PATH: Final = re.compile(r"[a-z_]{1,40}(?:\.(?:[a-z_]{1,40}|[0-9]{1,3}))*")
_MOST_STEPS: Final = 40


def tree_of(form: Form) -> Tree:
    """Return what a form sent; names that are no paths are left out, places in a list are closed up."""
    root: Tree = {}
    for name, values in list(form.fields.items())[:MOST_FIELDS]:
        parts = name.split(".")
        if _PATH.fullmatch(name) and len(parts) <= _MOST_STEPS:
            _put(root, parts, list(values))
    return {name: _closed(value) for name, value in root.items()}


def text_of(tree: Mapping[str, object], name: str, default: str = "") -> str:
    """Return the text of a field of a tree."""
    value = tree.get(name)
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str)), default)
    return value if isinstance(value, str) else default


def texts_of(tree: Mapping[str, object], name: str) -> list[str]:
    """Return every text of a field, as checkboxes of one name send them."""
    value = tree.get(name)
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def part_of(tree: Mapping[str, object], name: str) -> Tree:
    """Return a tree inside a tree, empty if there is none."""
    value = tree.get(name)
    return value if isinstance(value, dict) else {}


def rows_of(tree: Mapping[str, object], name: str) -> list[Tree]:
    """Return the rows of a list inside a tree."""
    value = tree.get(name)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def at(tree: Tree, path: str) -> object:
    """Return what stands at a path, or nothing."""
    here: object = tree
    for part in path.split("."):
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        else:
            return None
    return here


def add_row(tree: Tree, path: str, row: Tree) -> str | None:
    """Append a row to the list at a path and return the path of the row; nothing if the list is full."""
    parent, _, name = path.rpartition(".")
    holder = at(tree, parent) if parent else tree
    if not isinstance(holder, dict):
        return None
    rows = holder.setdefault(name, [])
    if not isinstance(rows, list) or len(rows) >= MOST_ROWS:
        return None
    rows.append(row)
    return f"{path}.{len(rows) - 1}"


def remove_row(tree: Tree, path: str) -> None:
    """Take the row at a path out of its list."""
    parent, _, place = path.rpartition(".")
    rows = at(tree, parent)
    if isinstance(rows, list) and place.isdigit() and int(place) < len(rows):
        del rows[int(place)]


def move_row(tree: Tree, path: str, by: int) -> str:
    """Move the row at a path up (-1) or down (1) in its list and return its path then."""
    parent, _, place = path.rpartition(".")
    rows = at(tree, parent)
    if not isinstance(rows, list) or not place.isdigit():
        return path
    here, there = int(place), int(place) + by
    if not (0 <= here < len(rows) and 0 <= there < len(rows)):
        return path
    rows[here], rows[there] = rows[there], rows[here]
    return f"{parent}.{there}"


def _put(here: Tree, parts: list[str], values: list[str]) -> None:
    for part in parts[:-1]:
        inner = here.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        here = inner
    here.setdefault(parts[-1], values[0] if len(values) == 1 else values)


def _closed(value: object) -> object:
    """Return a tree in which what has numbers for names is a list in their order."""
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [_closed(value[name]) for name in sorted(value, key=int)]
    return {name: _closed(item) for name, item in value.items()}
