"""Talks to the API as an integrator does, and to the sandbox as its shopper, carrier and auditor."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import msgspec

from retour.main.calling import Caller

PATIENCE_S: Final = 60.0
BETWEEN_LOOKS_S: Final = 0.1
TRIES: Final = 3

Json = Any


class Unexpected(Exception):  # noqa: N818 - what the story did not expect
    """The story cannot go on: an answer that is no success, or a state that did not come in time."""


class Far:
    """A server that speaks JSON; a request whose answer is lost is sent again, under the same key if it has one."""

    def __init__(self, http: Caller, address: str, headers: Mapping[str, str] | None = None) -> None:
        self._http = http
        self.address = address
        self._headers = dict(headers or {})

    async def get(self, path: str, **query: str) -> Json:
        """Return what is there; raise Unexpected."""
        return await self._ask("GET", path + (f"?{urlencode(query)}" if query else ""), b"")

    async def post(self, path: str, body: object) -> Json:
        """Do something once and return the answer; raise Unexpected."""
        return await self._ask("POST", path, msgspec.json.encode(body), {"Idempotency-Key": str(uuid4())})

    async def answers(self, path: str) -> bool:
        """Return whether the server is there and well."""
        answer = await self._http.send(method="GET", url=self.address + path, headers=self._headers, body=b"")
        return answer.silence is None and answer.status == 200

    async def _ask(self, method: str, path: str, body: bytes, more: Mapping[str, str] | None = None) -> Json:
        headers = self._headers | {"content-type": "application/json"} | dict(more or {})
        for turn in range(1, TRIES + 1):
            answer = await self._http.send(method=method, url=self.address + path, headers=headers, body=body)
            if answer.silence is None:
                break
            if turn == TRIES:
                raise Unexpected(f"{method} {path}: no answer")
            await asyncio.sleep(turn / 2)
        if not 200 <= answer.status < 300:
            raise Unexpected(f"{method} {path}: {answer.status} {answer.body.decode(errors='replace')[:500]}")
        return msgspec.json.decode(answer.body) if answer.body else None


async def until(look: Callable[[], Awaitable[Json]], what: str, *, patience_s: float = PATIENCE_S) -> Json:
    """Return the first truthy answer of `look`; raise Unexpected when it does not come in time."""
    over = time.monotonic() + patience_s
    while not (seen := await look()):
        if time.monotonic() > over:
            raise Unexpected(f"after {patience_s:g} s still waiting: {what}")
        await asyncio.sleep(BETWEEN_LOOKS_S)
    return seen
