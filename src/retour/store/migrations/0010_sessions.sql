-- People sign in: their sessions, the links that let them set a password, and how often somebody tried in vain.

ALTER TABLE staff ADD COLUMN language text CHECK (length(language) BETWEEN 2 AND 12);   -- none: as the browser asks

CREATE TABLE session (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  staff_id uuid NOT NULL,
  token_sha256 bytea NOT NULL CHECK (length(token_sha256) = 32),
  store_id uuid,                                                -- the store that is looked at; none means all of them
  user_agent text NOT NULL DEFAULT '' CHECK (length(user_agent) <= 300),
  created_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  UNIQUE (tenant_id, token_sha256)
);
CREATE INDEX session_by_token ON session (token_sha256) WHERE ended_at IS NULL;
CREATE INDEX session_by_staff ON session (tenant_id, staff_id) WHERE ended_at IS NULL;

CREATE TABLE password_link (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  staff_id uuid NOT NULL,
  token_sha256 bytea NOT NULL CHECK (length(token_sha256) = 32),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,                                         -- used, or replaced by a newer one
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id),
  UNIQUE (tenant_id, token_sha256)
);
CREATE INDEX password_link_by_token ON password_link (token_sha256) WHERE ended_at IS NULL;

-- Before anybody is known there is no tenant. A subject is an HMAC (of an address on the net, of an e-mail address, of
-- both, of a browser), so that nothing can be read here; rows live for a day.
CREATE TABLE sign_in_try (
  subject bytea PRIMARY KEY CHECK (length(subject) = 32),
  failures int NOT NULL DEFAULT 0 CHECK (failures >= 0),
  last_at timestamptz NOT NULL
);
CREATE INDEX sign_in_try_age ON sign_in_try (last_at);
GRANT DELETE ON sign_in_try TO retour_app, retour_executor;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['session', 'password_link'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('CREATE POLICY router_reads ON %I FOR SELECT TO retour_router USING (true)', t);
  END LOOP;
END $$;
GRANT SELECT (tenant_id, id, token_sha256, expires_at, ended_at) ON session, password_link TO retour_router;

CREATE FUNCTION route_session(token bytea) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT s.tenant_id, s.id FROM session s WHERE s.token_sha256 = token AND s.ended_at IS NULL $$;
CREATE FUNCTION route_password_link(token bytea) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT l.tenant_id, l.id FROM password_link l WHERE l.token_sha256 = token AND l.ended_at IS NULL $$;
DO $$
DECLARE f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY['route_session(bytea)', 'route_password_link(bytea)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO retour_router', f);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO retour_app, retour_executor', f);
  END LOOP;
END $$;
