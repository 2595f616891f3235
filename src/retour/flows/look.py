"""Changing how a store looks to its shoppers."""

from dataclasses import fields
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.look import Look, check
from retour.store import account, event
from retour.store import look as looks
from retour.store.db import Db

_SAID: Final = tuple(part.name for part in fields(Look) if part.name != "store_id")


async def look_of(db: Db, *, store_id: UUID, now: datetime) -> Look:
    """Return the look of a store, giving it one if it has none yet; raise Refused(store_not_found)."""
    found = await looks.get(db, store_id)
    if found is not None:
        return found
    store = await account.get_store(db, store_id)
    if store is None:
        raise Refused("store_not_found", "there is no such store", field="store_id")
    await looks.add_default(db, store_id=store_id, shop_name=store.shop_name, at=now)
    made = await looks.get(db, store_id)
    assert made is not None, "a look that was just made"
    return made


async def change_look(db: Db, *, look: Look, actor: str, now: datetime) -> Look:
    """Write the whole look of a store, with its event, and return it.

    Refuses store_not_found, already_exists (another store has the handle) and whatever `core.look.check` refuses.
    """
    before = await look_of(db, store_id=look.store_id, now=now)
    check(look)
    other = await looks.route(db, look.handle)
    if other is not None and other[1] != look.store_id:
        raise Refused("already_exists", "another store has that address", field="handle")
    await looks.save(db, look, at=now)
    changed = [name for name in _SAID if getattr(before, name) != getattr(look, name)]
    if changed:
        await event.put(
            db, EventType.STORE_CHANGED, resource_kind="store", resource_id=look.store_id, store_id=look.store_id,
            actor=actor, at=now, data={"look": changed},
        )  # fmt: skip
    return look


async def new_links(db: Db, *, store_id: UUID, actor: str, now: datetime) -> None:
    """Make every signed link of a store worthless; raise Refused(store_not_found)."""
    await look_of(db, store_id=store_id, now=now)
    await looks.new_links(db, store_id=store_id, at=now)
    await event.put(
        db, EventType.STORE_CHANGED, resource_kind="store", resource_id=store_id, store_id=store_id, actor=actor, at=now,
        data={"look": ["links"]},
    )  # fmt: skip
