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
    with _listening(host, port) as listener:
        await _Server(config).serve([listener])


def _listening(host: str, port: int) -> socket.socket:
    family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
    except OSError:
        listener.close()
        raise
    return listener
