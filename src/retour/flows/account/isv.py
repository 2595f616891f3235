"""Integrators (ISVs): let in by the operator, admitted by a merchant or by opening the account, and ended.

What is told of an integrator itself runs in its own transaction (its id is the tenant), everything else in the
merchant's.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.account import SECRET_BYTES, ApiKey, Role, make_key
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.isv import KEEP_HOURS_MOST, account_for, actor_of, is_within
from retour.flows.account import create_account, create_key, create_store, invite, revoke_key
from retour.store import account, event, isv
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.isv import Engagement, Isv, IsvKey
from retour.store.vault import Vault

MISSING: Final = "isv_not_found"
NAME_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom to invite as the merchant's owner."""

    email: str
    name: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Merchant:
    """The account and the store that an integrator opens, by a reference of its own."""

    reference: str
    name: str
    shop_name: str
    timezone: str
    currency: str
    owner: Owner | None = None


async def add(db: Db, *, isv_id: UUID, name: str, now: datetime) -> ApiKey:
    """Let an integrator in and return its key, which is known to nobody after this. Refuses invalid_name."""
    clean = name.strip()
    if not 1 <= len(clean) <= NAME_MOST or not clean.isprintable():
        raise Refused("invalid_name", f"a name has 1 to {NAME_MOST} printable characters", field="name")
    key = _key(isv_id)
    await isv.add(db, name=clean, secret_sha256=key.secret_sha256, at=now)
    return key


async def find(db: Db) -> Isv:
    """Return the integrator of the open transaction's tenant; refuses isv_not_found, also for a removed one."""
    found = await isv.get(db)
    if found is None or found.removed_at is not None:
        raise Refused(MISSING, "there is no such integrator", field="isv_id")
    return found


async def rotate(db: Db, *, isv_id: UUID, keep_hours: int, now: datetime) -> ApiKey:
    """Make a new key; the one before is taken for so many hours more (0 to 168). Refuses isv_not_found."""
    assert 0 <= keep_hours <= KEEP_HOURS_MOST
    key = _key(isv_id)
    keep_until = now + timedelta(hours=keep_hours) if keep_hours else None
    if not await isv.rotate(db, secret_sha256=key.secret_sha256, keep_until=keep_until):
        raise Refused(MISSING, "there is no such integrator", field="isv_id")
    return key


async def remove(db: Db, *, now: datetime) -> None:
    """Let an integrator in no more, or still not; whoever calls ends its services too. Refuses isv_not_found."""
    if not await isv.remove(db, at=now) and await isv.get(db) is None:
        raise Refused(MISSING, "there is no such integrator", field="isv_id")


async def admit(
    db: Db, *, known: Isv, role: Role, actor: str, now: datetime, reference: str | None = None
) -> Engagement:
    """Let an integrator serve the account with a role from now on; its reference stays. Refuses already_exists."""
    before = [one for one in await isv.services(db) if one.isv_id == known.id]
    if any(one.ended_at is None for one in before):
        raise Refused("already_exists", "this integrator serves the account already", field="isv_id")
    reference = reference or next((one.reference for one in reversed(before)), None)
    made = Engagement(
        id=new_id(), isv_id=known.id, isv_name=known.name, reference=reference, role=role, admitted_by=actor, since=now,
        ended_at=None, ended_by=None,
    )  # fmt: skip
    await isv.admit(db, made)
    await event.put(
        db, EventType.ISV_ADMITTED, resource_kind="isv_service", resource_id=made.id, actor=actor, at=now,
        data={"isv_id": str(known.id), "name": known.name, "role": role.value},
    )  # fmt: skip
    return made


async def end(db: Db, *, isv_id: UUID, actor: str, now: datetime) -> None:
    """End a service and revoke every key that the integrator had made; refuses isv_not_found."""
    serving = await isv.service(db, isv_id)
    if serving is None or not await isv.end(db, isv_id, at=now, by=actor):
        raise Refused(MISSING, "this integrator does not serve the account", field="isv_id")
    for key in await isv.keys(db, isv_id):
        await revoke_key(db, key_id=key.id, actor=actor, now=now)
    await event.put(
        db, EventType.ISV_ENDED, resource_kind="isv_service", resource_id=serving.id, actor=actor, at=now,
        data={"isv_id": str(isv_id), "name": serving.isv_name},
    )  # fmt: skip


