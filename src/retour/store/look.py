"""How stores look to their shoppers, found by the handle in the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.look import Logo, Look, Texts, handles
from retour.store.db import Db, Record
from retour.store.vault import Vault

ROUTE: Final = "SELECT tenant_id, store_id FROM route_portal($1)"
GET: Final = """
SELECT store_id, handle, name, brand_hex, logo_type, logo, texts, contact_email, contact_url, return_address,
       sender_name, default_language, withdrawal_link
  FROM look WHERE tenant_id = current_tenant() AND store_id = $1
"""
ADD: Final = """
INSERT INTO look (tenant_id, store_id, handle, name, changed_at) VALUES (current_tenant(), $1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING handle
"""
SET: Final = """
UPDATE look SET handle = $2, name = $3, brand_hex = $4, logo_type = $5, logo = $6, texts = $7, contact_email = $8,
       contact_url = $9, return_address = $10, sender_name = $11, default_language = $12, changed_at = $13,
       withdrawal_link = $14
 WHERE tenant_id = current_tenant() AND store_id = $1 RETURNING store_id
"""
# What every page of the portal asks before it shows anything, in one statement; the logo is served by itself.
PORTAL: Final = """
SELECT l.store_id, l.handle, l.name, l.brand_hex, l.logo_type, NULL::bytea AS logo, l.texts, l.contact_email,
       l.contact_url, l.return_address, l.sender_name, l.default_language, l.withdrawal_link,
       s.timezone, s.currency, l.changed_at
  FROM look l JOIN store s ON s.tenant_id = l.tenant_id AND s.id = l.store_id
 WHERE l.tenant_id = current_tenant() AND l.store_id = $1
"""
GENERATION: Final = "SELECT link_generation FROM look WHERE tenant_id = current_tenant() AND store_id = $1"
NEW_LINKS: Final = """
UPDATE look SET link_generation = link_generation + 1, changed_at = $2
 WHERE tenant_id = current_tenant() AND store_id = $1 RETURNING link_generation
"""


@dataclass(frozen=True, slots=True)
class Portal:
    """A store as its portal needs it: its look (without the picture), its calendar, whether it has a logo."""

    tenant_id: UUID
    look: Look
    timezone: str
    currency: str
    has_logo: bool
    changed_at: datetime


async def route(db: Db, handle: str) -> tuple[UUID, UUID] | None:
    """Return (tenant, store) of a handle, before any tenant is set."""
    row = await db.fetchrow(ROUTE, handle)
    return (row["tenant_id"], row["store_id"]) if row else None


async def portal(db: Db, *, tenant_id: UUID, store_id: UUID) -> Portal | None:
    """Return what the pages of a store's portal show on every page, or nothing."""
    row = await db.fetchrow(PORTAL, store_id)
    if row is None:
        return None
    return Portal(
        tenant_id, _look(row), row["timezone"], row["currency"], row["logo_type"] is not None, row["changed_at"]
    )


async def get(db: Db, store_id: UUID) -> Look | None:
    """Return the look of a store with its logo, or nothing if it has none yet."""
    row = await db.fetchrow(GET, store_id)
    return _look(row) if row else None


async def add_default(db: Db, *, store_id: UUID, shop_name: str, at: datetime) -> str:
    """Give a store the look it begins with and return its handle; a store that has one keeps it."""
    for handle in handles(shop_name, store_id):
        if await db.fetchval(ADD, store_id, handle, shop_name, at) is not None:
            return handle
        known = await get(db, store_id)
        if known is not None:
            return known.handle
    raise AssertionError("a handle that ends in the store's id is free")


async def save(db: Db, look: Look, *, at: datetime) -> bool:
    """Write the whole look of a store; False if it has none. The index look_by_handle refuses another's handle."""
    logo = look.logo
    done = await db.fetchval(
        SET, look.store_id, look.handle, look.name, look.brand_hex, logo.type if logo else None,
        logo.content if logo else None, _told(look.texts), look.contact_email, look.contact_url, look.return_address,
        look.sender_name, look.default_language, at, look.withdrawal_link,
    )  # fmt: skip
    return done is not None


async def link_secret(db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID) -> bytes | None:
    """Return the secret that the store's links are signed with, or nothing for a store without a look."""
    generation = await db.fetchval(GENERATION, store_id)
    if generation is None:
        return None
    return vault.derive(tenant_id=tenant_id, purpose=f"link:{store_id}:{generation}").hex().encode()


async def new_links(db: Db, *, store_id: UUID, at: datetime) -> bool:
    """Make every link of the store worthless; False for a store without a look."""
    return await db.fetchval(NEW_LINKS, store_id, at) is not None


def _look(row: Record) -> Look:
    logo = Logo(row["logo_type"], row["logo"]) if row["logo"] else None
    texts = {language: Texts(**said) for language, said in row["texts"].items()}
    same = (
        "store_id", "handle", "name", "brand_hex", "contact_email", "contact_url", "return_address", "sender_name",
        "withdrawal_link",
    )  # fmt: skip
    return Look(
        logo=logo, texts=texts, default_language=row["default_language"], **{name: row[name] for name in same}
    )  # fmt: skip


def _told(texts: Mapping[str, Texts]) -> dict[str, dict[str, str]]:
    return {language: {"greeting": said.greeting, "sending": said.sending} for language, said in texts.items()}
