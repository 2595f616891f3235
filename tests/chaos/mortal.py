"""Mortal parts: a database and a wire that count the points they pass, and die at the one they were told to."""

import asyncio
import json
import os
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from retour.connectors.http import Http
from retour.core.ports import WireAnswer
from retour.store.db import Database, Db
from tests.chaos.plan import Kill


class Points:
    """Every boundary that is passed, by name and number; at the one of `kill` somebody dies by SIGKILL."""

    def __init__(self, kill: Kill | None, *, tell: Callable[[str], None], postmaster: Callable[[], int] | None):
        self.seen: Counter[str] = Counter()
        self.doing = "idle"
        self._kill = kill
        self._tell = tell
        self._postmaster = postmaster

    def begin(self, doing: str) -> None:
        """Name what follows; its transactions are counted from one again."""
        self.doing, self._transactions = doing, 0

    def next_transaction(self) -> str:
        self._transactions += 1
        return f"{self.doing}#{self._transactions}"

    def strikes(self, point: str) -> bool:
        """Count a point and return whether it is the deadly one."""
        self.seen[point] += 1
        kill = self._kill
        return kill is not None and kill.point == point and kill.nth == self.seen[point]

    def reach(self, point: str, backend: int | None = None) -> None:
        """Pass a point, or die there; where the database is to die, its backend or its postmaster is killed instead."""
        if not self.strikes(point):
            return
        assert self._kill is not None
        if self._kill.who == "process" or self._postmaster is None:
            self.die(point)
        if self._kill.who == "backend" and backend is not None:
            os.kill(backend, signal.SIGKILL)  # the postmaster then ends every other session and recovers by itself
            self._tell(f"database backend {point}")
            return
        postmaster = self._postmaster()
        os.kill(postmaster, signal.SIGKILL)
        self._tell(f"database postmaster {postmaster} {point}")

    def die(self, point: str) -> None:
        self._tell(f"killed {point}")
        os.kill(os.getpid(), signal.SIGKILL)


class MortalDatabase(Database):
    """The product's database; each transaction has a point before it, one before its commit and one after."""

    points: Points

    @asynccontextmanager
    async def tx(self, tenant_id: UUID | None) -> AsyncIterator[Db]:
        if self.points.doing == "idle":
            async with super().tx(tenant_id) as db:
                yield db
            return
        name = self.points.next_transaction()
        self.points.reach(f"{name} before")
        async with super().tx(tenant_id) as db:
            yield db
            self.points.reach(f"{name} commit", db.get_server_pid())  # type: ignore[attr-defined]
        self.points.reach(f"{name} after")


class MortalHttp(Http):
    """The product's way out; each call has a point before, amid the request, while waiting, amid the answer, after."""

    points: Points

    async def send(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        name = json.loads(body)["operationName"]
        self.points.reach(f"{name} before")
        for moment in ("torn", "waiting", "answering"):
            if self.points.strikes(f"{name} {moment}"):
                await asyncio.to_thread(_half_a_call, moment, method, url, headers, body)
                self.points.die(f"{name} {moment}")
        answer = await super().send(method=method, url=url, headers=headers, body=body)
        self.points.reach(f"{name} after")
        return answer


def _half_a_call(moment: str, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
    """Send half of a request, all of it, or all of it and read the first byte of the answer; then leave it open."""
    to = urlsplit(url)
    lines = [f"{method} {to.path} HTTP/1.1", f"host: {to.netloc}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    raw = "\r\n".join([*lines, "", ""]).encode() + body
    wire: Any = socket.create_connection((to.hostname, to.port))
    wire.sendall(raw[: len(raw) - len(body) // 2] if moment == "torn" else raw)
    if moment == "answering":
        wire.recv(1)
