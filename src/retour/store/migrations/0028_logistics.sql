-- Return addresses, house labels, where an order was sent; what the warehouse was told to expect.

CREATE TABLE return_address (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  code text NOT NULL CHECK (length(code) BETWEEN 1 AND 200),    -- what the policy calls the destination
  is_default boolean NOT NULL DEFAULT false,                    -- where goods go that the policy sends nowhere else
  address jsonb NOT NULL CHECK (jsonb_typeof(address) = 'object'),
  instructions jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(instructions) = 'object'),  -- {language: text}
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, store_id, code),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id)
);
CREATE UNIQUE INDEX one_default_return_address ON return_address (tenant_id, store_id) WHERE is_default;
ALTER TABLE return_address ENABLE ROW LEVEL SECURITY;
ALTER TABLE return_address FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON return_address USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT ON return_address TO retour_app, retour_executor;
GRANT UPDATE, DELETE ON return_address TO retour_app;

-- One label for each parcel of a return: some of its lines, going one way to one place.
CREATE TABLE label (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  parcel int NOT NULL CHECK (parcel >= 1),                      -- counted from 1 within the return
  method text NOT NULL,
  destination text,                                             -- none: the store's default address
  line_ids uuid[] NOT NULL CHECK (cardinality(line_ids) >= 1),
  state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'made', 'failed', 'waived')),
  problem text,
  content_sealed bytea,                                         -- what is printed, under the key of the person
  due_at timestamptz,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, rma_id, parcel),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  CONSTRAINT a_failed_label_says_why CHECK ((state = 'failed') = (problem IS NOT NULL)),
  CONSTRAINT a_made_label_has_its_content CHECK ((state = 'made') = (content_sealed IS NOT NULL)),
  CONSTRAINT a_due_label_has_its_time CHECK ((state = 'due') = (due_at IS NOT NULL))
);
CREATE INDEX label_due ON label (due_at) WHERE due_at IS NOT NULL;
ALTER TABLE label ENABLE ROW LEVEL SECURITY;
ALTER TABLE label FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON label USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON label TO retour_app, retour_executor;

GRANT SELECT (tenant_id, id, due_at) ON label TO retour_router;
CREATE POLICY router_reads ON label FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_due_labels(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT b.tenant_id, b.id FROM label b WHERE b.due_at <= clock_timestamp() - overdue ORDER BY b.due_at LIMIT most $$;
ALTER FUNCTION route_due_labels(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_due_labels(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_due_labels(int, interval) TO retour_app, retour_executor;

-- Whether the shopper cannot be told how to send the goods yet: a line that goes by label has neither one nor a waiver.
CREATE FUNCTION awaits_label(return_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM rma r JOIN return_line l ON l.tenant_id = r.tenant_id AND l.rma_id = r.id
     WHERE r.tenant_id = current_tenant() AND r.id = return_id AND r.in_transit_at IS NULL AND r.received_at IS NULL
       AND l.decision = 'approved' AND l.quantity > 0 AND l.resolution <> 'keep_item'
       AND coalesce(l.method, r.method) IN ('label', 'drop_off')
       AND NOT EXISTS (
         SELECT FROM label b
          WHERE b.tenant_id = r.tenant_id AND b.rma_id = r.id AND b.state IN ('made', 'waived') AND l.id = ANY (b.line_ids)
            AND b.method = coalesce(l.method, r.method) AND b.destination IS NOT DISTINCT FROM l.destination))
$$;

ALTER TABLE sales_order ADD COLUMN ship_to_sealed bytea;        -- where the order was sent, under the key of the person
-- What the warehouse was told last: {line id: units}; none while it was told nothing.
ALTER TABLE rma ADD COLUMN announced jsonb;

-- Parcels are compared by their carrier and number as they are written now; two that would become one stay as they are.
ALTER TABLE shipment NO FORCE ROW LEVEL SECURITY;
WITH plain AS (
  SELECT tenant_id, id, lower(carrier) AS carrier, upper(regexp_replace(tracking_number, '\s', '', 'g')) AS number,
         count(*) OVER (PARTITION BY tenant_id, lower(carrier), upper(regexp_replace(tracking_number, '\s', '', 'g'))) AS n
    FROM shipment)
UPDATE shipment s SET carrier = p.carrier, tracking_number = p.number FROM plain p
 WHERE s.tenant_id = p.tenant_id AND s.id = p.id AND p.n = 1 AND p.number <> ''
   AND (s.carrier, s.tracking_number) IS DISTINCT FROM (p.carrier, p.number);
ALTER TABLE shipment FORCE ROW LEVEL SECURITY;
