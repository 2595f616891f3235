-- The shopper's side: how a store looks, the visits of shoppers, their codes, and what slows guessing down.

CREATE TABLE look (
  tenant_id uuid NOT NULL,
  store_id uuid NOT NULL,
  handle text NOT NULL CHECK (handle ~ '^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$'),   -- /returns/<handle>
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  brand_hex text CHECK (brand_hex ~ '^#[0-9a-f]{6}$'),
  logo_type text CHECK (logo_type IN ('image/png', 'image/jpeg', 'image/webp')),
  logo bytea CHECK (length(logo) <= 100000),
  texts jsonb NOT NULL DEFAULT '{}',                            -- by language: greeting, sending
  contact_email text,
  contact_url text,
  return_address text,
  sender_name text,
  default_language text NOT NULL DEFAULT 'en',
  link_generation int NOT NULL DEFAULT 1,                       -- raised to make every signed link of the store worthless
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, store_id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  CHECK ((logo IS NULL) = (logo_type IS NULL))
);
-- An address on the web belongs to one store of one merchant: the one unique key that knows no tenant.
CREATE UNIQUE INDEX look_by_handle ON look (handle);

CREATE TABLE visit (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  token_sha256 bytea NOT NULL CHECK (length(token_sha256) = 32),   -- of what the browser holds
  state text NOT NULL CHECK (state IN ('asked', 'sent', 'unmatched', 'staff', 'fetching', 'missing', 'proven', 'closed')),
  language text NOT NULL,
  asked_sealed bytea,                                           -- what was typed; gone once it is not needed any more
  asked_at timestamptz NOT NULL,
  order_id uuid,                                                -- the order that was proven
  person_id uuid,
  proven_at timestamptz,
  proven_by text CHECK (proven_by IN ('code', 'link')),
  answers jsonb NOT NULL DEFAULT '{}',                          -- the draft of a return
  created_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  due_at timestamptz,                                           -- when the look-up should be worked on (again)
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, token_sha256),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),
  CHECK (state <> 'proven' OR (order_id IS NOT NULL AND person_id IS NOT NULL AND proven_at IS NOT NULL AND proven_by IS NOT NULL))
);
CREATE INDEX visit_due ON visit (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX visit_expiry ON visit (expires_at);
CREATE INDEX visit_by_order ON visit (tenant_id, order_id) WHERE order_id IS NOT NULL;

-- One row for every look-up, whether its order exists or not: trying a code is the same work for both.
CREATE TABLE visit_code (
  tenant_id uuid NOT NULL,
  visit_id uuid NOT NULL,
  n int NOT NULL CHECK (n > 0),                                 -- only the newest counts
  channel text CHECK (channel IN ('email')),
  code_hmac bytea CHECK (length(code_hmac) = 32),               -- none until an order was matched
  order_id uuid,
  person_id uuid,
  tries int NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 6),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  sent_at timestamptz,
  used_at timestamptz,
  PRIMARY KEY (tenant_id, visit_id, n),
  FOREIGN KEY (tenant_id, visit_id) REFERENCES visit (tenant_id, id) ON DELETE CASCADE,
  CHECK ((code_hmac IS NULL) = (order_id IS NULL) AND (order_id IS NULL) = (person_id IS NULL))
);

-- A bucket as one instant: the time at which it will be full again. Keys are HMACs, so that none tells whose it is.
CREATE TABLE visit_limit (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  kind text NOT NULL CHECK (kind IN ('address', 'order', 'store', 'number')),
  key bytea NOT NULL CHECK (length(key) = 32),
  full_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, kind, key)
);
CREATE INDEX visit_limit_full ON visit_limit (full_at);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['look', 'visit', 'visit_code', 'visit_limit'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
  END LOOP;
END $$;
GRANT DELETE ON visit, visit_code, visit_limit TO retour_app, retour_executor;

GRANT SELECT (tenant_id, store_id, handle) ON look TO retour_router;
CREATE POLICY router_reads ON look FOR SELECT TO retour_router USING (true);
GRANT SELECT (tenant_id, id, due_at, expires_at) ON visit TO retour_router;
CREATE POLICY router_reads ON visit FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_portal(wanted text) RETURNS TABLE (tenant_id uuid, store_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT l.tenant_id, l.store_id FROM look l WHERE l.handle = wanted $$;
CREATE FUNCTION route_due_visits(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT v.tenant_id, v.id FROM visit v WHERE v.due_at <= clock_timestamp() - overdue ORDER BY v.due_at LIMIT most $$;
CREATE FUNCTION route_expired_visits(most int, overdue interval) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT DISTINCT v.tenant_id FROM visit v WHERE v.expires_at <= clock_timestamp() - overdue - interval '1 hour' LIMIT most $$;
DO $$
DECLARE f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY['route_portal(text)', 'route_due_visits(int, interval)', 'route_expired_visits(int, interval)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO retour_router', f);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO retour_app, retour_executor', f);
  END LOOP;
END $$;
