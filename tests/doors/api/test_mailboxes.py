"""Mailboxes over the API: added with a password that is never told again, listed, given another one, removed."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop
from tests.doors.api.conftest import code_of
from tests.doors.api.test_intakes import get, post

pytestmark = pytest.mark.anyio
WISH: dict[str, Any] = {
    "name": "Returns",
    "host": "imap.acme.example",
    "user": "returns@acme.example",
    "password": "s3cret",
}


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault)


async def test_a_mailbox_is_added_listed_and_removed_and_its_password_never_told(
    http: httpx2.AsyncClient, shop: Shop
) -> None:
    added = await post(http, shop, "/mailboxes", WISH)
    made = added.json()
    twice = await post(http, shop, "/mailboxes", WISH | {"name": "Again"})
    listed = (await get(http, shop, "/mailboxes")).json()["items"]
    changed = await post(http, shop, f"/mailboxes/{made['id']}/password", {"password": "0ther"})
    key = {"Idempotency-Key": str(uuid4())}
    removed = await http.delete(f"/mailboxes/{made['id']}", headers=shop.merchant.headers() | key)

    assert added.status_code == 201
    assert "s3cret" not in added.text + changed.text
    assert {name: made[name] for name in ("host", "port", "encryption", "folder", "address", "state", "problem")} == {
        "host": "imap.acme.example", "port": 993, "encryption": "at_once", "folder": "INBOX",
        "address": "returns@acme.example", "state": "connected", "problem": None,
    }  # fmt: skip
    assert code_of(twice) == (409, "already_exists")
    assert listed == [made]
    assert (changed.status_code, changed.json()["id"]) == (200, made["id"])
    assert removed.status_code == 204
    assert (await get(http, shop, "/mailboxes")).json()["items"] == []
    gone = await post(http, shop, f"/mailboxes/{made['id']}/password", {"password": "0ther"})
    assert code_of(gone) == (404, "mailbox_not_found")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"encryption": "never"}, 422, "invalid_encryption"),
        ({"host": "-"}, 422, "invalid_host"),
        ({"address": "nobody"}, 422, "invalid_email"),
        ({"password": "two\nlines"}, 422, "invalid_request"),
        ({"port": 0}, 422, "invalid_request"),
    ],
)
async def test_what_is_no_mailbox_is_refused_and_nothing_is_kept(
    http: httpx2.AsyncClient, shop: Shop, change: dict[str, Any], status: int, code: str
) -> None:
    refused = await post(http, shop, "/mailboxes", WISH | change)

    assert code_of(refused) == (status, code)
    assert (await get(http, shop, "/mailboxes")).json()["items"] == []


async def test_only_an_owner_adds_a_mailbox(http: httpx2.AsyncClient, shop: Shop) -> None:
    assert code_of(await post(http, shop, "/mailboxes", WISH, Role.AGENT)) == (403, "forbidden")
