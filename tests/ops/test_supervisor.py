"""The supervisor keeps its parts running, stops them before the database, and its own death breaks nothing."""

import asyncio
import contextlib
import io
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from retour.ops.postgres import EmbeddedPostgres
from retour.ops.supervisor import AlreadySupervised, Role, Supervisor
from retour.store.db import Database

pytestmark = pytest.mark.anyio

SOURCE = Path(__file__).resolve().parents[2] / "src"
PART = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), sys.exit(0)))
print("up", os.getpid(), flush=True)
while True:
    signal.pause()
"""
DEAF = PART.replace("lambda *_: (print", "lambda *_: (0 and print").replace("sys.exit(0)", "0")
SUPERVISE = """
import asyncio, sys
from pathlib import Path
from retour.ops.supervisor import Role, Supervisor
asyncio.run(Supervisor([Role("part", [sys.executable, "-c", sys.argv[2]])], data_dir=Path(sys.argv[1])).run())
"""


class Lines(io.StringIO):
    """Output that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._grown = asyncio.Event()

    def write(self, text: str) -> int:
        self._grown.set()
        return super().write(text)

    async def until(self, enough: Callable[[list[str]], bool]) -> list[str]:
        async with asyncio.timeout(20):
            while not enough(self.getvalue().splitlines()):
                self._grown.clear()
                await self._grown.wait()
        return self.getvalue().splitlines()


class Recorded:
    """A server that notes in the same output when it was asked to start and to stop."""

    def __init__(self, out: Lines) -> None:
        self._out = out

    def ensure_running(self) -> object:
        return None if "database started" in self._out.getvalue() else self._out.write("database started\n")

    def stop(self) -> None:
        self._out.write("database stopped\n")


def part(name: str, code: str = PART) -> Role:
    return Role(name, [sys.executable, "-c", code], {"PYTHONUNBUFFERED": "1"})


def ups(lines: list[str], name: str) -> list[int]:
    return [int(line.split()[-1]) for line in lines if line.split() and line.split()[0] == name and " | up " in line]


async def test_parts_start_after_the_database_and_stop_in_reverse_before_it(tmp_path: Path) -> None:
    out = Lines()
    supervisor = Supervisor([part("web"), part("worker")], data_dir=tmp_path, server=Recorded(out), out=out)

    run = asyncio.create_task(supervisor.run())
    await out.until(lambda lines: bool(ups(lines, "web") and ups(lines, "worker")))
    supervisor.request_stop()
    await run

    lines = out.getvalue().splitlines()
    assert lines[0] == "database started"
    assert lines[-3:] == ["worker | bye", "web    | bye", "database stopped"]
    assert supervisor.pids() == {}


@pytest.fixture
def home() -> Iterator[Path]:
    """A short folder (socket paths are limited) that a system user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="rt-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def test_a_killed_database_is_started_again(home: Path) -> None:
    server, out = EmbeddedPostgres(home / "data", durable=False, system_dir=home / "system"), Lines()
    supervisor, started = Supervisor([], data_dir=home / "data", server=server, out=out), asyncio.Event()
    run = asyncio.create_task(supervisor.run(started=started.set))
    await asyncio.wait_for(started.wait(), 60)
    urls, killed = server.ensure_running(), server.status().pid
    database = await Database.open(urls.app, patience_s=60)
    assert killed is not None

    os.kill(killed, signal.SIGKILL)
    async with asyncio.timeout(60):
        while True:  # a connection may live a moment longer than the main process
            with contextlib.suppress(
                asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError
            ):
                async with database.tx(None) as db:
                    if killed != server.status().pid:
                        assert await db.fetchval("SELECT 1") == 1
                        break

    await database.close()
    supervisor.request_stop()
    await run
    assert not server.status().running
    server.destroy()


async def test_a_killed_part_is_started_again(tmp_path: Path) -> None:
    out = Lines()
    supervisor = Supervisor([part("web"), part("worker")], data_dir=tmp_path, out=out)
    run = asyncio.create_task(supervisor.run())
    before = await out.until(lambda lines: bool(ups(lines, "web") and ups(lines, "worker")))

    os.kill(supervisor.pids()["worker"], signal.SIGKILL)
    lines = await out.until(lambda lines: len(ups(lines, "worker")) == 2)

    assert ups(before, "web") == ups(lines, "web") == [supervisor.pids()["web"]]
    assert any(line.startswith("worker | ended with -9; starts again in 0.2 s") for line in lines)
    supervisor.request_stop()
    await run


async def test_a_part_that_cannot_start_does_not_stop_the_others(tmp_path: Path) -> None:
    out = Lines()
    supervisor = Supervisor([Role("gone", ["/no/such/program"]), part("web")], data_dir=tmp_path, out=out)
    run = asyncio.create_task(supervisor.run())

    lines = await out.until(lambda lines: bool(ups(lines, "web")) and sum("could not be" in x for x in lines) >= 2)

    assert any(line.startswith("gone | could not be started") for line in lines)
    supervisor.request_stop()
    await run


async def test_a_part_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    out = Lines()
    supervisor = Supervisor([part("deaf", DEAF)], data_dir=tmp_path, out=out, stop_timeout_s=0.2)
    run = asyncio.create_task(supervisor.run())
    pid = ups(await out.until(lambda lines: bool(ups(lines, "deaf"))), "deaf")[0]

    supervisor.request_stop()
    await run

    assert "deaf | did not stop within 0.2 s and is killed" in out.getvalue()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_second_supervisor_of_the_same_data_is_refused(tmp_path: Path) -> None:
    out = Lines()
    first = Supervisor([part("web")], data_dir=tmp_path, out=out)
    run = asyncio.create_task(first.run())
    await out.until(lambda lines: bool(ups(lines, "web")))

    with pytest.raises(AlreadySupervised):
        await Supervisor([part("web")], data_dir=tmp_path, out=out).run()

    first.request_stop()
    await run


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's notice of a parent's death is Linux's")
@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -9)], ids=["term", "int", "kill"]
)
def test_its_parts_end_with_it(tmp_path: Path, how: signal.Signals, code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path), PART],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join([str(SOURCE), *sys.path])},
    )
    assert process.stdout is not None
    pid = int(process.stdout.readline().split()[-1])
    watch = os.pidfd_open(pid)

    process.send_signal(how)

    assert code == process.wait(20)
    assert [watch] == select.select([watch], [], [], 20)[0]
    os.close(watch)
    process.stdout.close()
