"""Carry out one call of an integrator that concerns itself: its merchants, and the keys it has for them."""

from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from litestar import Response

from retour.core.account import Role
from retour.core.isv import account_for
from retour.doors.api.calling import NO_STORE, Answering, AnyRequest, encoded, keeps_nothing, path_id
from retour.doors.api.isv_shapes import AccountList, AccountPage, AccountWish
from retour.doors.api.reading import read_query
from retour.flows.account import isv as flow
from retour.store import isv
from retour.store.isv import Isv
from retour.web.caller import Caller
from retour.web.sign_in import key_of


class IsvAnswering(Answering):
    """Answers the calls of one operation of integrators; each runs in the account that it concerns."""

    async def __call__(self, request: AnyRequest) -> Response[bytes]:
        """Return the answer of a call; everything that stops it is an exception that becomes a problem."""
        operation, headers, now = self._operation, request.headers, datetime.now(UTC)
        text = key_of(headers.get("x-api-key"), headers.get("authorization"))
        known = await self._desk.doorkeeper.admit_isv(text, now=now)
        account = path_id(request.path_params.get("id"), operation.missing)
        if account is None:
            self._desk.doorkeeper.alone(known)
        if account is None and not operation.changes:
            return await self._page(known, request.scope["query_string"], now)
        if account is None:
            wish = cast("AccountWish", await self._read(await request.body(), headers.get("content-type")))
            itself = _beside(known, account_for(known.id, wish.reference))
            async with self._desk.database.tx(itself.tenant_id) as db:
                await flow.check_not_ended(db, isv_id=known.id)  # or a kept answer would still be told
            return await self._write(request, itself, None, None, now)
        caller = await self._desk.doorkeeper.serving(known, str(account))
        if operation.changes:
            return await self._write(request, caller, None, account, now)
        async with self._desk.database.tx(caller.tenant_id) as db:
            found = await operation.do(self._call(db, caller, None, account, now, keeps_nothing), None)
        return encoded(found, operation.status, NO_STORE)

    async def _page(self, known: Isv, query: bytes, now: datetime) -> Response[bytes]:
        """Return a page of the merchants: each is read in a transaction of its own account."""
        asked = cast("AccountPage", read_query(AccountPage, query))
        async with self._desk.database.tx(None) as db:
            ids = await isv.route_accounts(db, known.id, after=asked.after, most=asked.limit + 1)
        items = []
        for tenant_id in ids[: asked.limit]:
            caller = _beside(known, tenant_id)
            async with self._desk.database.tx(tenant_id) as db:
                found = await self._operation.do(self._call(db, caller, None, tenant_id, now, keeps_nothing), None)
            if found is not None:  # the service may have ended meanwhile
                items.append(found)
        following = ids[asked.limit - 1] if len(ids) > asked.limit else None
        return encoded(AccountList(items=items, next=following), self._operation.status, NO_STORE)


def _beside(known: Isv, tenant_id: UUID) -> Caller:
    """Return the integrator as a caller who opens or reads its own service there, and does nothing else."""
    return Caller(tenant_id, known.id, Role.WAREHOUSE, {}, known)
