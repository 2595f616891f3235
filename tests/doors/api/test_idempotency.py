"""The same key makes one change, whatever happens in between."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from retour.store import idempotency, webhook_endpoint
from retour.store.db import Database
from tests.doors.api.conftest import Merchant, code_of, open_account

pytestmark = pytest.mark.anyio
WISH = {"url": "https://example.com/hook"}


async def add(http: httpx2.AsyncClient, merchant: Merchant, key: str | None, wish: Any = None) -> httpx2.Response:
    headers = merchant.headers(**({"idempotency_key": key} if key is not None else {}))
    return await http.post("/webhook-endpoints", json=wish or WISH, headers=headers)


async def count(database: Database, merchant: Merchant) -> int:
    async with database.tx(merchant.tenant_id) as db:
        return len(await webhook_endpoint.endpoints(db, after_id=UUID(int=0), limit=100))


async def test_a_write_without_a_key_is_refused(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    assert code_of(await add(http, merchant, None)) == (400, "idempotency_key_missing")
    assert code_of(await add(http, merchant, "two words")) == (400, "idempotency_key_invalid")
    assert code_of(await add(http, merchant, "k" * 256)) == (400, "idempotency_key_invalid")
    assert await count(database, merchant) == 0


async def test_the_same_request_gets_the_first_answer_again(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    first = await add(http, merchant, "once")
    again = await add(http, merchant, "once")

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(database, merchant) == 1


async def test_the_key_of_another_request_is_refused(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    made = (await add(http, merchant, "once")).json()

    other_body = await add(http, merchant, "once", {"url": "https://example.com/other"})
    other_store = await http.post(
        "/webhook-endpoints", json=WISH, headers=merchant.headers(shop="outlet", idempotency_key="once")
    )
    other_route = await http.delete(
        f"/webhook-endpoints/{made['id']}", headers=merchant.headers(idempotency_key="once")
    )

    for answer in (other_body, other_store, other_route):
        assert code_of(answer) == (422, "idempotency_key_reused")
    assert await count(database, merchant) == 1


async def test_a_refusal_keeps_nothing_and_the_key_is_free_again(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    refused = await add(http, merchant, "once", {"url": "ftp://example.com"})
    async with database.tx(merchant.tenant_id) as db:
        kept = await db.fetchval("SELECT count(*) FROM idempotency")

    assert code_of(refused) == (422, "invalid_url")
    assert kept == 0
    assert (await add(http, merchant, "once")).status_code == 201


async def test_eight_at_once_make_one(http: httpx2.AsyncClient, merchant: Merchant, database: Database) -> None:
    for turn in range(3):
        answers = await asyncio.gather(*(add(http, merchant, f"turn-{turn}") for _ in range(8)))

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
        assert await count(database, merchant) == turn + 1


async def test_a_request_that_is_still_running_is_told(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    async with database.tx(merchant.tenant_id) as db:
        await idempotency.keep(db, idempotency.Answer("once", b"another", 200, b""))
        answer = await add(http, merchant, "once")

    assert code_of(answer) == (409, "idempotency_key_in_use")
    assert answer.headers["retry-after"] == "2"
    assert await count(database, merchant) == 0


async def test_a_key_is_forgotten_after_a_day(http: httpx2.AsyncClient, merchant: Merchant, database: Database) -> None:
    await add(http, merchant, "once")
    async with database.tx(merchant.tenant_id) as db:
        await db.execute(
            "UPDATE idempotency SET created_at = created_at - $1::interval", timedelta(hours=24, seconds=1)
        )

    answer = await add(http, merchant, "once", {"url": "https://example.com/other"})

    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers
    assert await count(database, merchant) == 2


async def test_another_account_may_use_the_same_key(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    stranger = await open_account(database)

    first, second = await add(http, merchant, "once"), await add(http, stranger, "once")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
