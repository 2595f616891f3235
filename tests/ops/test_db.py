"""The transaction door: tenants cannot see each other, roles that could are refused, and nothing runs twice."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from retour.ops.postgres import EmbeddedPostgres, Urls
from retour.store.db import Database, Db, RoleRefused, constraint_name, in_transaction

pytestmark = pytest.mark.anyio

SCRATCH = """
CREATE TABLE IF NOT EXISTS parcel (tenant_id uuid NOT NULL, n int NOT NULL CONSTRAINT never_negative CHECK (n >= 0),
  PRIMARY KEY (tenant_id, n));
ALTER TABLE parcel ENABLE ROW LEVEL SECURITY; ALTER TABLE parcel FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON parcel;
CREATE POLICY own_tenant ON parcel USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
"""
ADD = "INSERT INTO parcel (tenant_id, n) VALUES ($1, $2)"
ALL = "SELECT n FROM parcel ORDER BY n"
CUT_OFF = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = 'victim'"
LOCK = "SELECT n FROM parcel WHERE n = $1 FOR UPDATE"


@pytest.fixture(autouse=True)
async def scratch(owner: Any) -> None:
    await owner.execute(SCRATCH)


async def numbers(database: Database, tenant: UUID | None) -> list[int]:
    async with database.tx(tenant) as db:
        return [row["n"] for row in await db.fetch(ALL)]


async def test_json_numbers_stay_integers(database: Database) -> None:
    async with database.tx(uuid4()) as db:
        assert await db.fetchval("SELECT $1::jsonb", {"n": 9007199254740993}) == {"n": 9007199254740993}


async def test_a_tenant_sees_and_writes_only_its_own_rows(database: Database) -> None:
    mine, other = uuid4(), uuid4()
    async with database.tx(mine) as db:
        await db.execute(ADD, mine, 1)
    async with database.tx(other) as db:
        await db.execute(ADD, other, 2)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.tx(other) as db:
            await db.execute(ADD, mine, 3)

    assert await numbers(database, mine) == [1]
    assert await numbers(database, other) == [2]
    assert await numbers(database, None) == []


async def test_alternating_tenants_leave_nothing_behind_on_a_connection(urls: Urls) -> None:
    narrow = await Database.open(urls.app, pool_min=1, pool_max=1)
    first, second = uuid4(), uuid4()
    for turn in range(20):
        tenant = first if turn % 2 else second
        async with narrow.tx(tenant) as db:
            await db.execute(ADD, tenant, 100 + turn)
        with pytest.raises(asyncpg.CheckViolationError):
            async with narrow.tx(tenant) as db:
                await db.execute(ADD, tenant, -1)

    async with narrow.tx(None) as db:
        assert await db.fetch(ALL) == []
        assert await db.fetchval("SELECT current_setting('app.tenant')") == ""
    assert list(range(101, 120, 2)) == await numbers(narrow, first)
    await narrow.close()


async def test_an_error_rolls_back_and_names_its_constraint(database: Database) -> None:
    tenant = uuid4()

    async def work(db: Db) -> None:
        await db.execute(ADD, tenant, 1)
        await db.execute(ADD, tenant, -1)

    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await database.run(tenant, work)

    assert constraint_name(caught.value) == "never_negative"
    assert constraint_name(ValueError()) is None
    assert await numbers(database, tenant) == []


async def test_a_transaction_inside_a_transaction_is_a_bug(database: Database) -> None:
    assert not in_transaction()
    async with database.tx(uuid4()):
        assert in_transaction()
        with pytest.raises(AssertionError, match="inside a transaction"):
            async with database.tx(uuid4()):
                pass
        assert in_transaction()
    assert not in_transaction()


async def test_a_task_started_inside_is_free_when_the_transaction_is_over(database: Database) -> None:
    begun, over, seen = asyncio.Event(), asyncio.Event(), []

    async def later() -> None:
        seen.append(in_transaction())
        begun.set()
        await over.wait()
        seen.append(in_transaction())

    async with database.tx(uuid4()):
        task = asyncio.create_task(later())
        await begun.wait()
    over.set()
    await task

    assert seen == [True, False]


async def test_a_cancelled_use_case_changes_nothing_and_gives_its_connection_back(urls: Urls) -> None:
    narrow, tenant, inside = await Database.open(urls.app, pool_max=1), uuid4(), asyncio.Event()

    async def stuck() -> None:
        async with narrow.tx(tenant) as db:
            await db.execute(ADD, tenant, 1)
            inside.set()
            await db.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(stuck())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await numbers(narrow, tenant) == []
    await narrow.close()


async def test_a_deadlock_victim_runs_again(database: Database) -> None:
    tenant, meeting, runs = uuid4(), asyncio.Barrier(2), []
    async with database.tx(tenant) as db:
        await db.executemany(ADD, [(tenant, 1), (tenant, 2)])

    async def both(first: int, second: int) -> None:
        async def work(db: Db) -> None:
            runs.append(first)
            await db.fetchval(LOCK, first)
            if len(runs) <= 2:
                await meeting.wait()
            await db.fetchval(LOCK, second)

        await database.run(tenant, work)

    await asyncio.gather(both(1, 2), both(2, 1))

    assert len(runs) == 3


@pytest.mark.parametrize("role", ["owner", "backup", "superuser"])
async def test_a_role_that_sees_all_tenants_is_refused(server: EmbeddedPostgres, urls: Urls, role: str) -> None:
    database_name = urls.app.partition("?")[0].rpartition("/")[2]
    url = server.superuser_url(database_name) if role == "superuser" else getattr(urls, role)

    with pytest.raises(RoleRefused, match={"owner": "owns tables", "backup": "BYPASSRLS"}.get(role, "superuser")):
        await Database.open(url)


async def test_a_connection_lost_while_idle_is_replaced(urls: Urls) -> None:
    narrow, tenant = await Database.open(urls.app, pool_max=1, name="victim"), uuid4()
    other = await Database.open(urls.app, pool_max=1)

    async with other.tx(None) as db:
        assert await db.fetchval(CUT_OFF) == 1

    assert await numbers(narrow, tenant) == []
    await narrow.close()
    await other.close()


async def test_a_connection_lost_inside_a_transaction_fails_it_for_good(urls: Urls) -> None:
    narrow, tenant = await Database.open(urls.app, pool_max=1), uuid4()
    runs = []

    async def work(db: Db) -> None:
        runs.append(1)
        await db.execute(ADD, tenant, 1)
        await db.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises((asyncpg.AdminShutdownError, asyncpg.ConnectionDoesNotExistError)):
        await narrow.run(tenant, work)

    assert runs == [1]
    assert await numbers(narrow, tenant) == []
    await narrow.close()


async def test_a_closed_database_says_so_at_once(urls: Urls) -> None:
    closed = await Database.open(urls.app)
    await closed.close()

    with pytest.raises(RuntimeError, match="closed"):
        async with closed.tx(None):
            pass
