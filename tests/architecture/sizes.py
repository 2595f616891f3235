"""Limits that keep every file readable at one sitting."""

import ast

from tests.architecture.tree import Source

FILE_LINES = 400
FUNCTION_LINES = 60


def too_long(source: Source) -> list[str]:
    """Return a finding for the file and for each function over its limit; decorators count, docstrings count."""
    found = []
    lines = len(source.text.splitlines())
    if lines > FILE_LINES:
        found.append(f"{source.path}:1: {lines} lines, {FILE_LINES} at most")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            length = (node.end_lineno or first) - first + 1
            if length > FUNCTION_LINES:
                found.append(source.at(node, f"{node.name} has {length} lines, {FUNCTION_LINES} at most"))
    return found
