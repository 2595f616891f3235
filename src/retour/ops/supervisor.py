"""Runs the parts of an installation on one machine as one process tree over the embedded database.

The database starts first and stops last; each part that dies is started again, slower each time it dies soon.
On Linux a part gets SIGTERM from the kernel when the supervisor itself is killed; the database then keeps running
and the next supervisor attaches to it.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, TextIO

from retour.ops.postgres import PostgresFailed

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 30.0
GUARD_EVERY_S: Final = 1.0
STEADY_AFTER_S: Final = 10.0  # a part that lived this long has earned a quick restart
LONGEST_LINE: Final = 1 << 20
PR_SET_PDEATHSIG: Final = 1


class AlreadySupervised(RuntimeError):  # noqa: N818 - says what is wrong in one word
    """Another supervisor runs this data directory."""


@dataclass(frozen=True, slots=True)
class Role:
    """One part: its name before each line it prints, its command, and variables added to its environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


class Server(Protocol):
    """What of the embedded database the supervisor needs."""

    def ensure_running(self) -> object: ...
    def stop(self) -> None: ...


class Supervisor:
    """Starts roles in their order, keeps them running, and stops them in reverse."""

    def __init__(
        self,
        roles: Sequence[Role],
        *,
        data_dir: Path,
        server: Server | None = None,
        stop_timeout_s: float = 20.0,
        out: TextIO | None = None,
    ) -> None:
        """`server` is the embedded database, or None for an external one; `out` takes the prefixed lines."""
        self._roles = roles
        self._data_dir = data_dir
        self._server = server
        self._stop_timeout_s = stop_timeout_s
        self._out = out or sys.stdout
        self._width = max((len(role.name) for role in roles), default=0)
        self._stopping = asyncio.Event()
        self._running: dict[str, asyncio.subprocess.Process] = {}

    def pids(self) -> dict[str, int]:
        """Return the process ids of the parts that run now."""
        return {name: process.pid for name, process in self._running.items()}

    @property
    def is_stopping(self) -> bool:
        """Return whether a stop was requested, by a signal or by the program."""
        return self._stopping.is_set()

    def request_stop(self) -> None:
        """Begin a clean stop, as SIGTERM and SIGINT do."""
        self._stopping.set()

    async def run(self, *, started: Callable[[], None] | None = None) -> None:
        """Run until a stop is requested; `started` is called once all parts were started.

        Raises AlreadySupervised when another supervisor has this data directory.
        """
        with _only_one(self._data_dir):
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.request_stop)
            try:
                await self._run(started)
            finally:
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.remove_signal_handler(number)

    async def _run(self, started: Callable[[], None] | None) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.ensure_running)
        keepers: list[asyncio.Task[None]] = [asyncio.create_task(self._guard())]
        try:
            for role in self._roles:
                if self._stopping.is_set():
                    break
                first = await self._start(role)
                keepers.append(asyncio.create_task(self._keep(role, first)))
            if started is not None:
                started()
            await self._stopping.wait()
        finally:
            self._stopping.set()
            for role in reversed(self._roles):
                await self._stop(role)
            await asyncio.gather(*keepers)
            if self._server is not None:
                await asyncio.to_thread(self._server.stop)

    async def _guard(self) -> None:
        """Look every second whether the database still runs, and start it again if it was killed."""
        while self._server is not None and not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), GUARD_EVERY_S)
                return
            try:
                await asyncio.to_thread(self._server.ensure_running)
            except (PostgresFailed, OSError, subprocess.SubprocessError) as error:
                self._say("database", str(error))

    async def _keep(self, role: Role, process: asyncio.subprocess.Process | None) -> None:
        """Pass on what a part prints and start it again whenever it ends."""
        pause = FIRST_PAUSE_S
        while True:
            since = time.monotonic()
            if process is not None:
                code = await self._follow(role, process)
                self._running.pop(role.name, None)
                if self._stopping.is_set():
                    return
                if time.monotonic() - since > STEADY_AFTER_S:
                    pause = FIRST_PAUSE_S
                self._say(role.name, f"ended with {code}; starts again in {pause:.1f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            if self._stopping.is_set():
                return
            pause = min(pause * 2, LONGEST_PAUSE_S)
            process = await self._start(role)

    async def _start(self, role: Role) -> asyncio.subprocess.Process | None:
        try:
            process = await asyncio.create_subprocess_exec(
                *role.argv,
                env={**os.environ, **role.env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                limit=LONGEST_LINE,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops them in order
                preexec_fn=_follow_parent(os.getpid()),
            )
        except OSError as error:
            self._say(role.name, f"could not be started: {error}")
            return None
        self._running[role.name] = process
        return process

    async def _follow(self, role: Role, process: asyncio.subprocess.Process) -> int:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LONGEST_LINE: the rest follows as lines of its own
                continue
            if not line:
                break
            self._say(role.name, line.decode(errors="replace").rstrip("\r\n"))
        return await process.wait()

    async def _stop(self, role: Role) -> None:
        process = self._running.get(role.name)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self._stop_timeout_s)
        except TimeoutError:
            self._say(role.name, f"did not stop within {self._stop_timeout_s:g} s and is killed")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with what it may have started itself
        await process.wait()

    def _say(self, name: str, line: str) -> None:
        self._out.write(f"{name.ljust(self._width)} | {line}\n")
        self._out.flush()


def _follow_parent(supervisor: int) -> Callable[[], None] | None:
    """Return what a child does before it becomes its program: ask the kernel for SIGTERM at its parent's death."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != supervisor:  # it died in between
            os._exit(1)

    return ask


@contextlib.contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / "supervisor.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadySupervised(f"another `retour up` runs in {data_dir}") from None
        yield
