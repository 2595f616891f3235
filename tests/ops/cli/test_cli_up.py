"""`retour up` as real processes: whatever is killed comes back, and a stop leaves nothing running."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from retour.ops.postgres import EmbeddedPostgres
from tests.waiting import until_seen

SOURCE = Path(__file__).resolve().parents[3] / "src"
START_SECONDS = 120
STOP_SECONDS = 20
ROLES = ("serve", "worker", "executor")


@dataclass(frozen=True)
class Running:
    """A `retour up` and where its parts are."""

    process: subprocess.Popen[str]
    data_dir: Path
    address: str
    log: Path

    def parts(self) -> dict[str, int]:
        """Return the process ids of the roles by command, as the kernel tells them."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.process.pid and words[-2:-1] and words[-2].decode() in ROLES:
                found[words[-2].decode()] = int(entry.name)
        return found

    def is_ready(self) -> bool:
        """Return whether the web process answers that it reaches the database."""
        try:
            return httpx2.get(f"{self.address}/readyz", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def beat(self) -> str:
        """Return what this machine last saw of the database; the executor raises it."""
        return (self.data_dir / "instance.json").read_text()

    def until(self, look: str) -> None:
        """Wait until the web is ready, or until the executor beats again."""
        before = self.beat()
        seen = self.is_ready if look == "ready" else lambda: self.beat() != before
        until_seen(seen, within_seconds=START_SECONDS)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="retour-up-"))
    home.chmod(0o755)
    data_dir, log = home / "data", home / "log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RETOUR_", "DATABASE_URL"))}
    environ = inherited | {
        "PYTHONPATH": str(SOURCE),
        "RETOUR_DATA_DIR": str(data_dir),
        "RETOUR_PORT": str(port),
        "RETOUR_SWEEP_S": "0.3",
    }
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "retour.cli", "up"], env=environ, stdout=out, stderr=out)
    there = Running(process, data_dir, f"http://127.0.0.1:{port}", log)
    try:
        until_seen(lambda: there.is_ready() or process.poll() is not None, within_seconds=START_SECONDS)
        assert process.poll() is None, log.read_text()
        yield there
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        EmbeddedPostgres(data_dir).destroy()
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_role_comes_back(running: Running, role: str) -> None:
    until_seen(lambda: set(running.parts()) == set(ROLES), within_seconds=START_SECONDS)
    killed = running.parts()[role]

    os.kill(killed, signal.SIGKILL)

    until_seen(lambda: running.parts().get(role, killed) != killed, within_seconds=START_SECONDS)
    running.until("ready" if role == "serve" else "beat")


def test_a_killed_database_comes_back(running: Running) -> None:
    server = EmbeddedPostgres(running.data_dir)
    killed = server.status().pid
    assert killed is not None

    os.kill(killed, signal.SIGKILL)

    until_seen(lambda: server.status().running and server.status().pid != killed, within_seconds=START_SECONDS)
    running.until("ready")
    running.until("beat")


def test_a_second_one_on_the_same_data_is_refused(running: Running) -> None:
    environ = os.environ | {"PYTHONPATH": str(SOURCE), "RETOUR_DATA_DIR": str(running.data_dir)}

    for command in (["up"], ["demo", "--once"]):
        second = subprocess.run(
            [sys.executable, "-m", "retour.cli", *command], env=environ, capture_output=True, text=True, check=False
        )

        assert second.returncode == 2
        assert second.stderr.startswith("already_running: ")
    assert running.is_ready()
    assert not (running.data_dir / "demo.json").exists()


def test_a_stop_ends_everything_in_time(running: Running) -> None:
    parts = until_seen(
        lambda: found if set(found := running.parts()) == set(ROLES) else None, within_seconds=START_SECONDS
    )
    began = time.monotonic()

    running.process.send_signal(signal.SIGTERM)

    assert running.process.wait(STOP_SECONDS) == 0
    assert time.monotonic() - began < STOP_SECONDS
    assert [pid for pid in parts.values() if Path(f"/proc/{pid}").exists()] == []
    assert not EmbeddedPostgres(running.data_dir).status().running
    assert not running.is_ready()
