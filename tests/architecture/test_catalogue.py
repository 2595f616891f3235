"""Every table, function and unique constraint keeps the rules of tenancy, and the check sees one that does not."""

from typing import Any

import pytest

from tests.architecture.catalogue import TABLES_WITHOUT_TENANT, violations

pytestmark = pytest.mark.anyio

GOOD = """
CREATE TABLE parcel (tenant_id uuid NOT NULL, id uuid NOT NULL, label text, PRIMARY KEY (tenant_id, id));
ALTER TABLE parcel ENABLE ROW LEVEL SECURITY; ALTER TABLE parcel FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON parcel USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
"""
FUNCTION = "CREATE FUNCTION bad()"
DEFINER = "LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$"
ROUTED = "ALTER FUNCTION bad() OWNER TO retour_router"
BAD = [
    ("CREATE TABLE bad (id uuid PRIMARY KEY)", "table bad has no tenant_id and is not on the list"),
    ("ALTER TABLE parcel NO FORCE ROW LEVEL SECURITY", "table parcel: row security is not enabled and forced"),
    ("ALTER TABLE parcel DISABLE ROW LEVEL SECURITY", "table parcel: row security is not enabled and forced"),
    (
        "DROP POLICY own_tenant ON parcel",
        "table parcel: no policy for all commands with USING and WITH CHECK of its tenant",
    ),
    (
        "ALTER POLICY own_tenant ON parcel WITH CHECK (true)",
        "table parcel: no policy for all commands with USING and WITH CHECK of its tenant",
    ),
    (
        "CREATE POLICY wide ON parcel FOR SELECT TO retour_app USING (true)",
        "table parcel: policy wide opens it to ['retour_app']",
    ),
    ("CREATE UNIQUE INDEX bad ON parcel (label)", "index bad of parcel does not begin with tenant_id"),
    (
        "ALTER TABLE parcel ADD CONSTRAINT bad UNIQUE (label, tenant_id)",
        "index bad of parcel does not begin with tenant_id",
    ),
    (
        "ALTER TABLE parcel ADD CONSTRAINT bad EXCLUDE USING gist (label WITH =)",
        "index bad of parcel does not begin with tenant_id",
    ),
    ("ALTER TABLE parcel DROP CONSTRAINT parcel_pkey", "table parcel has no primary key"),
    (
        "ALTER TABLE parcel DROP CONSTRAINT parcel_pkey, ALTER tenant_id DROP NOT NULL",
        "table parcel: tenant_id is not uuid NOT NULL",
    ),
    (
        "CREATE VIEW bad AS SELECT id FROM parcel",
        "view bad does not run with its reader's rights",
    ),
    (
        f"{FUNCTION} RETURNS uuid {DEFINER} SELECT NULL::uuid $$; {ROUTED}",
        "function bad() is SECURITY DEFINER and not on the list",
    ),
    (
        f"{FUNCTION} RETURNS uuid {DEFINER} SELECT NULL::uuid $$",
        "function bad() is SECURITY DEFINER and owned by retour_owner",
    ),
    (
        f"{FUNCTION} RETURNS uuid LANGUAGE sql SECURITY DEFINER AS $$ SELECT NULL::uuid $$; {ROUTED}",
        "function bad() is SECURITY DEFINER without a search_path of its own",
    ),
    (
        f"{FUNCTION} RETURNS TABLE (parcel_id uuid, label text) {DEFINER} SELECT id, label FROM parcel $$; {ROUTED}",
        "function bad() returns more than ids: label text",
    ),
    (f"{FUNCTION} RETURNS bigint {DEFINER} SELECT 1::bigint $$", "function bad() returns more than ids: id bigint"),
    (
        f"{FUNCTION} RETURNS SETOF parcel {DEFINER} SELECT * FROM parcel $$",
        "function bad() returns more than ids: id parcel",
    ),
]


async def test_the_migrated_database_keeps_every_rule(owner: Any) -> None:
    assert await violations(owner) == []


async def test_a_good_table_is_not_reported(owner: Any) -> None:
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(GOOD)

    assert await violations(owner) == []

    await transaction.rollback()


@pytest.mark.parametrize(("planted", "report"), BAD, ids=[report for _, report in BAD])
async def test_a_planted_break_is_reported(owner: Any, planted: str, report: str) -> None:
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(GOOD)
    await owner.execute(planted)

    assert report in await violations(owner)

    await transaction.rollback()


async def test_a_foreign_key_without_the_tenant_is_reported(owner: Any) -> None:
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(GOOD)
    await owner.execute("CREATE UNIQUE INDEX parcel_id ON parcel (id)")
    await owner.execute("CREATE TABLE bad (id uuid PRIMARY KEY, parcel uuid REFERENCES parcel (id))")

    assert "foreign key bad_parcel_fkey of bad does not carry tenant_id" in await violations(owner)

    await transaction.rollback()


async def test_the_lists_must_not_name_what_is_gone(owner: Any) -> None:
    found = await violations(owner, without_tenant=TABLES_WITHOUT_TENANT | {"gone"})

    assert found == ["table gone is on the list but does not exist"]
