"""Signing in with an API key: who calls, with which role, for which store."""

import hmac
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.account import ApiKey, parse_key
from retour.core.errors import Refused
from retour.store import account as accounts
from retour.store.account import LiveKey
from retour.store.db import Database, Db
from retour.store.isv import Isv
from retour.web.caller import Caller
from retour.web.isv_sign_in import IsvDoorkeeper, account_not_found
from retour.web.problem import ProblemError
from retour.web.rate import Meter

CACHE_S: Final = 10.0  # a revoked key works this long at most in a process that knows it
CACHE_MOST: Final = 10_000
_FRESH_S: Final = 1.0  # a store that is not found is looked for again if the cached list is older
_TOUCH_EVERY: Final = timedelta(minutes=1)
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="Retour API"'}


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    secret_sha256: bytes
    read_at_s: float


class Doorkeeper:
    """Knows the keys that called lately, so that a request costs no look-up; one per process."""

    def __init__(self, database: Database, meter: Meter | None = None) -> None:
        """`meter` counts what is let in; without one nothing is too much."""
        self._database, self._meter = database, meter or Meter(0)
        self._known: dict[UUID, _Known] = {}
        self._isvs: Final = IsvDoorkeeper(database)

    async def admit(self, text: str | None, *, now: datetime, account: str | None = None) -> Caller:
        """Return who holds the key; raise ProblemError 401 for a missing, unknown, wrong or revoked one.

        `account` is whom an integrator acts for; refuses account_missing and account_not_found. Each call counts for its
        key and account, and 429 too_many_requests refuses one too many.
        """
        key = _read_key(text)
        if key.of_isv:
            return await self.serving(await self._isv(key, now), account)
        caller = await self._holder(key, now)
        self._meter.count(caller.key_id, caller.tenant_id)
        if account and account.lower() != str(caller.tenant_id):
            raise account_not_found()
        return caller

    async def admit_isv(self, text: str | None, *, now: datetime) -> Isv:
        """Return which integrator holds the key; refuses forbidden to the key of an account."""
        key = _read_key(text)
        if key.of_isv:
            return await self._isv(key, now)
        await self._holder(key, now)
        raise Refused("forbidden", "this is for integrators, with a key of their own")

    async def serving(self, known: Isv, named: str | None) -> Caller:
        """Return an integrator as a caller in an account that it serves; what names none counts as its own."""
        try:
            caller = await self._isvs.serving(known, named)
        except Refused:
            self.alone(known)
            raise
        self._meter.count(known.id, caller.tenant_id)
        return caller

    def alone(self, known: Isv) -> None:
        """Count a call of an integrator that is for no account that it serves: listing them, opening one."""
        self._meter.count(known.id, known.id)

    async def _isv(self, key: ApiKey, now: datetime) -> Isv:
        known = await self._isvs.holder(key, now=now)
        if known is None:
            raise _wrong_key()
        return known

    async def _holder(self, key: ApiKey, now: datetime) -> Caller:
        known = self._known.get(key.id)
        if known is None or time.monotonic() - known.read_at_s > CACHE_S:
            known = await self._read(key, now)
        elif not hmac.compare_digest(known.secret_sha256, key.secret_sha256):
            raise _wrong_key()
        return known.caller

    async def choose_store(self, caller: Caller, shop_name: str | None, key_text: str, *, now: datetime) -> UUID:
        """Return the store of that name, or the account's only one; refuse store_not_found, store_missing."""
        store_id = _choose(caller, shop_name)
        if store_id is None and caller.isv is None and self._is_stale(caller.key_id):
            self._known.pop(caller.key_id, None)
            store_id = _choose(await self._holder(_read_key(key_text), now), shop_name)
        if store_id is not None:
            return store_id
        if shop_name is None:
            raise Refused("store_missing", "the account has several stores: name one in X-Shop-Name")
        raise Refused("store_not_found", "the account has no store of that name")

    def _is_stale(self, key_id: UUID) -> bool:
        known = self._known.get(key_id)
        return known is None or time.monotonic() - known.read_at_s > _FRESH_S

    async def _read(self, key: ApiKey, now: datetime) -> _Known:
        self._known.pop(key.id, None)
        async with self._database.tx(None) as db:
            tenant_id = await accounts.route_api_key(db, key.id)
        if tenant_id is None:
            raise _wrong_key()
        async with self._database.tx(tenant_id) as db:
            live = await accounts.read_key(db, key.id)
            if live is None or not hmac.compare_digest(live.secret_sha256, key.secret_sha256):
                raise _wrong_key()
            await _touch(db, key.id, live, now)
        caller = Caller(tenant_id, key.id, live.role, live.stores, made_by=live.made_by)
        known = _Known(caller, live.secret_sha256, time.monotonic())
        if len(self._known) >= CACHE_MOST:
            self._known.clear()
        self._known[key.id] = known
        return known


async def _touch(db: Db, key_id: UUID, live: LiveKey, now: datetime) -> None:
    if live.last_used_at is None or now - live.last_used_at >= _TOUCH_EVERY:
        await accounts.touch_key(db, key_id, at=now)


def _read_key(text: str | None) -> ApiKey:
    if not text:
        raise ProblemError(401, "key_missing", "send an API key in X-API-Key", headers=_CHALLENGE)
    key = parse_key(text)
    if key is None:
        raise _wrong_key()
    return key


def key_of(api_key: str | None, authorization: str | None) -> str | None:
    """Return the key of a request: X-API-Key, else `Authorization: Bearer …`."""
    if api_key:
        return api_key.strip()
    if authorization and authorization[:7].lower() == "bearer ":
        return authorization[7:].strip()
    return None


def _choose(caller: Caller, shop_name: str | None) -> UUID | None:
    if shop_name is not None:
        return caller.stores.get(shop_name)
    return next(iter(caller.stores.values())) if len(caller.stores) == 1 else None


def _wrong_key() -> ProblemError:
    return ProblemError(401, "key_invalid", "the API key is unknown or revoked", headers=_CHALLENGE)
