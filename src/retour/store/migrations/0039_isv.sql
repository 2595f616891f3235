-- Integrators (ISVs): whom the operator lets provision and serve the accounts of many merchants under one key.

-- An integrator is a tenant of its own: no merchant's transaction sees its row, and none of its own sees a merchant's.
CREATE TABLE isv (
  tenant_id uuid NOT NULL PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32),
  previous_sha256 bytea CHECK (length(previous_sha256) = 32),   -- the key before, while it is still taken
  previous_until timestamptz,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz,
  removed_at timestamptz,
  CONSTRAINT a_previous_key_ends CHECK ((previous_sha256 IS NULL) = (previous_until IS NULL))
);
ALTER TABLE isv ENABLE ROW LEVEL SECURITY;
ALTER TABLE isv FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON isv USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON isv TO retour_app;
GRANT SELECT (tenant_id) ON isv TO retour_router;
CREATE POLICY router_reads ON isv FOR SELECT TO retour_router USING (true);

-- That an integrator serves an account, as the account keeps it: it ends here, and then nothing reaches the account.
CREATE TABLE isv_service (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  isv_id uuid NOT NULL,
  isv_name text NOT NULL,                                       -- as it was admitted
  reference text CHECK (length(reference) BETWEEN 1 AND 200),   -- the integrator's own, where it opened the account
  role text NOT NULL CHECK (role IN ('owner', 'agent', 'warehouse')),
  admitted_by text NOT NULL,
  since timestamptz NOT NULL,
  ended_at timestamptz,
  ended_by text,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT what_ended_says_by_whom CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX served_once ON isv_service (tenant_id, isv_id) WHERE ended_at IS NULL;
CREATE INDEX isv_service_by_isv ON isv_service (isv_id, tenant_id) WHERE ended_at IS NULL;
ALTER TABLE isv_service ENABLE ROW LEVEL SECURITY;
ALTER TABLE isv_service FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON isv_service USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON isv_service TO retour_app;
GRANT SELECT (tenant_id, isv_id, ended_at) ON isv_service TO retour_router;
CREATE POLICY router_reads ON isv_service FOR SELECT TO retour_router USING (true);

-- Keys of an account that an integrator had made end with its service.
ALTER TABLE api_key ADD COLUMN isv_id uuid;

CREATE FUNCTION route_isvs() RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT i.tenant_id FROM isv i $$;
CREATE FUNCTION route_isv_accounts(of_isv_id uuid, after uuid, most int) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT s.tenant_id FROM isv_service s
         WHERE s.isv_id = of_isv_id AND s.ended_at IS NULL AND (after IS NULL OR s.tenant_id > after)
         ORDER BY s.tenant_id LIMIT most $$;
ALTER FUNCTION route_isvs() OWNER TO retour_router;
ALTER FUNCTION route_isv_accounts(uuid, uuid, int) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_isvs() FROM PUBLIC;
REVOKE ALL ON FUNCTION route_isv_accounts(uuid, uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_isvs() TO retour_app, retour_executor;
GRANT EXECUTE ON FUNCTION route_isv_accounts(uuid, uuid, int) TO retour_app, retour_executor;
