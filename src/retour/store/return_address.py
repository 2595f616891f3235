"""Return addresses: where the goods of a store go back to, by the name that its policy gives the destination."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.postal import PostalAddress
from retour.store.db import Db, Record

OF_STORE: Final = """
SELECT id, store_id, code, is_default, address, instructions, location_ref, version, created_at,
       changed_at
  FROM return_address WHERE tenant_id = current_tenant() AND store_id = $1 ORDER BY is_default DESC, code
"""
GET: Final = """
SELECT id, store_id, code, is_default, address, instructions, location_ref, version, created_at,
       changed_at
  FROM return_address WHERE tenant_id = current_tenant() AND id = $1
"""
LOCK_STORE: Final = """
SELECT id FROM return_address WHERE tenant_id = current_tenant() AND store_id = $1 ORDER BY id FOR UPDATE
"""
FIND: Final = """
SELECT id, store_id, code, is_default, address, instructions, location_ref, version, created_at,
       changed_at
  FROM return_address
 WHERE tenant_id = current_tenant() AND store_id = $1 AND CASE WHEN $2::text IS NULL THEN is_default ELSE code = $2 END
"""
NO_DEFAULT: Final = """
UPDATE return_address SET is_default = false, version = version + 1, changed_at = $3
 WHERE tenant_id = current_tenant() AND store_id = $1 AND is_default AND id <> $2
"""
ADD: Final = """
INSERT INTO return_address (tenant_id, id, store_id, code, is_default, address, instructions, created_at, changed_at, location_ref)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $7, $8) ON CONFLICT (tenant_id, store_id, code) DO NOTHING RETURNING id
"""
CHANGE: Final = """
UPDATE return_address SET code = $2, is_default = $3, address = $4, instructions = $5, version = version + 1, changed_at = $6,
       location_ref = $7
 WHERE tenant_id = current_tenant() AND id = $1
"""
REMOVE: Final = "DELETE FROM return_address WHERE tenant_id = current_tenant() AND id = $1"


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """One place goods go back to; `code` is the policy's name of it, instructions are by language.

    `location_ref` is the platform's location of what is handed in at a counter there.
    """

    id: UUID
    store_id: UUID
    code: str
    is_default: bool
    address: PostalAddress
    instructions: Mapping[str, str]
    version: int
    created_at: datetime
    changed_at: datetime
    location_ref: str | None = None


async def of_store(db: Db, store_id: UUID) -> list[ReturnAddress]:
    """Return the addresses of a store, the default one first."""
    return [_address(row) for row in await db.fetch(OF_STORE, store_id)]


async def get(db: Db, address_id: UUID) -> ReturnAddress | None:
    """Return one address, or nothing."""
    row = await db.fetchrow(GET, address_id)
    return _address(row) if row else None


async def lock_all(db: Db, store_id: UUID) -> None:
    """Lock the addresses of a store, so that one of them alone becomes the default."""
    await db.fetch(LOCK_STORE, store_id)


async def find(db: Db, store_id: UUID, destination: str | None) -> ReturnAddress | None:
    """Return the address of a destination, the default one where the policy names none; nothing if there is none."""
    row = await db.fetchrow(FIND, store_id, destination)
    return _address(row) if row else None


async def add(db: Db, wanted: ReturnAddress) -> bool:
    """Keep a new address; False if the store has one of that code."""
    if wanted.is_default:
        await db.execute(NO_DEFAULT, wanted.store_id, wanted.id, wanted.created_at)
    done = await db.fetchval(
        ADD, wanted.id, wanted.store_id, wanted.code, wanted.is_default, msgspec.to_builtins(wanted.address),
        dict(wanted.instructions), wanted.created_at, wanted.location_ref,
    )  # fmt: skip
    return done is not None


async def change(db: Db, to: ReturnAddress, *, at: datetime) -> None:
    """Write an address anew; a default one takes that from the one before."""
    if to.is_default:
        await db.execute(NO_DEFAULT, to.store_id, to.id, at)
    await db.execute(
        CHANGE, to.id, to.code, to.is_default, msgspec.to_builtins(to.address), dict(to.instructions), at,
        to.location_ref,
    )  # fmt: skip


async def remove(db: Db, address_id: UUID) -> None:
    """Take an address away; labels that were made keep what they say."""
    await db.execute(REMOVE, address_id)


def _address(row: Record) -> ReturnAddress:
    return ReturnAddress(**{**row, "address": msgspec.convert(row["address"], PostalAddress)})
