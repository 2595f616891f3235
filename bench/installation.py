"""A real installation to measure: a durable embedded PostgreSQL, one merchant, processes as `retour` starts them."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

from retour.cli.processes import prepare
from retour.core.account import Role
from retour.core.policy.template import template
from retour.flows import account as accounts
from retour.flows import connection as connections
from retour.flows import order as orders
from retour.flows import policy as policies
from retour.ops import database as databases
from retour.ops.postgres import EmbeddedPostgres, Urls
from retour.settings import Settings
from retour.settings import load as load_settings
from retour.store.db import Database
from retour.store.vault import Vault

from . import processes

Part = Literal["web", "worker", "executor"]
PATIENCE_S = 120.0
MORE_THAN_CAN_BE = 1_000_000  # calls of a key in a minute: they are counted, and none is one too many
WEBHOOK_SECRET = "bench-webhook-secret"


@dataclass(frozen=True, slots=True)
class Merchant:
    """The account that everything is measured with."""

    tenant_id: UUID
    store_id: UUID
    connection_id: UUID
    key: str

    def headers(self) -> dict[str, str]:
        """Return the headers of every call to the API."""
        return {"X-API-Key": self.key, "X-Shop-Name": "bench", "Content-Type": "application/json"}


@dataclass
class Installation:
    """What runs, and where."""

    settings: Settings
    server: EmbeddedPostgres
    urls: Urls
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def postmaster(self) -> int:
        """Return the database's main process."""
        pid = self.server.status().pid
        assert pid is not None, "the database runs"
        return pid

    def pids(self, *names: str) -> list[int]:
        """Return the process ids of the parts whose names begin like that."""
        return [process.pid for name, process in self.running.items() if name.startswith(names)]

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds so far by part; the database with all its backends."""
        spent = {name: processes.cpu_s([process.pid]) for name, process in self.running.items()}
        return spent | {"postgres": processes.server_cpu_s(self.postmaster)}

    def analyze(self) -> None:
        """Bring the planner's statistics up to date, as autovacuum does within minutes."""
        program = self.server.programs().program("psql")
        subprocess.run([program, "-qXc", "VACUUM ANALYZE", self.urls.owner], check=True, stderr=subprocess.DEVNULL)

    def start_web(self, count: int) -> list[int]:
        """Start so many web processes and return their ports once they are ready."""
        started = []
        for _ in range(count):
            port = free_port()
            name = f"web-{len(self.pids('web-')) + 1}"
            self._start(name, "web", ["serve"], {"RETOUR_PORT": str(port)})
            self.ports[name] = port
            started.append(port)
        for port in started:
            _answers(f"http://127.0.0.1:{port}/readyz")
        return started

    def start(self, part: Literal["worker", "executor"]) -> None:
        """Start a worker or the executor."""
        self._start(part, part, [part], {})

    def start_sandbox(self) -> int:
        """Start the sandbox shop without orders and without a rate limit, and return its port."""
        port = free_port()
        options = ["--port", str(port), "--orders", "0", "--points-per-s", "0"]
        self._spawn("sandbox", [sys.executable, "-m", "retour.sandbox", *options], databases.no_addresses())
        self.ports["sandbox"] = port
        _answers(f"http://127.0.0.1:{port}/_sandbox/health")
        return port

    def stop(self, *names: str) -> None:
        """Stop the parts whose names begin like that and wait for their end."""
        chosen = [name for name in self.running if name.startswith(names or ("",))]
        for name in chosen:
            self.running[name].send_signal(signal.SIGTERM)
        for name in chosen:
            process = self.running.pop(name)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, name: str, part: Part, arguments: list[str], more: Mapping[str, str]) -> None:
        environ = databases.environ_of(self.settings, self.urls, part)
        self._spawn(name, [sys.executable, "-m", "retour.cli", *arguments], {**environ, **more})

    def _spawn(self, name: str, command: list[str], more: Mapping[str, str]) -> None:
        known = {"RETOUR_ALLOW_PRIVATE_URLS": "true", "RETOUR_API_PER_MINUTE": str(MORE_THAN_CAN_BE)}
        self.running[name] = subprocess.Popen(command, env={**os.environ, **known, **more})


@contextlib.contextmanager
def installation() -> Iterator[Installation]:
    """Make an installation in a temporary directory, and leave nothing of it behind."""
    home = Path(tempfile.mkdtemp(prefix="retour-bench-"))
    home.chmod(0o755)
    settings = load_settings({"RETOUR_DATA_DIR": str(home / "data"), "RETOUR_ALLOW_PRIVATE_URLS": "true"})
    server = EmbeddedPostgres(settings.data_dir)
    try:
        urls, _ = asyncio.run(prepare(settings))
        here = Installation(settings, server, urls)
        try:
            yield here
        finally:
            here.stop()
    finally:
        server.destroy()
        shutil.rmtree(home, ignore_errors=True)


async def open_merchant(database: Database, vault: Vault, *, shop_url: str = "http://127.0.0.1:9") -> Merchant:
    """Open an account with one store, a policy that approves automatically, a connection and an owner's key."""
    tenant_id, now = uuid4(), datetime.now(UTC)
    async with database.tx(tenant_id) as db:
        await accounts.create_account(db, tenant_id=tenant_id, name=f"Bench {tenant_id}", actor="bench", now=now)
        store = await accounts.create_store(
            db, shop_name="bench", timezone="Europe/Berlin", currency="EUR", actor="bench", now=now
        )
        key = await accounts.create_key(db, name="bench", role=Role.OWNER, actor="bench", now=now)
        credential = {"token": "sandbox-token"}
        added = await connections.connect(
            db, vault, tenant_id=tenant_id, store_id=store.id, platform="shopify", far_name=f"{tenant_id}.example",
            base_url=shop_url, write=credential, read=credential, webhook_secrets=[WEBHOOK_SECRET.encode()],
            allow_private_urls=True, actor="bench", now=now,
        )  # fmt: skip
        await policies.publish(db, store_id=store.id, document=template(automatic=True), actor="bench", now=now)
    return Merchant(tenant_id, store.id, added.id, key.text)


async def sync_orders(database: Database, merchant: Merchant) -> None:
    """Let the worker mirror everything that the merchant's shop has."""
    now = datetime.now(UTC)
    async with database.tx(merchant.tenant_id) as db:
        await orders.start_sync(db, connection_id=merchant.connection_id, since=now - timedelta(days=90), at=now)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> None:
    """Wait until a server answers 200 there; raise TimeoutError."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise TimeoutError(f"{url} does not answer")
