"""Lists, filters and searches of the desk and the API among 100,000 returns."""

import asyncio
import http.client
import os
import time
from collections.abc import Sequence
from statistics import median
from typing import Final
from urllib.parse import quote

from . import crowd, processes
from .create_return import prepare, script_of
from .installation import Installation, Merchant, installation
from .pages import signed_in
from .report import Report
from .seeding import order_id

ROUNDS: Final = 40
WARM: Final = 4
LIMIT_MS: Final = 100.0


def run(report: Report) -> None:
    """Load the returns, then read lists as staff and integrations ask for them, each with several values."""
    count = int(os.environ.get("RETOUR_BENCH_RETURNS", "100000"))
    with installation() as here:
        merchant, orders = asyncio.run(prepare(here, 10))
        asyncio.run(script_of(here, merchant, orders))  # opens the returns that the crowd is like
        samples = asyncio.run(crowd.load(here, merchant, pattern=order_id(1), count=count))
        token = asyncio.run(signed_in(here, merchant))
        here.analyze()
        (port,) = here.start_web(1)
        desk = {"Cookie": f"retour_session={token}", "Accept": "text/html"}
        for name, found in pages(samples).items():
            _measure(report, here, port, f"desk: {name}", found, desk)
        for name, found in calls(samples).items():
            _measure(report, here, port, f"API: {name}", found, _key(merchant))


def pages(samples: Sequence[dict[str, str]]) -> dict[str, list[str]]:
    """Return the pages to read by what they are, each with the addresses to take in turn."""
    at = "/dashboard/returns"
    named = {
        name: [f"{at}?q={quote(one[name])}" for one in samples]
        for name in ("number", "order", "email", "sku", "tracking", "name")
    }
    return {
        **{f"find by {name}": found for name, found in named.items()},
        "find by one word of a note": [f"{at}?q=wrist", f"{at}?q=seal", f"{at}?q=picture"],
        "find by two words": [f"{at}?q=jacket+wrist", f"{at}?q=mara+beanie", f"{at}?q=keller+mug"],
        "find by three letters": [f"{at}?q=mar", f"{at}?q=tra", f"{at}?q=lin"],
        "what needs me": [at],
        "all": [f"{at}?view=all"],
        "all, page 2,000": [f"{at}?view=all&page=2000"],
        "all, far down by place": [f"{at}?view=all&page=1001&after={crowd.FIRST + 50_000}"],
        "done, oldest first": [f"{at}?view=done&sort=oldest"],
        "by state and blocker": [f"{at}?view=all&status=approved&blocker=awaiting_inspection"],
        "by days": [f"{at}?view=all&since=2020-01-01&until=2040-01-01&channel=portal"],
        "by tag": [f"{at}?view=all&tag=vip"],
        "by priority": [f"{at}?view=all&priority=urgent"],
        "mine": [f"{at}?view=mine"],
        "home": ["/dashboard"],
    }


def calls(samples: Sequence[dict[str, str]]) -> dict[str, list[str]]:
    """Return the calls of the API by what they are."""
    at = "/api/v1/returns"
    return {
        "list": [f"{at}?limit=50"],
        "find by e-mail": [f"{at}?q={quote(one['email'])}" for one in samples],
        "find by SKU": [f"{at}?q={quote(one['sku'])}" for one in samples],
        "by state": [f"{at}?status=approved"],
        "by tag": [f"{at}?tag=vip"],
        "counts": [f"{at[:-8]}/return-counts"],
    }


def _key(merchant: Merchant) -> dict[str, str]:
    return merchant.headers()


def _measure(
    report: Report, here: Installation, port: int, name: str, paths: Sequence[str], headers: dict[str, str]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for turn in range(WARM):
        _read(connection, paths[turn % len(paths)], headers)
    web, database = processes.cpu_s(here.pids("web-")), processes.server_cpu_s(here.postmaster)
    times = sorted(_read(connection, paths[turn % len(paths)], headers) for turn in range(ROUNDS))
    web_ms = (processes.cpu_s(here.pids("web-")) - web) * 1000 / ROUNDS
    database_ms = (processes.server_cpu_s(here.postmaster) - database) * 1000 / ROUNDS
    connection.close()
    report.add(f"search, {name}"[:46], "median ms", median(times))
    report.add(f"search, {name}"[:46], "p95 ms", times[int(len(times) * 0.95)], at_most=LIMIT_MS)
    report.add(f"search, {name}"[:46], "CPU ms, web + database", web_ms + database_ms)


def _read(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> float:
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered {answer.status}: {said[:300]!r}")
    return (time.perf_counter() - began) * 1000
