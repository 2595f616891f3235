"""Where the shopper of a return is: personal, so under the key of the person, and gone with it."""

from typing import Final
from uuid import UUID

import msgspec

from retour.core.postal import PostalAddress
from retour.store.db import Db
from retour.store.vault import Vault

KEY: Final = """
SELECT r.tenant_id, r.address_sealed, p.id AS person_id, p.sealed_key
  FROM rma r JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
 WHERE r.tenant_id = current_tenant() AND r.id = $1 AND p.erased_at IS NULL
"""
KEEP: Final = "UPDATE rma SET address_sealed = $2 WHERE tenant_id = current_tenant() AND id = $1"


async def of_return(db: Db, vault: Vault, rma_id: UUID) -> PostalAddress | None:
    """Return the address that a return has of its own; nothing if nobody gave one, or once its person was erased."""
    row = await db.fetchrow(KEY, rma_id)
    if row is None or row["address_sealed"] is None:
        return None
    plain = vault.unlock_for_person(
        row["address_sealed"], person_key=row["sealed_key"], tenant_id=row["tenant_id"], person_id=row["person_id"]
    )
    return msgspec.json.decode(plain, type=PostalAddress)


async def keep(db: Db, vault: Vault, rma_id: UUID, address: PostalAddress) -> bool:
    """Keep where the shopper of a return is; return False and keep nothing if the person was erased."""
    row = await db.fetchrow(KEY, rma_id)
    if row is None:
        return False
    sealed = vault.lock_for_person(
        msgspec.json.encode(address), person_key=row["sealed_key"], tenant_id=row["tenant_id"],
        person_id=row["person_id"],
    )  # fmt: skip
    await db.execute(KEEP, rma_id, sealed)
    return True
