"""Declaring kits: what is sold as one article and comes back in parts, for the orders placed from now on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.order import BundlePart
from retour.store import event, kits
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.kits import Kit

MOST: Final = 500  # kits of a store
MOST_PARTS: Final = 50
MOST_UNITS: Final = 1_000  # of a part in one kit
MOST_MINOR: Final = 10**12  # of a part's price


async def declare(db: Db, *, store_id: UUID, sku: str, parts: Sequence[BundlePart], actor: str, now: datetime) -> Kit:
    """Declare what is in an article; what was said of that SKU before holds for the orders placed until now.

    Orders that were placed before stay as they were read, so that no return loses its lines. Raises Refused:
    `store_not_found`, `too_many_kits`, `invalid_kit`.
    """
    _check(sku, parts)
    count = await kits.lock_store(db, store_id)
    if count is None:
        raise Refused("store_not_found", "there is no such store")
    if count >= MOST and all(kit.sku != sku for kit in await kits.of_store(db, store_id)):
        raise Refused("too_many_kits", f"a store has at most {MOST} kits")
    kit = Kit(new_id(), store_id, sku, tuple(parts), now)
    await kits.declare(db, kit)
    await _tell(db, kit, EventType.KIT_DECLARED, actor, now)
    return kit


async def end(db: Db, *, kit_id: UUID, actor: str, now: datetime) -> None:
    """Let an article be one thing again for orders placed from now on; raise Refused(kit_not_found)."""
    kit = await kits.get(db, kit_id)
    if kit is None or not await kits.end(db, kit_id, at=now):
        raise Refused("kit_not_found", "there is no such kit")
    await _tell(db, kit, EventType.KIT_ENDED, actor, now)


async def _tell(db: Db, kit: Kit, what: EventType, actor: str, now: datetime) -> None:
    await event.put(
        db, what, resource_kind="kit", resource_id=kit.id, store_id=kit.store_id, actor=actor, at=now,
        data={"sku": kit.sku, "parts": [{"ref": part.ref, "quantity": part.quantity} for part in kit.parts]},
    )  # fmt: skip


def _check(sku: str, parts: Sequence[BundlePart]) -> None:
    if not sku.strip():
        raise Refused("invalid_kit", "name the SKU of the kit", field="sku")
    if not 1 <= len(parts) <= MOST_PARTS:
        raise Refused("invalid_kit", f"a kit has 1 to {MOST_PARTS} different parts", field="parts")
    for at, part in enumerate(parts):
        if not part.ref or "/" in part.ref or any(part.ref == other.ref for other in parts[:at]):
            raise Refused("invalid_kit", "each part has a ref of its own, without a slash", field=f"parts[{at}].ref")
        if not 1 <= part.quantity <= MOST_UNITS:
            raise Refused("invalid_kit", f"1 to {MOST_UNITS} of a part are in a kit", field=f"parts[{at}].quantity")
        if not 0 <= part.list_value.shop <= MOST_MINOR:
            raise Refused("invalid_kit", "a price is nothing or more", field=f"parts[{at}].price_minor")
