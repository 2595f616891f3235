"""The door for documents: signed as Standard Webhooks, kept whatever they hold, refused with the field's name."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from litestar import Litestar
from standardwebhooks import Webhook

from retour.connectors.feed.webhooks import FeedInbound
from retour.doors.hooks.routes import route_handlers
from retour.flows.intake import rotate_secret
from retour.flows.webhook import Mailbox
from retour.store.db import Database
from tests.core.intake.papers import a_return
from tests.flows.intake.source import Sender, a_sender
from tests.flows.order.shop import NOON

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sender(database: Database, tmp_path: Path) -> Sender:
    return await a_sender(database, tmp_path)


@pytest.fixture
async def client(sender: Sender) -> AsyncIterator[httpx2.AsyncClient]:
    mailbox = Mailbox(sender.database, sender.vault, {"feed": FeedInbound()})
    app: Any = Litestar(route_handlers(mailbox, lambda: NOON), openapi_config=None)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://retour.test") as client:
        yield client


def headers(secret: str, body: bytes, *, event: str = "msg-1", at: datetime = NOON) -> dict[str, str]:
    signature = Webhook(secret).sign(msg_id=event, timestamp=at, data=body.decode())
    return {"webhook-id": event, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


async def kept(sender: Sender) -> list[tuple[str, str | None]]:
    async with sender.database.tx(sender.tenant_id) as db:
        return [(row["topic"], row["object_ref"]) for row in await db.fetch("SELECT topic, object_ref FROM inbox")]


async def test_a_signed_document_is_kept_once(sender: Sender, client: httpx2.AsyncClient) -> None:
    body, path = json.dumps(a_return()).encode(), f"/hooks/feed/{sender.source_id}"

    first = await client.post(path, content=body, headers=headers(sender.secret, body))
    again = await client.post(path, content=body, headers=headers(sender.secret, body))

    assert (first.status_code, first.json()) == (200, {"received": True, "known": False})
    assert (again.status_code, again.json()) == (200, {"received": True, "known": True})
    assert await kept(sender) == [("retour.return/1", "EXT-1")]


async def test_a_document_with_a_wrong_field_is_kept_and_the_field_is_named(
    sender: Sender, client: httpx2.AsyncClient
) -> None:
    body = json.dumps(a_return(items=[{"sku": "A", "quantity": 0}], status="lost")).encode()

    answer = await client.post(f"/hooks/feed/{sender.source_id}", content=body, headers=headers(sender.secret, body))

    told = answer.json()
    assert (answer.status_code, told["code"], told["field"]) == (422, "invalid_document", "status")
    assert [one["field"] for one in told["objections"]] == ["status", "items[0].quantity"]
    assert await kept(sender) == [("retour.return/1", "EXT-1")]


async def test_a_message_that_was_mended_and_sent_again_under_its_id_is_another_one(
    sender: Sender, client: httpx2.AsyncClient
) -> None:
    wrong, path = json.dumps(a_return(items=[])).encode(), f"/hooks/feed/{sender.source_id}"
    mended = json.dumps(a_return()).encode()

    refused = await client.post(path, content=wrong, headers=headers(sender.secret, wrong))
    taken = await client.post(path, content=mended, headers=headers(sender.secret, mended))
    again = await client.post(path, content=mended, headers=headers(sender.secret, mended))

    assert refused.status_code == 422
    assert taken.json() == {"received": True, "known": False}
    assert again.json() == {"received": True, "known": True}
    assert len(await kept(sender)) == 2


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"schema": 1}', b"\xff", b'{"schema": "other/1"}', b"[" * 100_000])
async def test_what_is_no_document_at_all_is_kept_too(sender: Sender, client: httpx2.AsyncClient, body: bytes) -> None:
    key = base64.b64decode(sender.secret.removeprefix("whsec_"))  # the library signs text only
    stamp = str(int(NOON.timestamp()))
    digest = hmac.new(key, b".".join((b"m", stamp.encode(), body)), hashlib.sha256).digest()
    signed = {
        "webhook-id": "m",
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }

    answer = await client.post(f"/hooks/feed/{sender.source_id}", content=body, headers=signed)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_document")
    assert await kept(sender) == [("unreadable", None)]


@pytest.mark.parametrize("change", ["body", "secret", "time", "id", "none", "source"])
async def test_what_is_not_authentic_is_refused_and_not_kept(
    sender: Sender, client: httpx2.AsyncClient, change: str
) -> None:
    body, path = json.dumps(a_return()).encode(), f"/hooks/feed/{sender.source_id}"
    signed = headers(sender.secret, body)
    if change == "secret":
        signed = headers("whsec_" + "A" * 43 + "=", body)
    elif change == "time":
        signed = headers(sender.secret, body, at=NOON - timedelta(minutes=6))
    elif change == "id":
        signed["webhook-id"] = "msg-2"
    elif change == "none":
        signed = {}
    elif change == "source":
        path = f"/hooks/feed/{uuid4()}"

    answer = await client.post(path, content=body + b" " if change == "body" else body, headers=signed)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authentic")
    assert await kept(sender) == []


async def test_a_new_secret_leaves_the_one_before_it_in_force_until_the_next(
    sender: Sender, client: httpx2.AsyncClient
) -> None:
    async def rotate() -> str:
        async with sender.database.tx(sender.tenant_id) as db:
            return await rotate_secret(
                db, sender.vault, tenant_id=sender.tenant_id, source_id=sender.source_id, actor="test", now=NOON
            )

    async def answered(secret: str, event: str) -> int:
        body = json.dumps(a_return()).encode()
        path = f"/hooks/feed/{sender.source_id}"
        return (await client.post(path, content=body, headers=headers(secret, body, event=event))).status_code

    second = await rotate()
    assert [await answered(sender.secret, "a"), await answered(second, "b")] == [200, 200]
    await rotate()
    assert [await answered(sender.secret, "c"), await answered(second, "d")] == [401, 200]


async def test_a_source_that_was_removed_is_nobody(sender: Sender, client: httpx2.AsyncClient) -> None:
    body = json.dumps(a_return()).encode()
    async with sender.database.tx(sender.tenant_id) as db:
        await db.execute("UPDATE connection SET state = 'disconnected' WHERE id = $1", sender.source_id)

    answer = await client.post(f"/hooks/feed/{sender.source_id}", content=body, headers=headers(sender.secret, body))

    assert answer.status_code == 401
