"""The same statements for pgbench: recorded from the product as it is, so that the comparison stays true as it changes."""

import asyncio
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from retour.main.house import house
from retour.main.web import web_app
from retour.store.db import Database

from .installation import Installation
from .load import Shot
from .seeding import Orders, order_id

CLIENTS = 8
_PARAMETER = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as the driver sent it, with the types the server inferred for its parameters."""

    text: str
    arguments: tuple[Any, ...]
    types: tuple[str, ...]


@dataclass
class Script:
    """A pgbench script: its text, the variables that hold the constant parameters, and how often the driver waits."""

    lines: list[str] = field(default_factory=list)
    round_trips: int = 0
    variables: dict[str, str] = field(default_factory=dict)


SCORE_MOST = 100  # a score depends on what came before; it stays as recorded


async def record(here: Installation, headers: dict[str, str], shots: Sequence[Shot]) -> list[list[Statement]]:
    """Send requests to the web application inside this process and return the statements of each but the first."""
    settings, seen = msgspec.structs.replace(here.settings, pool_min=1, pool_max=1), []
    async with house("web", settings, here.urls.app) as opened:
        app = web_app(opened)
        async with opened.database.tx(None) as db:
            db.add_query_logger(lambda said: seen.append((said.query, said.args)))  # type: ignore[attr-defined]
        found = []
        for shot in shots:
            await asyncio.sleep(0)
            seen.clear()
            await _call(app, headers, shot)
            await asyncio.sleep(0)
            found.append(await _typed(opened.database, list(seen)))
    return found[1:]


async def _call(app: Any, headers: dict[str, str], shot: Shot) -> None:
    """Make one ASGI call; raise RuntimeError unless it is answered 201."""
    body, status, said = shot.body.encode(), 0, b""
    named = [(name.lower().encode(), value.encode()) for name, value in {**headers, **shot.headers}.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": shot.path,
        "raw_path": shot.path.encode(), "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1), "headers": [*named, (b"content-length", str(len(body)).encode())],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, said
        status, said = message.get("status", status), said + message.get("body", b"")

    await app(scope, receive, send)
    if status != 201:
        raise RuntimeError(f"the recorded request was answered {status}: {said.decode()}")


async def _typed(database: Database, seen: list[tuple[str, tuple[Any, ...]]]) -> list[Statement]:
    typed = []
    async with database.tx(None) as db:
        for text, arguments in seen:
            if arguments:
                prepared = await db.prepare(text)  # type: ignore[attr-defined]
                types = tuple(_type_name(kind) for kind in prepared.get_parameters())
            else:
                types = ()
            typed.append(Statement(text.strip(), arguments, types))
    return typed


def _type_name(kind: Any) -> str:
    name: str = kind.name
    return f"{name.removesuffix('[]').removeprefix('_')}[]" if kind.kind == "array" else name


def script(first: Sequence[Statement], second: Sequence[Statement], orders: tuple[int, int]) -> Script:
    """Return the script of one request: what differs between two of them becomes a value of each transaction's own.

    Ids that differ are made from the order's number; every other parameter stays as recorded and is bound as text.
    """
    assert [s.text for s in first] == [s.text for s in second], "two requests of one kind send the same statements"
    made = Script([r"\set order :first + :client_id + :turn * :clients", r"\set turn :turn + 1"])
    made.variables = {"turn": "0", "clients": str(CLIENTS)}
    made.round_trips = len(first)
    fresh: dict[UUID, int] = {order_id(orders[0]): 0}
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        terms = [
            _term(made, f"s{number}_{n}", a, b, kind, fresh)
            for n, (a, b, kind) in enumerate(zip(one.arguments, other.arguments, one.types, strict=True), 1)
        ]
        text = _PARAMETER.sub(lambda match, terms=terms: terms[int(match[1]) - 1], one.text)  # type: ignore[misc]
        made.lines += _sent(text)
    return made


def _sent(text: str) -> list[str]:
    """Return the lines of one message of the driver: several statements in one are sent in one, too."""
    statements = [f"{' '.join(part.split())};" for part in text.split(";") if part.strip()]
    return statements if len(statements) == 1 else [r"\startpipeline", *statements, r"\endpipeline"]


def _term(made: Script, name: str, one: Any, other: Any, kind: str, fresh: dict[UUID, int]) -> str:
    if one is None:
        return f"NULL::{kind}"
    if isinstance(one, UUID) and one != other:
        return _id(one, fresh)
    if isinstance(one, list) and one and isinstance(one[0], UUID) and one != other:
        return f"ARRAY[{', '.join(_id(item, fresh) for item in one)}]::uuid[]"
    if isinstance(one, list) and one and isinstance(one[0], bytes) and one != other:  # hashes: of each request its own
        hashes = (f"sha256(('{n}/' || :order::bigint)::bytea)" for n in range(len(one)))
        return f"ARRAY[{', '.join(hashes)}]"
    if isinstance(one, str) and one != other and kind != "json":
        try:
            return f"({_id(UUID(one), fresh)})::text"
        except ValueError:
            if len(one) < 100:  # a key of the request's own, not a document
                return f"('bench-' || :order::bigint)::{kind}"
    if isinstance(one, int) and one != other and one > SCORE_MOST:  # drawn from a sequence: any that is not taken
        return f"(1000000000 + :order::bigint)::{kind}"
    made.variables[name] = _text(one, kind)
    return f":{name}::{kind}"


def _id(one: UUID, fresh: dict[UUID, int]) -> str:
    k = fresh.setdefault(one, len(fresh))
    return f"('0b{k:06x}-0000-4000-8000-' || lpad(to_hex(:order::bigint), 12, '0'))::uuid"


def _text(value: Any, kind: str) -> str:
    match value:
        case _ if kind in ("json", "jsonb"):
            return msgspec.json.encode(value).decode()
        case bool():
            return "true" if value else "false"
        case bytes():
            return "\\x" + value.hex()
        case datetime():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds()} seconds"
        case list() | tuple():
            items = ("NULL" if item is None else _quoted(_text(item, kind.removesuffix("[]"))) for item in value)
            return "{" + ",".join(items) + "}"
        case _:
            return str(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def pgbench(here: Installation, wanted: Script, orders: Orders, *, each: int) -> float:
    """Run the script from 8 clients, `each` times a client, and return the transactions per second."""
    taken = orders.take(each * CLIENTS)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write("\n".join(wanted.lines) + "\n")
        file.flush()
        variables = wanted.variables | {"first": str(taken.start)}
        command = [
            here.server.programs().program("pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1",
            "-t", str(each), "-f", file.name, *(f"-D{name}={value}" for name, value in variables.items()), here.urls.app,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    told = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    done_all = re.search(r"actually processed: (\d+)/(\d+)", done.stdout)
    if done.returncode or not told or not done_all or done_all[1] != done_all[2]:
        Path(tempfile.gettempdir(), "retour-bench-failed.sql").write_text("\n".join(wanted.lines))
        raise RuntimeError(f"pgbench failed: {done.stderr[-2000:]}")
    return float(told[1])
