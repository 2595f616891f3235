"""Signed webhooks at a steady rate: verified, stored and answered."""

import asyncio
import base64
import hashlib
import hmac

import msgspec

from retour.store.db import Database
from retour.store.vault import Vault

from . import processes
from .installation import WEBHOOK_SECRET, Merchant, installation, open_merchant
from .load import Load, Shot, fire
from .report import Report

PER_SECOND = 200
SECONDS = 20
CLIENTS = 16


def run(report: Report) -> None:
    """Send to one web process; latencies count from the moment each delivery was due to be sent."""
    with installation() as here:
        vault = Vault.open(here.settings.data_dir / "keys", role="all")

        async def opened() -> Merchant:
            database = await Database.open(here.urls.app, pool_max=1)
            try:
                return await open_merchant(database, vault)
            finally:
                await database.close()

        merchant = asyncio.run(opened())
        ports = here.start_web(1)

        def load(count: int, first: int) -> Load:
            shots = [_delivery(merchant, n) for n in range(first, first + count)]
            return Load(ports, "POST", {"Content-Type": "application/json"}, CLIENTS, shots, PER_SECOND)

        fire(load(PER_SECOND * 2, 0)).must_be(200)
        before = processes.cpu_s(here.pids("web-"))
        told = fire(load(PER_SECOND * SECONDS, PER_SECOND * 2)).must_be(200)
        spent = (processes.cpu_s(here.pids("web-")) - before) * 1000 / told.answered
    report.add("intake", "deliveries/s", told.answered / told.seconds)
    report.add("intake", "p50 ms", told.p50_ms)
    report.add("intake", "p99 ms", told.p99_ms, at_most=50)
    report.add("intake", "web CPU ms", spent)


def _delivery(merchant: Merchant, n: int) -> Shot:
    order = {"id": n, "admin_graphql_api_id": f"gid://shopify/Order/{n}", "name": f"#{n}", "note": "x" * 2000}
    body = msgspec.json.encode(order)
    signature = base64.b64encode(hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).digest()).decode()
    headers = {
        "X-Shopify-Topic": "orders/updated", "X-Shopify-Hmac-Sha256": signature, "X-Shopify-Event-Id": f"event-{n}",
        "X-Shopify-Shop-Domain": "bench.example", "X-Shopify-Triggered-At": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    return Shot(f"/hooks/shopify/{merchant.connection_id}", headers, body.decode())
