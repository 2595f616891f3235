"""One keep-alive connection to the API for calls whose answers matter."""

import asyncio
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import msgspec


class Client:
    """Sends one request at a time; raises RuntimeError for any answer that is not a success."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._port, self._headers = port, headers

    async def __aenter__(self) -> Self:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the connection."""
        self._writer.close()

    async def get(self, path: str) -> Any:
        """Return what a GET answers."""
        return msgspec.json.decode(await self.send("GET", path, b"", {}))

    async def post(self, path: str, body: object) -> Any:
        """Return what a write with a key of its own answers."""
        return msgspec.json.decode(
            await self.send("POST", path, msgspec.json.encode(body), {"Idempotency-Key": str(uuid4())})
        )

    async def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        """Return the body of the answer."""
        named = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **self._headers, **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        told = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(told.partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await self._reader.readexactly(length)
        if told[9:10] != b"2":
            raise RuntimeError(f"{method} {path} was answered {told[9:12].decode()}: {answer.decode()[:500]}")
        return answer
