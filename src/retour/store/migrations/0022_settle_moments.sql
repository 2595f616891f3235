-- When the money of a line is due, how its goods come back, what the shopper answered; fees that were waived.

ALTER TABLE rma
  ADD COLUMN approve_at timestamptz;                            -- when the policy approves what nobody has decided by then
ALTER TABLE return_line
  ADD COLUMN settle_on text NOT NULL DEFAULT 'inspected'
    CHECK (settle_on IN ('approved', 'first_scan', 'delivered', 'received', 'inspected')),
  ADD COLUMN settle_after_hours int NOT NULL DEFAULT 0 CHECK (settle_after_hours >= 0),
  ADD COLUMN method text,                                       -- none: the return's
  ADD COLUMN destination text,                                  -- none: the store's own
  ADD COLUMN answers jsonb NOT NULL DEFAULT '{}';               -- {question id: answer}
ALTER TABLE settlement
  ADD COLUMN moment text NOT NULL DEFAULT 'inspected'
    CHECK (moment IN ('approved', 'first_scan', 'delivered', 'received', 'inspected')),
  ADD COLUMN units jsonb NOT NULL DEFAULT '[]',                 -- [[line_ref, first, last]] settled before their inspection
  ADD COLUMN not_before timestamptz;                            -- when it may be paid, if not at once

-- Who waived which fee of a return, and why: append-only, as every word about money.
CREATE TABLE fee_waiver (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  kind text CHECK (kind IN ('restocking', 'label', 'return', 'cancellation')),   -- none: every fee
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  actor text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id)
);
CREATE UNIQUE INDEX a_fee_is_waived_once ON fee_waiver (tenant_id, rma_id, kind) NULLS NOT DISTINCT;
ALTER TABLE fee_waiver ENABLE ROW LEVEL SECURITY;
ALTER TABLE fee_waiver FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON fee_waiver USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT ON fee_waiver TO retour_app, retour_executor;
CREATE TRIGGER only_append BEFORE UPDATE OR DELETE ON fee_waiver FOR EACH ROW EXECUTE FUNCTION only_append();
