"""Names that say nothing are refused, and units stand last."""

import ast
import re
from pathlib import PurePosixPath

from tests.architecture.tree import Source

_EMPTY = (
    "util",
    "utils",
    "helper",
    "helpers",
    "manager",
    "managers",
    "base",
    "common",
    "service",
    "services",
    "handler",
    "handlers",
    "misc",
)
_MODULE = re.compile(rf"(?:^|_)(?:{'|'.join(_EMPTY)})$")
_CLASS = re.compile(rf"(?:{'|'.join(word.capitalize() for word in _EMPTY)})$|^Base[A-Z]|^Abstract[A-Z]")
# A switch such as `tag_on` ("which record is tagged") is a text, not a day.
_UNITS = {"_minor": {"int"}, "_at": {"datetime"}, "_on": {"date", "str"}}
_PLAIN = {"int", "float", "str", "bool", "bytes", "datetime", "date", "Decimal"}


def refused_names(source: Source) -> list[str]:
    """Return a finding for each folder, module or class whose name is one of the empty words, or ends in one."""
    parts = PurePosixPath(source.path).with_suffix("").parts
    found = [f"{source.path}:1: the name {part!r} says nothing" for part in parts if _MODULE.search(part)]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and _CLASS.search(node.name):
            found.append(source.at(node, f"the class name {node.name!r} says nothing"))
    return found


def wrong_units(source: Source) -> list[str]:
    """Return a finding for each annotated name whose ending lies: `_minor` is int, `_at` datetime, `_on` date."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name, annotation = node.target.id, node.annotation
        elif isinstance(node, ast.arg) and node.annotation is not None:
            name, annotation = node.arg, node.annotation
        else:
            continue
        plain = {part.id for part in ast.walk(annotation) if isinstance(part, ast.Name)} & _PLAIN
        for unit, allowed in _UNITS.items():
            if name.endswith(unit) and plain and not plain & allowed:
                found.append(
                    source.at(node, f"{name} is {ast.unparse(annotation)}; a name in {unit} is {min(allowed)}")
                )
    return found
