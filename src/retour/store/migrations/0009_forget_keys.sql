-- Answers under an Idempotency-Key are kept for a day; the sweep asks whose are older, by ids alone.

GRANT SELECT (tenant_id, created_at) ON idempotency TO retour_router;
CREATE POLICY router_reads ON idempotency FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_expired_keys(most int, overdue interval) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT DISTINCT i.tenant_id FROM idempotency i
         WHERE i.created_at < clock_timestamp() - interval '24 hours' - overdue LIMIT most $$;
ALTER FUNCTION route_expired_keys(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_expired_keys(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_expired_keys(int, interval) TO retour_app, retour_executor;
