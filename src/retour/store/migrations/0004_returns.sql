-- Returns (rma), their lines and the units they claim; parcels, receipts, inspections, restocks.

CREATE SEQUENCE rma_number START 10001;

CREATE TABLE rma (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  order_id uuid NOT NULL,
  person_id uuid NOT NULL,
  number bigint NOT NULL DEFAULT nextval('rma_number'),
  kind text NOT NULL DEFAULT 'return' CHECK (kind IN ('return', 'claim', 'withdrawal', 'cancellation')),
  channel text NOT NULL,
  status text NOT NULL CHECK (status IN ('requested', 'in_review', 'approved', 'rejected', 'cancelled', 'expired', 'resolved', 'reopened')),
  method text NOT NULL,
  location_ref text,
  policy_version_id uuid NOT NULL,
  decision jsonb NOT NULL,                                      -- frozen facts, deciding rules and outcomes per line
  promised jsonb NOT NULL,                                      -- the plan shown and agreed at request
  held boolean NOT NULL DEFAULT false,
  blocked_actor text, blocked_code text, blocked_since timestamptz, blocked_evidence jsonb,
  requested_at timestamptz NOT NULL,
  decided_at timestamptz, in_transit_at timestamptz, delivered_at timestamptz, received_at timestamptz, inspected_at timestamptz,
  resolved_at timestamptz,
  version int NOT NULL DEFAULT 1,                               -- rises when somebody acts or the status moves; what agents compare
  due_at timestamptz,                                           -- when the return should be looked at again
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),
  FOREIGN KEY (tenant_id, policy_version_id) REFERENCES policy_version (tenant_id, id)
);
CREATE INDEX rma_by_order ON rma (tenant_id, order_id);
CREATE INDEX rma_by_person ON rma (tenant_id, person_id);
CREATE INDEX rma_by_blocker ON rma (tenant_id, blocked_code, blocked_since) WHERE blocked_code IS NOT NULL;
CREATE INDEX rma_due ON rma (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE return_line (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_ref text NOT NULL,
  position int NOT NULL,
  quantity int NOT NULL CHECK (quantity >= 0),                  -- units still claimed
  requested_quantity int NOT NULL CHECK (requested_quantity > 0),
  reason text NOT NULL,
  note text,
  resolution text NOT NULL,
  decision text NOT NULL CHECK (decision IN ('requested', 'in_review', 'approved', 'rejected', 'cancelled', 'expired', 'resolved', 'reopened')),
  decided_at timestamptz,
  decided_by text,
  message text,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, rma_id, position),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id, line_ref) REFERENCES order_line_counter (tenant_id, order_id, line_ref)
);

-- Invariant: no unit of an order line is in two returns at once. Ordinals run from 1.
CREATE TABLE unit_claim (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_ref text NOT NULL,
  ordinals int4range NOT NULL CHECK (NOT isempty(ordinals) AND lower(ordinals) >= 1),
  return_line_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, return_line_id, ordinals),
  FOREIGN KEY (tenant_id, return_line_id) REFERENCES return_line (tenant_id, id),
  CONSTRAINT one_return_per_unit EXCLUDE USING gist (tenant_id WITH =, order_id WITH =, line_ref WITH =, ordinals WITH &&)
);

CREATE TABLE shipment (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  carrier text NOT NULL,
  tracking_number text NOT NULL CHECK (length(tracking_number) BETWEEN 1 AND 100),
  status text NOT NULL DEFAULT 'label_created' CHECK (status IN ('label_created', 'in_transit', 'delivered', 'exception', 'returned_to_sender')),
  status_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, carrier, tracking_number),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id)
);
CREATE INDEX shipment_by_rma ON shipment (tenant_id, rma_id);

CREATE TABLE receipt (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  return_line_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_ref text NOT NULL,
  ordinals int4range NOT NULL CHECK (NOT isempty(ordinals)),
  location_ref text,
  actor text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, return_line_id) REFERENCES return_line (tenant_id, id),
  CONSTRAINT a_unit_arrives_once EXCLUDE USING gist (tenant_id WITH =, return_line_id WITH =, ordinals WITH &&)
);
CREATE INDEX receipt_by_rma ON receipt (tenant_id, rma_id);

CREATE TABLE inspection (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  batch_id uuid NOT NULL,                                       -- what one person or system judged in one go; settled together
  return_line_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_ref text NOT NULL,
  ordinals int4range NOT NULL CHECK (NOT isempty(ordinals)),
  grade text NOT NULL CHECK (grade IN ('sealed', 'opened', 'damaged')),
  disposition text NOT NULL CHECK (disposition IN ('restock', 'refurbish', 'dispose', 'return_to_customer')),
  accepted boolean NOT NULL,
  deduction_basis_points int NOT NULL DEFAULT 0 CHECK (deduction_basis_points BETWEEN 0 AND 10000),
  location_ref text,
  note text,
  actor text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, id, disposition, order_id, line_ref, ordinals),
  FOREIGN KEY (tenant_id, return_line_id) REFERENCES return_line (tenant_id, id),
  CONSTRAINT a_unit_is_judged_once EXCLUDE USING gist (tenant_id WITH =, return_line_id WITH =, ordinals WITH &&)
);
CREATE INDEX inspection_by_rma ON inspection (tenant_id, rma_id);

-- Invariant: restock only what an inspection judged `restock`, each unit at most once, at one location.
CREATE TABLE restock (
  tenant_id uuid NOT NULL,
  inspection_id uuid NOT NULL,
  disposition text NOT NULL DEFAULT 'restock' CHECK (disposition = 'restock'),
  rma_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_ref text NOT NULL,
  ordinals int4range NOT NULL,
  location_ref text NOT NULL,
  carried_by text NOT NULL CHECK (carried_by IN ('retour', 'warehouse', 'platform')),
  effect_id uuid,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, inspection_id),
  CHECK ((carried_by = 'retour') = (effect_id IS NOT NULL)),
  FOREIGN KEY (tenant_id, inspection_id, disposition, order_id, line_ref, ordinals)
    REFERENCES inspection (tenant_id, id, disposition, order_id, line_ref, ordinals),
  CONSTRAINT a_unit_restocks_once EXCLUDE USING gist (tenant_id WITH =, order_id WITH =, line_ref WITH =, ordinals WITH &&)
);
CREATE INDEX restock_by_rma ON restock (tenant_id, rma_id);

CREATE TABLE rma_note (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  body text NOT NULL CHECK (length(body) BETWEEN 1 AND 10000),
  shown_to_shopper boolean NOT NULL DEFAULT false,
  actor text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id)
);
CREATE INDEX rma_note_by_rma ON rma_note (tenant_id, rma_id);
