"""What the core may not do: count in floats, look at the clock, touch the world, import anything installed."""

import ast
import sys

from tests.architecture.tree import Source, dotted, imports

_WORLD = {
    "asyncio", "ctypes", "http", "multiprocessing", "os", "pathlib", "pickle", "random", "secrets", "shutil", "signal",
    "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
_CLOCK_AND_CHANCE = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7"}
_FLOATING = {"float", "round"}
_SECONDS = ("_s", "_seconds")


def floats(source: Source) -> list[str]:
    """Return a finding for each float literal, `float` or `round`, save in durations named `*_s` or `*_seconds`."""
    found = []
    durations = _durations(source.tree)
    for node in ast.walk(source.tree):
        if id(node) in durations:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            found.append(source.at(node, f"the literal {node.value} is a float"))
        elif isinstance(node, ast.Name) and node.id in _FLOATING:
            found.append(source.at(node, f"{node.id} has no place where money is counted"))
    return found


def _durations(tree: ast.Module) -> set[int]:
    """Return the identities of all nodes in the annotations and defaults of names that end in a unit of seconds."""
    parts: list[ast.AST | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and dotted(node.target).endswith(_SECONDS):
            parts += [node.annotation, node.value]
        elif isinstance(node, ast.arguments):
            positional = [*node.posonlyargs, *node.args]
            ends = positional[len(positional) - len(node.defaults) :]
            defaults = [*zip(ends, node.defaults, strict=True), *zip(node.kwonlyargs, node.kw_defaults, strict=True)]
            parts += [argument.annotation for argument in [*positional, *node.kwonlyargs] if _in_seconds(argument)]
            parts += [default for argument, default in defaults if _in_seconds(argument)]
    return {id(inner) for part in parts if part for inner in ast.walk(part)}


def _in_seconds(argument: ast.arg) -> bool:
    return argument.arg.endswith(_SECONDS)


def not_standard_library(source: Source) -> list[str]:
    """Return a finding for each import from outside the standard library and the core itself."""
    found = []
    for node, module in imports(source):
        inside = module == "retour.core" or module.startswith("retour.core.")
        if not inside and module.split(".")[0] not in sys.stdlib_module_names:
            found.append(source.at(node, f"{module} is not of the standard library"))
    return found


def touches_the_world(source: Source) -> list[str]:
    """Return a finding for each way to the clock, to chance, to files or to the network."""
    found = [
        source.at(node, f"{module} reaches outside; pass its answer in")
        for node, module in imports(source)
        if module.split(".")[0] in _WORLD
    ]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in {"open", "input", "print"} or ("." in name and name.split(".")[-1] in _CLOCK_AND_CHANCE):
                found.append(source.at(node, f"{name}() reaches outside; pass its answer in"))
    return found
