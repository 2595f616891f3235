"""The door for webhooks: only what is authentic comes in, once, and nothing that is authentic is lost."""

import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from retour.store import webhook
from tests.doors.hooks.conftest import (
    HAS_SHOPIFY,
    OLD_SECRET,
    Doors,
    carrier_headers,
    shopify_headers,
    with_secrets,
)
from tests.flows.order.shop import CANARY, NOON

pytestmark = pytest.mark.anyio
SCAN = json.dumps(
    {"id": "evt-1", "tracking_number": "SBXR1", "status": "in_transit", "occurred_at": "2026-03-01T11:59:00Z"}
).encode()


def carrier_path(doors: Doors) -> str:
    return f"/hooks/carrier/{doors.carrier.connection_id}"


async def test_what_the_label_says_is_kept_cut_to_length(doors: Doors) -> None:
    scan = json.dumps(
        {"id": "evt-9", "tracking_number": "SBXR9", "status": "delivered", "reference": "R-1" * 60}
    ).encode()

    answer = await doors.client.post(carrier_path(doors), content=scan, headers=carrier_headers(scan))

    assert answer.status_code == 200
    (row,) = await doors.inbox(doors.carrier)
    assert row["facts"]["reference"] == ("R-1" * 60)[:100]


async def test_an_authentic_scan_is_kept_sealed_and_queued(doors: Doors, owner: Any) -> None:
    answer = await doors.client.post(carrier_path(doors), content=SCAN, headers=carrier_headers(SCAN))

    assert answer.status_code == 200
    (row,) = await doors.inbox(doors.carrier)
    assert (row["topic"], row["object_ref"], row["event_id"]) == ("tracking.updated", "SBXR1", "evt-1")
    assert row["facts"] == {"tracking_number": "SBXR1", "carrier": "", "status": "in_transit"}
    assert row["occurred_at"] == NOON - timedelta(minutes=1)
    assert b"SBXR1" not in row["body_sealed"]
    async with doors.database.tx(doors.carrier.tenant_id) as db:
        assert await webhook.body(db, doors.vault, row["id"]) == SCAN
    jobs = await owner.fetch("SELECT queue_name, args FROM jobs.procrastinate_jobs WHERE task_name = 'inbox.read'")
    assert [j["args"] for j in jobs if j["args"]["tenant_id"] == str(doors.carrier.tenant_id)] == [
        {"tenant_id": str(doors.carrier.tenant_id), "id": str(row["id"])}
    ]


async def test_a_duplicate_is_answered_and_not_worked_on(doors: Doors, owner: Any) -> None:
    before = await owner.fetchval("SELECT count(*) FROM jobs.procrastinate_jobs")
    for _ in range(3):
        answer = await doors.client.post(carrier_path(doors), content=SCAN, headers=carrier_headers(SCAN))
        assert answer.status_code == 200

    assert len(await doors.inbox(doors.carrier)) == 1
    assert await owner.fetchval("SELECT count(*) FROM jobs.procrastinate_jobs") == before + 1


async def test_the_secret_before_a_rotation_still_counts(doors: Doors) -> None:
    headers = carrier_headers(SCAN, secret=OLD_SECRET)

    assert (await doors.client.post(carrier_path(doors), content=SCAN, headers=headers)).status_code == 200


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_a_signature_of_another_time_is_refused(doors: Doors, seconds: int) -> None:
    headers = carrier_headers(SCAN, at=NOON + timedelta(seconds=seconds))

    answer = await doors.client.post(carrier_path(doors), content=SCAN, headers=headers)

    assert answer.status_code == 401
    assert await doors.inbox(doors.carrier) == []


def forged() -> list[dict[str, str]]:
    good = carrier_headers(SCAN)
    return [
        {},
        carrier_headers(SCAN, secret=b"guessed"),
        carrier_headers(SCAN + b" "),
        good | {"X-Carrier-Signature": ""},
        good | {"X-Carrier-Signature": "\u00e9" * 64},
        good | {"X-Carrier-Timestamp": "\u00b2"},
        good | {"X-Carrier-Timestamp": str(int(NOON.timestamp()) + 1)},
        good | {"X-Carrier-Timestamp": "9" * 40},
        {name: value for name, value in good.items() if name != "X-Carrier-Timestamp"},
    ]


@pytest.mark.parametrize("headers", forged())
async def test_a_forged_delivery_leaves_no_trace(doors: Doors, owner: Any, headers: dict[str, str]) -> None:
    before = await owner.fetchval("SELECT count(*) FROM jobs.procrastinate_jobs")
    raw = {name: value.encode("latin-1") for name, value in headers.items()}

    answer = await doors.client.post(carrier_path(doors), content=SCAN, headers=raw)

    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authentic"
    assert await doors.inbox(doors.carrier) == []
    assert await owner.fetchval("SELECT count(*) FROM jobs.procrastinate_jobs") == before


