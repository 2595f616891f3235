"""Signing in as an integrator (ISV): whose key it is, and what the merchant named beside it lets them do.

Nothing is remembered between two requests, so that a service that a merchant ends has ended with the next one.
"""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.account import ApiKey
from retour.core.errors import Refused
from retour.core.isv import account_for
from retour.store import isv
from retour.store.db import Database
from retour.store.isv import Isv
from retour.web.caller import Caller

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class IsvDoorkeeper:
    """Lets integrators in, to the accounts that they serve and to no other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holder(self, key: ApiKey, *, now: datetime) -> Isv | None:
        """Return the integrator that holds the key now, or nothing."""
        async with self._database.tx(key.id) as db:
            return await isv.find(db, key, now=now)

    async def serving(self, known: Isv, named: str | None) -> Caller:
        """Return the integrator as a caller in an account, named by its id or by the integrator's own reference.

        Refuses account_missing for none, account_not_found for one that it does not serve, if it exists or not.
        """
        if not named:
            raise Refused("account_missing", "name the account in Retour-Account")
        by_reference = account_for(known.id, named)
        for tenant_id in (UUID(named), by_reference) if _ID.fullmatch(named) else (by_reference,):
            async with self._database.tx(tenant_id) as db:
                found = await isv.served(db, known.id)
            if found is not None:
                return Caller(tenant_id, known.id, found.role, found.stores, known)
        raise account_not_found()


def account_not_found() -> Refused:
    """Return the one refusal of an account that is not there for this caller."""
    return Refused("account_not_found", "you serve no such account")
