"""The portal over real HTTP: a store with orders, browsers, and the worker's step done by hand."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest
import uvicorn
from litestar import Litestar

from retour.core.order import Fetched, Order
from retour.core.policy.template import template
from retour.doors import portal
from retour.flows import order as orders
from retour.flows import policy
from retour.flows import visit as visit_flow
from retour.store import look as looks
from retour.store import mail
from retour.store.db import Database
from retour.store.order import load as load_order
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.web.error_pages import either_exception_handlers
from retour.web.pages import Pages
from retour.web.serving import kit_handlers
from tests.doors.api.a_return import Shop, open_shop
from tests.doors.portal.shopper import Page, Shopper
from tests.flows.order.shop import CANARY
from tests.waiting import until

NEWEST_CODE = """
SELECT id, sealed_data FROM mail WHERE kind = 'one_time_code' AND tenant_id = $1 ORDER BY id DESC LIMIT 1
"""
WAITING = "SELECT id FROM visit WHERE tenant_id = $1 AND due_at IS NOT NULL ORDER BY id"


@dataclass
class Clock:
    """The time as the portal sees it: the real one, and what a test adds."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Counter:
    """A store and its portal; `far` is what its platform knows beside the mirror."""

    shop: Shop
    database: Database
    vault: Vault
    address: str
    handle: str
    clock: Clock
    browsers: AsyncExitStack
    far: dict[str, Fetched] = field(default_factory=dict)

    @property
    def tenant_id(self) -> UUID:
        return self.shop.merchant.tenant_id

    @property
    def store_id(self) -> UUID:
        return self.shop.merchant.stores["main"]

    @property
    def base(self) -> str:
        return f"/returns/{self.handle}"

    async def browser(self, **headers: str) -> Shopper:
        """Return a fresh browser; `x_forwarded_for` gives it an address of its own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        http = httpx2.AsyncClient(base_url=self.address, timeout=30, headers=named)
        return Shopper(await self.browsers.enter_async_context(http), self.base)

    async def work(self) -> None:
        """Do what the worker does for everybody who waits."""
        async with self.database.tx(self.tenant_id) as db:
            due = [row["id"] for row in await db.fetch(WAITING, self.tenant_id)]
        for visit_id in due:
            await visit_flow.look_up(
                self.database, self.vault, tenant_id=self.tenant_id, visit_id=visit_id, read=self._read,
                mirror=orders.mirror, clock=self.clock.now,
            )  # fmt: skip

    async def code(self) -> str:
        """Return the newest code that was mailed."""
        async with self.database.tx(self.tenant_id) as db:
            row = await db.fetchrow(NEWEST_CODE, self.tenant_id)
        assert row is not None, "no code was mailed"
        opened = self.vault.unlock(row["sealed_data"], tenant_id=self.tenant_id, purpose=mail.purpose(row["id"]))
        return str(msgspec.json.decode(opened)["code"])

    async def ask(self, shopper: Shopper, number: str = "#1001", contact: str = CANARY) -> Page:
        """Name an order on the first page and let the worker look for it."""
        await shopper.open()
        page = await shopper.send(self.base, number=number, contact=contact)
        await self.work()
        return page

    async def let_in(self, shopper: Shopper | None = None, number: str = "#1001") -> Shopper:
        """Return a browser that has proven the order."""
        shopper = shopper or await self.browser()
        await self.ask(shopper, number)
        page = await shopper.send("/code", code=await self.code())
        assert page.path == "items", page.text
        return shopper

    async def publish(self, **changes: Any) -> None:
        """Publish a policy: the template, changed by `document` if given."""
        document = changes.get("document") or template(automatic=bool(changes.get("automatic")))
        async with self.database.tx(self.tenant_id) as db:
            await policy.publish(db, store_id=self.store_id, document=document, actor="cli", now=self.clock.now())

    async def order(self, n: int) -> Order:
        """Return the n-th order as the mirror has it."""
        async with self.database.tx(self.tenant_id) as db:
            found = await load_order(db, self.shop.orders[n])
        assert found is not None
        return found.order

    async def mirror(self, fetched: Fetched) -> UUID:
        """Let the mirror see an order and return its id."""
        async with self.database.tx(self.tenant_id) as db:
            saved = await orders.mirror(
                db, self.vault, connection_id=self.shop.connection_id, fetched=fetched, at=self.clock.now()
            )
        return saved.record.id

    async def do(self, work: Callable[[Any], Any]) -> Any:
        async with self.database.tx(self.tenant_id) as db:
            return await work(db)

    async def _read(self, connection_id: UUID, *, ref: str | None, name: str | None) -> Fetched | None:
        return self.far.get(name or "")


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.open(tmp_path_factory.mktemp("keys"), role="all")


@pytest.fixture(scope="session")
def pages() -> Pages:
    return Pages.load()


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def right_time(clock: Clock) -> None:
    clock.ahead = timedelta()


@pytest.fixture(scope="module")
async def address(database: Database, vault: Vault, pages: Pages, clock: Clock) -> AsyncIterator[str]:
    """The address of a server with the portal."""
    app = Litestar(
        [
            *kit_handlers(pages, clock.now),
            *portal.route_handlers(
                database, vault, pages, PolicyCache(), clock=clock.now, public_url="http://127.0.0.1"
            ),
        ],
        openapi_config=None,
        exception_handlers=either_exception_handlers(pages, clock.now),
        logging_config=None,
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="on"))
        serving = asyncio.create_task(server.serve([listener]))

        async def started() -> bool:
            return server.started

        await until(started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
async def counter(database: Database, vault: Vault, address: str, clock: Clock) -> AsyncIterator[Counter]:
    shop = await open_shop(database, vault, orders_made=2)
    async with database.tx(shop.merchant.tenant_id) as db:
        look = await looks.get(db, shop.merchant.stores["main"])
    assert look is not None
    async with AsyncExitStack() as browsers:
        yield Counter(shop, database, vault, address, look.handle, clock, browsers)
