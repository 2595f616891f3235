-- Row security on every tenant table, what each role may do, append-only tables, and the look-ups before the tenant.

DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
            WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO retour_app, retour_executor', t);
    EXECUTE format('REVOKE UPDATE, DELETE ON %I FROM retour_app, retour_executor', t);   -- granted below, table by table
  END LOOP;
END $$;

GRANT UPDATE ON account, store, staff, api_key, connection, sync_cursor, idempotency, person, sales_order, order_line_counter,
  payment_capture, policy_version, rma, return_line, shipment, settlement, ledger_account, webhook_endpoint, delivery, inbox, discrepancy
  TO retour_app, retour_executor;
GRANT DELETE ON unit_claim, idempotency, settlement_line TO retour_app, retour_executor;
GRANT USAGE ON SEQUENCE rma_number TO retour_app, retour_executor;
-- Only the executor carries effects out; everyone else may plan them, withdraw them unsent, and hand a parked one back.
GRANT UPDATE ON effect TO retour_executor;
GRANT UPDATE (state, due_at, parked_at, settled_at, message) ON effect TO retour_app;
REVOKE INSERT ON effect_attempt FROM retour_app;

CREATE FUNCTION only_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE integrity_constraint_violation USING MESSAGE = format('%s is append-only', TG_TABLE_NAME), CONSTRAINT = 'only_append';
END $$;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['receipt', 'inspection', 'restock', 'rma_note', 'effect_leg', 'effect_attempt',
                           'effect_observation', 'ledger_entry', 'posting', 'event'] LOOP
    EXECUTE format('CREATE TRIGGER only_append BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION only_append()', t);
  END LOOP;
END $$;

-- The router answers with ids alone, so that nothing of a tenant is seen before the tenant is set. `overdue` gives the
-- job that was enqueued with a row time to come first; what is overdue longer has lost its job.
GRANT SELECT (tenant_id, id, revoked_at) ON api_key TO retour_router;
GRANT SELECT (tenant_id, id, email_folded, disabled_at) ON staff TO retour_router;
GRANT SELECT (tenant_id, id, platform, far_name, state) ON connection TO retour_router;
GRANT SELECT (tenant_id, name) ON account TO retour_router;
GRANT SELECT (tenant_id, id, state, parked_at, due_at, lease_until) ON effect TO retour_router;
GRANT SELECT (tenant_id, id, state, due_at, lease_until) ON delivery TO retour_router;
GRANT SELECT (tenant_id, id, done_at, due_at) ON inbox TO retour_router;
GRANT SELECT (tenant_id, id, due_at) ON rma TO retour_router;
GRANT SELECT (tenant_id, id, due_at) ON settlement TO retour_router;
GRANT SELECT (tenant_id, connection_id, due_at) ON sync_cursor TO retour_router;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['api_key', 'staff', 'connection', 'account', 'effect', 'delivery', 'inbox', 'rma', 'settlement', 'sync_cursor'] LOOP
    EXECUTE format('CREATE POLICY router_reads ON %I FOR SELECT TO retour_router USING (true)', t);
  END LOOP;
END $$;

CREATE FUNCTION route_api_key(key_id uuid) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT k.tenant_id, k.id FROM api_key k WHERE k.id = key_id AND k.revoked_at IS NULL $$;
CREATE FUNCTION route_login(folded text) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT s.tenant_id, s.id FROM staff s WHERE s.email_folded = folded AND s.disabled_at IS NULL $$;
CREATE FUNCTION route_connection(connection_id uuid) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT c.tenant_id, c.id FROM connection c WHERE c.id = connection_id $$;
CREATE FUNCTION route_account(account_name text) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT a.tenant_id FROM account a WHERE a.name = account_name $$;
CREATE FUNCTION route_due_effects(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT e.tenant_id, e.id FROM effect e
         WHERE e.state IN ('intent', 'sending', 'pending', 'unknown') AND e.parked_at IS NULL AND e.due_at <= clock_timestamp() - overdue
           AND (e.lease_until IS NULL OR e.lease_until < clock_timestamp()) ORDER BY e.due_at LIMIT most $$;
CREATE FUNCTION route_due_deliveries(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT d.tenant_id, d.id FROM delivery d
         WHERE d.state IN ('due', 'sending') AND d.due_at <= clock_timestamp() - overdue
           AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp()) ORDER BY d.due_at LIMIT most $$;
CREATE FUNCTION route_due_inbox(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT i.tenant_id, i.id FROM inbox i WHERE i.done_at IS NULL AND i.due_at <= clock_timestamp() - overdue ORDER BY i.due_at LIMIT most $$;
CREATE FUNCTION route_due_rmas(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT r.tenant_id, r.id FROM rma r WHERE r.due_at <= clock_timestamp() - overdue ORDER BY r.due_at LIMIT most $$;
CREATE FUNCTION route_due_settlements(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT s.tenant_id, s.id FROM settlement s WHERE s.due_at <= clock_timestamp() - overdue ORDER BY s.due_at LIMIT most $$;
CREATE FUNCTION route_due_syncs(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT c.tenant_id, c.connection_id FROM sync_cursor c
           JOIN connection k ON k.tenant_id = c.tenant_id AND k.id = c.connection_id AND k.state = 'connected'
          WHERE c.due_at <= clock_timestamp() - overdue ORDER BY c.due_at LIMIT most $$;

DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND p.proname LIKE 'route\_%' LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO retour_router', f);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO retour_app, retour_executor', f);
  END LOOP;
END $$;
