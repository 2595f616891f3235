-- The fee of a return that is paid before the goods are sent: where its invoice on the platform stands.

CREATE TABLE fee_invoice (
  tenant_id uuid NOT NULL,
  rma_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('due', 'drafting', 'invoicing', 'unpaid', 'stuck', 'dropping', 'lapsed', 'paid', 'free',
                                       'withheld', 'ended', 'refunding', 'refunded', 'unrefunded', 'kept')),
  problem text CHECK (length(problem) BETWEEN 1 AND 200),       -- why it is stuck
  tries int NOT NULL DEFAULT 1 CHECK (tries > 0),               -- how many invoices were begun
  parts jsonb NOT NULL DEFAULT '[]',                            -- [{kind, amount, back, tax_bp}]
  back text CHECK (back IN ('again', 'free', 'withheld', 'lapsed', 'ended')),
  effect_id uuid,                                               -- the effect that is awaited
  draft_ref text,
  order_ref text,
  order_id uuid,                                                -- of the order it was paid with
  pay_url text,
  collected_minor bigint CHECK (collected_minor >= 0),          -- presentment
  expires_at timestamptz,
  reminded_at timestamptz,
  since timestamptz NOT NULL,                                   -- of the state
  due_at timestamptz,
  PRIMARY KEY (tenant_id, rma_id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  FOREIGN KEY (tenant_id, effect_id) REFERENCES effect (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  CONSTRAINT stuck_fee_says_why CHECK (state <> 'stuck' OR problem IS NOT NULL),
  CONSTRAINT paid_fee_was_collected CHECK (state <> 'paid' OR collected_minor IS NOT NULL)
);
CREATE INDEX fee_invoice_due ON fee_invoice (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX fee_invoice_by_effect ON fee_invoice (tenant_id, effect_id) WHERE effect_id IS NOT NULL;
-- An order pays for one return.
CREATE UNIQUE INDEX fee_invoice_order ON fee_invoice (tenant_id, order_id) WHERE order_id IS NOT NULL;

ALTER TABLE fee_invoice ENABLE ROW LEVEL SECURITY;
ALTER TABLE fee_invoice FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON fee_invoice USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON fee_invoice TO retour_app, retour_executor;

GRANT SELECT (tenant_id, rma_id, due_at) ON fee_invoice TO retour_router;
CREATE POLICY router_reads ON fee_invoice FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_due_fees(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT f.tenant_id, f.rma_id FROM fee_invoice f
         WHERE f.due_at <= clock_timestamp() - overdue ORDER BY f.due_at LIMIT most $$;
ALTER FUNCTION route_due_fees(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_due_fees(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_due_fees(int, interval) TO retour_app, retour_executor;

-- The mail of the approval says how to send the goods: it waits for the label, and for a fee that is paid beforehand.
CREATE OR REPLACE FUNCTION awaits_label(return_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM rma r JOIN return_line l ON l.tenant_id = r.tenant_id AND l.rma_id = r.id
     WHERE r.tenant_id = current_tenant() AND r.id = return_id AND r.in_transit_at IS NULL AND r.received_at IS NULL
       AND l.decision = 'approved' AND l.quantity > 0 AND l.resolution <> 'keep_item'
       AND coalesce(l.method, r.method) IN ('label', 'drop_off')
       AND NOT EXISTS (
         SELECT FROM label b
          WHERE b.tenant_id = r.tenant_id AND b.rma_id = r.id AND b.state IN ('made', 'waived') AND l.id = ANY (b.line_ids)
            AND b.method = coalesce(l.method, r.method) AND b.destination IS NOT DISTINCT FROM l.destination))
  OR EXISTS (
    SELECT FROM fee_invoice f
     WHERE f.tenant_id = current_tenant() AND f.rma_id = return_id
       AND f.state IN ('due', 'drafting', 'invoicing', 'unpaid', 'stuck', 'dropping', 'lapsed')
       AND (f.back IS NULL OR f.back NOT IN ('free', 'withheld')))
$$;
