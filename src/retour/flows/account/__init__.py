"""Open accounts, stores and keys, and let people in."""

import re
import secrets
import unicodedata
import zoneinfo
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.account import SECRET_BYTES, ApiKey, Role, fold_email, make_key
from retour.core.breaker import USUAL
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.mail import MailKind
from retour.core.second import SecondRule
from retour.core.sign_in import LINK_LIVES, token_sha256
from retour.store import account, event, guard, look, mail, session
from retour.store.account import Account, Staff, Store
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import Vault

_MASTERS: Final = {
    "return_master": ("retour", "platform"),
    "refund_master": ("retour", "platform"),
    "restock_master": ("retour", "warehouse", "platform"),
    "tag_on": ("order", "customer", "nothing"),
}
PASSWORD_LEAST: Final = 12
PASSWORD_MOST: Final = 1000


async def create_account(db: Db, *, tenant_id: UUID, name: str, actor: str, now: datetime) -> Account:
    """Open an account; the transaction is that of the new tenant. Refuses account already_exists, invalid_name."""
    clean = _name(name, "name")
    if await account.route_account(db, clean) is not None:
        raise Refused("already_exists", f"there is an account named {clean!r}", field="name")
    await account.add_account(db, name=clean, created_at=now)
    await event.put(db, EventType.ACCOUNT_CREATED, resource_kind="account", resource_id=tenant_id, actor=actor, at=now)
    return Account(tenant_id=tenant_id, name=clean, payments_paused=False, created_at=now)


async def create_store(
    db: Db,
    *,
    shop_name: str,
    timezone: str,
    currency: str,
    actor: str,
    now: datetime,
    return_master: str = "retour",
    refund_master: str = "retour",
    restock_master: str = "retour",
    tag_on: str = "order",
    location_ref: str | None = None,
    guarded: bool = False,
) -> Store:
    """Add a store to the account; if it is `guarded`, the velocity breaker watches over its payments with usual limits.

    Refuses invalid_name, invalid_timezone (not an IANA name), invalid_currency, invalid_master, already_exists.
    """
    chosen = {
        "return_master": return_master, "refund_master": refund_master,
        "restock_master": restock_master, "tag_on": tag_on, "timezone": timezone,
    }  # fmt: skip
    _check_store(chosen)
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Refused("invalid_currency", "a currency is three capital letters, such as EUR", field="currency")
    clean = await _free_name(db, shop_name, but=None)
    store = Store(
        id=new_id(), shop_name=clean, timezone=timezone, currency=currency, created_at=now, location_ref=location_ref,
        return_master=return_master, refund_master=refund_master, restock_master=restock_master, tag_on=tag_on,
    )  # fmt: skip
    await account.add_store(db, store)
    await look.add_default(db, store_id=store.id, shop_name=clean, at=now)
    if guarded:
        await guard.save(db, store.id, second=SecondRule(), limits=USUAL, actor=actor, at=now)
    await event.put(
        db, EventType.STORE_CREATED, resource_kind="store", resource_id=store.id, store_id=store.id, actor=actor,
        at=now, data={"shop_name": clean},
    )  # fmt: skip
    return store


async def change_store(db: Db, *, store_id: UUID, changes: Mapping[str, str], actor: str, now: datetime) -> Store:
    """Change a store's name, calendar, masters, tagging or location (an empty location: none), and return it.

    Returns that are open follow the new masters from their next step on; callers of the API name the store by its new
    name from now on. Refuses store_not_found, invalid_timezone, invalid_master, invalid_name, already_exists,
    nothing_given.
    """
    store = await account.get_store(db, store_id)
    if store is None:
        raise Refused("store_not_found", "there is no such store", field="store_id")
    if not changes:
        raise Refused("nothing_given", "say what to change")
    _check_store(changes)
    known: dict[str, str | None] = {**changes}
    if "location_ref" in known:
        known["location_ref"] = known["location_ref"] or None
    if "shop_name" in known:
        known["shop_name"] = await _free_name(db, changes["shop_name"], but=store_id)
    changed = replace(store, **known)  # type: ignore[arg-type]  # every name was checked
    await account.set_store(db, changed)
    await event.put(
        db, EventType.STORE_CHANGED, resource_kind="store", resource_id=store.id, store_id=store.id, actor=actor,
        at=now, data=known,
    )  # fmt: skip
    return changed


async def add_staff(
    db: Db, *, email: str, name: str, role: Role, password_hash: str | None, actor: str, now: datetime
) -> Staff:
    """Add a member of the staff; `password_hash` is made by `store.password` before the transaction is opened.

    Refuses invalid_email, invalid_name, already_exists.
    """
    folded = fold_email(email)
    if folded is None:
        raise Refused("invalid_email", "an address looks like name@example.com", field="email")
    if any(fold_email(known.email) == folded for known in await account.staff(db)):
        raise Refused("already_exists", "somebody of the staff has that address", field="email")
    member = Staff(
        id=new_id(), email=email.strip(), name=_name(name, "name"), role=role, has_password=password_hash is not None,
        disabled_at=None, created_at=now,
    )  # fmt: skip
    await account.add_staff(db, member, email_folded=folded, password_hash=password_hash)
    await event.put(
        db, EventType.STAFF_ADDED, resource_kind="staff", resource_id=member.id, actor=actor, at=now,
        data={"role": role.value},
    )  # fmt: skip
    return member


