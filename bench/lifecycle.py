"""Whole returns through the jobs: asked for, opened on the platform, received, inspected, processed, refunded, resolved."""

import asyncio
import hashlib
import hmac
import json
import time
import urllib.request
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from retour.flows import connection as connections
from retour.store.db import Database
from retour.store.vault import Vault

from . import processes
from .client import Client
from .installation import WEBHOOK_SECRET, Installation, Merchant, installation, open_merchant, sync_orders
from .report import Report

RETURNS = 150
CLIENTS = 12
PATIENCE_S = 180.0
COUNT_ORDERS = "SELECT count(*) FROM sales_order WHERE tenant_id = current_tenant()"
COUNT_RETURNS = "SELECT status, count(*) FROM rma WHERE tenant_id = current_tenant() GROUP BY status"
OPEN_WORK = """
SELECT (SELECT count(*) FROM effect WHERE tenant_id = current_tenant() AND state NOT IN ('confirmed', 'cancelled'))
     + (SELECT count(*) FROM rma WHERE tenant_id = current_tenant() AND status <> 'resolved')
"""
FIGURES = """
SELECT (SELECT count(*) FROM effect WHERE tenant_id = current_tenant()) AS effects,
       (SELECT count(*) FROM event WHERE tenant_id = current_tenant() AND resource_kind = 'return') AS events,
       nextval('jobs.procrastinate_jobs_id_seq') AS jobs
"""


def run(report: Report) -> None:
    """Measure the plain life cycle and the one with a carrier's scan."""
    with installation() as here:
        shop = here.start_sandbox()
        ports = here.start_web(1)
        here.start("worker")
        here.start("executor")
        for name, scanned in (("lifecycle", False), ("lifecycle with scan", True)):
            asyncio.run(_measure(report, here, name, ports, f"http://127.0.0.1:{shop}", scanned=scanned))


def run_for_memory(report: Report) -> None:
    """Run life cycles through two web processes and report what all processes hold afterwards."""
    with installation() as here:
        shop = here.start_sandbox()
        ports = here.start_web(2)
        here.start("worker")
        here.start("executor")
        url = f"http://127.0.0.1:{shop}"
        asyncio.run(_measure(Report(quiet=True), here, "memory", ports, url, scanned=False))
        _memory(report, here)


async def _measure(
    report: Report, here: Installation, name: str, ports: list[int], shop_url: str, *, scanned: bool
) -> None:
    vault = Vault.open(here.settings.data_dir / "keys", role="all")
    database = await Database.open(here.urls.app, pool_max=2)
    try:
        merchant = await open_merchant(database, vault, shop_url=shop_url)
        carrier = await _carrier(database, vault, merchant, shop_url) if scanned else None
        orders = make_orders(shop_url, RETURNS + CLIENTS)
        await sync_orders(database, merchant)
        await wait_until(database, merchant, COUNT_ORDERS, lambda n: n >= len(orders))
        found = await _ids(database, merchant, orders)
        await _go(ports, merchant, found[:CLIENTS], carrier)
        await wait_until(database, merchant, OPEN_WORK, lambda n: n == 0)
        here.analyze()
        jobs_before = (await _figures(database, merchant))["jobs"]
        before, began = here.cpu_s(), time.perf_counter()
        await _go(ports, merchant, found[CLIENTS:], carrier)
        asked = time.perf_counter() - began
        await wait_until(database, merchant, OPEN_WORK, lambda n: n == 0)
        seconds, after = time.perf_counter() - began, here.cpu_s()
        figures = await _figures(database, merchant)
    finally:
        await database.close()
    report.add(name, "life cycles/s", RETURNS / seconds, at_least=15)
    report.add(name, "calls done after s", asked)
    report.add(name, "effects each", figures["effects"] / len(orders))
    report.add(name, "events each", figures["events"] / len(orders))
    report.add(name, "jobs each", (figures["jobs"] - jobs_before) / RETURNS)
    total = 0.0
    for part, spent in after.items():
        each = (spent - before[part]) * 1000 / RETURNS
        total += each
        report.add(name, f"{part} CPU ms each", each)
    report.add(name, "all CPU ms each", total)


async def _figures(database: Database, merchant: Merchant) -> dict[str, int]:
    async with database.tx(merchant.tenant_id) as db:
        row = await db.fetchrow(FIGURES)
    assert row is not None
    return dict(row)


