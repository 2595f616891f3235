"""Integrators (ISVs), and which accounts each of them serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.account import ApiKey, Role
from retour.store.db import Db

ROUTE_ISVS: Final = "SELECT tenant_id FROM route_isvs() ORDER BY tenant_id"
ROUTE_ACCOUNTS: Final = "SELECT tenant_id FROM route_isv_accounts($1, $2, $3) ORDER BY tenant_id"

ADD: Final = "INSERT INTO isv (tenant_id, name, secret_sha256, created_at) VALUES (current_tenant(), $1, $2, $3)"
GET: Final = """
SELECT tenant_id AS id, name, created_at, last_used_at, removed_at FROM isv WHERE tenant_id = current_tenant()
"""
# Either key of a rotation opens the door while the older one is still taken.
FIND: Final = """
SELECT tenant_id AS id, name, created_at, last_used_at, removed_at,
       last_used_at IS NULL OR last_used_at <= $2::timestamptz - interval '1 minute' AS stale
  FROM isv WHERE tenant_id = current_tenant() AND removed_at IS NULL
   AND (secret_sha256 = $1 OR (previous_sha256 = $1 AND previous_until > $2))
"""
TOUCH: Final = "UPDATE isv SET last_used_at = $1 WHERE tenant_id = current_tenant()"
ROTATE: Final = """
UPDATE isv SET previous_sha256 = CASE WHEN $2::timestamptz IS NOT NULL THEN secret_sha256 END, previous_until = $2,
       secret_sha256 = $1
 WHERE tenant_id = current_tenant() AND removed_at IS NULL RETURNING tenant_id
"""
REMOVE: Final = """
UPDATE isv SET removed_at = $1 WHERE tenant_id = current_tenant() AND removed_at IS NULL RETURNING tenant_id
"""

# The same reference sent twice at once: the second one waits and then finds the account.
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(current_tenant()::text, 39))"
ADMIT: Final = """
INSERT INTO isv_service (tenant_id, id, isv_id, isv_name, reference, role, admitted_by, since)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7)
"""
SERVICE: Final = """
SELECT s.id, s.isv_id, s.isv_name, s.reference, s.role, s.admitted_by, s.since, s.ended_at, s.ended_by
  FROM isv_service s WHERE s.tenant_id = current_tenant() AND s.isv_id = $1 AND s.ended_at IS NULL
"""
# A service does not end while a key is made under it, and no key is made under one that is about to end.
SERVICE_HELD: Final = """
SELECT s.id, s.isv_id, s.isv_name, s.reference, s.role, s.admitted_by, s.since, s.ended_at, s.ended_by
  FROM isv_service s WHERE s.tenant_id = current_tenant() AND s.isv_id = $1 AND s.ended_at IS NULL FOR SHARE
"""
SERVICES: Final = """
SELECT s.id, s.isv_id, s.isv_name, s.reference, s.role, s.admitted_by, s.since, s.ended_at, s.ended_by
  FROM isv_service s WHERE s.tenant_id = current_tenant() ORDER BY s.since, s.id
"""
SERVED: Final = """
SELECT s.role, coalesce((SELECT jsonb_object_agg(t.shop_name, t.id)
                           FROM store t WHERE t.tenant_id = s.tenant_id), '{}') AS stores
  FROM isv_service s WHERE s.tenant_id = current_tenant() AND s.isv_id = $1 AND s.ended_at IS NULL
"""
END: Final = """
UPDATE isv_service SET ended_at = $2, ended_by = $3
 WHERE tenant_id = current_tenant() AND isv_id = $1 AND ended_at IS NULL RETURNING id
"""
MARK_KEY: Final = "UPDATE api_key SET isv_id = $2 WHERE tenant_id = current_tenant() AND id = $1"
KEYS: Final = """
SELECT id, name, role, created_at, last_used_at
  FROM api_key WHERE tenant_id = current_tenant() AND isv_id = $1 AND revoked_at IS NULL ORDER BY created_at, id
