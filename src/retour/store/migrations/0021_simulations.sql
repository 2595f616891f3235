-- Simulations: a policy replayed over the past. Nothing but these two tables is written by one.

CREATE TABLE simulation (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  mode text NOT NULL CHECK (mode IN ('returns', 'orders', 'imported')),
  against text NOT NULL CHECK (against IN ('recorded', 'version')),
  name text NOT NULL,                                           -- what the candidate is called
  candidate jsonb NOT NULL,                                     -- the document that is tried, as it was when it was asked for
  candidate_version_id uuid,                                    -- the version it came from, if it was one
  baseline jsonb,                                               -- the document it is compared with; none: each return's own
  baseline_version_id uuid,
  from_on date NOT NULL,                                        -- merchant-local days, both included
  until_on date NOT NULL,
  judged_on date,                                               -- in the mode orders: the day they are judged on
  imported bytea,                                               -- the rows of a file as they were read; gone once it is done
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  done int NOT NULL DEFAULT 0,                                  -- returns read so far
  total int,                                                    -- how many there are, once they are counted
  result jsonb,
  failure text,                                                 -- a stable code
  actor text NOT NULL,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  expires_at timestamptz NOT NULL,
  due_at timestamptz,                                           -- when it is to be worked on (again)
  lease_epoch int NOT NULL DEFAULT 0,                           -- who lost the lease writes nothing any more
  lease_until timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  CHECK (from_on <= until_on),
  CHECK ((against = 'version') = (baseline IS NOT NULL)),
  CHECK ((mode = 'orders') = (judged_on IS NOT NULL))
);
CREATE INDEX simulation_by_store ON simulation (tenant_id, store_id, id DESC);
CREATE INDEX simulation_due ON simulation (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX simulation_expiry ON simulation (expires_at);

CREATE TABLE simulation_affected (
  tenant_id uuid NOT NULL,
  simulation_id uuid NOT NULL,
  n int NOT NULL CHECK (n > 0),                                 -- its place in the list
  reference text NOT NULL,
  rma_id uuid,
  changes text[] NOT NULL,
  given_before_minor bigint NOT NULL,                           -- what the shopper gets, in minor units of the books' currency
  given_after_minor bigint NOT NULL,
  document jsonb NOT NULL,                                      -- the whole of it (core.simulation.Affected)
  PRIMARY KEY (tenant_id, simulation_id, n),
  FOREIGN KEY (tenant_id, simulation_id) REFERENCES simulation (tenant_id, id) ON DELETE CASCADE
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['simulation', 'simulation_affected'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON simulation TO retour_app;
GRANT SELECT, INSERT, DELETE ON simulation_affected TO retour_app;

GRANT SELECT (tenant_id, id, due_at, lease_until, expires_at) ON simulation TO retour_router;
CREATE POLICY router_reads ON simulation FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_due_simulations(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT s.tenant_id, s.id FROM simulation s
         WHERE s.due_at <= clock_timestamp() - overdue AND (s.lease_until IS NULL OR s.lease_until < clock_timestamp())
         ORDER BY s.due_at LIMIT most $$;
CREATE FUNCTION route_expired_simulations(most int, overdue interval) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT DISTINCT s.tenant_id FROM simulation s WHERE s.expires_at <= clock_timestamp() - overdue LIMIT most $$;
DO $$
DECLARE f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY['route_due_simulations(int, interval)', 'route_expired_simulations(int, interval)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO retour_router', f);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO retour_app, retour_executor', f);
  END LOOP;
END $$;
