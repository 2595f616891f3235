"""Runs the numbered SQL files of `migrations/` once each, forward only, then the job queue's own schema.

Each file runs in a transaction of its own unless its first line is `-- no-transaction`; such a file must be able
to run again, because it may stop halfway. A file that was applied must never change.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import asyncpg
from procrastinate.schema import SchemaManager

from retour.store import roles

FOLDER: Final = Path(__file__).parent / "migrations"
NO_TRANSACTION: Final = "-- no-transaction"
JOBS: Final = "jobs"

# Asked for again and again, never waited for: a statement that waits keeps its snapshot, and CREATE INDEX CONCURRENTLY of
# the one who holds the lock would wait for that snapshot for ever.
TRY_LOCK: Final = "SELECT pg_try_advisory_lock(7310938265)"
LOCK_PAUSE_S: Final = 0.2
BECOME_OWNER: Final = "SET ROLE retour_owner"
LOCK_PATIENCE: Final = "SET lock_timeout = '10s'"  # a migration that waits blocks everybody behind it
MAY_BECOME_OWNER: Final = "SELECT pg_has_role(current_user, 'retour_owner', 'MEMBER')"
MAY_CREATE_ROLES: Final = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
CREATE_HISTORY: Final = """
CREATE TABLE IF NOT EXISTS schema_migration (
  name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""
HISTORY: Final = "SELECT name, checksum FROM schema_migration"
REMEMBER: Final = """
INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = now()
"""
CREATE_JOBS: Final = "CREATE SCHEMA IF NOT EXISTS jobs; SET LOCAL search_path = jobs"
LEAVE_JOBS: Final = "RESET search_path"
# What we set on the queue's schema, again after each of its upgrades and whenever this text changes. Its triggers name
# its tables without a schema: they must find them whoever enqueues. A table that is empty at one moment and full of
# jobs and dead rows at the next has no statistics worth planning by: the next job is found by its index, always, and
# dead rows are cleared after a few hundred. The log of each job's states is for people; ours is the event log.
SETTLE_JOBS: Final = r"""
DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'jobs' LOOP
    EXECUTE format('ALTER ROUTINE %s SET search_path = jobs, pg_temp', f);
  END LOOP;
END $$;
DO $$
DECLARE f regprocedure; t name;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'jobs' AND p.proname LIKE 'procrastinate\_fetch\_job\_%' LOOP
    EXECUTE format('ALTER ROUTINE %s SET enable_seqscan = off', f);
  END LOOP;
  FOR t IN SELECT tgname FROM pg_trigger
            WHERE tgrelid = 'jobs.procrastinate_jobs'::regclass AND NOT tgisinternal AND tgname LIKE '%\_events\_%' LOOP
    EXECUTE format('ALTER TABLE jobs.procrastinate_jobs DISABLE TRIGGER %I', t);
  END LOOP;
END $$;
ALTER TABLE jobs.procrastinate_jobs SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
GRANT USAGE ON SCHEMA jobs TO retour_app, retour_executor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO retour_app, retour_executor;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO retour_app, retour_executor;
"""


class MigrationRefused(RuntimeError):  # noqa: N818 - it is a refusal, like the others of the house
    """Nothing was changed: an applied file differs from the one here, or the database is not prepared for us."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file: its name is its place in the order."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Return what must stay the same once it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def files(folder: Path = FOLDER) -> list[Migration]:
    """Return the migrations of a folder in their order; raise MigrationRefused when two share a number."""
    found = [Migration(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[0-9]*.sql"))]
    numbers = [migration.name.partition("_")[0] for migration in found]
    if len(set(numbers)) < len(numbers):
        raise MigrationRefused(f"two migrations share a number: {', '.join(m.name for m in found)}")
    return found


def queue_files() -> list[Migration]:
    """Return the upgrades that the installed Procrastinate carries."""
    folder = Path(SchemaManager.get_migrations_path())
    return [Migration(f"{JOBS}/{path.name}", path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]


def queue_settings() -> Migration:
    """Return what we set on the schema of the queue after its upgrades."""
    return Migration(f"{JOBS}/settings", SETTLE_JOBS)


async def migrate(
    owner_url: str, *, login_urls: Sequence[str] = (), migrations: Sequence[Migration] | None = None
) -> list[str]:
    """Bring a database up to date and return the names of what was applied; several may call this at once.

    The address must be retour_owner's or of a role that may become it. A superuser's also prepares an empty
    database: roles (with the passwords in `login_urls`), extensions, schema. Raises MigrationRefused.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        while not await connection.fetchval(TRY_LOCK):  # noqa: ASYNC110 - another process has it; ours until we close
            await asyncio.sleep(LOCK_PAUSE_S)
        if not await roles.is_prepared(connection):
            await _prepare(connection, login_urls)
        if not await connection.fetchval(MAY_BECOME_OWNER):
            raise MigrationRefused("this database role is neither retour_owner nor a member of it")
        await connection.execute(BECOME_OWNER)
        await connection.execute(LOCK_PATIENCE)
        await connection.execute(CREATE_HISTORY)
        applied = await _apply(connection, files() if migrations is None else migrations)
        return [*applied, *await _apply_queue(connection)]
    finally:
        await connection.close()


async def pending(url: str) -> list[str]:
    """Return the migrations that the database lacks; any role of ours may ask."""
    connection = await asyncpg.connect(url)
    try:
        history = await _history(connection)
    except asyncpg.UndefinedTableError:
        history = {}
    finally:
        await connection.close()
    settings = queue_settings()
    changed = [] if history.get(settings.name) == settings.checksum else [settings.name]
    return [*(m.name for m in (*files(), *queue_files()) if m.name not in history), *changed]


async def _prepare(connection: Any, login_urls: Sequence[str]) -> None:
    if not await connection.fetchval(MAY_CREATE_ROLES):
        raise MigrationRefused(
            "the database is not prepared: a superuser must run the statements of docs/operators/database.md once, "
            "or `retour migrate` with a superuser's address as RETOUR_OWNER_URL"
        )
    passwords: dict[str, str] = {}
    for url in login_urls:
        parts = urlsplit(url)
        if parts.username and parts.password:
            passwords[unquote(parts.username)] = unquote(parts.password)
    await roles.create_roles(connection, passwords)
    await roles.prepare_database(connection)


async def _history(connection: Any) -> Mapping[str, str]:
    return {row["name"]: row["checksum"] for row in await connection.fetch(HISTORY)}


async def _apply(connection: Any, migrations: Sequence[Migration]) -> list[str]:
    """Apply what is new, after checking that nothing applied has changed."""
    history = await _history(connection)
    for migration in migrations:
        if history.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationRefused(f"{migration.name} was changed after it was applied; write a new file instead")
    late = [
        m.name
        for m in migrations
        if m.name not in history and m.name < max((n for n in history if "/" not in n), default="")
    ]
    if late:
        raise MigrationRefused(f"{', '.join(late)} comes before what was already applied; give it a later number")
    applied = []
    for migration in migrations:
        if migration.name in history:
            continue
        if migration.sql.startswith(NO_TRANSACTION):
            for statement in _statements(migration.sql):
                await connection.execute(statement)
            await connection.execute(REMEMBER, migration.name, migration.checksum)
        else:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(REMEMBER, migration.name, migration.checksum)
        applied.append(migration.name)
    return applied


def _statements(sql: str) -> list[str]:
    """Split at semicolons that end a line: several statements sent at once would share one transaction."""
    parts = sql.replace(";\r\n", ";\n").split(";\n")
    code = ["\n".join(line for line in part.splitlines() if not line.lstrip().startswith("--")) for part in parts]
    return [part.strip().rstrip(";") for part in code if part.strip().rstrip(";")]


async def _apply_queue(connection: Any) -> list[str]:
    """Install the job queue's schema, or the upgrades that came with a newer version of it."""
    history, upgrades, settings = await _history(connection), queue_files(), queue_settings()
    missing = [upgrade for upgrade in upgrades if upgrade.name not in history]
    if not missing and history.get(settings.name) == settings.checksum:
        return []
    fresh = len(missing) == len(upgrades)
    async with connection.transaction():
        await connection.execute(CREATE_JOBS)
        if fresh:  # the whole schema as of today; its upgrades count as applied
            await connection.execute(SchemaManager.get_schema())
        for upgrade in missing:
            if not fresh:
                await connection.execute(upgrade.sql)
        await connection.execute(settings.sql)
        await connection.execute(LEAVE_JOBS)
        for step in (*missing, settings):
            await connection.execute(REMEMBER, step.name, step.checksum)
    return [step.name for step in (*missing, settings)]
