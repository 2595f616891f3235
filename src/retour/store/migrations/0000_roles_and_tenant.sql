-- What every later migration stands on: the tenant of a transaction, who may do what by default, and the one row
-- that says whether this database may move money.
--
-- Rules for later files (tests/architecture/test_catalogue.py checks them):
--   a tenant's table has tenant_id first in its primary key and in every unique index, FORCE row security and one
--   policy with USING and WITH CHECK; foreign keys to such tables carry tenant_id;
--   a look-up before the tenant is a SECURITY DEFINER function with its own search_path, returns ids only and is
--   handed over with ALTER FUNCTION ... OWNER TO retour_router; to replace it later, SET LOCAL ROLE retour_router first.

CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;

-- Rows can be read, added and changed by the two working roles. DELETE is granted table by table, and what is
-- append-only takes UPDATE away again.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE ON TABLES TO retour_app, retour_executor;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO retour_app, retour_executor;

CREATE TABLE instance (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  id uuid NOT NULL,
  beat bigint NOT NULL DEFAULT 0 CHECK (beat >= 0),
  quarantined boolean NOT NULL DEFAULT false,
  quarantine_reason text,
  kill_switch boolean NOT NULL DEFAULT false,
  CHECK (quarantined = (quarantine_reason IS NOT NULL)));
COMMENT ON TABLE instance IS 'One row: the identity of this database, its quarantine and its kill switch.';
COMMENT ON COLUMN instance.beat IS 'Rises while executors run; a machine that saw a higher one knows that the database went back in time.';

REVOKE INSERT, UPDATE ON instance, schema_migration FROM retour_app, retour_executor;
GRANT SELECT ON schema_migration TO retour_app, retour_executor;
GRANT UPDATE (beat) ON instance TO retour_executor;
GRANT UPDATE (kill_switch) ON instance TO retour_app, retour_executor;

INSERT INTO instance (id) VALUES (gen_random_uuid());
