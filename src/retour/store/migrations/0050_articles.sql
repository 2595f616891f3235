-- What the catalogue of a shop was asked while somebody chooses the new article of an exchange: answers of some minutes.

CREATE TABLE catalogue_ask (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('variants', 'search')),
  key bytea NOT NULL CHECK (length(key) = 32),                  -- SHA-256 of the question
  question text CHECK (length(question) BETWEEN 1 AND 200),     -- gone with its answer
  country text CHECK (length(country) BETWEEN 1 AND 8),         -- whose prices are meant
  articles jsonb,                                               -- what is on sale; none while nobody has answered
  problem text CHECK (length(problem) BETWEEN 1 AND 100),       -- why nobody will
  asked_at timestamptz NOT NULL,
  answered_at timestamptz,
  due_at timestamptz,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, connection_id, key),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX catalogue_ask_due ON catalogue_ask (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX catalogue_ask_over ON catalogue_ask (expires_at);
ALTER TABLE catalogue_ask ENABLE ROW LEVEL SECURITY;
ALTER TABLE catalogue_ask FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON catalogue_ask USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON catalogue_ask TO retour_app, retour_executor;

GRANT SELECT (tenant_id, id, due_at, expires_at) ON catalogue_ask TO retour_router;
CREATE POLICY router_reads ON catalogue_ask FOR SELECT TO retour_router USING (true);
-- An answer that is over is due as well: it is forgotten.
CREATE FUNCTION route_due_catalogue_asks(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT a.tenant_id, a.id FROM catalogue_ask a
         WHERE a.due_at <= clock_timestamp() - overdue OR a.expires_at <= clock_timestamp() - overdue
         ORDER BY a.expires_at LIMIT most $$;
ALTER FUNCTION route_due_catalogue_asks(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_due_catalogue_asks(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_due_catalogue_asks(int, interval) TO retour_app, retour_executor;

-- What was shown with an article when it was chosen: {article, title, price_minor, currency}. It tells of another one nothing.
ALTER TABLE wanted_article ADD COLUMN shown jsonb;
