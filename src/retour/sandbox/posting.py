"""Signed deliveries to the outside: a small HTTP client that only posts, and the ways in which post goes astray."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TIMEOUT_S = 5.0


async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Post the body and return the status; raises OSError or TimeoutError, follows no redirect."""
    async with asyncio.timeout(TIMEOUT_S):
        parts = urlsplit(url)
        secure = ssl.create_default_context() if parts.scheme == "https" else None
        port = parts.port or (443 if secure else 80)
        reader, writer = await asyncio.open_connection(parts.hostname or "127.0.0.1", port, ssl=secure)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            lines = [f"POST {path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
            lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            status = (await reader.readline()).split()
            if len(status) < 2 or not status[1].isdigit():
                raise ConnectionResetError("no answer")
            return int(status[1])
        finally:
            writer.close()


@dataclass(slots=True)
class Astray:
    """How deliveries go wrong: extra copies, groups sent backwards, late, or the next ones never."""

    duplicate: int = 0
    reorder: int = 0
    delay_s: float = 0.0
    drop: int = 0


Parcel = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class PostOffice:
    """Sends deliveries in the background, as crookedly as asked."""

    astray: Astray = field(default_factory=Astray)
    counts: Counter[str] = field(default_factory=Counter)
    held: list[Parcel] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def hand_in(self, parcel: Parcel) -> None:
        """Take one delivery; it is sent, doubled, held back, delayed or lost as the settings say."""
        self.counts["made"] += 1
        if self.astray.drop > 0:
            self.astray.drop -= 1
            self.counts["dropped"] += 1
            return
        if self.astray.reorder > 1:
            self.held.append(parcel)
            if len(self.held) >= self.astray.reorder:
                self.release()
            return
        self._send(parcel)

    def release(self) -> None:
        """Send what was held back, last one first."""
        held, self.held = self.held[::-1], []
        for place, parcel in enumerate(held):
            self._send(parcel, wait_s=0.02 * place)

    def _send(self, parcel: Parcel, *, wait_s: float = 0.0) -> None:
        for _ in range(1 + self.astray.duplicate):
            task = asyncio.create_task(self._later(parcel, wait_s + self.astray.delay_s))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _later(self, parcel: Parcel, wait_s: float) -> None:
        if wait_s:
            await asyncio.sleep(wait_s)
        await parcel()

    def close(self) -> None:
        """Forget what is under way."""
        for task in self.tasks:
            task.cancel()
        self.held.clear()
