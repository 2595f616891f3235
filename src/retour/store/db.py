"""The way into PostgreSQL: a pool of connections, one transaction per use case, the tenant set inside it."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, Protocol, Self, TypeVar
from uuid import UUID

import asyncpg
import msgspec

T = TypeVar("T")
Record = Mapping[str, Any]

COMMIT: Final = "COMMIT"
ROLLBACK: Final = "ROLLBACK"
WHO_AM_I: Final = """
SELECT r.rolname AS name, r.rolsuper AS is_superuser, r.rolbypassrls AS bypasses,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
                  AND c.relkind IN ('r', 'p') AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owns_tables
  FROM pg_roles r WHERE r.rolname = current_user
"""

TRIES: Final = 5
ACQUIRE_TIMEOUT_S: Final = 5.0  # a full pool answers TimeoutError, which the web turns into 503
AGAIN: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_GONE: Final = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server said goodbye between two of our statements
)


class Db(Protocol):
    """An open transaction: the part of asyncpg's connection that the rooms of the store use."""

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str: ...
    async def executemany(self, command: str, args: Sequence[Sequence[object]]) -> None: ...
    async def fetch(self, query: str, *args: object, timeout: float | None = None) -> list[Record]: ...
    async def fetchrow(self, query: str, *args: object, timeout: float | None = None) -> Record | None: ...
    async def fetchval(self, query: str, *args: object, column: int = 0, timeout: float | None = None) -> Any: ...
    async def copy_records_to_table(
        self, table_name: str, *, records: object, columns: Sequence[str] | None = None
    ) -> str: ...


class RoleRefused(RuntimeError):  # noqa: N818 - it is a refusal, like the others of the house
    """The role of this address could see every tenant's rows, so the product does not start with it."""


class _Mark:
    """Says whether the transaction it belongs to is still open; child tasks share it."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open = True


_mark: ContextVar[_Mark | None] = ContextVar("retour_transaction", default=None)


def in_transaction() -> bool:
    """Return whether this task, or the one it was started from, holds an open transaction."""
    mark = _mark.get()
    return mark is not None and mark.open


def constraint_name(error: BaseException) -> str | None:
    """Return the name of the constraint that an asyncpg error reports, or nothing."""
    name = getattr(error, "constraint_name", None)
    return name if isinstance(name, str) else None


async def set_codecs(connection: Any) -> None:
    """Make json and jsonb of a connection read and write through msgspec (integers stay integers)."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),  # the binary form carries its version
        decoder=lambda data: msgspec.json.decode(data[1:]),
    )
    await connection.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=msgspec.json.encode, decoder=msgspec.json.decode
    )


async def check_role(connection: Any) -> None:
    """Raise RoleRefused unless row-level security binds the role of this connection."""
    who = await connection.fetchrow(WHO_AM_I)
    for flaw, words in (
        ("is_superuser", "is a superuser"),
        ("bypasses", "has BYPASSRLS"),
        ("owns_tables", "owns tables"),
    ):
        if who[flaw]:
            raise RoleRefused(f"the database role {who['name']!r} {words}; use retour_app or retour_executor")


async def _leave_as_is(connection: Any) -> None:
    """Send nothing at release: every transaction sets its tenant itself, and settings are local to it."""


