"""A backup comes back whole, under the same rules, and in quarantine."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from retour.ops.backup import BackupFailed, backup, restore
from retour.ops.postgres import EmbeddedPostgres, Urls
from retour.store import instance
from retour.store.db import Database
from tests.architecture.catalogue import ROUTER_FUNCTIONS, violations

pytestmark = pytest.mark.anyio

SCRATCH = """
CREATE TABLE parcel (tenant_id uuid NOT NULL, id uuid NOT NULL, label text, PRIMARY KEY (tenant_id, id));
ALTER TABLE parcel ENABLE ROW LEVEL SECURITY; ALTER TABLE parcel FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON parcel USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE FUNCTION find_parcel(uuid) RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT tenant_id FROM parcel WHERE id = $1 $$;
CREATE POLICY routed ON parcel FOR SELECT TO retour_router USING (true);
GRANT SELECT ON parcel TO retour_router;
ALTER FUNCTION find_parcel(uuid) OWNER TO retour_router;
"""
ADD = "INSERT INTO parcel (tenant_id, id, label) VALUES ($1, $2, $3)"


async def test_a_backup_comes_back_whole_and_in_quarantine(
    server: EmbeddedPostgres, urls: Urls, database: Database, owner: Any, tmp_path: Path
) -> None:
    mine, other, parcel = uuid4(), uuid4(), uuid4()
    await owner.execute(SCRATCH)
    for tenant, label in ((mine, "Müller"), (other, "other")):
        async with database.tx(tenant) as db:
            await db.execute(ADD, tenant, parcel if tenant == mine else uuid4(), label)
    async with database.tx(None) as db:
        await instance.join(db, tmp_path)
        assert (await instance.check_instance(db, tmp_path)).standing == instance.Standing.CURRENT
    path = tmp_path / "retour.backup"
    backup(urls, path, programs=server.programs())
    assert path.stat().st_mode & 0o777 == 0o600
    name = f"t{uuid4().hex}"
    restored = server.create_database(name, template="template0")

    restore(restored, path, programs=server.programs())

    copy = await Database.open(restored.app, pool_min=0)
    async with copy.tx(mine) as db:
        assert [row["label"] for row in await db.fetch("SELECT label FROM parcel")] == ["Müller"]
    async with copy.tx(None) as db:
        assert mine == await db.fetchval("SELECT find_parcel($1)", parcel)
        state = await instance.check_instance(db, tmp_path)
        assert (state.standing, state.reason) == (instance.Standing.QUARANTINED, "restored from a backup")
        assert not state.may_move_money
        assert (
            await db.fetchval(
                "SELECT count(*) FROM unnest(jobs.procrastinate_defer_jobs_v1(ARRAY[ROW("
                "'money', 'effect.run', 0, NULL, NULL, '{}', NULL)::jobs.procrastinate_job_to_defer_v1]))"
            )
            == 1
        )
    await copy.close()
    connection = await asyncpg.connect(restored.owner)
    assert await violations(connection, router_functions=ROUTER_FUNCTIONS | {"find_parcel(uuid)"}) == []
    new = await instance.resume(connection, tmp_path)
    state = await instance.check_instance(connection, tmp_path)
    assert (new, True) == (state.id, state.may_move_money)
    await connection.close()
    async with database.tx(None) as db:  # the machine now belongs to the copy; the original is another database
        assert (await instance.check_instance(db, tmp_path)).standing == instance.Standing.FOREIGN
    server.drop_database(name)


async def test_a_database_with_tables_is_replaced_only_when_told(
    server: EmbeddedPostgres, urls: Urls, owner: Any, tmp_path: Path
) -> None:
    path = tmp_path / "retour.backup"
    backup(urls, path, programs=server.programs())
    await owner.execute("CREATE TABLE later (id uuid PRIMARY KEY)")

    with pytest.raises(BackupFailed, match="not empty"):
        restore(urls, path, programs=server.programs())
    assert await owner.fetchval("SELECT to_regclass('public.later') IS NOT NULL")

    restore(urls, path, programs=server.programs(), replace=True)
    assert await owner.fetchval("SELECT to_regclass('public.later') IS NULL")


async def test_a_broken_backup_changes_nothing(
    server: EmbeddedPostgres, urls: Urls, owner: Any, tmp_path: Path
) -> None:
    path = tmp_path / "retour.backup"
    path.write_bytes(b"PGDMP" + bytes(100))
    before = await owner.fetchval("SELECT count(*) FROM schema_migration")

    with pytest.raises(BackupFailed, match="pg_restore failed"):
        restore(urls, path, programs=server.programs(), replace=True)

    assert before == await owner.fetchval("SELECT count(*) FROM schema_migration")
