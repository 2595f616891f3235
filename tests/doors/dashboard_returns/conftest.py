"""The desk's pages over real HTTP, with a shop in the middle of its day and somebody of each role signed in."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from litestar import Litestar

from retour.core.account import Role
from retour.doors.dashboard.desk import Desk
from retour.doors.dashboard.frame import Frames
from retour.doors.dashboard.rooms import desk_handlers
from retour.ops.postgres import Urls
from retour.store.db import Database, set_codecs
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.web.error_pages import either_exception_handlers
from retour.web.pages import Pages
from retour.web.session import Sessions, sign_in_handlers
from tests.doors.dashboard_returns.clerk import Clerk, sign_in
from tests.doors.dashboard_returns.scene import Scene
from tests.serving import served
from tests.stories.house import House, a_house, now


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def vault(keys: Path) -> Vault:
    """The keys of the server with the desk, which are those of the shop: what one seals the other opens."""
    return Vault.open(keys, role="all")


@pytest.fixture(scope="module")
async def address(database: Database, vault: Vault) -> AsyncIterator[str]:
    """The address of a server with the desk."""
    pages = Pages.load()
    sessions = Sessions(database, now, https=False)
    desk = Desk(
        database, vault, sessions, pages, Frames(database, pages), PolicyCache(), now, public_url="https://shop.example"
    )
    app = Litestar(
        desk_handlers(desk),
        openapi_config=None,
        exception_handlers={**either_exception_handlers(pages, now), **sign_in_handlers()},
        logging_config=None,
    )
    async with served(app) as found:
        yield found


@pytest.fixture
async def house(database: Database, executor_database: Database, owner: Any, keys: Path) -> AsyncIterator[House]:
    async with a_house(database, executor_database, owner, keys) as house:
        yield house


@pytest.fixture(scope="module")
async def lasting_scene(
    database: Database, executor_database: Database, urls: Urls, keys: Path
) -> AsyncIterator[Scene]:
    """The same shop for all tests of a module, which only look at it or add to it."""
    owner = await asyncpg.connect(urls.owner)
    await set_codecs(owner)
    async with a_house(database, executor_database, owner, keys) as house:
        scene = Scene(house)
        await scene.open_small()
        yield scene
    await owner.close()


@pytest.fixture
async def scene(house: House) -> Scene:
    """A shop with one return to decide and one to inspect."""
    scene = Scene(house)
    await scene.open_small()
    return scene


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture
async def ana(http: httpx2.AsyncClient, scene: Scene) -> Clerk:
    """An owner."""
    return await sign_in(http, scene, Role.OWNER)


@pytest.fixture
async def ben(http: httpx2.AsyncClient, scene: Scene) -> Clerk:
    """An agent."""
    return await sign_in(http, scene, Role.AGENT)


@pytest.fixture
async def jonas(http: httpx2.AsyncClient, scene: Scene) -> Clerk:
    """Somebody of the warehouse."""
    return await sign_in(http, scene, Role.WAREHOUSE)