async def wait_until(database: Database, merchant: Merchant, statement: str, done: Any) -> None:
    """Ask the database until `done` says yes to its answer; raise TimeoutError."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        async with database.tx(merchant.tenant_id) as db:
            if done(await db.fetchval(statement)):
                return
        await asyncio.sleep(0.05)
    async with database.tx(merchant.tenant_id) as db:
        states = {row["status"]: row["count"] for row in await db.fetch(COUNT_RETURNS)}
    raise TimeoutError(f"not done after {PATIENCE_S:g} s: {states}")


async def _ids(database: Database, merchant: Merchant, refs: list[str]) -> list[UUID]:
    async with database.tx(merchant.tenant_id) as db:
        rows = await db.fetch(
            "SELECT id FROM sales_order WHERE tenant_id = current_tenant() AND far_ref = ANY ($1::text[])", refs
        )
    return [row["id"] for row in rows]


def make_orders(shop_url: str, count: int) -> list[str]:
    """Make delivered orders of two lines in the shop and return their refs."""
    wish = {
        "lines": [
            {"sku": "RT-TEE-BLK-M", "quantity": 1, "price": "20", "taxes": [["MwSt", "0.19"]]},
            {"sku": "RT-SOCK-3P", "quantity": 2, "price": "12.50", "taxes": [["MwSt", "0.19"]]},
        ],
        "order_discount": {"percent": 10, "code": "SPRING"},
        "shipping": {"price": "4.90", "taxes": [["MwSt", "0.19"]]},
    }  # fmt: skip
    return [_post(f"{shop_url}/_sandbox/orders", {**wish, "customer": f"Ann {n}"})["id"] for n in range(count)]


def _post(url: str, body: object) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


async def _carrier(database: Database, vault: Vault, merchant: Merchant, url: str) -> UUID:
    async with database.tx(merchant.tenant_id) as db:
        added = await connections.connect(
            db, vault, tenant_id=merchant.tenant_id, store_id=merchant.store_id, platform="carrier", far_name="sandbox",
            base_url=url, write={"token": "none"}, webhook_secrets=[WEBHOOK_SECRET.encode()], allow_private_urls=True,
            actor="bench", now=datetime.now(UTC),
        )  # fmt: skip
    return added.id


async def _go(ports: list[int], merchant: Merchant, orders: list[UUID], carrier: UUID | None) -> None:
    waiting = list(orders)

    async def one(number: int) -> None:
        async with Client(ports[number % len(ports)], merchant.headers()) as client:
            while waiting:
                await _return(client, waiting.pop(), carrier)

    await asyncio.gather(*(one(number) for number in range(CLIENTS)))


async def _return(client: Client, order_id: UUID, carrier: UUID | None) -> None:
    """Make every call that people and warehouses make for one return."""
    order = await client.get(f"/api/v1/orders/{order_id}")
    lines = [{"line_ref": line["line_ref"], "quantity": 1, "reason": "too_small"} for line in order["lines"]]
    rma = await client.post("/api/v1/returns", {"order_id": str(order_id), "lines": lines})
    path = f"/api/v1/returns/{rma['id']}"
    if carrier is not None:
        number = f"SBX{UUID(rma['id']).int % 10**12}"
        await client.post(f"{path}/shipments", {"carrier": "sandbox", "tracking_number": number})
        await _scan(client, carrier, number)
    units = [{"line_id": line["id"], "quantity": 1} for line in rma["lines"]]
    await client.post(f"{path}/receive", {"lines": units})
    await client.post(f"{path}/inspect", {"lines": [{**unit, "grade": "sealed"} for unit in units]})


async def _scan(client: Client, carrier: UUID, number: str) -> None:
    body = json.dumps(
        {"id": f"scan-{number}", "carrier": "sandbox", "tracking_number": number, "status": "in_transit",
         "occurred_at": datetime.now(UTC).isoformat()}
    ).encode()  # fmt: skip
    at = str(int(time.time()))
    signature = hmac.new(WEBHOOK_SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Carrier-Timestamp": at, "X-Carrier-Signature": signature}
    await client.send("POST", f"/hooks/carrier/{carrier}", body, headers)


def _memory(report: Report, here: Installation) -> None:
    parts = {name: processes.memory_mb(process.pid) for name, process in here.running.items() if name != "sandbox"}
    for part, megabytes in parts.items():
        report.add("memory", f"{part} MB", megabytes)
    report.add("memory", "web (2) + worker + executor", sum(parts.values()), at_most=450)
