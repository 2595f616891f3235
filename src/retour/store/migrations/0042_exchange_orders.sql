-- The new order of an exchange, made on the platform by effects, and the article that each line is exchanged for.

CREATE TABLE wanted_article (
  tenant_id uuid NOT NULL,
  return_line_id uuid NOT NULL,
  rma_id uuid NOT NULL,
  article text NOT NULL CHECK (length(article) BETWEEN 1 AND 200),  -- the platform's ref of it, or its SKU
  actor text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, return_line_id),
  FOREIGN KEY (tenant_id, return_line_id) REFERENCES return_line (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id)
);
CREATE INDEX wanted_article_by_rma ON wanted_article (tenant_id, rma_id);

CREATE TABLE exchange_order (
  tenant_id uuid NOT NULL,
  settlement_id uuid NOT NULL,                                  -- of what was handed in
  rma_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('preparing', 'stuck', 'drafting', 'releasing', 'invoicing', 'unpaid', 'linking',
                                       'paying_rest', 'made', 'dropping', 'cancelled', 'by_hand')),
  problem text CHECK (length(problem) BETWEEN 1 AND 200),       -- why it is stuck
  tries int NOT NULL DEFAULT 1 CHECK (tries > 0),               -- how often a new order was begun for these goods
  articles jsonb NOT NULL,                                      -- [{article, quantity, ref, title}]
  figures jsonb,                                                -- the whole exchange, once it was priced
  effect_id uuid,                                               -- the effect that is awaited
  draft_ref text,
  order_ref text,
  order_id uuid,
  pay_url text,
  back text CHECK (back IN ('refund_original', 'store_credit', 'reverse', 'by_hand')),
  expires_at timestamptz,
  reminded_at timestamptz,
  since timestamptz NOT NULL,                                   -- of the state
  due_at timestamptz,
  PRIMARY KEY (tenant_id, settlement_id),
  FOREIGN KEY (tenant_id, settlement_id) REFERENCES settlement (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, id),
  FOREIGN KEY (tenant_id, effect_id) REFERENCES effect (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  CONSTRAINT stuck_says_why CHECK (state <> 'stuck' OR problem IS NOT NULL)
);
CREATE INDEX exchange_order_by_rma ON exchange_order (tenant_id, rma_id);
CREATE INDEX exchange_order_due ON exchange_order (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX exchange_order_by_effect ON exchange_order (tenant_id, effect_id) WHERE effect_id IS NOT NULL;
-- One order replaces the goods of one settlement.
CREATE UNIQUE INDEX exchange_order_far ON exchange_order (tenant_id, connection_id, order_ref) WHERE order_ref IS NOT NULL;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['wanted_article', 'exchange_order'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO retour_app, retour_executor', t);
  END LOOP;
END $$;
GRANT INSERT ON exchange TO retour_executor;                    -- it links what it has made
-- The executor mirrors orders, too: those it has made, and those of a connection with one credential.
GRANT SELECT, INSERT, DELETE ON person_word TO retour_executor;

GRANT SELECT (tenant_id, settlement_id, due_at) ON exchange_order TO retour_router;
CREATE POLICY router_reads ON exchange_order FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_due_exchanges(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT e.tenant_id, e.settlement_id FROM exchange_order e
         WHERE e.due_at <= clock_timestamp() - overdue ORDER BY e.due_at LIMIT most $$;
ALTER FUNCTION route_due_exchanges(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_due_exchanges(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_due_exchanges(int, interval) TO retour_app, retour_executor;

-- How many days an invoice for the difference may stay unpaid; none: for ever.
ALTER TABLE store ADD COLUMN unpaid_days int CHECK (unpaid_days BETWEEN 1 AND 365);
