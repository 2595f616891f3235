"""The API over real HTTP, and accounts to call it with."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import uvicorn
from litestar import Litestar

from retour.core.account import Role
from retour.doors.api.app import create_api
from retour.flows import account as flow
from retour.store.db import Database
from retour.store.vault import Vault
from retour.web.problem import exception_handlers
from tests.waiting import until


@dataclass(frozen=True, slots=True)
class Merchant:
    """An account with two stores and a key for each role."""

    tenant_id: UUID
    stores: Mapping[str, UUID]
    keys: Mapping[Role, str]

    def headers(self, role: Role = Role.OWNER, shop: str | None = "main", **more: str) -> dict[str, str]:
        """Return the headers of a call; `idempotency_key` is one of `more`."""
        named = {"X-API-Key": self.keys[role]} | ({"X-Shop-Name": shop} if shop else {})
        return named | {name.replace("_", "-"): value for name, value in more.items()}


async def open_account(database: Database, *, stores: tuple[str, ...] = ("main", "outlet")) -> Merchant:
    tenant_id, now = uuid4(), datetime.now(UTC)
    async with database.tx(tenant_id) as db:
        await flow.create_account(db, tenant_id=tenant_id, name=f"Shop {tenant_id}", actor="cli", now=now)
        made = {
            name: (
                await flow.create_store(
                    db, shop_name=name, timezone="Europe/Berlin", currency="EUR", actor="cli", now=now
                )
            ).id
            for name in stores
        }
        keys = {
            role: (await flow.create_key(db, name=role.value, role=role, actor="cli", now=now)).text for role in Role
        }
    return Merchant(tenant_id, made, keys)


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.open(tmp_path_factory.mktemp("keys"), role="all")


@pytest.fixture(scope="module")
async def address(database: Database, vault: Vault) -> AsyncIterator[str]:
    """The address of a server with the API."""
    app = Litestar(
        [create_api(database, vault)],
        openapi_config=None,
        exception_handlers=exception_handlers(),
        logging_config=None,
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="on"))
        serving = asyncio.create_task(server.serve([listener]))

        async def started() -> bool:
            return server.started

        await until(started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1"
        server.should_exit = True
        await serving


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture
async def merchant(database: Database) -> Merchant:
    return await open_account(database)


def code_of(answer: Any) -> tuple[int, str]:
    """Return the status and the code of a problem, after checking that it is one."""
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["type"] == f"urn:retour:problem:{told['code']}"
    return answer.status_code, told["code"]
