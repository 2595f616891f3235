"""What a connection is given is sealed to the process that uses it and readable nowhere else."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from retour.core.errors import Refused
from retour.flows import account as accounts
from retour.flows import connection as flow
from retour.store import connection
from retour.store.db import Database
from retour.store.vault import NotMyKey, Vault

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
WRITE, READ, SECRET = {"token": "write-canary"}, {"token": "read-canary"}, b"hook-canary"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


async def connect(database: Database, vault: Vault, **changes: Any) -> tuple[UUID, connection.Connection]:
    tenant_id = uuid4()
    async with database.tx(tenant_id) as db:
        await accounts.create_account(db, tenant_id=tenant_id, name=str(tenant_id), actor="cli", now=NOW)
        store = await accounts.create_store(db, shop_name="main", timezone="UTC", currency="EUR", actor="cli", now=NOW)
        asked = {
            "store_id": store.id, "platform": "shopify", "far_name": "a.example", "base_url": "https://a.example",
            "write": WRITE, "read": READ, "webhook_secrets": [SECRET], "actor": "cli", "now": NOW,
        } | changes  # fmt: skip
        return tenant_id, await flow.connect(db, vault, tenant_id=tenant_id, **asked)


async def test_each_credential_is_opened_by_its_process_alone(database: Database, keys: Path) -> None:
    web = Vault.open(keys)
    tenant_id, made = await connect(database, web)
    worker, executor = Vault.open(keys, role="worker"), Vault.open(keys, role="executor")
    async with database.tx(tenant_id) as db:
        kept = await connection.get(db, made.id)
    assert kept == made
    assert kept.sealed_write is not None
    assert kept.sealed_read is not None

    assert json.loads(executor.open_as_executor(kept.sealed_write)) == WRITE
    assert json.loads(worker.open_as_worker(kept.sealed_read)) == READ
    assert flow.webhook_secrets(web, kept, tenant_id=tenant_id) == [SECRET]
    for vault in (web, worker):
        with pytest.raises(NotMyKey):
            vault.open_as_executor(kept.sealed_write)
    with pytest.raises(NotMyKey):
        flow.webhook_secrets(web, kept, tenant_id=uuid4())
    assert not any(canary in repr(kept) for canary in ("write-canary", "read-canary", "hook-canary"))


async def test_secrets_are_replaced_one_by_one(database: Database, keys: Path) -> None:
    vault = Vault.open(keys, role="all")
    tenant_id, made = await connect(database, vault)

    async with database.tx(tenant_id) as db:
        await connection.lock_out(db, made.id, actor="retour", at=NOW)
        await flow.reseal(
            db, vault, tenant_id=tenant_id, connection_id=made.id, write={"token": "new"}, actor="cli", now=NOW
        )
        kept = await connection.get(db, made.id)

    assert kept is not None
    assert kept.sealed_write is not None
    assert json.loads(vault.open_as_executor(kept.sealed_write)) == {"token": "new"}
    assert (kept.sealed_read, kept.state) == (made.sealed_read, "connected")
    assert flow.webhook_secrets(vault, kept, tenant_id=tenant_id) == [SECRET]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"store_id": uuid4()}, "store_not_found"),
        ({"base_url": "http://a.example"}, "invalid_url"),
        ({"far_name": ""}, "invalid_name"),
        ({"write": {}}, "invalid_credentials"),
    ],
)
async def test_a_wrong_connection_is_refused(
    database: Database, keys: Path, owner: Any, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await connect(database, Vault.open(keys), **change)

    assert refused.value.code == code


async def test_a_shop_is_connected_once_and_disconnected_with_one_event(database: Database, keys: Path) -> None:
    vault = Vault.open(keys)
    tenant_id, made = await connect(database, vault)

    with pytest.raises(Refused, match="connected already"):
        async with database.tx(tenant_id) as db:
            await flow.connect(
                db, vault, tenant_id=tenant_id, store_id=made.store_id, platform="shopify", far_name="a.example",
                base_url="https://b.example", write=WRITE, actor="cli", now=NOW,
            )  # fmt: skip
    async with database.tx(tenant_id) as db:
        for _ in range(2):
            await flow.disconnect(db, connection_id=made.id, actor="cli", now=NOW)
        assert [(c.id, c.state) for c in await connection.connections(db)] == [(made.id, "disconnected")]
        told = await db.fetchval("SELECT count(*) FROM event WHERE type = 'connection.disconnected'")
    assert told == 1


async def test_nobody_is_asked_to_connect_again_what_was_disconnected(database: Database, keys: Path) -> None:
    tenant_id, made = await connect(database, Vault.open(keys))
    asked = "SELECT count(*) FROM discrepancy WHERE kind = 'needs_reconnect' AND resolved_at IS NULL"
    async with database.tx(tenant_id) as db:
        await connection.lock_out(db, made.id, actor="retour", at=NOW)
        before = await db.fetchval(asked)

        await flow.disconnect(db, connection_id=made.id, actor="cli", now=NOW)

        assert (before, await db.fetchval(asked)) == (1, 0)
