"""Tests wait for a state; they do not sleep."""

import ast

from tests.architecture.tree import Source, dotted, imports

WAITING_ROOM = "tests/waiting.py"


def sleeps(source: Source) -> list[str]:
    """Return a finding for each sleep, called or imported, outside the one file that waits for states."""
    if source.path == WAITING_ROOM:
        return []
    found = [
        source.at(node, f"{module} is imported; wait for the state (tests/waiting.py)")
        for node, module in imports(source)
        if module in {"time.sleep", "asyncio.sleep", "anyio.sleep"}
    ]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and dotted(node.func) in {"time.sleep", "asyncio.sleep", "anyio.sleep"}:
            found.append(source.at(node, f"{dotted(node.func)} is called; wait for the state (tests/waiting.py)"))
    return found
