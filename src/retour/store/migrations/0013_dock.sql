-- What the dock sees: photos, goods that fit no open return line, and the last things that were scanned.

-- The bytes are sealed under the key of the order's person, so that erasure makes them unreadable; for a person erased
-- before, under the house's. A photo of a shopper's visit belongs to no return until the return is requested.
CREATE TABLE photo (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('inspection', 'shopper')),
  order_id uuid NOT NULL,
  line_ref text,
  rma_id uuid,
  return_line_id uuid,
  visit_id uuid,
  sealed bytea NOT NULL,
  sealed_for uuid,
  sha256 bytea NOT NULL,                                        -- of the picture as it is shown
  width int NOT NULL CHECK (width > 0),
  height int NOT NULL CHECK (height > 0),
  bytes int NOT NULL CHECK (bytes > 0),
  actor text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  FOREIGN KEY (tenant_id, return_line_id) REFERENCES return_line (tenant_id, id),
  CONSTRAINT a_photo_is_of_something CHECK (rma_id IS NOT NULL OR visit_id IS NOT NULL)
);
CREATE UNIQUE INDEX a_photo_is_kept_once ON photo (tenant_id, order_id, rma_id, visit_id, return_line_id, line_ref, sha256)
  NULLS NOT DISTINCT;
CREATE INDEX photo_by_rma ON photo (tenant_id, rma_id, at);
CREATE INDEX photo_draft ON photo (tenant_id, visit_id, at) WHERE rma_id IS NULL;

-- Goods that no constraint may reject and no counter may count. Taking one back is written on it, never deleted.
CREATE TABLE goods_observation (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  rma_id uuid,
  return_line_id uuid,
  kind text NOT NULL CHECK (kind IN ('surplus', 'not_expected', 'not_on_it', 'unannounced', 'miscounted')),
  units int NOT NULL CHECK (units BETWEEN 1 AND 10000),
  code text CHECK (length(code) BETWEEN 1 AND 200),
  note text CHECK (length(note) BETWEEN 1 AND 2000),
  location_ref text,
  actor text NOT NULL,
  at timestamptz NOT NULL,
  withdrawn_at timestamptz,
  withdrawn_by text,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  FOREIGN KEY (tenant_id, return_line_id) REFERENCES return_line (tenant_id, id),
  CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE INDEX goods_observation_by_rma ON goods_observation (tenant_id, rma_id, at);
CREATE INDEX goods_observation_unannounced ON goods_observation (tenant_id, store_id, at) WHERE rma_id IS NULL;

-- One row for each scan or tap of a member of the staff; the nonce makes a repeated post count once.
CREATE TABLE dock_scan (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  staff_id uuid NOT NULL,
  nonce text NOT NULL CHECK (length(nonce) BETWEEN 8 AND 64),
  code text NOT NULL CHECK (length(code) <= 200),
  did text NOT NULL,                                            -- found, several, unknown, received, surplus, observed, inspected, ...
  units int NOT NULL DEFAULT 1 CHECK (units BETWEEN 1 AND 10000),
  rma_id uuid,
  return_line_id uuid,
  observation_id uuid,
  at timestamptz NOT NULL,                                      -- when it was scanned, by the device if it was offline
  kept_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  FOREIGN KEY (tenant_id, observation_id) REFERENCES goods_observation (tenant_id, id),
  CONSTRAINT a_scan_counts_once UNIQUE (tenant_id, staff_id, nonce)
);
CREATE INDEX dock_scan_last ON dock_scan (tenant_id, staff_id, at DESC);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['photo', 'goods_observation', 'dock_scan'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO retour_app, retour_executor', t);
  END LOOP;
END $$;
GRANT UPDATE (rma_id, return_line_id) ON photo TO retour_app;
GRANT UPDATE (withdrawn_at, withdrawn_by) ON goods_observation TO retour_app;
-- What belongs to a return stays; only a visit that came to nothing loses its photos.
GRANT DELETE ON photo TO retour_app;
CREATE POLICY only_drafts_go ON photo AS RESTRICTIVE FOR DELETE USING (rma_id IS NULL);
CREATE POLICY only_drafts_change ON photo AS RESTRICTIVE FOR UPDATE USING (rma_id IS NULL) WITH CHECK (true);
