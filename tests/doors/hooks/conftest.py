"""An app with the hooks alone, a shop and a carrier connection with known secrets, and a client."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import pytest
from litestar import Litestar

from retour.connectors.carrier.webhooks import CarrierInbound
from retour.doors.hooks.routes import route_handlers
from retour.flows.webhook import Mailbox, seal_secrets
from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.order.shop import NOON, Shop, open_shop

SHOPIFY = "retour.connectors.shopify.webhooks"
HAS_SHOPIFY = find_spec(SHOPIFY) is not None

SECRET, OLD_SECRET = b"the new secret", b"the old secret"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "keys", role="web")


@dataclass
class Doors:
    """The door and what stands behind it."""

    client: Any
    database: Database
    vault: Vault
    shop: Shop
    carrier: Shop
    now: list[datetime]

    async def inbox(self, shop: Shop) -> list[dict[str, Any]]:
        async with self.database.tx(shop.tenant_id) as db:
            return [dict(row) for row in await db.fetch("SELECT * FROM inbox ORDER BY received_at, id")]


async def with_secrets(database: Database, vault: Vault, platform: str) -> Shop:
    shop = await open_shop(database, platform=platform)
    sealed = seal_secrets(vault, [SECRET, OLD_SECRET], tenant_id=shop.tenant_id, connection_id=shop.connection_id)
    async with database.tx(shop.tenant_id) as db:
        await db.execute("UPDATE connection SET sealed_webhook_secrets = $1", sealed)
    return shop


@pytest.fixture
async def doors(database: Database, vault: Vault) -> AsyncIterator[Doors]:
    inbounds: dict[str, Any] = {"carrier": CarrierInbound()}
    if HAS_SHOPIFY:
        inbounds["shopify"] = import_module(SHOPIFY).ShopifyInbound()
    now = [NOON]
    app: Any = Litestar(route_handlers(Mailbox(database, vault, inbounds), lambda: now[0]), openapi_config=None)
    transport = httpx2.ASGITransport(app)  # on this loop, where the database is
    async with httpx2.AsyncClient(transport=transport, base_url="http://retour.test") as client:
        yield Doors(
            client,
            database,
            vault,
            await with_secrets(database, vault, "shopify"),
            await with_secrets(database, vault, "carrier"),
            now,
        )


def carrier_headers(
    body: bytes, *, secret: bytes = SECRET, at: datetime = NOON, event: str = "evt-1"
) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    signature = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Carrier-Event-Id": event, "X-Carrier-Timestamp": stamp, "X-Carrier-Signature": signature}


def shopify_headers(
    body: bytes, *, secret: bytes = SECRET, topic: str = "orders/updated", event: str = "e1"
) -> dict[str, str]:
    signature = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
    return {"X-Shopify-Topic": topic, "X-Shopify-Event-Id": event, "X-Shopify-Hmac-SHA256": signature}