async def create_key(db: Db, *, name: str, role: Role, actor: str, now: datetime) -> ApiKey:
    """Make an API key for all stores of the account; its text is known to nobody after this answer."""
    key = make_key(new_id(), secrets.token_bytes(SECRET_BYTES))
    clean = _name(name, "name")
    await account.add_key(db, key_id=key.id, name=clean, role=role, secret_sha256=key.secret_sha256, created_at=now)
    await event.put(
        db, EventType.KEY_CREATED, resource_kind="api_key", resource_id=key.id, actor=actor, at=now,
        data={"name": clean, "role": role.value},
    )  # fmt: skip
    return key


async def revoke_key(db: Db, *, key_id: UUID, actor: str, now: datetime) -> None:
    """Revoke a key; processes that know it notice within ten seconds. Refuses key_not_found."""
    if not await account.revoke_key(db, key_id, at=now):
        raise Refused("key_not_found", "there is no live key with that id", field="key_id")
    await event.put(db, EventType.KEY_REVOKED, resource_kind="api_key", resource_id=key_id, actor=actor, at=now)


def check_new_password(plain: str) -> str:
    """Return a password that may be hashed; raise Refused(invalid_password) for one of under 12 characters."""
    if not PASSWORD_LEAST <= len(plain) <= PASSWORD_MOST:
        raise Refused("invalid_password", f"a password has {PASSWORD_LEAST} characters or more", field="password")
    return plain


async def set_up(
    db: Db,
    *,
    tenant_id: UUID,
    shop_name: str,
    timezone: str,
    currency: str,
    name: str,
    email: str,
    password_hash: str,
    language: str | None,
    now: datetime,
) -> Staff:
    """Open the first account of an installation with one store and its owner; the transaction is the new tenant's.

    Refuses already_set_up if there is an account, and whatever opening an account, a store and a member refuse.
    """
    if await account.has_accounts(db, lock=True):
        raise Refused("already_set_up", "this installation has an account; sign in instead")
    actor = "set up"
    await create_account(db, tenant_id=tenant_id, name=shop_name, actor=actor, now=now)
    await create_store(
        db, shop_name=shop_name, timezone=timezone, currency=currency, actor=actor, now=now, guarded=True
    )
    owner = await add_staff(
        db, email=email, name=name, role=Role.OWNER, password_hash=password_hash, actor=actor, now=now
    )
    if language is not None:
        owner = replace(owner, language=language)
        await account.set_staff(db, owner)
    return owner


async def invite(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    email: str,
    name: str,
    role: Role,
    link_to: str,
    invited_by: str,
    language: str | None,
    actor: str,
    now: datetime,
) -> tuple[Staff, str]:
    """Add a member without a password, mail them a link that sets one, and return them with the link.

    `link_to` is what stands before the link's token. Refuses what `add_staff` refuses.
    """
    member = await add_staff(db, email=email, name=name, role=role, password_hash=None, actor=actor, now=now)
    link = link_to + await make_password_link(db, staff_id=member.id, actor=actor, now=now)
    whole = await account.get_account(db)
    secret = {"link": link, "account": whole.name if whole else "", "invited_by": invited_by, "name": member.name}
    await mail.plan(
        db, vault, tenant_id=tenant_id, kind=MailKind.STAFF_INVITED, to=member.email, resource_kind="staff",
        resource_id=member.id, language=language, secret=secret, at=now,
    )  # fmt: skip
    return member, link


async def change_staff(
    db: Db,
    *,
    staff_id: UUID,
    actor: str,
    now: datetime,
    name: str | None = None,
    role: Role | None = None,
    language: str | None = None,
) -> Staff:
    """Change a member's name, role or language ("" for the browser's) and return them; what is not given stays.

    Refuses staff_not_found, invalid_name, last_owner.
    """
    member = await _member(db, staff_id)
    changed = replace(
        member,
        name=member.name if name is None else _name(name, "name"),
        role=role or member.role,
        language=member.language if language is None else language or None,
    )
    if changed == member:
        return member
    if member.role is Role.OWNER and changed.role is not Role.OWNER:
        await _another_owner(db, staff_id)
    await account.set_staff(db, changed)
    said = {"role": changed.role.value} if changed.role is not member.role else {}
    await _tell_of(db, EventType.STAFF_CHANGED, staff_id, actor, now, **said)
    return changed


