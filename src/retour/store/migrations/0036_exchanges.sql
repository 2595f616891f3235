-- What goods were exchanged for, and the value that a new article carries: it is worth what was paid for it.

-- {line ref: {gross, taxes}}, in place of the figures the line was sold with; nothing where nothing was exchanged.
ALTER TABLE sales_order ADD COLUMN carried jsonb CHECK (jsonb_typeof(carried) = 'object');

CREATE TABLE exchange (
  tenant_id uuid NOT NULL,
  settlement_id uuid NOT NULL,                                  -- of what was handed in
  order_id uuid NOT NULL,                                       -- that has the new articles
  figures jsonb NOT NULL,                                       -- the whole exchange: given, price, moved, carried
  actor text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, settlement_id),
  FOREIGN KEY (tenant_id, settlement_id) REFERENCES settlement (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id)
);
CREATE INDEX exchange_by_order ON exchange (tenant_id, order_id);
ALTER TABLE exchange ENABLE ROW LEVEL SECURITY;
ALTER TABLE exchange FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON exchange USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
REVOKE INSERT, UPDATE, DELETE ON exchange FROM retour_executor;
REVOKE UPDATE, DELETE ON exchange FROM retour_app;
