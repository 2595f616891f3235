"""Bad input of every kind: a clear problem with a stable code, nothing moved, never a 5xx."""

import contextlib
import json
from typing import Any

import httpx2
import pytest

from retour.store import db, event
from retour.store.db import Database
from tests.doors.api.conftest import Merchant, code_of

pytestmark = pytest.mark.anyio
ADD = "/webhook-endpoints"


async def post(
    http: httpx2.AsyncClient, merchant: Merchant, body: bytes, content_type: str = "application/json"
) -> httpx2.Response:
    return await http.post(
        ADD, content=body, headers=merchant.headers(idempotency_key="k") | {"Content-Type": content_type}
    )


@pytest.mark.parametrize(
    ("body", "expected", "field"),
    [
        (b"", (400, "malformed_json"), None),
        (b"{", (400, "malformed_json"), None),
        (b'{"url": "\xff"}', (400, "malformed_json"), None),
        (b"[]", (422, "invalid_request"), None),
        (b"null", (422, "invalid_request"), None),
        (b"{}", (422, "invalid_request"), "url"),
        (b'{"url": 1}', (422, "invalid_request"), "url"),
        (b'{"url": ""}', (422, "invalid_request"), "url"),
        (b'{"url": "https://a.b", "colour": 1}', (422, "invalid_request"), "colour"),
        (b'{"url": "https://a.b", "topics": ["return.requested", "x"]}', (422, "invalid_request"), "topics[1]"),
        (b'{"url": "https://a.b/\\u0000"}', (422, "invalid_text"), "url"),
        (b'{"url": "https://a.b/\\ud800"}', (422, "invalid_text"), "url"),
        (b'{"url": "https://a.b", "topics": ["\\udfff"]}', (422, "invalid_text"), "topics[0]"),
        (b'{"\\ud800": 1}', (422, "invalid_text"), None),
        (b'{"url": ' + b"[" * 100_000, (422, "invalid_request"), "url"),
        (b"[" * 100_000, (422, "invalid_request"), None),
    ],
)
async def test_a_bad_body_is_named(
    http: httpx2.AsyncClient, merchant: Merchant, body: bytes, expected: tuple[int, str], field: str | None
) -> None:
    answer = await post(http, merchant, body)

    assert code_of(answer) == expected, answer.text
    assert answer.json().get("field") == field
    assert (await http.get(ADD, headers=merchant.headers())).json()["items"] == []


async def test_ten_megabytes_are_too_much(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    async def stream() -> Any:
        for _ in range(100):
            yield b" " * 100_000

    told = await post(http, merchant, json.dumps({"url": "x" * 10_000_000}).encode())
    streamed = await http.post(ADD, content=stream(), headers=merchant.headers(idempotency_key="k"))

    assert code_of(told) == code_of(streamed) == (413, "body_too_large")


async def test_only_json_is_read(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    assert code_of(await post(http, merchant, b"url=x", "text/plain")) == (415, "unsupported_media_type")


async def test_an_escaped_character_that_is_fine_is_kept(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    assert (await post(http, merchant, b'{"url": "https://a.b/?q=\\u0041"}')).json()["url"] == "https://a.b/?q=A"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nowhere", 404, "not_found"),
        ("/webhook-endpoints/not-an-id", 404, "webhook_endpoint_not_found"),
        ("/webhook-endpoints/%00", 404, "webhook_endpoint_not_found"),
        ("/webhook-endpoints/0192f0c1-2b3c-7d4e-8f50-617283940516", 404, "webhook_endpoint_not_found"),
        ("/events?limit=0", 422, "invalid_request"),
        ("/events?limit=many", 422, "invalid_request"),
        ("/events?limit=1&limit=2", 422, "invalid_request"),
        ("/events?colour=red", 422, "invalid_request"),
        ("/events?after=null", 422, "invalid_cursor"),
        ("/returns?status=null", 422, "invalid_request"),
        ("/orders?email=a@b.c", 422, "invalid_request"),
        ("/events?after=nonsense", 422, "invalid_cursor"),
        ("/events?after=%00", 422, "invalid_text"),
        ("/events?after=%ff", 400, "malformed_query"),
        ("/events?after=OTk5OTk5OTk5OTk5OTk5OTk5OTk5fjE", 422, "invalid_cursor"),
    ],
)
async def test_a_bad_address_is_named(
    http: httpx2.AsyncClient, merchant: Merchant, path: str, status: int, code: str
) -> None:
    assert code_of(await http.get(path, headers=merchant.headers())) == (status, code)


async def test_other_methods_are_refused_with_those_allowed(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    answer = await http.put("/events", headers=merchant.headers())

    assert code_of(answer) == (405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]


async def test_a_bug_tells_an_id_and_no_internals(
    http: httpx2.AsyncClient, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event, "FEED", "SELECT secret_column FROM event WHERE $1 = '' AND $2 IS NULL AND $3 = 1")
    answer = await http.get("/events", headers=merchant.headers())

    assert code_of(answer) == (500, "unexpected")
    assert answer.json()["instance"].startswith("urn:retour:error:")
    assert "secret_column" not in answer.text


async def test_a_full_pool_answers_503(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await http.get("/events", headers=merchant.headers())).status_code == 200
    monkeypatch.setattr(db, "ACQUIRE_TIMEOUT_S", 0.05)
    async with contextlib.AsyncExitStack() as held:
        for _ in range(16):
            await held.enter_async_context(database._pool.acquire())
        answer = await http.get("/events", headers=merchant.headers())

    assert code_of(answer) == (503, "busy")
    assert answer.headers["retry-after"] == "2"


async def test_a_path_tells_its_methods(http: httpx2.AsyncClient) -> None:
    answer = await http.options("/returns")

    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, OPTIONS, POST")