class Database:
    """A pool of connections of one role; `tx` is the only way to a connection."""

    def __init__(self, pool: Any, *, patience_s: float) -> None:
        self._pool = pool
        self._patience_s = patience_s

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        name: str = "retour",
        pool_min: int = 1,
        pool_max: int = 10,
        patience_s: float = 15.0,
        statement_cache: int = 100,
        plans_once: bool = False,
    ) -> Self:
        """Open a pool, waiting up to `patience_s` seconds for the server.

        With `plans_once` a statement is planned once for all values instead of anew for each of the first five: right
        where all is asked by id, wrong where it depends on the values how many rows are meant.

        Raises RoleRefused for a role that row-level security does not bind.
        """

        async def connect() -> Any:
            return await asyncpg.create_pool(
                dsn=url,
                min_size=pool_min,
                max_size=pool_max,
                init=set_codecs,
                reset=_leave_as_is,
                statement_cache_size=statement_cache,
                command_timeout=60.0,
                server_settings={
                    "application_name": name,
                    "plan_cache_mode": "force_generic_plan" if plans_once else "auto",
                },
            )

        pool = await _patiently(connect, patience_s)

        async def check() -> None:
            async with pool.acquire() as connection:
                await check_role(connection)

        try:
            await _patiently(check, patience_s)
        except BaseException:
            pool.terminate()
            raise
        return cls(pool, patience_s=patience_s)

    async def close(self) -> None:
        """Close the pool; transactions still open after five seconds are cut off."""
        try:
            await asyncio.wait_for(self._pool.close(), 5.0)
        except TimeoutError:
            self._pool.terminate()

    @contextlib.asynccontextmanager
    async def tx(self, tenant_id: UUID | None) -> AsyncIterator[Db]:
        """Open a transaction for one tenant; commit at the end, roll back on an error.

        With None it sees no tenant's rows: only tables without tenants and the router's functions.
        Waits for a server that restarts, but only before anything was done; never runs twice.
        """
        assert not in_transaction(), "a transaction inside a transaction: pass `db` on instead"
        connection = await _patiently(lambda: self._begin(tenant_id), self._patience_s)
        before, mark = _mark.get(), _Mark()
        _mark.set(mark)
        try:
            yield connection
        except BaseException:
            mark.open = False
            await self._roll_back(connection)
            raise
        else:
            mark.open = False
            try:
                if await connection.execute(COMMIT) != COMMIT:
                    # An error inside was swallowed: the server has rolled back what the caller believes to be done.
                    raise asyncpg.InFailedSQLTransactionError("nothing was committed: a statement had failed")
            finally:
                await self._pool.release(connection)
        finally:
            mark.open = False
            _mark.set(before)

    async def run(self, tenant_id: UUID | None, work: Callable[[Db], Awaitable[T]]) -> T:
        """Run a whole use case in a transaction; when a deadlock breaks it, again in a new one, at most 5 times.

        `work` must do nothing that a rollback does not undo.
        """
        for turn in range(1, TRIES + 1):
            try:
                async with self.tx(tenant_id) as db:
                    return await work(db)
            except AGAIN:
                if turn == TRIES:
                    raise
            await asyncio.sleep(random.uniform(0.005, 0.03) * 2**turn)  # noqa: S311 - spreads rivals, hides nothing
        raise AssertionError

    async def _begin(self, tenant_id: UUID | None) -> Any:
        if self._pool.is_closing():
            raise RuntimeError("the database is closed")
        connection = await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
        try:
            await connection.execute(opening(tenant_id))
        except BaseException:
            _drop(connection)  # in whatever state it is: a fresh one costs less than a wrong one
            await self._pool.release(connection)
            raise
        return connection

    async def _roll_back(self, connection: Any) -> None:
        try:
            if not connection.is_closed():
                await connection.execute(ROLLBACK)
        except _GONE:
            _drop(connection)  # the server rolled back by itself; the first error is the one to tell
        finally:
            await self._pool.release(connection)


def opening(tenant_id: UUID | None) -> str:
    """Return what opens a transaction for a tenant, as one message: the only SQL that is put together (ADR 15).

    A number written in hexadecimal digits is all that can get into it.
    """
    named = "" if tenant_id is None else f"{tenant_id.int:032x}"
    return f"BEGIN; SET LOCAL app.tenant = '{named}'"


def _drop(connection: Any) -> None:
    with contextlib.suppress(asyncpg.InterfaceError):  # it is gone already and back in the pool
        connection.terminate()


async def _patiently(act: Callable[[], Awaitable[T]], patience_s: float) -> T:
    """Try what has not changed anything yet until the server is back or patience ends."""
    until, pause = time.monotonic() + patience_s, 0.02
    while True:
        try:
            return await act()
        except TimeoutError:
            raise
        except _GONE:
            if time.monotonic() + pause > until:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.5)