async def provision(db: Db, vault: Vault, *, known: Isv, wish: Merchant, link_to: str, now: datetime) -> bool:
    """Open the account of a reference with one store, served by the integrator; return whether it was not there yet.

    The transaction is that of `core.isv.account_for`. The same reference finds the same account, as it is by now.
    Refuses isv_ended where the service has ended, and whatever opening an account, a store and a member refuse.
    """
    tenant_id, actor = account_for(known.id, wish.reference), actor_of(known.id)
    await isv.lock(db)
    if await check_not_ended(db, isv_id=known.id):
        return False
    await create_account(db, tenant_id=tenant_id, name=wish.name, actor=actor, now=now)
    await create_store(
        db, shop_name=wish.shop_name, timezone=wish.timezone, currency=wish.currency, actor=actor, now=now, guarded=True
    )
    await admit(db, known=known, role=Role.OWNER, actor=actor, now=now, reference=wish.reference)
    if wish.owner is not None:
        await invite(
            db, vault, tenant_id=tenant_id, email=wish.owner.email, name=wish.owner.name, role=Role.OWNER,
            link_to=link_to, invited_by=known.name, language=wish.owner.language, actor=actor, now=now,
        )  # fmt: skip
    return True


async def check_not_ended(db: Db, *, isv_id: UUID) -> bool:
    """Return whether the account is there, served by the integrator; refuses isv_ended if it is served no more."""
    if await account.get_account(db) is None:
        return False
    if await isv.service(db, isv_id) is None:
        raise Refused("isv_ended", "the merchant has ended your service of this account", field="reference")
    return True


async def make_key_of(db: Db, *, isv_id: UUID, name: str, role: Role, now: datetime) -> ApiKey:
    """Make a key of the account that ends with the service. Refuses isv_not_found, invalid_name, forbidden (role)."""
    serving = await _serving(db, isv_id)
    if not is_within(role, serving.role):
        raise Refused("forbidden", f"the merchant lets you do what the role {serving.role.value} may", field="role")
    key = await create_key(db, name=name, role=role, actor=actor_of(isv_id), now=now)
    await isv.mark_key(db, key.id, isv_id)
    return key


async def rotate_key_of(db: Db, *, isv_id: UUID, key_id: UUID, now: datetime) -> tuple[IsvKey, ApiKey]:
    """Revoke a key that the integrator had made and make another one like it; refuses isv_not_found, key_not_found."""
    await _serving(db, isv_id)  # before the key, as where the service ends: neither waits for the other
    old = await _own_key(db, isv_id, key_id)
    await revoke_key(db, key_id=key_id, actor=actor_of(isv_id), now=now)
    return old, await make_key_of(db, isv_id=isv_id, name=old.name, role=old.role, now=now)


async def revoke_key_of(db: Db, *, isv_id: UUID, key_id: UUID, now: datetime) -> None:
    """Revoke a key that the integrator had made, and no other one of the account.

    Refuses isv_not_found, key_not_found.
    """
    await _serving(db, isv_id)
    await _own_key(db, isv_id, key_id)
    await revoke_key(db, key_id=key_id, actor=actor_of(isv_id), now=now)


async def _serving(db: Db, isv_id: UUID) -> Engagement:
    """Return how an integrator serves the account, which lasts until the transaction ends; refuses isv_not_found."""
    serving = await isv.service(db, isv_id, hold=True)
    if serving is None:
        raise Refused(MISSING, "this integrator does not serve the account", field="isv_id")
    return serving


async def _own_key(db: Db, isv_id: UUID, key_id: UUID) -> IsvKey:
    for key in await isv.keys(db, isv_id):
        if key.id == key_id:
            return key
    raise Refused("key_not_found", "there is no live key of yours with that id", field="key_id")


def _key(isv_id: UUID) -> ApiKey:
    return make_key(isv_id, secrets.token_bytes(SECRET_BYTES), of_isv=True)
