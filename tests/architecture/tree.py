"""The repository's files as the rules read them."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", ".cache", ".data", "node_modules", "vendor", "__pycache__", "build", "dist"}


@dataclass(frozen=True)
class Source:
    """One Python file: `path` is relative to the repository, with forward slashes."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parse(self.text, self.path)

    @property
    def docstrings(self) -> set[int]:
        """Return the identities of the nodes that are docstrings, in this very tree."""
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        bodies = [node.body for node in ast.walk(self.tree) if isinstance(node, documented)]
        return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}

    def at(self, node: ast.AST, said: str) -> str:
        """Return the finding as people can click it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {said}"


@cache
def _parse(text: str, path: str) -> ast.Module:
    return ast.parse(text, path)


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file that is or would be committed; without git, every file outside the folders that are ignored."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, capture_output=True, check=True, text=True).stdout.split("\0")
        found = [ROOT / name for name in names if name]
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in ROOT.rglob("*") if not _NOT_OURS & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in found if path.is_file()))


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Return the Python files under these folders, in order of path; a folder that is not there yet gives none."""
    found = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name.endswith(".py") and any(name.startswith(f"{folder}/") or name == folder for folder in folders):
            found.append(Source(name, path.read_text(encoding="utf-8")))
    return tuple(found)


HAND_WRITTEN = ("src", "tests", "bench", "tools")


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a chain of names, with `()` where a call stands in it; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    return ""


def imports(source: Source) -> list[tuple[ast.stmt, str]]:
    """Return (statement, module) for every import anywhere in the file, relative ones made absolute."""
    found: list[tuple[ast.stmt, str]] = []
    package = source.path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").split("/")
    package = package if source.path.endswith("__init__.py") else package[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [(node, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            found += [(node, f"{module}.{alias.name}") for alias in node.names]
    return found
