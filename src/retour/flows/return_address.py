"""Where the goods of a store go back to: named places, one of them the default."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.label import INSTRUCTIONS_MOST
from retour.core.look import LANGUAGES
from retour.core.postal import PostalAddress, check_postal, tidied
from retour.store import account, event
from retour.store import return_address as addresses
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.return_address import ReturnAddress

CODE_MOST: Final = 200
MOST: Final = 50  # addresses of a store


@dataclass(frozen=True, slots=True)
class Place:
    """What is kept of a return address; `code` is what the policy calls the destination."""

    code: str
    address: PostalAddress
    is_default: bool = False
    instructions: Mapping[str, str] = field(default_factory=dict)
    location_ref: str | None = None  # where what is handed in at a counter there goes back into stock


async def add(db: Db, *, store_id: UUID, place: Place, actor: str, now: datetime) -> ReturnAddress:
    """Add an address; the first of a store is its default.

    Raises Refused: `store_not_found`, `invalid_code`, `invalid_address`, `invalid_text`, `unknown_language`,
    `already_exists`, `too_many_addresses`.
    """
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store")
    checked = _checked(place)
    await addresses.lock_all(db, store_id)
    known = await addresses.of_store(db, store_id)
    if len(known) >= MOST:
        raise Refused("too_many_addresses", f"a store has at most {MOST} return addresses")
    wanted = ReturnAddress(
        id=new_id(), store_id=store_id, code=checked.code, is_default=checked.is_default or not known,
        address=checked.address, instructions=checked.instructions, version=1, created_at=now, changed_at=now,
        location_ref=checked.location_ref,
    )  # fmt: skip
    if not await addresses.add(db, wanted):
        raise Refused("already_exists", "the store has an address of that name", field="code")
    await _tell(db, wanted, EventType.RETURN_ADDRESS_ADDED, actor, now)
    return wanted


async def change(
    db: Db, *, address_id: UUID, place: Place, actor: str, now: datetime, expect_version: int | None = None
) -> ReturnAddress:
    """Change an address; a default one stays the default until another becomes it.

    Raises Refused as `add` does, and `return_address_not_found`, `state_changed`.
    """
    found = await _own(db, address_id)
    await addresses.lock_all(db, found.store_id)
    found, checked = await _own(db, address_id), _checked(place)
    if expect_version is not None and expect_version != found.version:
        raise Refused(
            "state_changed", "somebody changed the address since you read it", facts={"version": found.version}
        )
    others = [a for a in await addresses.of_store(db, found.store_id) if a.id != address_id]
    if any(a.code == checked.code for a in others):
        raise Refused("already_exists", "the store has an address of that name", field="code")
    to = replace(
        found, code=checked.code, address=checked.address, instructions=checked.instructions,
        is_default=found.is_default or checked.is_default, version=found.version + 1, changed_at=now,
        location_ref=checked.location_ref,
    )  # fmt: skip
    await addresses.change(db, to, at=now)
    await _tell(db, to, EventType.RETURN_ADDRESS_CHANGED, actor, now)
    return to


async def remove(db: Db, *, address_id: UUID, actor: str, now: datetime) -> None:
    """Take an address away; raise Refused(return_address_not_found, default_needed) while others would lack a default."""
    found = await _own(db, address_id)
    await addresses.lock_all(db, found.store_id)
    found = await _own(db, address_id)
    if found.is_default and len(await addresses.of_store(db, found.store_id)) > 1:
        raise Refused("default_needed", "make another address the default first")
    await addresses.remove(db, address_id)
    await _tell(db, found, EventType.RETURN_ADDRESS_REMOVED, actor, now)


def _checked(place: Place) -> Place:
    code, address = " ".join(place.code.split()), tidied(place.address)
    if not 1 <= len(code) <= CODE_MOST or not code.isprintable():
        raise Refused("invalid_code", f"a name has 1 to {CODE_MOST} characters", field="code")
    try:
        check_postal(address)
    except Refused as no:
        raise Refused(no.code, no.message, field=f"address.{no.field}") from None
    instructions = {language: text.strip() for language, text in place.instructions.items() if text.strip()}
    for language, text in instructions.items():
        if language not in LANGUAGES:
            raise Refused("unknown_language", "the portal does not speak that language", field="instructions")
        if len(text) > INSTRUCTIONS_MOST or "\0" in text:
            said = f"at most {INSTRUCTIONS_MOST} characters"
            raise Refused("invalid_text", said, field=f"instructions.{language}")
    location = (place.location_ref or "").strip() or None
    if location is not None and (len(location) > CODE_MOST or not location.isprintable()):
        raise Refused("invalid_text", f"at most {CODE_MOST} characters", field="location_ref")
    return Place(code, address, place.is_default, instructions, location)


async def _own(db: Db, address_id: UUID) -> ReturnAddress:
    found = await addresses.get(db, address_id)
    if found is None:
        raise Refused("return_address_not_found", "there is no such return address")
    return found


async def _tell(db: Db, of: ReturnAddress, what: EventType, actor: str, now: datetime) -> None:
    await event.put(
        db, what, resource_kind="return_address", resource_id=of.id, store_id=of.store_id, actor=actor, at=now,
        data={"code": of.code, "is_default": of.is_default},
    )  # fmt: skip
