"""Migrations run once, in order, under one lock; what was applied stays as it was."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from retour.ops.postgres import EmbeddedPostgres, Urls
from retour.store import jobs
from retour.store.db import Database
from retour.store.migrate import Migration, MigrationRefused, files, migrate, pending, queue_files, queue_settings

pytestmark = pytest.mark.anyio

FIRST = Migration("9000_first.sql", "CREATE TABLE first (id uuid PRIMARY KEY);")
SECOND = Migration("9001_second.sql", "CREATE TABLE second (id uuid PRIMARY KEY);")
BROKEN = Migration("9002_broken.sql", "CREATE TABLE third (id uuid PRIMARY KEY); SELECT 1/0;")
OUTSIDE = Migration(
    "9003_outside.sql",
    "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a ON second (id);\n\n-- and another\n"
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS b ON second (id);\n",
)


async def names(connection: Any) -> list[str]:
    return [
        row["name"]
        for row in await connection.fetch("SELECT name FROM schema_migration WHERE name LIKE '9%' ORDER BY 1")
    ]


async def test_everything_of_ours_and_of_the_queue_is_recorded(owner: Any) -> None:
    recorded = {row["name"] for row in await owner.fetch("SELECT name FROM schema_migration")}

    assert recorded >= {m.name for m in (*files(), *queue_files(), queue_settings())}


async def test_our_settings_of_the_queue_are_made_again_when_they_changed(urls: Urls, owner: Any) -> None:
    await owner.execute("UPDATE schema_migration SET checksum = 'older' WHERE name = 'jobs/settings'")
    await owner.execute("ALTER ROUTINE jobs.procrastinate_fetch_job_v2 RESET ALL")

    assert await pending(urls.app) == ["jobs/settings"]
    assert await migrate(urls.owner) == ["jobs/settings"]
    assert await pending(urls.app) == []
    kept = await owner.fetchval("SELECT proconfig FROM pg_proc WHERE proname = 'procrastinate_fetch_job_v2'")
    assert sorted(kept) == ["enable_seqscan=off", "search_path=jobs, pg_temp"]


async def test_a_job_is_one_row_without_a_log_beside_it(database: Database, owner: Any) -> None:
    async with database.tx(uuid4()) as db:
        await jobs.defer(db, [jobs.Job(jobs.Task.ADVANCE, uuid4())])
    taken = await owner.fetchval("SELECT id FROM jobs.procrastinate_fetch_job_v2(ARRAY['work'], NULL)")
    await owner.execute("SELECT jobs.procrastinate_finish_job_v1($1, 'succeeded', true)", taken)

    assert taken is not None
    assert await owner.fetchval("SELECT count(*) FROM jobs.procrastinate_events") == 0


async def test_new_files_run_once(urls: Urls, owner: Any) -> None:
    assert await migrate(urls.owner, migrations=[*files(), FIRST]) == ["9000_first.sql"]
    assert await migrate(urls.owner, migrations=[*files(), FIRST, SECOND]) == ["9001_second.sql"]
    assert await migrate(urls.owner, migrations=[*files(), FIRST, SECOND]) == []

    assert await names(owner) == ["9000_first.sql", "9001_second.sql"]


async def test_a_changed_file_is_refused_before_anything_runs(urls: Urls, owner: Any) -> None:
    await migrate(urls.owner, migrations=[*files(), FIRST, SECOND])
    changed = Migration(FIRST.name, FIRST.sql + " ")
    new = Migration("9100_new.sql", "CREATE TABLE newer (id uuid PRIMARY KEY)")

    with pytest.raises(MigrationRefused, match=r"9000_first\.sql was changed"):
        await migrate(urls.owner, migrations=[*files(), changed, SECOND, new])

    assert await owner.fetchval("SELECT to_regclass('newer') IS NULL")


async def test_a_file_that_comes_too_late_is_refused(urls: Urls) -> None:
    await migrate(urls.owner, migrations=[*files(), FIRST, SECOND])

    with pytest.raises(MigrationRefused, match=r"8000_late\.sql comes before"):
        await migrate(urls.owner, migrations=[*files(), Migration("8000_late.sql", "SELECT 1"), FIRST, SECOND])


async def test_a_broken_file_leaves_nothing(urls: Urls, owner: Any) -> None:
    await migrate(urls.owner, migrations=[*files(), FIRST, SECOND])

    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(urls.owner, migrations=[*files(), FIRST, SECOND, BROKEN])

    assert await owner.fetchval("SELECT to_regclass('third') IS NULL")
    assert await names(owner) == ["9000_first.sql", "9001_second.sql"]


async def test_a_file_without_transaction_runs_statement_by_statement(urls: Urls, owner: Any) -> None:
    await migrate(urls.owner, migrations=[*files(), FIRST, SECOND, OUTSIDE])

    assert await owner.fetchval("SELECT count(*) FROM pg_indexes WHERE indexname IN ('a', 'b')") == 2


async def test_runners_at_once_apply_each_file_once(server: EmbeddedPostgres) -> None:
    name = f"t{uuid4().hex}"
    empty = server.create_database(name, template="template0")
    await migrate(server.superuser_url(name), migrations=[])

    results = await asyncio.gather(*(migrate(empty.owner) for _ in range(4)))

    assert [m.name for m in files()] == [n for result in results for n in result if "/" not in n]
    server.drop_database(name)


async def test_an_unprepared_database_is_refused_to_the_owner_and_prepared_by_a_superuser(
    server: EmbeddedPostgres,
) -> None:
    name = f"t{uuid4().hex}"
    bare = server.create_database(name, template="template0")

    with pytest.raises(MigrationRefused, match="not prepared"):
        await migrate(bare.owner)
    applied = await migrate(server.superuser_url(name), login_urls=[bare.app, bare.executor])

    assert applied[0] == "0000_roles_and_tenant.sql"
    connection = await asyncpg.connect(bare.owner)
    assert (
        await connection.fetchval(
            "SELECT tableowner FROM pg_tables WHERE tablename = 'instance' AND schemaname = 'public'"
        )
        == "retour_owner"
    )
    await connection.close()
    server.drop_database(name)


async def test_two_files_with_one_number_are_refused(tmp_path: Path) -> None:
    for name in ("0001_a.sql", "0001_b.sql"):
        (tmp_path / name).write_text("SELECT 1")

    with pytest.raises(MigrationRefused, match="share a number"):
        files(tmp_path)


@pytest.mark.parametrize("role", ["app", "executor"])
async def test_working_roles_enqueue_and_fetch_jobs_but_do_not_change_the_schema(urls: Urls, role: str) -> None:
    connection = await asyncpg.connect(getattr(urls, role))
    queued = await connection.fetchval(
        "SELECT jobs.procrastinate_defer_jobs_v1(ARRAY[ROW('money', 'effect.run', 0, NULL, NULL, '{}', NULL)"
        "::jobs.procrastinate_job_to_defer_v1])"
    )

    assert len(queued) == 1
    assert queued == [await connection.fetchval("SELECT id FROM jobs.procrastinate_fetch_job_v2('{money}', NULL)")]
    await connection.execute("DELETE FROM jobs.procrastinate_jobs")
    for forbidden in (
        "CREATE TABLE public.x (id int)",
        "CREATE TABLE jobs.x (id int)",
        "UPDATE instance SET quarantined = false, quarantine_reason = NULL",
        "INSERT INTO schema_migration VALUES ('x', 'y')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(forbidden)
    await connection.close()
