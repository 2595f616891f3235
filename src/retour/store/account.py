"""Accounts (tenants), their stores, their staff and their API keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.account import Role
from retour.store.db import Db

ROUTE_ACCOUNT: Final = "SELECT tenant_id FROM route_account($1)"
ROUTE_ACCOUNTS: Final = "SELECT tenant_id FROM route_accounts() ORDER BY tenant_id"
ROUTE_LOGIN: Final = "SELECT tenant_id, id FROM route_login($1)"
ROUTE_API_KEY: Final = "SELECT tenant_id FROM route_api_key($1)"

# Two people who set up the same installation at once: the second one waits and then finds an account.
LOCK_FIRST: Final = "SELECT pg_advisory_xact_lock(hashtextextended('retour first account', 0))"
ADD_ACCOUNT: Final = "INSERT INTO account (tenant_id, name, created_at) VALUES (current_tenant(), $1, $2)"
GET_ACCOUNT: Final = """
SELECT tenant_id, name, payments_paused, created_at FROM account WHERE tenant_id = current_tenant()
"""
PAUSE_ACCOUNT: Final = """
UPDATE account SET payments_paused = $1 WHERE tenant_id = current_tenant() AND payments_paused <> $1 RETURNING tenant_id
"""

ADD_STORE: Final = """
INSERT INTO store (tenant_id, id, shop_name, timezone, currency, return_master, refund_master, restock_master, tag_on,
                   location_ref, created_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
LIST_STORES: Final = """
SELECT id, shop_name, timezone, currency, return_master, refund_master, restock_master, tag_on, location_ref,
       payments_paused, created_at, paused_at, paused_by, paused_because
  FROM store WHERE tenant_id = current_tenant() ORDER BY shop_name
"""
GET_STORE: Final = """
SELECT id, shop_name, timezone, currency, return_master, refund_master, restock_master, tag_on, location_ref,
       payments_paused, created_at, paused_at, paused_by, paused_because
  FROM store WHERE tenant_id = current_tenant() AND id = $1
"""
SET_STORE: Final = """
UPDATE store SET timezone = $2, return_master = $3, refund_master = $4, restock_master = $5, tag_on = $6,
       location_ref = $7, shop_name = $8
 WHERE tenant_id = current_tenant() AND id = $1
"""
PAUSE_STORE: Final = """
UPDATE store SET payments_paused = $2, paused_by = $3, paused_because = $4, paused_at = $5
 WHERE tenant_id = current_tenant() AND id = $1 AND payments_paused <> $2 RETURNING id
"""
TAKE_OVER_PAUSE: Final = """
UPDATE store SET paused_by = $2, paused_because = $3, paused_at = $4
 WHERE tenant_id = current_tenant() AND id = $1 AND payments_paused RETURNING id
"""

ADD_STAFF: Final = """
INSERT INTO staff (tenant_id, id, email, email_folded, name, role, password_hash, created_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7)
"""
LIST_STAFF: Final = """
SELECT id, email, name, role, password_hash IS NOT NULL AS has_password, disabled_at, created_at, language
  FROM staff WHERE tenant_id = current_tenant() ORDER BY email_folded
"""
LOCK_STAFF: Final = """
SELECT id, email, name, role, password_hash IS NOT NULL AS has_password, disabled_at, created_at, language
  FROM staff WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE
"""
LOCK_OWNERS: Final = """
SELECT id FROM staff WHERE tenant_id = current_tenant() AND role = 'owner' AND disabled_at IS NULL
 ORDER BY id FOR NO KEY UPDATE
"""
SET_STAFF: Final = """
UPDATE staff SET name = $2, role = $3, language = $4, disabled_at = $5 WHERE tenant_id = current_tenant() AND id = $1
"""
SET_HASH: Final = "UPDATE staff SET password_hash = $2 WHERE tenant_id = current_tenant() AND id = $1"
STORED_HASH: Final = """
SELECT password_hash FROM staff WHERE tenant_id = current_tenant() AND id = $1 AND disabled_at IS NULL
"""

ADD_KEY: Final = """
INSERT INTO api_key (tenant_id, id, name, role, secret_sha256, created_at) VALUES (current_tenant(), $1, $2, $3, $4, $5)
"""
LIST_KEYS: Final = """
SELECT id, name, role, created_at, last_used_at, revoked_at
  FROM api_key WHERE tenant_id = current_tenant() ORDER BY created_at, id
"""
REVOKE_KEY: Final = """
UPDATE api_key SET revoked_at = $2 WHERE tenant_id = current_tenant() AND id = $1 AND revoked_at IS NULL RETURNING id
"""
READ_KEY: Final = """
SELECT k.role, k.secret_sha256, k.last_used_at, k.isv_id,
       coalesce((SELECT jsonb_object_agg(s.shop_name, s.id)
                   FROM store s WHERE s.tenant_id = k.tenant_id), '{}') AS stores
  FROM api_key k WHERE k.tenant_id = current_tenant() AND k.id = $1 AND k.revoked_at IS NULL
   AND (k.isv_id IS NULL OR EXISTS (
     SELECT FROM isv_service v WHERE v.tenant_id = k.tenant_id AND v.isv_id = k.isv_id AND v.ended_at IS NULL))
"""
TOUCH_KEY: Final = """
UPDATE api_key SET last_used_at = $2
 WHERE tenant_id = current_tenant() AND id = $1
   AND (last_used_at IS NULL OR last_used_at <= $2::timestamptz - interval '1 minute')
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A merchant; its id is the tenant of everything it owns."""

    tenant_id: UUID
    name: str
    payments_paused: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Store:
    """One shop of an account; `shop_name` is what X-Shop-Name says; the masters say who owns what."""

    id: UUID
    shop_name: str
    timezone: str
    currency: str
    created_at: datetime
    return_master: str = "retour"
    refund_master: str = "retour"
    restock_master: str = "retour"
    tag_on: str = "order"
    location_ref: str | None = None
    payments_paused: bool = False
    paused_at: datetime | None = None
    paused_by: str | None = None
    paused_because: str | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """A person who works for the merchant."""

    id: UUID
    email: str
    name: str
    role: Role
    has_password: bool
    disabled_at: datetime | None
    created_at: datetime
    language: str | None = None


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key as lists show it: never its secret."""

    id: UUID
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class LiveKey:
    """What signing in needs of a key: its role, the hash of its secret, the account's stores by name, and which
    integrator had made it, if one had."""

    role: Role
    secret_sha256: bytes
    last_used_at: datetime | None
    stores: Mapping[str, UUID]
    made_by: UUID | None


async def route_account(db: Db, name: str) -> UUID | None:
    """Return the tenant whose account has that name, before any tenant is set."""
    found: UUID | None = await db.fetchval(ROUTE_ACCOUNT, name)
    return found


async def route_accounts(db: Db) -> list[UUID]:
    """Return the tenants of this installation in the order they were opened, before any tenant is set."""
    return [row["tenant_id"] for row in await db.fetch(ROUTE_ACCOUNTS)]


async def route_login(db: Db, email_folded: str) -> list[tuple[UUID, UUID]]:
    """Return (tenant, staff) of everyone who signs in with that address; one person may work for several accounts."""
    return [(row["tenant_id"], row["id"]) for row in await db.fetch(ROUTE_LOGIN, email_folded)]


async def route_api_key(db: Db, key_id: UUID) -> UUID | None:
    """Return the tenant of a key that is not revoked, before any tenant is set."""
    found: UUID | None = await db.fetchval(ROUTE_API_KEY, key_id)
    return found


async def has_accounts(db: Db, *, lock: bool = False) -> bool:
    """Return whether this installation has an account; with `lock` nobody else opens the first one meanwhile."""
    if lock:
        await db.execute(LOCK_FIRST)
    return bool(await route_accounts(db))


async def add_account(db: Db, *, name: str, created_at: datetime) -> None:
    """Write the account of the open transaction's tenant."""
    await db.execute(ADD_ACCOUNT, name, created_at)


async def get_account(db: Db) -> Account | None:
    """Return the account of the open transaction's tenant."""
    row = await db.fetchrow(GET_ACCOUNT)
    return Account(**row) if row else None


async def pause_account(db: Db, *, paused: bool) -> bool:
    """Set the account's kill switch; return whether that changed anything."""
    return await db.fetchval(PAUSE_ACCOUNT, paused) is not None


async def add_store(db: Db, store: Store) -> None:
    """Write a store; the constraint store_tenant_id_shop_name_key refuses a second one of the same name."""
    s = store
    masters = (s.return_master, s.refund_master, s.restock_master)
    await db.execute(
        ADD_STORE, s.id, s.shop_name, s.timezone, s.currency, *masters, s.tag_on, s.location_ref, s.created_at
    )


async def stores(db: Db) -> list[Store]:
    """Return the account's stores by name."""
    return [Store(**row) for row in await db.fetch(LIST_STORES)]


async def get_store(db: Db, store_id: UUID) -> Store | None:
    """Return one store, or nothing."""
    row = await db.fetchrow(GET_STORE, store_id)
    return Store(**row) if row else None


async def set_store(db: Db, store: Store) -> None:
    """Write what may change of a store: its name, calendar, masters, what is tagged, where units go."""
    s = store
    await db.execute(
        SET_STORE, s.id, s.timezone, s.return_master, s.refund_master, s.restock_master, s.tag_on, s.location_ref,
        s.shop_name,
    )  # fmt: skip


async def pause_store(
    db: Db,
    store_id: UUID,
    *,
    paused: bool,
    by: str | None = None,
    because: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Set the store's kill switch, and why and since when; return whether that changed anything."""
    told = (by, because, at) if paused else (None, None, None)
    return await db.fetchval(PAUSE_STORE, store_id, paused, *told) is not None


async def take_over_pause(db: Db, store_id: UUID, *, by: str, because: str | None, at: datetime) -> bool:
    """Write that somebody else stands behind the pause of a store now; return whether it is paused."""
    return await db.fetchval(TAKE_OVER_PAUSE, store_id, by, because, at) is not None


async def add_staff(db: Db, staff: Staff, *, email_folded: str, password_hash: str | None) -> None:
    """Write a member of the staff; staff_tenant_id_email_folded_key refuses the same address twice."""
    s = staff
    await db.execute(ADD_STAFF, s.id, s.email, email_folded, s.name, s.role.value, password_hash, s.created_at)


async def staff(db: Db) -> list[Staff]:
    """Return the account's staff by address."""
    return [Staff(**{**row, "role": Role(row["role"])}) for row in await db.fetch(LIST_STAFF)]


async def lock_staff(db: Db, staff_id: UUID) -> Staff | None:
    """Return one member of the staff, locked until the transaction ends, or nothing."""
    row = await db.fetchrow(LOCK_STAFF, staff_id)
    return Staff(**{**row, "role": Role(row["role"])}) if row else None


async def lock_owners(db: Db) -> list[UUID]:
    """Return the owners who may sign in, locked until the transaction ends, so that one always remains."""
    return [row["id"] for row in await db.fetch(LOCK_OWNERS)]


async def set_staff(db: Db, staff: Staff) -> None:
    """Write what may change of a member: name, role, language, and whether they may sign in."""
    s = staff
    await db.execute(SET_STAFF, s.id, s.name, s.role.value, s.language, s.disabled_at)


async def set_password(db: Db, staff_id: UUID, password_hash: str) -> None:
    """Write the hash of a new password."""
    await db.execute(SET_HASH, staff_id, password_hash)


async def password_hash(db: Db, staff_id: UUID) -> str | None:
    """Return the stored hash of a member of the staff who may sign in."""
    stored: str | None = await db.fetchval(STORED_HASH, staff_id)
    return stored


async def add_key(db: Db, *, key_id: UUID, name: str, role: Role, secret_sha256: bytes, created_at: datetime) -> None:
    """Write an API key: the hash of its secret, never the secret."""
    await db.execute(ADD_KEY, key_id, name, role.value, secret_sha256, created_at)


async def keys(db: Db) -> list[KeyRow]:
    """Return the account's API keys, oldest first, revoked ones too."""
    return [KeyRow(**{**row, "role": Role(row["role"])}) for row in await db.fetch(LIST_KEYS)]


async def revoke_key(db: Db, key_id: UUID, *, at: datetime) -> bool:
    """Revoke a key; return whether there was a live one."""
    return await db.fetchval(REVOKE_KEY, key_id, at) is not None


async def read_key(db: Db, key_id: UUID) -> LiveKey | None:
    """Return what signing in needs of a live key, in one statement."""
    row = await db.fetchrow(READ_KEY, key_id)
    if row is None:
        return None
    named = {name: UUID(store_id) for name, store_id in row["stores"].items()}
    return LiveKey(Role(row["role"]), row["secret_sha256"], row["last_used_at"], named, row["isv_id"])


async def touch_key(db: Db, key_id: UUID, *, at: datetime) -> None:
    """Write when the key was last used, at most once a minute."""
    await db.execute(TOUCH_KEY, key_id, at)
