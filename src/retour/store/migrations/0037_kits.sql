-- What a merchant sells as one article and takes back in parts: for the orders placed while a declaration was in force.
CREATE TABLE kit (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  sku text NOT NULL CHECK (length(sku) BETWEEN 1 AND 200),
  parts jsonb NOT NULL,                                         -- [{ref, title, list_value, quantity, sku, inventory_ref}]
  from_at timestamptz NOT NULL,
  until_at timestamptz CHECK (until_at >= from_at),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id)
);
CREATE UNIQUE INDEX a_kit_in_force ON kit (tenant_id, store_id, sku) WHERE until_at IS NULL;
CREATE INDEX kit_by_time ON kit (tenant_id, store_id, from_at);
ALTER TABLE kit ENABLE ROW LEVEL SECURITY;
ALTER TABLE kit FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON kit USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON kit TO retour_app;