async def disable_staff(db: Db, *, staff_id: UUID, actor: str, now: datetime) -> None:
    """Let a member in no more: their sessions and links end at once. Refuses staff_not_found, last_owner."""
    member = await _member(db, staff_id)
    if member.disabled_at is not None:
        return
    if member.role is Role.OWNER:
        await _another_owner(db, staff_id)
    await account.set_staff(db, replace(member, disabled_at=now))
    await session.end_all(db, staff_id, but=None, at=now)
    await session.end_links(db, staff_id, at=now)
    await _tell_of(db, EventType.STAFF_DISABLED, staff_id, actor, now)


async def enable_staff(db: Db, *, staff_id: UUID, actor: str, now: datetime) -> None:
    """Let a member in again, with the password they had. Refuses staff_not_found."""
    member = await _member(db, staff_id)
    if member.disabled_at is not None:
        await account.set_staff(db, replace(member, disabled_at=None))
        await _tell_of(db, EventType.STAFF_ENABLED, staff_id, actor, now)


async def make_password_link(db: Db, *, staff_id: UUID, actor: str, now: datetime) -> str:
    """Return the token of a link by which a member sets a password, once, within three days; older links end.

    Refuses staff_not_found, also for a member who is disabled.
    """
    member = await _member(db, staff_id)
    if member.disabled_at is not None:
        raise Refused("staff_not_found", "this member is disabled", field="staff_id")
    token = secrets.token_urlsafe(32)
    await session.add_link(
        db, link_id=new_id(), staff_id=staff_id, token_sha256=token_sha256(token), created_at=now,
        expires_at=now + LINK_LIVES,
    )  # fmt: skip
    await _tell_of(db, EventType.STAFF_LINK_MADE, staff_id, actor, now)
    return token


async def use_password_link(db: Db, *, token: str, password_hash: str, now: datetime) -> UUID:
    """Set the password of whom a link was made for, end their sessions and the link, and return their id.

    Refuses link_not_found for a link that was used, replaced or is too old.
    """
    link = await session.open_link(db, token_sha256(token), now=now)
    if link is None:
        raise Refused("link_not_found", "this link was used or is too old")
    await session.end_link(db, link.id, at=now)
    await set_password(
        db, staff_id=link.staff_id, password_hash=password_hash, keep=None, actor=f"staff:{link.staff_id}", now=now
    )
    return link.staff_id


async def set_password(
    db: Db, *, staff_id: UUID, password_hash: str, keep: UUID | None, actor: str, now: datetime
) -> None:
    """Write a member's new password and end their sessions except the one to keep. Refuses staff_not_found."""
    await _member(db, staff_id)
    await account.set_password(db, staff_id, password_hash)
    await session.end_all(db, staff_id, but=keep, at=now)
    await _tell_of(db, EventType.STAFF_PASSWORD_SET, staff_id, actor, now)


async def _member(db: Db, staff_id: UUID) -> Staff:
    """Return a member, locked; raise Refused(staff_not_found)."""
    found = await account.lock_staff(db, staff_id)
    if found is None:
        raise Refused("staff_not_found", "there is no such member of the staff", field="staff_id")
    return found


async def _another_owner(db: Db, staff_id: UUID) -> None:
    """Raise Refused(last_owner) unless somebody else is an owner who may sign in."""
    if not set(await account.lock_owners(db)) - {staff_id}:
        raise Refused("last_owner", "the account needs an owner; make somebody else one first", field="role")


async def _tell_of(db: Db, what: EventType, staff_id: UUID, actor: str, now: datetime, **data: str) -> None:
    await event.put(db, what, resource_kind="staff", resource_id=staff_id, actor=actor, at=now, data=data)


async def _free_name(db: Db, shop_name: str, *, but: UUID | None) -> str:
    """Return the name of a store, cleaned; raise Refused(already_exists) if another store of the account has it."""
    clean = _name(shop_name, "shop_name")
    if any(store.shop_name == clean and store.id != but for store in await account.stores(db)):
        raise Refused("already_exists", f"the account has a store named {clean!r}", field="shop_name")
    return clean


def _check_store(chosen: Mapping[str, str]) -> None:
    """Raise Refused for a value that a store cannot have."""
    for field, value in chosen.items():
        if field in _MASTERS and value not in _MASTERS[field]:
            raise Refused("invalid_master", f"{field} is one of {', '.join(_MASTERS[field])}", field=field)
    if chosen.get("timezone", "UTC") not in zoneinfo.available_timezones():
        raise Refused("invalid_timezone", f"{chosen['timezone']!r} is not an IANA time zone", field="timezone")


def _name(text: str, field: str) -> str:
    """Return a name trimmed and composed (NFC), 1 to 200 characters, none of them a control character."""
    clean = unicodedata.normalize("NFC", text.strip())
    if not 1 <= len(clean) <= 200 or any(unicodedata.category(c) in ("Cc", "Cs") for c in clean):
        raise Refused("invalid_name", f"{field} has 1 to 200 characters and no control characters", field=field)
    return clean
