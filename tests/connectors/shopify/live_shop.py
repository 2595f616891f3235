"""A sandbox shop on a real loopback socket, and the connector pointed at it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn

from retour.connectors.http import Http, Patience
from retour.connectors.shopify import ShopifyConnector
from retour.core.ports import Credential
from retour.sandbox.app import create_app


@dataclass(slots=True)
class LiveShop:
    """The connector, its credential, and the sandbox's control desk."""

    connector: ShopifyConnector
    at: Credential
    desk: httpx2.AsyncClient

    async def post(self, path: str, **wish: Any) -> dict[str, Any]:
        answer = await self.desk.post(f"/_sandbox/{path}", content=json.dumps(wish))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        return (await self.desk.get(f"/_sandbox/{path}", params=query)).json()

    async def effects(self) -> dict[str, int]:
        counts = await self.get("counts")
        assert {law: broken for law, broken in counts["broken"].items() if broken} == {}
        return counts["effects"]


@asynccontextmanager
async def live_shop(*, orders: int = 0, patience: Patience | None = None) -> AsyncIterator[LiveShop]:
    """Serve a fresh sandbox on a free port while the block runs."""
    # Named as TCP, or the loop would not switch Nagle's delay off and every answer would take 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(orders=orders), log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve(sockets=[listening]))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        async with Http(internal=True, patience=patience) as http, httpx2.AsyncClient(base_url=url) as desk:
            yield LiveShop(ShopifyConnector(http), Credential(url, "sandbox-token"), desk)
    finally:
        server.should_exit = True
        await running
        listening.close()


def run(story: Callable[[LiveShop], Awaitable[Any]], *, orders: int = 0, patience: Patience | None = None) -> Any:
    """Play a story on a fresh sandbox and return what it told."""

    async def play() -> Any:
        async with live_shop(orders=orders, patience=patience) as shop:
            return await story(shop)

    return asyncio.run(play())
