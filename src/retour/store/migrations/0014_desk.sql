-- no-transaction
-- The merchant's desk: what its lists are filtered, counted and sorted by, and the views that staff keep.
-- Every statement can run again, and none keeps writers waiting.

-- Lists, their counts and the queue of the home page read this index alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS rma_desk ON rma (tenant_id, store_id, blocked_actor, blocked_code, status)
  INCLUDE (id, number, channel, blocked_since, requested_at, resolved_at);
CREATE INDEX CONCURRENTLY IF NOT EXISTS rma_by_request ON rma (tenant_id, requested_at);
CREATE INDEX CONCURRENTLY IF NOT EXISTS settlement_by_end ON settlement (tenant_id, settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS sales_order_by_date ON sales_order (tenant_id, placed_at DESC, id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS sales_order_by_number ON sales_order (tenant_id, name_folded);
CREATE INDEX CONCURRENTLY IF NOT EXISTS shipment_by_number ON shipment (tenant_id, tracking_number);
CREATE INDEX CONCURRENTLY IF NOT EXISTS person_by_email ON person (tenant_id, email_folded) WHERE email_folded IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS person_by_phone ON person (tenant_id, phone_digits) WHERE phone_digits IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS discrepancy_by_age ON discrepancy (tenant_id, state, opened_at, id);

CREATE TABLE IF NOT EXISTS saved_view (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  staff_id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  query text NOT NULL CHECK (length(query) <= 2000),            -- the filters as they stand in the address
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, staff_id, name),
  FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)
);
ALTER TABLE saved_view ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_view FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON saved_view;
CREATE POLICY own_tenant ON saved_view USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_view TO retour_app;
