"""Integrators with a key, and how they call."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2

from retour.core.account import Role
from retour.flows.account import isv as flow
from retour.store.db import Database
from retour.store.isv import Isv

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Integrator:
    """An integrator and its key."""

    id: UUID
    key: str

    def headers(self, account: object = None, **more: str) -> dict[str, str]:
        named = {"X-API-Key": self.key} | ({"Retour-Account": str(account)} if account else {})
        return named | {name.replace("_", "-"): value for name, value in more.items()}

    async def post(self, http: httpx2.AsyncClient, path: str, body: Any, *, account: object = None) -> httpx2.Response:
        return await http.post(path, json=body, headers=self.headers(account, idempotency_key=str(uuid4())))

    async def open(self, http: httpx2.AsyncClient, reference: str, **more: Any) -> Any:
        """Open the account of a merchant and return what is told of it."""
        answer = await self.post(http, "/isv/accounts", wish(reference, **more))
        assert answer.status_code == 201, answer.text
        return answer.json()


def wish(reference: str, **more: Any) -> dict[str, Any]:
    named = {"reference": reference, "name": f"Shop {uuid4()}", "shop_name": "main", "currency": "EUR"}
    return named | {"timezone": "Europe/Berlin"} | more


async def an_integrator(database: Database, name: str = "Cargo Bridge") -> Integrator:
    isv_id = uuid4()
    async with database.tx(isv_id) as db:
        key = await flow.add(db, isv_id=isv_id, name=name, now=NOW)
    return Integrator(isv_id, key.text)


async def admitted(database: Database, tenant_id: UUID, integrator: Integrator, role: Role = Role.OWNER) -> None:
    """Let an integrator serve an account, as its owner does in the settings."""
    async with database.tx(integrator.id) as db:
        known: Isv = await flow.find(db)
    async with database.tx(tenant_id) as db:
        await flow.admit(db, known=known, role=role, actor="staff:owner", now=NOW)


async def ended(database: Database, tenant_id: UUID, integrator: Integrator) -> None:
    """End that service, as the owner does in the settings."""
    async with database.tx(tenant_id) as db:
        await flow.end(db, isv_id=integrator.id, actor="staff:owner", now=NOW)
