"""The dock's pages over real HTTP, and people of each role to open them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest
from litestar import Litestar

from retour.doors.warehouse import rooms
from retour.doors.warehouse.dock import Dock as Door
from retour.store.db import Database
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.web.error_pages import either_exception_handlers
from retour.web.pages import Pages
from retour.web.session import Sessions
from tests.doors.warehouse.clerk import Clerk, a_clerk
from tests.flows.receiving.a_dock import Dock, a_dock
from tests.serving import served


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.open(tmp_path_factory.mktemp("keys"), role="all")


@pytest.fixture(scope="session")
def pages() -> Pages:
    return Pages.load()


@pytest.fixture(scope="module")
async def http(database: Database, vault: Vault, pages: Pages) -> AsyncIterator[httpx2.AsyncClient]:
    door = Door(database, vault, PolicyCache(), pages, Sessions(database, now, https=False), now)
    app = Litestar(
        rooms.route_handlers(door),
        openapi_config=None,
        exception_handlers=either_exception_handlers(pages, now),
        logging_config=None,
    )
    async with served(app) as address, httpx2.AsyncClient(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture
async def dock(database: Database, vault: Vault) -> Dock:
    return await a_dock(database, vault, orders_made=2, units=3)


@pytest.fixture
async def clerk(http: httpx2.AsyncClient, dock: Dock) -> Clerk:
    return await a_clerk(http, dock)
