-- Pictures of goods, fetched once by the worker and kept small, so that pages show them from this server alone.

CREATE TABLE picture (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,                                             -- picture_id(url): the same picture is kept once
  url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
  webp bytea CHECK (octet_length(webp) BETWEEN 1 AND 16384),
  width int CHECK (width > 0),
  height int CHECK (height > 0),
  due_at timestamptz,                                           -- none: it is kept, or given up
  tries int NOT NULL DEFAULT 0,
  problem text,
  created_at timestamptz NOT NULL DEFAULT now(),
  fetched_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT a_kept_picture_has_its_size CHECK ((webp IS NULL) = (width IS NULL) AND (webp IS NULL) = (height IS NULL))
);
-- Nobody who lacks the account's id or the address can guess it.
CREATE FUNCTION picture_id(url text) RETURNS uuid LANGUAGE sql STABLE
  AS $$ SELECT substr(encode(sha256(uuid_send(current_tenant()) || convert_to(url, 'UTF8')), 'hex'), 1, 32)::uuid $$;
CREATE INDEX picture_by_id ON picture (id);
CREATE INDEX picture_open ON picture (due_at) WHERE due_at IS NOT NULL;

ALTER TABLE picture ENABLE ROW LEVEL SECURITY;
ALTER TABLE picture FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON picture USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT ON picture TO retour_app, retour_executor;
GRANT UPDATE (webp, width, height, due_at, tries, problem, fetched_at) ON picture TO retour_app;

-- A picture of goods is no secret: whoever has its id may see it, and the id alone leads to its account.
GRANT SELECT (tenant_id, id, due_at) ON picture TO retour_router;
CREATE POLICY router_reads ON picture FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_picture(picture_id uuid) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT p.tenant_id, p.id FROM picture p WHERE p.id = picture_id $$;
CREATE FUNCTION route_due_pictures(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT p.tenant_id, p.id FROM picture p
         WHERE p.due_at <= clock_timestamp() - overdue ORDER BY p.due_at LIMIT most $$;
ALTER FUNCTION route_picture(uuid) OWNER TO retour_router;
ALTER FUNCTION route_due_pictures(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_picture(uuid), route_due_pictures(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_picture(uuid), route_due_pictures(int, interval) TO retour_app, retour_executor;
