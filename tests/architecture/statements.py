"""Where SQL may stand, and that its text is never put together."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.tree import Source

_OBJECT = (
    r"(?:TABLE|(?:UNIQUE\s+)?INDEX|(?:MATERIALIZED\s+)?VIEW|FUNCTION|SCHEMA|ROLE|USER|DATABASE|EXTENSION|POLICY|TRIGGER|TYPE"
    r"|SEQUENCE)"
)
_SHAPES = (
    r"SELECT\s+(?:[^;]*\sFROM\s|\d|\$\d|[\w.]+\s*\()",
    r"INSERT\s+INTO\s+\S+",
    r"UPDATE\s+(?:ONLY\s+)?[\w.\"?]+\s+(?:AS\s+\w+\s+|\w+\s+)?SET\s",
    r"DELETE\s+FROM\s+\S+",
    r"MERGE\s+INTO\s",
    r"WITH\s+(?:RECURSIVE\s+)?\w+\s*(?:\([^)]*\)\s*)?AS\s+(?:NOT\s+MATERIALIZED\s+|MATERIALIZED\s+)?\(",
    rf"CREATE\s+(?:OR\s+REPLACE\s+|TEMP\s+|TEMPORARY\s+)?{_OBJECT}\s",
    rf"(?:ALTER|DROP)\s+{_OBJECT}\s",
    r"TRUNCATE\s+(?:TABLE\s+)?[\w.?]+\s*;?\s*$",
    r"(?:GRANT|REVOKE)\s+[\w,\s]+\s(?:ON|TO|FROM)\s",
    r"COPY\s+\S+.*\s(?:FROM|TO)\s+STDIN|COPY\s+\S+.*\sTO\s+STDOUT",
    r"LOCK\s+TABLE\s",
    r"SET\s+(?:LOCAL\s+|SESSION\s+)?(?:ROLE|search_path|lock_timeout|statement_timeout|app\.\w+)\b",
    r"(?:BEGIN|START\s+TRANSACTION)\s*;",
    r"(?:LISTEN|UNLISTEN|NOTIFY)\s+[\w?]+\s*(?:,.*)?;?\s*$",
)
_UPPER = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:" + "|".join(_SHAPES) + ")", re.DOTALL)
_LOWER = re.compile(
    r"\s*(?:select\s+[\w*.,\s()'\"$?]+\sfrom\s+[\w.?]+|insert\s+into\s+[\w.?]+|update\s+[\w.?]+\s+set\s|delete\s+from\s+[\w.?]+"
    r"|select\s+[\w.]+\()",
    re.DOTALL,
)
_RUNNERS = {
    "execute",
    "executemany",
    "fetch",
    "fetchrow",
    "fetchval",
    "fetchmany",
    "prepare",
    "cursor",
    "copy_from_query",
}
_PUTS_TOGETHER = {"format", "format_map", "join", "replace", "substitute", "safe_substitute"}


def is_sql(text: str) -> bool:
    """Return whether the text starts as a statement; a sentence that merely uses such words does not."""
    return bool(_UPPER.match(text) or _LOWER.match(text))


def sql_outside_store(source: Source) -> list[str]:
    """Return a finding for each SQL statement in the file; the caller passes no file of `store`."""
    seen = source.docstrings
    found = []
    for node, text in _texts(source.tree):
        if id(node) not in seen and is_sql(text):
            found.append(source.at(node, f"SQL outside store: {' '.join(text.split())[:50]!r}"))
    return found


def formatted_sql(source: Source) -> list[str]:
    """Return a finding for each statement put together from pieces, and for each such text passed to the database."""
    found = []
    for node in ast.walk(source.tree):
        built = _built(node)
        if built is not None and is_sql(built):
            found.append(source.at(node, "SQL put together from pieces; use one constant and $n"))
        elif isinstance(node, ast.Call) and _runs(node) and node.args and _built(node.args[0]) is not None:
            found.append(source.at(node, "the text passed to the database is put together on the spot"))
    return sorted(set(found))


def _texts(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node, _text(node)


def _runs(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _RUNNERS


def _built(node: ast.AST) -> str | None:
    """Return the known text of an expression that puts a text together, with `?` for the rest; else nothing."""
    if isinstance(node, ast.JoinedStr):
        return _text(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return _text(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _PUTS_TOGETHER:
        return "".join(map(_text, node.args if node.func.attr == "join" else [node.func.value]))
    return None


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else "?"
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + (_text(node.right) if isinstance(node.op, ast.Add) else "")
    if isinstance(node, ast.List | ast.Tuple):
        return " ".join(_text(part) for part in node.elts)
    return "?"
