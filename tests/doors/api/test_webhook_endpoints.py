"""Webhook endpoints: added once, the secret shown once, gone for other accounts."""

import base64
import json
from typing import Any
from uuid import UUID

import httpx2
import pytest

from retour.store import webhook_endpoint
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.conftest import Merchant, code_of, open_account

pytestmark = pytest.mark.anyio
WISH = {"url": "https://example.com/hook", "topics": ["return.requested"]}


async def add(http: httpx2.AsyncClient, merchant: Merchant, key: str, wish: Any = None) -> httpx2.Response:
    return await http.post("/webhook-endpoints", json=wish or WISH, headers=merchant.headers(idempotency_key=key))


async def count(database: Database, merchant: Merchant) -> int:
    async with database.tx(merchant.tenant_id) as db:
        return len(await webhook_endpoint.endpoints(db, after_id=UUID(int=0), limit=100))


async def test_an_endpoint_is_added_with_a_secret_that_is_never_shown_again(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database, vault: Vault, owner: Any
) -> None:
    answer = await add(http, merchant, "k1")

    assert answer.status_code == 201
    made = answer.json()
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"))) == 32
    read = (await http.get(f"/webhook-endpoints/{made['id']}", headers=merchant.headers())).json()
    assert read == {key: value for key, value in made.items() if key != "secret"}
    async with database.tx(merchant.tenant_id) as db:
        stored = await webhook_endpoint.get(db, UUID(made["id"]))
        clear = await db.fetchval("SELECT count(*) FROM idempotency WHERE position($1 in body) > 0", b"whsec_")
    assert stored is not None
    purpose = webhook_endpoint.secrets_purpose(stored.id)
    assert json.loads(vault.unlock(stored.sealed_secrets, tenant_id=merchant.tenant_id, purpose=purpose)) == [
        made["secret"]
    ]
    assert clear == 0


async def test_an_endpoint_is_deleted_once_and_its_secret_forgotten(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    made = (await add(http, merchant, "k1")).json()
    path = f"/webhook-endpoints/{made['id']}"

    gone = await http.delete(path, headers=merchant.headers(idempotency_key="d1"))
    again = await http.delete(path, headers=merchant.headers(idempotency_key="d1"))
    another = await http.delete(path, headers=merchant.headers(idempotency_key="d2"))

    assert (gone.status_code, gone.content) == (204, b"")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (204, "true")
    assert code_of(another) == (404, "webhook_endpoint_not_found")
    assert code_of(await http.get(path, headers=merchant.headers())) == (404, "webhook_endpoint_not_found")
    async with database.tx(merchant.tenant_id) as db:
        row = await webhook_endpoint.get(db, UUID(made["id"]))
    assert row is not None
    assert (row.active, row.sealed_secrets) == (False, b"")


async def test_another_account_sees_and_deletes_nothing(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    made = (await add(http, merchant, "k1")).json()
    stranger = await open_account(database)
    path = f"/webhook-endpoints/{made['id']}"

    seen = await http.get(path, headers=stranger.headers())
    deleted = await http.delete(path, headers=stranger.headers(idempotency_key="x"))
    absent = await http.get(f"/webhook-endpoints/{UUID(int=7)}", headers=stranger.headers())

    assert code_of(seen) == code_of(deleted) == (404, "webhook_endpoint_not_found")
    assert seen.content == absent.content
    assert (await http.get("/webhook-endpoints", headers=stranger.headers())).json() == {"items": [], "next": None}
    assert await count(database, merchant) == 1


async def test_the_list_is_read_in_pages(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    made = [(await add(http, merchant, f"k{n}")).json()["id"] for n in range(3)]

    first = (await http.get("/webhook-endpoints?limit=2", headers=merchant.headers())).json()
    rest = await http.get("/webhook-endpoints", params={"after": first["next"]}, headers=merchant.headers())

    assert [e["id"] for e in first["items"]] == made[:2]
    assert [e["id"] for e in rest.json()["items"]] == made[2:]
    assert rest.json()["next"] is None


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]:8443/", "https://intranet/hook"])
async def test_an_address_that_nobody_outside_reaches_is_not_taken(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database, url: str
) -> None:
    answer = await add(http, merchant, "k1", {"url": url})

    assert code_of(answer) == (422, "internal_url")
    assert answer.json()["field"] == "url"
    assert await count(database, merchant) == 0


@pytest.mark.parametrize("url", ["http://example.com/", "https://", "javascript:alert(1)", "https://a.b/#f"])
async def test_only_https_addresses_are_taken(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database, url: str
) -> None:
    answer = await add(http, merchant, "k1", {"url": url})

    assert code_of(answer) == (422, "invalid_url")
    assert answer.json()["field"] == "url"
    assert await count(database, merchant) == 0
