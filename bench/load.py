"""The clients, as a process of their own: keep-alive HTTP/1.1 over bare sockets, so that they cost little themselves.

Run as `python -m bench.load`: reads one JSON document (Load) from stdin, writes one (Told) to stdout.
"""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

import msgspec


class Shot(msgspec.Struct):
    """One request: its own headers and its body."""

    path: str
    headers: dict[str, str]
    body: str


class Load(msgspec.Struct):
    """What to send, from how many clients, and how many a second (None: each client as fast as it is answered)."""

    ports: list[int]
    method: str
    headers: dict[str, str]
    clients: int
    shots: list[Shot]
    per_second: float | None = None


class Told(msgspec.Struct):
    """What came back: answers by status, the seconds it took, and latencies in milliseconds from the planned start."""

    statuses: dict[str, int]
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    worst_ms: float
    first_problem: str | None = None

    @property
    def answered(self) -> int:
        """Return how many requests were answered."""
        return sum(self.statuses.values())

    def must_be(self, status: int) -> "Told":
        """Return this; raise RuntimeError unless every answer had that status."""
        if set(self.statuses) != {str(status)}:
            raise RuntimeError(f"expected {status} alone: {self.statuses} {self.first_problem}")
        return self


def fire(load: Load) -> Told:
    """Run the clients in a process of their own and return what they saw."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"], input=msgspec.json.encode(load), stdout=subprocess.PIPE, check=True
    )
    return msgspec.json.decode(done.stdout, type=Told)


@dataclass
class _Tally:
    statuses: Counter[str]
    latencies_ms: list[float]
    first_problem: str | None = None


class _Client(asyncio.Protocol):
    """One connection that carries one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[tuple[str, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= length and self._waiting:
            self._buffer = b""
            self._waiting.set_result((head[9:12].decode(), body))

    def send(self, raw: bytes) -> "asyncio.Future[tuple[str, bytes]]":
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        return self._waiting


def _raw(load: Load, shot: Shot) -> bytes:
    body = shot.body.encode()
    named = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **load.headers, **shot.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{load.method} {shot.path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def _run(load: Load) -> Told:
    tally, requests = _Tally(Counter(), []), [_raw(load, shot) for shot in load.shots]
    taken, began = iter(range(len(requests))), time.perf_counter() + 0.01

    async def client(number: int) -> None:
        port = load.ports[number % len(load.ports)]
        _, protocol = await asyncio.get_running_loop().create_connection(_Client, "127.0.0.1", port)
        for n in taken:
            since = time.perf_counter()
            if load.per_second:
                since = began + n / load.per_second
                await asyncio.sleep(max(0.0, since - time.perf_counter()))
            status, body = await protocol.send(requests[n])
            tally.latencies_ms.append((time.perf_counter() - since) * 1000)
            tally.statuses[status] += 1
            if status[0] != "2" and tally.first_problem is None:
                tally.first_problem = body.decode(errors="replace")[:500]

    start = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(load.clients)))
    seconds = time.perf_counter() - start
    ordered = sorted(tally.latencies_ms)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return Told(dict(tally.statuses), seconds, at(0.5), at(0.95), at(0.99), ordered[-1], tally.first_problem)


def main() -> None:
    """Read what to send, send it, tell what came back."""
    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_run(load))))


if __name__ == "__main__":
    main()
