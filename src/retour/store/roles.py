"""The database roles of an installation and what a superuser has to do once before the owner can migrate."""

from collections.abc import Mapping
from typing import Any, Final

OWNER: Final = "retour_owner"
APP: Final = "retour_app"
EXECUTOR: Final = "retour_executor"
BACKUP: Final = "retour_backup"
ROUTER: Final = "retour_router"

CREATE_ROLES: Final = """
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['retour_owner', 'retour_app', 'retour_executor', 'retour_backup', 'retour_router'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOLOGIN', wanted);
        IF wanted <> 'retour_router' THEN
          EXECUTE format('ALTER ROLE %I LOGIN', wanted);
        END IF;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another machine was faster
      END;
    END IF;
  END LOOP;
  -- the owner hands the look-up functions over to the router
  IF NOT pg_has_role('retour_owner', 'retour_router', 'MEMBER') THEN
    GRANT retour_router TO retour_owner;
  END IF;
END $$
"""
# A dump must see all rows; only a superuser may grant that, so an operator without one uses the provider's snapshots.
ALLOW_BACKUP: Final = """
DO $$
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    ALTER ROLE retour_backup BYPASSRLS;
    GRANT pg_read_all_data TO retour_backup;
  END IF;
END $$
"""
NAME_THE_ROLE: Final = "SELECT set_config('retour.role', $1, true), set_config('retour.password', $2, true)"
CHANGE_ITS_LOGIN: Final = """
DO $$
BEGIN
  EXECUTE format('ALTER ROLE %I PASSWORD %L', current_setting('retour.role'), current_setting('retour.password'));
END $$
"""
DATABASE_EXISTS: Final = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
# CREATE DATABASE takes no parameters and runs in no block: the server itself quotes the names.
CREATE_DATABASE: Final = "SELECT format('CREATE DATABASE %I OWNER retour_owner TEMPLATE %I', $1::text, $2::text)"
DROP_DATABASE: Final = "SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', $1::text)"
PREPARE_DATABASE: Final = """
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
ALTER SCHEMA public OWNER TO retour_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO retour_app, retour_executor, retour_backup;
GRANT USAGE, CREATE ON SCHEMA public TO retour_router;
"""
ALLOW_CONNECTIONS: Final = """
DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO retour_owner', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO retour_app, retour_executor, retour_backup', current_database());
END $$
"""
IS_PREPARED: Final = """
SELECT (SELECT count(*) FROM pg_roles
         WHERE rolname IN ('retour_owner', 'retour_app', 'retour_executor', 'retour_router')) = 4
   AND (SELECT count(*) FROM pg_extension WHERE extname IN ('btree_gist', 'pg_trgm')) = 2
   AND (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public') = 'retour_owner'
"""


async def create_roles(connection: Any, passwords: Mapping[str, str]) -> None:
    """Create the roles that are missing and set the given passwords (by role name)."""
    async with connection.transaction():
        await connection.execute(CREATE_ROLES)
        await connection.execute(ALLOW_BACKUP)
        for role, password in sorted(passwords.items()):
            await connection.execute(NAME_THE_ROLE, role, password)
            await connection.execute(CHANGE_ITS_LOGIN)


async def create_database(connection: Any, name: str, *, template: str = "template0") -> None:
    """Create a database that retour_owner owns, as a copy of the template, unless it exists."""
    if not await connection.fetchval(DATABASE_EXISTS, name):
        await connection.execute(await connection.fetchval(CREATE_DATABASE, name, template))


async def drop_database(connection: Any, name: str) -> None:
    """Drop a database and cut off whoever is connected to it."""
    await connection.execute(await connection.fetchval(DROP_DATABASE, name))


async def prepare_database(connection: Any) -> None:
    """Create the extensions and hand schema `public` of the connected database to the owner."""
    async with connection.transaction():
        await connection.execute(PREPARE_DATABASE)
        await connection.execute(ALLOW_CONNECTIONS)


async def is_prepared(connection: Any) -> bool:
    """Return whether the superuser's part was done in the connected database."""
    return bool(await connection.fetchval(IS_PREPARED))
