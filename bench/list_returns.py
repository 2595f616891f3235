"""Reading a page of 50 returns among 20,000."""

import asyncio
from statistics import median

from . import processes
from .create_return import prepare, script_of
from .installation import installation
from .load import Load, Shot, fire
from .report import Report
from .statements import CLIENTS, pgbench

RETURNS = 20_000
GETS = 1_000
ROUNDS = 3


def run(report: Report) -> None:
    """Open the returns by the product's own statements, then read pages of them."""
    with installation() as here:
        merchant, orders = asyncio.run(prepare(here, RETURNS + 10))
        statements = asyncio.run(script_of(here, merchant, orders))
        pgbench(here, statements, orders, each=(RETURNS - 10) // CLIENTS)
        ports = here.start_web(1)
        load = Load(ports, "GET", merchant.headers(), CLIENTS, [Shot("/api/v1/returns?limit=50", {}, "")] * GETS)
        fire(load).must_be(200)
        spent, rates = [], []
        for _ in range(ROUNDS):
            before = processes.cpu_s(here.pids("web-"))
            told = fire(load).must_be(200)
            spent.append((processes.cpu_s(here.pids("web-")) - before) * 1000 / GETS)
            rates.append(told.answered / told.seconds)
        report.add("list_returns", "requests/s", median(rates))
        report.add("list_returns", "web CPU ms", median(spent), at_most=1.5)
