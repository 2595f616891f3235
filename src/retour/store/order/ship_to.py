"""Where an order was sent: personal, so under the key of its person, and gone with it."""

from typing import Final
from uuid import UUID

import msgspec

from retour.core.postal import PostalAddress
from retour.store.db import Db
from retour.store.order.people import Keeper
from retour.store.vault import Vault

GET: Final = """
SELECT o.tenant_id, o.ship_to_sealed, p.id AS person_id, p.sealed_key
  FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 WHERE o.tenant_id = current_tenant() AND o.id = $1 AND o.ship_to_sealed IS NOT NULL AND p.erased_at IS NULL
"""


def sealed(vault: Vault, address: PostalAddress | None, *, tenant_id: UUID, keeper: Keeper) -> bytes | None:
    """Return an address locked for `sales_order.ship_to_sealed`; of an erased person nothing is kept."""
    if address is None or keeper.erased:
        return None
    return vault.lock_for_person(
        msgspec.json.encode(address), person_key=keeper.sealed_key, tenant_id=tenant_id, person_id=keeper.id
    )


async def ship_to(db: Db, vault: Vault, order_id: UUID) -> PostalAddress | None:
    """Return where an order was sent; nothing if nobody told, or once its person was erased."""
    row = await db.fetchrow(GET, order_id)
    if row is None:
        return None
    plain = vault.unlock_for_person(
        row["ship_to_sealed"], person_key=row["sealed_key"], tenant_id=row["tenant_id"], person_id=row["person_id"]
    )
    return msgspec.json.decode(plain, type=PostalAddress)
