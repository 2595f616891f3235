"""Opening returns through the API against the same statements sent by pgbench, round by round."""

import asyncio
from statistics import median

import msgspec

from retour.store.db import Database
from retour.store.vault import Vault

from . import processes
from .installation import Installation, Merchant, installation, open_merchant
from .load import Load, Shot, fire
from .report import Report
from .seeding import Orders, order_id, seed
from .statements import CLIENTS, Script, pgbench, record, script

PATH = "/api/v1/returns"
ROUNDS = 3
POSTS = 800
WARM = 200


def run(report: Report) -> None:
    """Measure one web process, then two."""
    with installation() as here:
        merchant, orders = asyncio.run(prepare(here, (ROUNDS * 2 + 2) * (POSTS + WARM) * 2 + 10))
        statements = asyncio.run(script_of(here, merchant, orders))
        report.say(f"create_return: {statements.round_trips} round trips a request, commit included")
        for count in (1, 2):
            _measure(report, here, merchant, orders, statements, web=count)
            here.stop("web")


def shots(numbers: range) -> list[Shot]:
    """Return requests for two lines of each of these orders."""
    return [
        Shot(
            PATH,
            {"Idempotency-Key": f"post-{n}"},
            msgspec.json.encode(
                {
                    "order_id": str(order_id(n)),
                    "lines": [
                        {"line_ref": f"gid://shopify/LineItem/{line}", "quantity": 1, "reason": "too_small"}
                        for line in (1, 2)
                    ],
                }
            ).decode(),
        )
        for n in numbers
    ]


async def prepare(here: Installation, count: int) -> tuple[Merchant, Orders]:
    """Open a merchant with so many fresh orders."""
    vault = Vault.open(here.settings.data_dir / "keys", role="all")
    database = await Database.open(here.urls.app, pool_max=1)
    merchant = await open_merchant(database, vault)
    orders = await seed(database, vault, merchant, count)
    await database.close()
    here.analyze()
    return merchant, orders


async def script_of(here: Installation, merchant: Merchant, orders: Orders) -> Script:
    """Return the pgbench script of one request."""
    taken = orders.take(3)
    first, second = await record(here, merchant.headers(), shots(taken))
    return script(first, second, (taken[1], taken[2]))


def _measure(
    report: Report, here: Installation, merchant: Merchant, orders: Orders, statements: Script, *, web: int
) -> None:
    ports = here.start_web(web)

    def post(count: int) -> float:
        wanted = Load(ports, "POST", merchant.headers(), CLIENTS, shots(orders.take(count)))
        told = fire(wanted).must_be(201)
        return told.answered / told.seconds

    # The first returns make the tables large enough for plans that stay.
    pgbench(here, statements, orders, each=POSTS // CLIENTS)
    here.analyze()
    post(WARM)
    rates, limits, web_ms, database_ms = [], [], [], []
    for _ in range(ROUNDS):
        before, database_before = processes.cpu_s(here.pids("web-")), processes.server_cpu_s(here.postmaster)
        rates.append(post(POSTS))
        web_ms.append((processes.cpu_s(here.pids("web-")) - before) * 1000 / POSTS)
        database_ms.append((processes.server_cpu_s(here.postmaster) - database_before) * 1000 / POSTS)
        limits.append(pgbench(here, statements, orders, each=POSTS // CLIENTS))
    name = f"create_return, {web} web"
    report.add(name, "requests/s", median(rates))
    report.add(name, "pgbench tps", median(limits))
    ratio = median(rate / limit for rate, limit in zip(rates, limits, strict=True))
    report.add(name, "ratio", ratio, at_least=0.4)
    report.add(name, "web CPU ms", median(web_ms), at_most=2.2)
    report.add(name, "database CPU ms", median(database_ms))
