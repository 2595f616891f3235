"""One throw-away PostgreSQL for the whole run, one migrated template, a fresh database for each test module."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from retour.ops.postgres import EmbeddedPostgres, Urls
from retour.store import db, migrate

PREFIX = "retour-test-"
TEMPLATE = "retour"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run every asynchronous test on asyncio, which asyncpg needs."""
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL without fsync whose database `retour` is migrated and stays untouched: the template."""
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    home.chmod(0o755)  # as root the server runs as another user
    postgres = EmbeddedPostgres(home / "data", durable=False, system_dir=home / "system")
    try:
        urls = postgres.ensure_running()
        asyncio.run(migrate.migrate(urls.owner))  # anyio.run refuses where a test of this process left its loop open
        yield postgres
    finally:
        postgres.destroy()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def urls(server: EmbeddedPostgres) -> Iterator[Urls]:
    """The addresses of a migrated database of this module's own."""
    name = f"t{uuid4().hex}"
    yield server.create_database(name, template=TEMPLATE)
    server.drop_database(name)


@pytest.fixture(scope="module")
async def database(urls: Urls, anyio_backend: str) -> AsyncIterator[db.Database]:
    """The database as the web and the worker open it."""
    opened = await db.Database.open(urls.app, pool_min=0, pool_max=16)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def executor_database(urls: Urls, anyio_backend: str) -> AsyncIterator[db.Database]:
    """The database as the executor opens it."""
    opened = await db.Database.open(urls.executor, pool_min=0, pool_max=8)
    yield opened
    await opened.close()


@pytest.fixture
async def owner(urls: Urls, anyio_backend: str) -> AsyncIterator[Any]:
    """A connection of the schema's owner, outside any transaction."""
    connection = await asyncpg.connect(urls.owner)
    await db.set_codecs(connection)
    yield connection
    await connection.close()


def _sweep() -> None:
    """Stop and remove what a killed test run left behind."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = home.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and home.stat().st_uid == os.geteuid():
            EmbeddedPostgres(home / "data", durable=False, system_dir=home / "system").destroy()
            shutil.rmtree(home, ignore_errors=True)
