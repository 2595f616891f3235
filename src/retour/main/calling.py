"""Lends the house's one HTTP client to commands that call servers on this machine."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from retour.connectors.http import Http
from retour.core.ports import WireAnswer


class Caller(Protocol):
    """Sends one request once; whatever goes wrong is told as silence."""

    async def send(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> WireAnswer: ...


@asynccontextmanager
async def local_caller() -> AsyncIterator[Caller]:
    """Open a client that may call plain and internal addresses, and close it at the end."""
    async with Http(internal=True) as http:
        yield http
