"""How the web process is: alive, ready, and in figures for Prometheus."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
from litestar import Request, Response, get
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

from retour.store import due, instance
from retour.store.db import Database, Db

LATE: Final = timedelta(minutes=2)
MOST: Final = 1000  # counted rows of each kind; a gauge at this figure means "or more"
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REQUESTS: Final = Counter("retour_http_requests", "Requests answered", ["method", "status"])
SECONDS: Final = Histogram("retour_http_request_seconds", "From request to answer", ["method"], buckets=_BUCKETS)
OVERDUE: Final = Gauge("retour_overdue", "Rows due for over two minutes, all accounts", ["subject"])
STOPPED: Final = Gauge("retour_money_stopped", "1 while no money may move, by reason", ["reason"])

_FIND: Final[dict[str, Callable[..., Awaitable[list[tuple[UUID, UUID]]]]]] = {
    "effects": due.effects,
    "settlements": due.settlements,
    "returns": due.rmas,
    "deliveries": due.deliveries,
    "inbox": due.inbox,
    "order_syncs": due.syncs,
}
_UNREADY: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


def vitals_handlers(database: Database, *, data_dir: Path, joined: UUID | None) -> list[HTTPRouteHandler]:
    """Return /healthz (this process lives), /readyz (it reaches its database) and /metrics."""

    @get("/healthz", sync_to_thread=False, include_in_schema=False)
    def healthz() -> Response[bytes]:
        """Answer 200 as long as the process answers at all."""
        return _plain(200, "alive")

    @get("/readyz", include_in_schema=False)
    async def readyz() -> Response[bytes]:
        """Answer 200 when the database can be read, else 503."""
        try:
            async with database.tx(None) as db:
                await instance.check_instance(db, data_dir, joined=joined)
        except _UNREADY:
            return _plain(503, "the database cannot be reached or is not migrated")
        return _plain(200, "ready")

    @get("/metrics", include_in_schema=False)
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:  # noqa: ARG001 - a handler
        """Answer the figures of this process and of what is overdue in the database."""
        try:
            async with database.tx(None) as db:
                await _count(db, data_dir, joined)
        except _UNREADY:
            OVERDUE.clear()  # no figure is better than an old one
            STOPPED.clear()
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return [healthz, readyz, metrics]


def counted(app: ASGIApp) -> ASGIApp:
    """Return the application with its requests counted and timed (a middleware)."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, sent)
        finally:
            method = str(scope["method"])
            REQUESTS.labels(method, status).inc()
            SECONDS.labels(method).observe(time.perf_counter() - began)

    return counting


async def _count(db: Db, data_dir: Path, joined: UUID | None) -> None:
    for subject, find in _FIND.items():
        OVERDUE.labels(subject).set(len(await find(db, most=MOST, overdue=LATE)))
    state = await instance.check_instance(db, data_dir, joined=joined)
    STOPPED.labels("kill_switch").set(state.kill_switch)
    STOPPED.labels("quarantined").set(state.standing is instance.Standing.QUARANTINED)


def _plain(status: int, text: str) -> Response[bytes]:
    return Response(text.encode(), status_code=status, media_type="text/plain; charset=utf-8")