async def test_unknown_wrong_and_closed_connections_answer_alike(doors: Doors) -> None:
    stranger = await with_secrets(doors.database, doors.vault, "carrier")
    async with doors.database.tx(stranger.tenant_id) as db:
        await db.execute("UPDATE connection SET state = 'disconnected'")
    headers = carrier_headers(SCAN)

    answers = [
        await doors.client.post(f"/hooks/carrier/{where}", content=SCAN, headers=headers)
        for where in (uuid4(), "not-an-id", doors.shop.connection_id, stranger.connection_id)
    ]

    assert {(a.status_code, a.content) for a in answers} == {(401, answers[0].content)}
    assert await doors.inbox(doors.shop) == await doors.inbox(stranger) == []


async def test_the_secret_of_one_account_opens_no_other(doors: Doors) -> None:
    other = await with_secrets(doors.database, doors.vault, "carrier")
    async with doors.database.tx(doors.carrier.tenant_id) as db:
        sealed = await db.fetchval("SELECT sealed_webhook_secrets FROM connection")
    async with doors.database.tx(other.tenant_id) as db:  # a copied secret is bound to its connection
        await db.execute("UPDATE connection SET sealed_webhook_secrets = $1", sealed)

    answer = await doors.client.post(
        f"/hooks/carrier/{other.connection_id}", content=SCAN, headers=carrier_headers(SCAN)
    )  # fmt: skip

    assert answer.status_code == 401
    assert await doors.inbox(other) == []


async def test_an_unknown_platform_is_not_found(doors: Doors) -> None:
    assert (await doors.client.post(f"/hooks/nobody/{uuid4()}", content=b"{}")).status_code == 404


async def test_a_body_of_one_megabyte_and_a_byte_is_refused(doors: Doors) -> None:
    fits, large = b" " * (1024 * 1024), b" " * (1024 * 1024 + 1)

    async def in_chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    at_once = await doors.client.post(carrier_path(doors), content=large, headers=carrier_headers(large))
    chunked = await doors.client.post(carrier_path(doors), content=in_chunks(), headers=carrier_headers(large))
    just = await doors.client.post(carrier_path(doors), content=fits, headers=carrier_headers(fits))

    assert (at_once.status_code, chunked.status_code, just.status_code) == (413, 413, 200)
    assert at_once.json()["code"] == "body_too_large"
    assert [row["topic"] for row in await doors.inbox(doors.carrier)] == ["unreadable"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"tracking_number": 5, "status": "x"}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        gzip.compress(b'{"a": "' + b"0" * 50_000_000 + b'"}'),
    ],
    ids=["empty", "cut", "null", "list", "shape", "bytes", "deep", "gzip bomb"],
)
async def test_an_authentic_body_that_cannot_be_read_is_kept_as_it_is(doors: Doors, body: bytes) -> None:
    headers = carrier_headers(body) | {"Content-Encoding": "gzip"}

    answer = await doors.client.post(carrier_path(doors), content=body, headers=headers)

    assert answer.status_code == 200
    (row,) = await doors.inbox(doors.carrier)
    assert row["topic"] == "unreadable"
    async with doors.database.tx(doors.carrier.tenant_id) as db:
        assert await webhook.body(db, doors.vault, row["id"]) == body


async def test_nul_lone_surrogates_and_endless_ids_are_kept(doors: Doors) -> None:
    body = (
        b'{"tracking_number": "S\\u0000B\\ud800", "status": "in_transit", "occurred_at": "0001-01-01T00:00:00+14:00"}'
    )

    answer = await doors.client.post(
        carrier_path(doors), content=body, headers=carrier_headers(body, event="e" * 5_000)
    )

    assert answer.status_code == 200
    (row,) = await doors.inbox(doors.carrier)
    assert row["object_ref"] == "S\ufffdB?"
    assert len(row["event_id"]) == 64


@pytest.mark.skipif(not HAS_SHOPIFY, reason="the Shopify connector is not installed")
async def test_an_order_hint_of_the_platform_is_kept_without_personal_values(doors: Doors) -> None:
    body = json.dumps(
        {"id": 7, "admin_graphql_api_id": "gid://shopify/Order/7", "email": CANARY, "note": CANARY}
    ).encode()
    path = f"/hooks/shopify/{doors.shop.connection_id}"

    first = await doors.client.post(path, content=body, headers=shopify_headers(body))
    again = await doors.client.post(path, content=body, headers=shopify_headers(body))
    wrong = await doors.client.post(path, content=body, headers=shopify_headers(body, secret=b"x", event="e2"))

    assert (first.status_code, again.status_code, wrong.status_code) == (200, 200, 401)
    (row,) = await doors.inbox(doors.shop)
    assert row["facts"]["order_ref"] == "gid://shopify/Order/7"
    assert CANARY not in str(row)
