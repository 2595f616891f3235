"""Mirroring orders from the shop through the worker, one transaction an order."""

import asyncio
import time

from retour.store.db import Database
from retour.store.vault import Vault

from .installation import Installation, installation, open_merchant, sync_orders
from .lifecycle import COUNT_ORDERS, make_orders, wait_until
from .report import Report

ORDERS = 500


def run(report: Report) -> None:
    """Sync the orders of a sandbox shop that has no rate limit."""
    with installation() as here:
        shop_url = f"http://127.0.0.1:{here.start_sandbox()}"
        here.start("worker")
        asyncio.run(_measure(report, here, shop_url))


async def _measure(report: Report, here: Installation, shop_url: str) -> None:
    vault = Vault.open(here.settings.data_dir / "keys", role="all")
    database = await Database.open(here.urls.app, pool_max=1)
    try:
        merchant = await open_merchant(database, vault, shop_url=shop_url)
        make_orders(shop_url, ORDERS)
        before, began = here.cpu_s(), time.perf_counter()
        await sync_orders(database, merchant)
        await wait_until(database, merchant, COUNT_ORDERS, lambda n: n >= ORDERS)
        seconds, after = time.perf_counter() - began, here.cpu_s()
    finally:
        await database.close()
    report.add("sync", "orders/s", ORDERS / seconds)
    for part in ("worker", "postgres"):
        report.add("sync", f"{part} CPU ms an order", (after[part] - before[part]) * 1000 / ORDERS)
