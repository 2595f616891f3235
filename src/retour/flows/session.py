"""Let the staff in and out: sign in, sign out, choose the store that is looked at."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core import sign_in as rules
from retour.core.account import fold_email
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.sign_in import Subject
from retour.store import account, event, session
from retour.store.db import Database, Db
from retour.store.ids import new_id
from retour.store.password import check_password, hash_password

NO_EARLIER_S: Final = 1.0  # a vain try is answered no earlier, so that its time says nothing
ACCOUNTS_MOST: Final = 5  # of one address
_AGE: Final = timedelta(days=1)

Pause = Callable[[float], Awaitable[None]]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Knock:
    """A try to sign in: what was typed, and what the browser brought along."""

    email: str
    password: str = field(repr=False)
    address: str
    user_agent: str = ""
    device: str | None = field(default=None, repr=False)
    old_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was opened: its token, known to nobody else, and what the browser is known by from now on."""

    tenant_id: UUID
    session_id: UUID
    staff_id: UUID
    language: str | None
    token: str = field(repr=False)
    device: str = field(repr=False)
    expires_at: datetime


class SignIn:
    """Lets the staff in; one per process. `secret` is the house key, under which subjects of tries are hidden."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        clock: Clock,
        pause: Pause = asyncio.sleep,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._secret, self._clock, self._pause = database, secret, clock, pause
        self._seconds = seconds
        self._nobody: str | None = None

    async def __call__(self, knock: Knock) -> SignedIn:
        """Open a session with a new token; the one the browser had before ends.

        Refuses sign_in_failed (one answer, at one time, whatever was wrong) and too_many_tries (facts: wait_s).
        """
        began, folded = self._seconds(), fold_email(knock.email) or ""
        subjects = self._subjects(knock, folded)
        held = await self._ask(subjects)
        found = await self._find(folded, knock.password)
        if found is None:
            slow = rules.HELD_S if held and Subject.DEVICE not in subjects else 0.0
            await self._pause(max(0.0, NO_EARLIER_S + slow - (self._seconds() - began)))
            raise Refused("sign_in_failed", "The e-mail address and the password do not fit together.")
        if held and Subject.DEVICE not in subjects:
            await self._pause(max(0.0, rules.HELD_S))
        return await self._open(found, knock, folded, subjects)

    async def _ask(self, subjects: dict[Subject, bytes]) -> bool:
        """Count the try as vain before it is looked at, so that many at once are many; return whether it is held."""
        now = self._clock()

        async def work(db: Db) -> tuple[timedelta, bool]:
            tries = await session.lock_tries(db, sorted(subjects.values()), now=now)
            longest = max(rules.wait(subject, tries[key], now) for subject, key in subjects.items())
            if not longest:
                await session.count_try(db, list(subjects.values()), forgotten_after=rules.FORGOTTEN_AFTER, now=now)
            return longest, rules.is_held(tries[subjects[Subject.ACCOUNT]], now)

        longest, held = await self._database.run(None, work)
        if longest:
            wait_s = max(1, -(-longest // timedelta(seconds=1)))
            raise Refused("too_many_tries", f"Wait {wait_s} seconds, then try again.", facts={"wait_s": wait_s})
        return held

    async def _find(self, folded: str, password: str) -> tuple[UUID, UUID] | None:
        """Return (tenant, staff) of whom the password is, the newest account first; checks a hash in any case."""
        async with self._database.tx(None) as db:
            known = await account.route_login(db, folded)
        checked = False
        for tenant_id, staff_id in sorted(known, reverse=True)[:ACCOUNTS_MOST]:
            async with self._database.tx(tenant_id) as db:
                stored = await account.password_hash(db, staff_id)
            if stored is not None:
                checked = True
                if await check_password(password, stored):
                    return tenant_id, staff_id
        if not checked:
            if self._nobody is None:
                self._nobody = await hash_password(secrets.token_hex(16))
            await check_password(password, self._nobody)
        return None

    async def _open(
        self, found: tuple[UUID, UUID], knock: Knock, folded: str, subjects: dict[Subject, bytes]
    ) -> SignedIn:
        tenant_id, staff_id = found
        now, device = self._clock(), self._device(folded)
        mine = [key for kind, key in subjects.items() if kind in (Subject.PAIR, Subject.DEVICE)]
        shared = [key for kind, key in subjects.items() if kind in (Subject.ACCOUNT, Subject.ADDRESS)]

        async def work(db: Db) -> SignedIn:
            if knock.old_token is not None:
                await session.end_by_token(db, rules.token_sha256(knock.old_token), at=now)
            opened = await open_session(
                db, tenant_id=tenant_id, staff_id=staff_id, user_agent=knock.user_agent, device=device, now=now
            )
            await session.uncount_try(db, sorted(shared))
            await session.forgive(db, mine)
            await session.forget_tries(db, before=now - _AGE)
            return opened

        return await self._database.run(tenant_id, work)

    def _subjects(self, knock: Knock, folded: str) -> dict[Subject, bytes]:
        found = {
            Subject.PAIR: self._hidden("pair", knock.address, folded),
            Subject.ACCOUNT: self._hidden("account", folded),
        }
        if self._knows(knock.device, folded):
            del found[Subject.PAIR]  # a neighbour behind the same address is no reason to wait
            found[Subject.DEVICE] = self._hidden("device", knock.device or "")
        else:
            found[Subject.ADDRESS] = self._hidden("address", knock.address)
        return found

    def _hidden(self, *parts: str) -> bytes:
        return hmac.new(self._secret, "\x00".join(("sign in", *parts)).encode(), hashlib.sha256).digest()

    def _device(self, folded: str) -> str:
        nonce = secrets.token_hex(16)
        return f"{nonce}.{self._hidden('known', nonce, folded).hex()}"

    def _knows(self, device: str | None, folded: str) -> bool:
        nonce, dot, proof = (device or "").partition(".")
        proven = self._hidden("known", nonce, folded).hex()
        return bool(dot) and hmac.compare_digest(proven.encode(), proof.encode())


async def open_session(
    db: Db, *, tenant_id: UUID, staff_id: UUID, user_agent: str, now: datetime, device: str = ""
) -> SignedIn:
    """Open a session for somebody who proved who they are, with a new token. Refuses sign_in_failed if disabled."""
    member = await account.lock_staff(db, staff_id)
    if member is None or member.disabled_at is not None:
        raise Refused("sign_in_failed", "The e-mail address and the password do not fit together.")
    opened = SignedIn(
        tenant_id=tenant_id, session_id=new_id(), staff_id=staff_id, language=member.language,
        token=secrets.token_urlsafe(32), device=device, expires_at=now + rules.LONGEST,
    )  # fmt: skip
    stores = await account.stores(db)
    await session.add(
        db, session_id=opened.session_id, staff_id=staff_id, token_sha256=rules.token_sha256(opened.token),
        store_id=stores[0].id if len(stores) == 1 else None, user_agent=user_agent, created_at=now,
        expires_at=opened.expires_at,
    )  # fmt: skip
    await _tell(db, EventType.STAFF_SIGNED_IN, staff_id, now)
    return opened


async def sign_out(db: Db, *, staff_id: UUID, session_id: UUID, now: datetime) -> None:
    """End a session of a member; one that ended already is left alone."""
    await account.lock_staff(db, staff_id)
    if await session.end(db, session_id, staff_id=staff_id, at=now):
        await _tell(db, EventType.STAFF_SIGNED_OUT, staff_id, now)


async def sign_out_everywhere(db: Db, *, staff_id: UUID, but: UUID | None, now: datetime) -> int:
    """End all sessions of a member except one; return how many ended."""
    await account.lock_staff(db, staff_id)
    ended = await session.end_all(db, staff_id, but=but, at=now)
    if ended:
        await _tell(db, EventType.STAFF_SIGNED_OUT, staff_id, now, sessions=ended)
    return ended


async def choose_store(db: Db, *, session_id: UUID, store_id: UUID | None) -> None:
    """Look at one store, or (none) at all of them, in this session. Refuses store_not_found."""
    if store_id is not None and await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store_id")
    await session.choose_store(db, session_id, store_id)


async def _tell(db: Db, what: EventType, staff_id: UUID, now: datetime, **data: int) -> None:
    await event.put(db, what, resource_kind="staff", resource_id=staff_id, actor=f"staff:{staff_id}", at=now, data=data)
