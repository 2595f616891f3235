-- What a merchant offers instead of goods, as records of their own; and settlements that somebody else carries out.

CREATE TABLE resolution (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('refund_original', 'refund_service', 'gift_card', 'store_credit', 'exchange', 'keep_item', 'repair')),
  texts jsonb NOT NULL CHECK (jsonb_typeof(texts) = 'object'),  -- {language: {name, description}}
  integration text CHECK (length(integration) BETWEEN 1 AND 200), -- who pays, for a refund service
  position int NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  archived_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  CONSTRAINT a_service_is_named CHECK ((kind = 'refund_service') = (integration IS NOT NULL))
);
CREATE INDEX resolution_by_store ON resolution (tenant_id, store_id, position, id);

-- Every store has a record of the refund to the original payment, however the store was made.
CREATE FUNCTION add_standard_resolution(tenant uuid, store uuid, at timestamptz) RETURNS void LANGUAGE sql AS $$
  INSERT INTO resolution (tenant_id, id, store_id, kind, texts, position, created_at, changed_at)
  VALUES (tenant, gen_random_uuid(), store, 'refund_original', jsonb_build_object(
    'en', jsonb_build_object('name', 'Refund to the original payment', 'description', ''),
    'de', jsonb_build_object('name', 'Erstattung auf das ursprüngliche Zahlungsmittel', 'description', ''),
    'ar', jsonb_build_object('name', 'استرداد إلى وسيلة الدفع الأصلية', 'description', '')), 1, at, at)
$$;
CREATE FUNCTION store_has_a_resolution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM add_standard_resolution(NEW.tenant_id, NEW.id, NEW.created_at);
  RETURN NEW;
END $$;
CREATE TRIGGER store_has_a_resolution AFTER INSERT ON store FOR EACH ROW EXECUTE FUNCTION store_has_a_resolution();

-- The stores made before: the owner sees them all while their row security is not forced upon it.
ALTER TABLE store NO FORCE ROW LEVEL SECURITY;
DO $$
BEGIN
  PERFORM add_standard_resolution(s.tenant_id, s.id, s.created_at) FROM store s;
END $$;
ALTER TABLE store FORCE ROW LEVEL SECURITY;

ALTER TABLE resolution ENABLE ROW LEVEL SECURITY;
ALTER TABLE resolution FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON resolution USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
REVOKE INSERT, UPDATE ON resolution FROM retour_executor;

-- Kinds that Retour could pay itself and in this store only tells about.
ALTER TABLE store ADD COLUMN notify_only text[] NOT NULL DEFAULT '{}';

-- What was chosen; none where the policy's offer names no record.
ALTER TABLE return_line ADD COLUMN resolution_ref uuid;
ALTER TABLE return_line ADD CONSTRAINT return_line_resolution
  FOREIGN KEY (tenant_id, resolution_ref) REFERENCES resolution (tenant_id, id) NOT VALID;
ALTER TABLE settlement ADD COLUMN resolution_ref uuid;
ALTER TABLE settlement ADD CONSTRAINT settlement_resolution
  FOREIGN KEY (tenant_id, resolution_ref) REFERENCES resolution (tenant_id, id) NOT VALID;

-- A settlement that is handed over: to the platform, which answers for it; or to the merchant, who reports how it went.
ALTER TABLE settlement ADD COLUMN handed_to text CHECK (handed_to IN ('platform', 'merchant'));
ALTER TABLE settlement ADD COLUMN handed_at timestamptz;
ALTER TABLE settlement ADD COLUMN report_ref text CHECK (length(report_ref) BETWEEN 1 AND 200);
ALTER TABLE settlement ADD COLUMN report_note text CHECK (length(report_note) BETWEEN 1 AND 1000);
ALTER TABLE settlement ADD COLUMN reported_by text;
ALTER TABLE settlement ADD COLUMN reported_at timestamptz;
ALTER TABLE settlement ADD COLUMN report_due_at timestamptz;     -- when it is shown as late
CREATE INDEX settlement_report_due ON settlement (report_due_at) WHERE report_due_at IS NOT NULL;

GRANT SELECT (report_due_at) ON settlement TO retour_router;
CREATE FUNCTION route_due_reports(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT s.tenant_id, s.id FROM settlement s
         WHERE s.report_due_at <= clock_timestamp() - overdue ORDER BY s.report_due_at LIMIT most $$;
ALTER FUNCTION route_due_reports(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_due_reports(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_due_reports(int, interval) TO retour_app, retour_executor;
