"""Accounts are opened once, with what they say checked, and every change has its event."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from retour.core.account import Role
from retour.core.errors import Refused
from retour.flows import account as flow
from retour.flows import guard
from retour.store import account, event
from retour.store.db import Database
from retour.store.password import check_password, hash_password

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
STORE: dict[str, Any] = {
    "shop_name": "main",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "actor": "cli",
    "now": NOW,
}


@pytest.fixture
async def tenant(database: Database) -> UUID:
    tenant_id = uuid4()
    async with database.tx(tenant_id) as db:
        await flow.create_account(db, tenant_id=tenant_id, name=f"Shop {tenant_id}", actor="cli", now=NOW)
    return tenant_id


async def test_an_account_is_found_by_its_name_and_opened_once(database: Database, tenant: UUID) -> None:
    async with database.tx(None) as db:
        assert await account.route_account(db, f"Shop {tenant}") == tenant
    other = uuid4()
    with pytest.raises(Refused) as refused:
        async with database.tx(other) as db:
            await flow.create_account(db, tenant_id=other, name=f"Shop {tenant}", actor="cli", now=NOW)

    assert refused.value.code == "already_exists"
    async with database.tx(other) as db:
        assert await account.get_account(db) is None
    async with database.tx(tenant) as db:
        told = await event.of_resource(db, resource_kind="account", resource_id=tenant)
    assert [(e.type, e.seq, e.actor) for e in told] == [("account.created", 1, "cli")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"shop_name": "  "}, "invalid_name"),
        ({"shop_name": "a\x00b"}, "invalid_name"),
        ({"shop_name": "x" * 201}, "invalid_name"),
        ({"timezone": "Berlin"}, "invalid_timezone"),
        ({"currency": "euro"}, "invalid_currency"),
        ({"restock_master": "nobody"}, "invalid_master"),
    ],
)
async def test_a_store_with_a_wrong_value_is_refused(
    database: Database, tenant: UUID, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        async with database.tx(tenant) as db:
            await flow.create_store(db, **(STORE | change))

    assert refused.value.code == code
    async with database.tx(tenant) as db:
        assert await account.stores(db) == []


async def test_store_names_are_unique_within_an_account_alone(database: Database, tenant: UUID) -> None:
    async with database.tx(tenant) as db:
        made = await flow.create_store(db, **STORE)
    with pytest.raises(Refused, match="has a store named"):
        async with database.tx(tenant) as db:
            await flow.create_store(db, **STORE)
    other = uuid4()
    async with database.tx(other) as db:
        await flow.create_account(db, tenant_id=other, name=str(other), actor="cli", now=NOW)
        await flow.create_store(db, **STORE)

    async with database.tx(tenant) as db:
        assert await account.stores(db) == [made]


async def test_staff_sign_in_with_the_address_in_any_case(database: Database, tenant: UUID) -> None:
    stored = await hash_password(flow.check_new_password("correct horse battery"))
    address = f"Ada-{tenant}@Example.com"
    async with database.tx(tenant) as db:
        ada = await flow.add_staff(
            db, email=address, name="Ada", role=Role.AGENT, password_hash=stored, actor="cli", now=NOW
        )
    with pytest.raises(Refused, match="has that address"):
        async with database.tx(tenant) as db:
            await flow.add_staff(
                db, email=address.upper(), name="A", role=Role.OWNER, password_hash=None, actor="cli", now=NOW
            )

    async with database.tx(None) as db:
        assert await account.route_login(db, address.casefold()) == [(tenant, ada.id)]
    async with database.tx(tenant) as db:
        kept = await account.password_hash(db, ada.id)
        assert await account.staff(db) == [ada]
    assert kept is not None
    assert kept.startswith("$argon2id$")
    assert await check_password("correct horse battery", kept)
    assert not await check_password("correct horse", kept)


@pytest.mark.parametrize("plain", ["", "eleven char", "x" * 1001])
def test_passwords_have_a_length(plain: str) -> None:
    with pytest.raises(Refused, match="12 characters"):
        flow.check_new_password(plain)


async def test_a_key_is_stored_as_a_hash_and_revoked_once(database: Database, tenant: UUID, owner: Any) -> None:
    async with database.tx(tenant) as db:
        key = await flow.create_key(db, name="till", role=Role.WAREHOUSE, actor="cli", now=NOW)
        live = await account.read_key(db, key.id)
    assert live is not None
    assert (live.role, live.secret_sha256) == (Role.WAREHOUSE, key.secret_sha256)

    async with database.tx(tenant) as db:
        await flow.revoke_key(db, key_id=key.id, actor="cli", now=NOW)
    with pytest.raises(Refused, match="no live key"):
        async with database.tx(tenant) as db:
            await flow.revoke_key(db, key_id=key.id, actor="cli", now=NOW)
    async with database.tx(None) as db:
        assert await account.route_api_key(db, key.id) is None
    async with database.tx(tenant) as db:
        assert await account.read_key(db, key.id) is None
        told = await event.of_resource(db, resource_kind="api_key", resource_id=key.id)
    assert [e.type for e in told] == ["key.created", "key.revoked"]
    assert key.secret not in repr(told)


async def test_payments_are_paused_once_with_one_event(database: Database, tenant: UUID) -> None:
    async with database.tx(tenant) as db:
        changed = [
            await guard.pause_payments(db, tenant_id=tenant, store_id=None, actor="cli", now=NOW) for _ in range(2)
        ]
        paused = await account.get_account(db)
        back = await guard.resume_payments(db, tenant_id=tenant, store_id=None, actor="cli", now=NOW)
        told = await event.of_resource(db, resource_kind="account", resource_id=tenant)

    assert (changed, back) == ([True, False], True)
    assert paused is not None
    assert paused.payments_paused
    assert [e.type for e in told] == ["account.created", "payments.paused", "payments.resumed"]