"""


@dataclass(frozen=True, slots=True)
class Isv:
    """An integrator that the operator let in."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Engagement:
    """That an integrator serves the account, or did; `reference` is its own name for the account."""

    id: UUID
    isv_id: UUID
    isv_name: str
    reference: str | None
    role: Role
    admitted_by: str
    since: datetime
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Served:
    """What acting for an account needs: the role, and the stores by name."""

    role: Role
    stores: Mapping[str, UUID]


@dataclass(frozen=True, slots=True)
class IsvKey:
    """A key of the account that an integrator had made."""

    id: UUID
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None


async def route_isvs(db: Db) -> list[UUID]:
    """Return the ids of all integrators, removed ones too, before any tenant is set."""
    return [row["tenant_id"] for row in await db.fetch(ROUTE_ISVS)]


async def route_accounts(db: Db, isv_id: UUID, *, after: UUID | None, most: int) -> list[UUID]:
    """Return the accounts that an integrator serves, by id, before any tenant is set."""
    return [row["tenant_id"] for row in await db.fetch(ROUTE_ACCOUNTS, isv_id, after, most)]


async def add(db: Db, *, name: str, secret_sha256: bytes, at: datetime) -> None:
    """Write the integrator of the open transaction's tenant: the hash of its secret, never the secret."""
    await db.execute(ADD, name, secret_sha256, at)


async def get(db: Db) -> Isv | None:
    """Return the integrator of the open transaction's tenant, or nothing."""
    row = await db.fetchrow(GET)
    return Isv(**row) if row else None


async def find(db: Db, key: ApiKey, *, now: datetime) -> Isv | None:
    """Return the integrator if the key is its own, and note once a minute that it was used."""
    row = await db.fetchrow(FIND, key.secret_sha256, now)
    if row is None:
        return None
    if row["stale"]:
        await db.execute(TOUCH, now)
    return Isv(row["id"], row["name"], row["created_at"], row["last_used_at"], row["removed_at"])


async def rotate(db: Db, *, secret_sha256: bytes, keep_until: datetime | None) -> bool:
    """Write a new secret; the one before is taken until then. Return whether there is such an integrator."""
    return await db.fetchval(ROTATE, secret_sha256, keep_until) is not None


async def remove(db: Db, *, at: datetime) -> bool:
    """Let the integrator in no more; return whether that changed anything."""
    return await db.fetchval(REMOVE, at) is not None


async def lock(db: Db) -> None:
    """Let nobody else open the account of the open transaction's tenant until it ends."""
    await db.execute(LOCK)


async def admit(db: Db, service: Engagement) -> None:
    """Write that an integrator serves the account; served_once refuses it twice at a time."""
    s = service
    await db.execute(ADMIT, s.id, s.isv_id, s.isv_name, s.reference, s.role.value, s.admitted_by, s.since)


async def service(db: Db, isv_id: UUID, *, hold: bool = False) -> Engagement | None:
    """Return how an integrator serves the account now, or nothing; with `hold` it does not end before we do."""
    row = await db.fetchrow(SERVICE_HELD if hold else SERVICE, isv_id)
    return Engagement(**{**row, "role": Role(row["role"])}) if row else None


async def services(db: Db) -> list[Engagement]:
    """Return who serves and served the account, oldest first."""
    return [Engagement(**{**row, "role": Role(row["role"])}) for row in await db.fetch(SERVICES)]


async def served(db: Db, isv_id: UUID) -> Served | None:
    """Return what an integrator may do in the account now, or nothing, in one statement."""
    row = await db.fetchrow(SERVED, isv_id)
    if row is None:
        return None
    return Served(Role(row["role"]), {name: UUID(store_id) for name, store_id in row["stores"].items()})


async def end(db: Db, isv_id: UUID, *, at: datetime, by: str) -> bool:
    """End the service of an integrator; return whether there was one."""
    return await db.fetchval(END, isv_id, at, by) is not None


async def mark_key(db: Db, key_id: UUID, isv_id: UUID) -> None:
    """Write that a key was made for an integrator."""
    await db.execute(MARK_KEY, key_id, isv_id)


async def keys(db: Db, isv_id: UUID) -> list[IsvKey]:
    """Return the live keys of the account that an integrator had made, oldest first."""
    return [IsvKey(**{**row, "role": Role(row["role"])}) for row in await db.fetch(KEYS, isv_id)]
