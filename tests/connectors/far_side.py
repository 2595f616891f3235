"""A far side on a real loopback socket that answers what a test scripts, and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass(slots=True)
class FarSide:
    """Answers each request with raw bytes; an empty answer closes the connection without a word."""

    answer: Callable[[Asked], bytes]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    serving: set[asyncio.Task[None] | None] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(row.lower().split(": ", 1) for row in head[1:] if ": " in row)
            raw = {
                name: row.split(": ", 1)[1] for row in head[1:] if ": " in row for name in [row.split(": ")[0].lower()]
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, path, _ = head[0].split(" ")
            self.asked.append(Asked(method, path, raw, body))
            writer.write(self.answer(self.asked[-1]))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self.serving.discard(asyncio.current_task())


@asynccontextmanager
async def far_side(answer: Callable[[Asked], bytes]) -> AsyncIterator[FarSide]:
    """Serve on a free port of the loopback while the block runs."""
    side = FarSide(answer)
    server = await asyncio.start_server(side.serve, "127.0.0.1", 0)
    side.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield side
        await asyncio.gather(*(task for task in side.serving if task is not None))


def http(body: bytes, *, status: int = 200, length: int | None = None, headers: dict[str, str] | None = None) -> bytes:
    """Return a whole HTTP answer; `length` lies about its size."""
    rows = {"content-type": "application/json", "connection": "close"} | (headers or {})
    rows["content-length"] = str(len(body) if length is None else length)
    head = "".join(f"{name}: {value}\r\n" for name, value in rows.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body
