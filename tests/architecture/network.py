"""Who may talk to the network, and that nobody does so while a transaction is open."""

import ast
import re
from typing import TypeGuard

from tests.architecture.tree import Source, dotted, imports

_CLIENT_FILES = re.compile(r"src/retour/connectors/(?:http\.py|(?:\w+/)+client\.py)$")
_TRANSACTION = re.compile(r"(?:^|[._])(?:tx|transaction)\(\)")
_OPEN_HANDLES = {"Db"}  # a parameter of this type is a transaction that the caller holds open
_CLIENTS = {"httpx2", "httpx", "requests", "aiohttp", "urllib3", "urllib.request", "http.client"}


def network_client_elsewhere(source: Source) -> list[str]:
    """Return a finding for each HTTP client outside the connectors' client files and the sandbox."""
    if _CLIENT_FILES.match(source.path) or source.path.startswith("src/retour/sandbox/"):
        return []
    return [
        source.at(node, f"{module} is imported; only connectors/*/client.py and connectors/http.py talk HTTP")
        for node, module in imports(source)
        if any(module == client or module.startswith(f"{client}.") for client in _CLIENTS)
    ]


def port_methods(ports: Source) -> set[str]:
    """Return the names of the asynchronous methods of every Protocol in the file."""
    found = set()
    for node in ast.walk(ports.tree):
        if isinstance(node, ast.ClassDef) and any(dotted(base).split(".")[-1] == "Protocol" for base in _bases(node)):
            found |= {part.name for part in node.body if _is_asynchronous(part)}
    return {name for name in found if not name.startswith("_")}


def _is_asynchronous(node: ast.AST) -> TypeGuard[ast.AsyncFunctionDef | ast.FunctionDef]:
    if isinstance(node, ast.FunctionDef) and node.returns:
        return any(word in ast.unparse(node.returns) for word in ("Async", "Awaitable", "Coroutine"))
    return isinstance(node, ast.AsyncFunctionDef)


def awaited_in_transaction(source: Source, methods: set[str]) -> list[str]:
    """Return a finding for each port method awaited while a transaction is open, by the text of the file alone."""
    ours = _imported_names(source)
    found = []
    for node in ast.walk(source.tree):
        if _opens_transaction(node):
            found += _calls_out(source, node, methods, ours)
    return sorted(set(found))


def _bases(node: ast.ClassDef) -> list[ast.expr]:
    return [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]


def _imported_names(source: Source) -> set[str]:
    """Return the names that imports bind: `refunds.find(...)` on a module of ours is no call of a port."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            if not module.startswith("retour.connectors"):
                found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return found


def _opens_transaction(node: ast.AST) -> bool:
    if isinstance(node, ast.AsyncWith):
        return any(_TRANSACTION.search(dotted(item.context_expr)) for item in node.items)
    if isinstance(node, ast.AsyncFunctionDef):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        return any(a.annotation and dotted(a.annotation).split(".")[-1] in _OPEN_HANDLES for a in arguments)
    return False


def _calls_out(source: Source, block: ast.AST, methods: set[str], ours: set[str]) -> list[str]:
    waits = [node for node in ast.walk(block) if isinstance(node, ast.Await | ast.AsyncFor | ast.comprehension)]
    found = []
    for wait in waits:
        expression = wait.value if isinstance(wait, ast.Await) else wait.iter
        for call in ast.walk(expression):
            if _is_port_call(call, methods, ours):
                found.append(source.at(call, f"{dotted(call.func)} is awaited while a transaction is open"))
    return found


def _is_port_call(node: ast.AST, methods: set[str], ours: set[str]) -> TypeGuard[ast.Call]:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    return node.func.attr in methods and dotted(node.func.value).split(".")[0] not in ours
