-- What other systems and people send in to become a return: each thing once per source, and what waits for a person.

CREATE TABLE intake (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  source text NOT NULL CHECK (length(source) BETWEEN 1 AND 100),      -- who speaks, such as feed:<connection>
  connection_id uuid,
  channel text NOT NULL,
  external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 200),
  far_status text,                                              -- where it stands at the source
  far_updated_at timestamptz,                                   -- what is older changes nothing
  state text NOT NULL CHECK (state IN ('waiting', 'opened', 'dismissed')),
  why text,                                                     -- why it waits, as a code
  facts jsonb NOT NULL DEFAULT '{}',                            -- codes and figures, never a name
  candidates jsonb NOT NULL DEFAULT '[]',                       -- orders it may belong to, with the points of each
  order_id uuid,
  rma_id uuid,
  sealed bytea NOT NULL,                                        -- the document as it was read last
  sealed_for uuid,                                              -- whose key seals it, once it is known
  received_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  decided_by text,
  reason text CHECK (length(reason) BETWEEN 1 AND 2000),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, source, external_id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  FOREIGN KEY (tenant_id, sealed_for) REFERENCES person (tenant_id, id),
  CONSTRAINT what_waits_says_why CHECK ((state = 'waiting') = (why IS NOT NULL)),
  CONSTRAINT what_is_opened_is_a_return CHECK ((state = 'opened') = (rma_id IS NOT NULL)),
  CONSTRAINT what_is_dismissed_says_why CHECK (state <> 'dismissed' OR reason IS NOT NULL)
);
CREATE INDEX intake_waiting ON intake (tenant_id, received_at, id) WHERE state = 'waiting';
CREATE INDEX intake_by_time ON intake (tenant_id, id DESC);
CREATE INDEX intake_by_rma ON intake (tenant_id, rma_id) WHERE rma_id IS NOT NULL;

ALTER TABLE intake ENABLE ROW LEVEL SECURITY;
ALTER TABLE intake FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON intake USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON intake TO retour_app;

-- What became of a message, beside why it was not worked on.
ALTER TABLE inbox ADD COLUMN outcome text, ADD COLUMN intake_id uuid;
