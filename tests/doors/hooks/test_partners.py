"""The door for warehouses and carriers: signed as Standard Webhooks, kept whatever they hold, refused by field."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from litestar import Litestar
from standardwebhooks import Webhook

from retour.connectors.carrier.webhooks import CarrierInbound
from retour.connectors.warehouse.webhooks import WarehouseInbound
from retour.doors.hooks.routes import route_handlers
from retour.flows.webhook import Mailbox
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.hooks.conftest import SECRET, with_secrets
from tests.flows.order.shop import NOON, Shop

pytestmark = pytest.mark.anyio
RECEIPT = {"schema": "retour.receipt/1", "return": "R-10482", "lines": [{"sku": "S", "quantity": 1}]}
SCAN = {
    "schema": "retour.tracking/1",
    "tracking_number": "JD1",
    "status": "in_transit",
    "occurred_at": "2026-03-01T11:59:00Z",
}


class Partner:
    """A warehouse or carrier at the door."""

    def __init__(self, client: httpx2.AsyncClient, database: Database, shop: Shop, kind: str) -> None:
        self.client, self.database, self.shop, self.kind = client, database, shop, kind

    async def send(
        self, body: Any, *, event: str = "msg-1", at: datetime = NOON, secret: bytes = SECRET
    ) -> httpx2.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = Webhook(base64.b64encode(secret).decode()).sign(msg_id=event, timestamp=at, data=raw.decode())
        headers = {"webhook-id": event, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
        return await self.client.post(f"/hooks/{self.kind}/{self.shop.connection_id}", content=raw, headers=headers)

    async def kept(self) -> list[tuple[str, str | None]]:
        async with self.database.tx(self.shop.tenant_id) as db:
            return [(row["topic"], row["object_ref"]) for row in await db.fetch("SELECT topic, object_ref FROM inbox")]


@pytest.fixture
async def client(database: Database, vault: Vault) -> AsyncIterator[httpx2.AsyncClient]:
    mailbox = Mailbox(database, vault, {"warehouse": WarehouseInbound(), "carrier": CarrierInbound()})
    app: Any = Litestar(route_handlers(mailbox, lambda: NOON), openapi_config=None)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://retour.test") as client:
        yield client


@pytest.fixture
async def warehouse(client: httpx2.AsyncClient, database: Database, vault: Vault) -> Partner:
    return Partner(client, database, await with_secrets(database, vault, "warehouse"), "warehouse")


@pytest.fixture
async def carrier(client: httpx2.AsyncClient, database: Database, vault: Vault) -> Partner:
    return Partner(client, database, await with_secrets(database, vault, "carrier"), "carrier")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "keys", role="web")


async def test_a_signed_report_is_kept_once(warehouse: Partner) -> None:
    first, again = await warehouse.send(RECEIPT), await warehouse.send(RECEIPT)

    assert (first.status_code, first.json()) == (200, {"received": True, "known": False})
    assert (again.status_code, again.json()) == (200, {"received": True, "known": True})
    assert await warehouse.kept() == [("retour.receipt/1", "R-10482")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**RECEIPT, "lines": [{"sku": "S", "quantity": 0}]}, "lines[0].quantity"),
        ({**RECEIPT, "lines": [{"quantity": 1}]}, "lines[0].line_id"),
        ({"schema": "retour.return/1"}, "schema"),
        (b"not json", None),
        (b"[]", None),
    ],
)
async def test_a_report_with_a_wrong_field_is_kept_and_the_field_is_named(
    warehouse: Partner, body: Any, field: str | None
) -> None:
    answer = await warehouse.send(body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json().get("field")) == ("invalid_document", field)
    assert [topic for topic, _ in await warehouse.kept()] == ["unreadable"]


async def test_every_wrong_field_is_told_at_once(warehouse: Partner) -> None:
    answer = await warehouse.send({**RECEIPT, "return": "10482", "lines": [{"sku": "S", "quantity": "two"}]})

    assert [o["field"] for o in answer.json()["objections"]] == ["return", "lines[0].quantity"]


async def test_a_corrected_report_is_taken_under_the_id_of_the_wrong_one(warehouse: Partner) -> None:
    await warehouse.send({**RECEIPT, "lines": []})

    corrected = await warehouse.send(RECEIPT)

    assert (corrected.status_code, corrected.json()["known"]) == (200, False)
    assert ("retour.receipt/1", "R-10482") in await warehouse.kept()


@pytest.mark.parametrize(
    "wrong", [{"secret": b"another"}, {"at": NOON - timedelta(minutes=6)}, {"at": NOON + timedelta(minutes=6)}]
)
async def test_what_is_not_authentic_is_refused_and_not_kept(warehouse: Partner, wrong: Any) -> None:
    answer = await warehouse.send(RECEIPT, **wrong)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authentic")
    assert await warehouse.kept() == []


async def test_a_scan_in_the_published_format_is_kept_from_a_carrier_and_from_a_warehouse(
    carrier: Partner, warehouse: Partner
) -> None:
    for partner in (carrier, warehouse):
        answer = await partner.send(SCAN)
        assert answer.status_code == 200, answer.text
        assert [ref for _, ref in await partner.kept()] == ["JD1"]


async def test_a_carrier_sends_scans_alone(carrier: Partner) -> None:
    answer = await carrier.send(RECEIPT)

    assert (answer.status_code, answer.json()["field"]) == (422, "schema")
