"""Serves the web application until a signal says stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import Any, Final

import uvicorn

LAST_ANSWERS_S: Final = 10  # how long requests that are running may take after the signal


class _Server(uvicorn.Server):
    """Serves without taking the signals for itself, so that what was opened around it is closed afterwards."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True


async def serve(app: Any, *, host: str, port: int) -> None:
    """Answer requests until SIGTERM or SIGINT; raise OSError if the address is taken."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
    )
    with listening(host, port) as listener:
        await _Server(config).serve([listener])


def listening(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address, whose connections send at once what is written; raise OSError if taken."""
    family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # With the protocol named, asyncio turns Nagle's algorithm off for every connection; without, the body of an answer
    # waits behind its head for the client's delayed acknowledgement: 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
    except OSError:
        listener.close()
        raise
    return listener
