"""A worker that is killed in the middle leaves nothing behind: the next one finishes, and no process outlives it."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from retour.ops.postgres import Urls
from retour.store import simulation as simulations
from tests.flows.simulation.a_past import TODAY, Past, charging
from tests.waiting import until_seen

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[3]

# Takes the simulation, writes an entry and progress as if some pages were done, then hangs as it computes.
HALF_WAY = """
import asyncio, sys
from datetime import datetime, timedelta
from uuid import UUID
from retour.store.db import Database
from retour.store.simulation import work

async def main(url, tenant, simulation, now):
    database = await Database.open(url)
    now = datetime.fromisoformat(now)
    async with database.tx(UUID(tenant)) as db:
        taken = await work.take(db, UUID(simulation), now=now, lease_until=now + timedelta(seconds=30))
        entry = work.Entry(7, "left behind", None, "refused", 0, 0, "{}")
        await work.add_affected(db, taken, [entry])
        assert await work.progress(db, taken, done=1, total=3, lease_until=now + timedelta(seconds=30))
    print("half way", flush=True)
    sys.stdin.read()

asyncio.run(main(*sys.argv[1:]))
"""
# Opens the processes that compute and tells their ids, then hangs.
WITH_HANDS = """
import asyncio, os, sys
import msgspec
from pathlib import Path
from retour.core.policy import encode, template
from retour.flows.simulation.calculator import Setup
from retour.flows.simulation.hands import hands

async def main():
    document = msgspec.json.encode(encode(template())).decode()
    async with hands(Setup(document, None, {}, "UTC", "EUR", None), apart=True):
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
        print(children, flush=True)
        sys.stdin.read()

asyncio.run(main())
"""


def _started(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


async def test_the_next_worker_begins_anew_and_finishes(past: Past, urls: Urls) -> None:
    for order in range(3):
        await past.a_return(order)
    simulation_id = await past.start(charging(1_000))
    process = _started(HALF_WAY, urls.app, str(past.tenant_id), str(simulation_id), TODAY.isoformat())
    assert _first_line(process) == "half way\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()

    row = await past.row(simulation_id)
    assert (row.state, row.done, row.total) == ("running", 1, 3)
    await past.run(simulation_id, at=TODAY + timedelta(seconds=29))  # whoever holds the lease may still be alive
    assert (await past.row(simulation_id)).state == "running"
    await past.run(simulation_id, at=TODAY + timedelta(seconds=31))

    row = await past.row(simulation_id)
    assert (row.state, row.done) == ("done", 3)
    assert row.result is not None
    assert row.result.changes == {"pays_less": 3}
    async with past.database.tx(past.tenant_id) as db:
        listed = await simulations.affected(db, simulation_id, limit=10)
    assert [one.affected.before.refund_minor for one in listed] == [1_000, 1_000, 1_000]
    assert "left behind" not in {one.affected.reference for one in listed}


async def test_what_is_left_of_a_simulation_is_due_to_the_sweep(past: Past) -> None:
    from retour.store import due
    from retour.store.simulation import work

    simulation_id = await past.start(charging(1_000))
    async with past.database.tx(past.tenant_id) as db:
        await work.take(db, simulation_id, now=TODAY, lease_until=TODAY)

    async with past.database.tx(None) as db:
        waiting = await due.simulations(db, most=1_000, overdue=timedelta(0))

    assert (past.tenant_id, simulation_id) in waiting


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="tells the children of a process by /proc")
def test_no_process_that_computes_outlives_a_killed_worker() -> None:
    process = _started(WITH_HANDS)
    children = _first_line(process).split()
    assert children

    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert until_seen(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
