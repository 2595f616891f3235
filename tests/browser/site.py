"""A whole installation for the browser: web, worker, executor, sandbox shop and carrier, each on a real port."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn

from retour.cli.demo import installing
from retour.cli.demo.asking import Far
from retour.cli.demo.installing import Merchant, Place
from retour.connectors.http import Http
from retour.doors.queue import Runner
from retour.main.executor import executor_runner
from retour.main.house import House, house
from retour.main.web import web_app
from retour.main.worker import worker_runner
from retour.ops.postgres import Urls
from retour.sandbox.app import Sandbox, create_app
from retour.sandbox.shopify import state
from retour.settings import Settings
from retour.store import instance
from retour.store.db import Database
from tests.sandbox.desk import serving
from tests.waiting import until

SWEEP_S = 0.5
MUGS: Mapping[str, Any] = {
    "sku": "RT-MUG-SET", "name": "Stoneware mugs, set of 4", "price": "38.00", "quantity": 2, "fulfilled": 2,
    "taxes": [["VAT", "0.19"]],
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    """One merchant's installation: `address` is the web's, `sandbox_address` the shop's and the carrier's."""

    address: str
    sandbox_address: str
    settings: Settings
    merchant: Merchant
    web: House
    sandbox: Sandbox
    http: Http

    @property
    def database(self) -> Database:
        """Return the database as the web opens it."""
        return self.web.database

    @property
    def tenant_id(self) -> UUID:
        """Return the merchant's account."""
        return self.merchant.tenant_id

    def api(self, who: str = "owner") -> Far:
        """Return the API as owner, agent or warehouse call it."""
        headers = {"X-API-Key": self.merchant.keys[who], "X-Shop-Name": installing.SHOP}
        return Far(self.http, f"{self.address}/api/v1", headers)

    @property
    def desk(self) -> Far:
        """Return the sandbox, for orders, misbehaviour and scans."""
        return Far(self.http, self.sandbox_address)

    async def an_order(self, *lines: Mapping[str, Any], **spec: Any) -> Any:
        """Place an order in the shop (two mug sets at 38.00, sent) and return it as the API shows it."""
        wish = {"email": "ann@example.com", "customer": "Ann Example", "days_ago": 3, "taxes_included": True, **spec}
        placed = await self.desk.post("/_sandbox/orders", {"lines": list(lines) or [MUGS], **wish})

        async def look() -> Any:
            found = (await self.api().get("/orders", number=placed["name"]))["items"]
            return found[0] if found else None

        return await until(look)

    async def a_return(self, order: Any, wishes: Mapping[int, int] | None = None, reason: str = "changed_mind") -> Any:
        """Request units {index of the order line: quantity} back (one of the first) through the API; return it."""
        refs = [line["line_ref"] for line in order["lines"]]
        asked = [{"line_ref": refs[i], "quantity": n, "reason": reason} for i, n in (wishes or {0: 1}).items()]
        quoted = await self.api("agent").post("/quotes", {"order_id": order["id"], "lines": asked})
        wish = {"order_id": order["id"], "lines": asked, "plan_hash": quoted["plan_hash"]}
        return await self.api("agent").post("/returns", wish)

    async def rma(self, id_: str) -> Any:
        """Return the return as the API shows it now."""
        return await self.api().get(f"/returns/{id_}")

    async def until_rma(self, id_: str, **wanted: Any) -> Any:
        """Wait until the return shows these values (`status="resolved"`) and return it."""

        async def look() -> Any:
            seen = await self.rma(id_)
            return seen if all(seen[name] == value for name, value in wanted.items()) else None

        return await until(look)


@asynccontextmanager
async def a_site(urls: Urls, data_dir: Path, *, orders: int = 0) -> AsyncIterator[Site]:
    """Open an installation on this database with one merchant, whose shop begins with `orders` orders."""
    sandbox = create_app(orders=orders, settings=state.Settings(cost_points_per_s=None), domain=installing.DOMAIN)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        settings = _settings(data_dir, door.getsockname()[1])
        sandbox_address = await enter(serving(sandbox))
        web = await enter(house("web", settings, urls.app))
        await enter(_answering(web, door))
        async with web.database.tx(None) as db:
            await instance.join(db, data_dir)
        await enter(_running(worker_runner(await enter(house("worker", settings, urls.app)))))
        await enter(_running(executor_runner(await enter(house("executor", settings, urls.executor)))))
        http = await enter(Http(internal=True))
        where = Place(settings, int(sandbox_address.rpartition(":")[2]), {})
        merchant = await installing.open_merchant(web.database, where)
        await installing.introduce(Far(http, sandbox_address), merchant, where)
        yield Site(settings.public_url, sandbox_address, settings, merchant, web, sandbox, http)


def _settings(data_dir: Path, port: int) -> Settings:
    address = f"http://127.0.0.1:{port}"
    return Settings(
        data_dir=data_dir, web_port=port, public_url=address, sweep_s=SWEEP_S, quiet_s=0.2, allow_private_urls=True
    )


@asynccontextmanager
async def _answering(here: House, door: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(web_app(here), log_config=None, ws="none", access_log=False))
    serving_ = asyncio.create_task(server.serve([door]))

    async def started() -> bool:
        return server.started

    await until(started)
    try:
        yield
    finally:
        server.should_exit = True
        await serving_


@asynccontextmanager
async def _running(runner: Runner) -> AsyncIterator[None]:
    running = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        runner.stop()
        await running
