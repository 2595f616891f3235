"""Integrators over the API: open accounts for merchants, list them, have keys for each, and leave them."""

import dataclasses
from typing import Final

from retour.core.errors import Refused
from retour.doors.api.isv_shapes import (
    AccountList,
    AccountOut,
    AccountPage,
    AccountWish,
    KeyChoice,
    KeyCreated,
    KeyList,
    KeyOut,
    KeyWish,
    StoreOfAccount,
)
from retour.doors.api.operation import Call, Operation
from retour.flows.account import isv as flow
from retour.store import account, isv
from retour.store.isv import Isv

TAG: Final = "Integrators"
MISSING: Final = "account_not_found"


async def open_account(call: Call, wish: AccountWish) -> AccountOut:
    """Open the account of a reference, or find it."""
    owner = flow.Owner(wish.owner.email, wish.owner.name, wish.owner.language) if wish.owner else None
    merchant = flow.Merchant(wish.reference, wish.name, wish.shop_name, wish.timezone, wish.currency, owner)
    link_to = f"{call.rules.public_url}/password/"
    await flow.provision(call.db, call.vault, known=_isv(call), wish=merchant, link_to=link_to, now=call.now)
    return await get_account(call, None)


async def list_accounts(call: Call, _: None) -> AccountOut | None:
    """Return one account of the list, unless its service has ended meanwhile."""
    return await _account(call)


async def get_account(call: Call, _: None) -> AccountOut:
    """Return one account."""
    found = await _account(call)
    if found is None:
        raise Refused(MISSING, "you serve no such account")
    return found


async def leave_account(call: Call, _: None) -> None:
    """End the service."""
    await flow.end(call.db, isv_id=_isv(call).id, actor=call.actor, now=call.now)


async def list_keys(call: Call, _: None) -> KeyList:
    """Return the keys that the integrator had made."""
    return KeyList(items=[KeyOut(**dataclasses.asdict(key)) for key in await isv.keys(call.db, _isv(call).id)])


async def make_key(call: Call, wish: KeyWish) -> KeyCreated:
    """Make a key of the account."""
    key = await flow.make_key_of(call.db, isv_id=_isv(call).id, name=wish.name, role=wish.role, now=call.now)
    return KeyCreated(id=key.id, name=wish.name, role=wish.role, key=key.text)


async def rotate_key(call: Call, choice: KeyChoice) -> KeyCreated:
    """Put a new key in the place of one."""
    old, key = await flow.rotate_key_of(call.db, isv_id=_isv(call).id, key_id=choice.key_id, now=call.now)
    return KeyCreated(id=key.id, name=old.name, role=old.role, key=key.text)


async def revoke_key(call: Call, choice: KeyChoice) -> KeyList:
    """Revoke a key and return the others."""
    await flow.revoke_key_of(call.db, isv_id=_isv(call).id, key_id=choice.key_id, now=call.now)
    return await list_keys(call, None)


async def _account(call: Call) -> AccountOut | None:
    serving, whole = await isv.service(call.db, _isv(call).id), await account.get_account(call.db)
    if serving is None or whole is None:
        return None
    stores = [
        StoreOfAccount(id=s.id, shop_name=s.shop_name, currency=s.currency) for s in await account.stores(call.db)
    ]
    return AccountOut(
        id=whole.tenant_id, name=whole.name, reference=serving.reference, role=serving.role, since=serving.since,
        stores=stores,
    )  # fmt: skip


def _isv(call: Call) -> Isv:
    assert call.caller.isv is not None, "only integrators get here"
    return call.caller.isv


OPERATIONS: Final = (
    Operation(
        id="open_isv_account", method="POST", path="/isv/accounts", tag=TAG, status=201, body=AccountWish,
        answer=AccountOut, summary="Open the account of a merchant", do=open_account,
        description="The same `reference` finds the same account for ever, as it is by now; nothing is opened twice.",
    ),
    Operation(
        id="list_isv_accounts", method="GET", path="/isv/accounts", tag=TAG, query=AccountPage, answer=AccountList,
        summary="List the merchants you serve", do=list_accounts,
    ),
    Operation(
        id="get_isv_account", method="GET", path="/isv/accounts/{id}", tag=TAG, answer=AccountOut, missing=MISSING,
        summary="Read a merchant", do=get_account,
    ),
    Operation(
        id="leave_isv_account", method="DELETE", path="/isv/accounts/{id}", tag=TAG, status=204, missing=MISSING,
        summary="Serve a merchant no more", do=leave_account,
        description="The account stays the merchant's. Your keys of it end; only the merchant can admit you again.",
    ),
    Operation(
        id="list_isv_keys", method="GET", path="/isv/accounts/{id}/keys", tag=TAG, answer=KeyList, missing=MISSING,
        summary="List the keys you had made for a merchant", do=list_keys,
    ),
    Operation(
        id="make_isv_key", method="POST", path="/isv/accounts/{id}/keys", tag=TAG, status=201, body=KeyWish,
        answer=KeyCreated, missing=MISSING, summary="Make a key for one merchant", do=make_key,
        description="For a program that serves one merchant alone. The role is at most the one the merchant gave you. "
        "The key is shown in this answer alone and ends with your service.",
    ),
    Operation(
        id="rotate_isv_key", method="POST", path="/isv/accounts/{id}/keys/rotate", tag=TAG, body=KeyChoice,
        answer=KeyCreated, missing=MISSING, summary="Put a new key in the place of one", do=rotate_key,
        description="The key before stops working within ten seconds.",
    ),
    Operation(
        id="revoke_isv_key", method="POST", path="/isv/accounts/{id}/keys/revoke", tag=TAG, body=KeyChoice,
        answer=KeyList, missing=MISSING, summary="Revoke one of your keys", do=revoke_key,
    ),
)  # fmt: skip
