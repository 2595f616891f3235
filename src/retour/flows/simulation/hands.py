"""The hands that compute: processes of their own for a long past, the worker itself for a short one."""

import asyncio
import contextlib
import fcntl
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

import retour
from retour.flows.simulation.calculator import (
    LENGTH,
    Answer,
    Calculator,
    End,
    Imported,
    Orders,
    Returns,
    Setup,
    Unreturned,
)

PROCESSES: Final = 2
PIPE: Final = 1 << 20  # bytes; else a page goes in two dozen pieces, each of which wakes both sides
PATIENCE_S: Final = 120.0  # for one page
_PROGRAM: Final = "from retour.flows.simulation.calculator import main; main()"
_ANSWER: Final = msgspec.msgpack.Decoder(Answer)
_TALLY: Final = msgspec.msgpack.Decoder(dict[str, object])

Ask = Returns | Orders | Unreturned | Imported


class HandLost(Exception):  # noqa: N818 - the page it held is lost with it
    """A process ended or fell silent before it had answered."""


class Hand(Protocol):
    """Computes one share of a simulation; it answers one question after the other, whoever asks."""

    async def ask(self, ask: Ask) -> Answer: ...
    async def sums(self) -> dict[str, object]: ...


@contextlib.asynccontextmanager
async def hands(setup: Setup, *, apart: bool) -> AsyncIterator[Sequence[Hand]]:
    """Open the hands of a simulation and end them with the block: two processes (`apart`), or the caller's own."""
    if not apart:
        yield (_Own(setup),)
        return
    async with contextlib.AsyncExitStack() as stack:
        count = min(PROCESSES, os.cpu_count() or 1)
        yield [await stack.enter_async_context(_process(setup)) for _ in range(count)]


class _Own:
    """Computes in this process, in a thread beside its event loop."""

    def __init__(self, setup: Setup) -> None:
        self._calculator = Calculator(setup)
        self._alone = asyncio.Lock()

    async def ask(self, ask: Ask) -> Answer:
        async with self._alone:
            return _ANSWER.decode(await asyncio.to_thread(self._calculator.answer, ask))

    async def sums(self) -> dict[str, object]:
        return _TALLY.decode(self._calculator.answer(End()))


class _Apart:
    """Computes in a process that has nothing but its pipes; it ends when its input does, so also when we are killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._into, self._from = process.stdin, process.stdout
        self._alone = asyncio.Lock()

    async def tell(self, setup: Setup) -> None:
        await self._send(setup)

    async def ask(self, ask: Ask) -> Answer:
        return _ANSWER.decode(await self._answer(ask))

    async def sums(self) -> dict[str, object]:
        return _TALLY.decode(await self._answer(End()))

    async def _answer(self, ask: Ask | End) -> bytes:
        try:
            async with self._alone, asyncio.timeout(PATIENCE_S):
                await self._send(ask)
                length = await self._from.readexactly(LENGTH)
                return await self._from.readexactly(int.from_bytes(length, "big"))
        except (asyncio.IncompleteReadError, OSError, TimeoutError) as error:
            raise HandLost(type(error).__name__) from error

    async def _send(self, frame: Setup | Ask | End) -> None:
        encoded = msgspec.msgpack.encode(frame)
        self._into.write(len(encoded).to_bytes(LENGTH, "big"))
        self._into.write(encoded)
        await self._into.drain()


@contextlib.asynccontextmanager
async def _process(setup: Setup) -> AsyncIterator[_Apart]:
    """Start a process without our environment and working directory, and see that it ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-B", "-c", _PROGRAM,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
        env={"PYTHONPATH": str(Path(retour.__file__).parents[1])}, cwd="/",
    )  # fmt: skip
    try:
        _widen(process)
        hand = _Apart(process)
        await hand.tell(setup)
        yield hand
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _widen(process: asyncio.subprocess.Process) -> None:
    """Let a page go into a process in few pieces, where the system has room for that (Linux, up to a user's limit)."""
    assert process.stdin is not None
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(process.stdin.get_extra_info("pipe"), fcntl.F_SETPIPE_SZ, PIPE)
