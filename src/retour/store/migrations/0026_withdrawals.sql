-- Statutory withdrawals: a statement is received from anybody, acknowledged at once, and matched with an order afterwards.

CREATE TABLE withdrawal (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  channel text NOT NULL CHECK (channel ~ '^[a-z_]{2,20}$'),
  actor text NOT NULL,
  token_sha256 bytea CHECK (length(token_sha256) = 32),         -- of the browser that stated it, which may read it again
  language text NOT NULL CHECK (language ~ '^[a-z]{2,3}$'),
  sealed bytea NOT NULL,                                        -- the statement: under the key of the person once known
  person_id uuid,                                               -- whose key; until then the house's
  content_sha256 text NOT NULL CHECK (content_sha256 ~ '^[0-9a-f]{64}$'),
  received_at timestamptz NOT NULL,
  stated_on date NOT NULL,                                      -- the merchant-local day of it
  state text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'waiting', 'matched', 'closed')),
  why text CHECK (why IN ('no_order', 'another_contact', 'several_orders', 'part_named', 'late', 'nothing_left', 'not_opened')),
  refusal text,                                                 -- the code with which no return could be opened
  since timestamptz NOT NULL,                                   -- of the state
  order_id uuid,                                                -- the order it was found to be about
  last_day date,                                                -- of the period, as it was when the order was found
  late boolean NOT NULL DEFAULT false,
  rma_id uuid,
  decided_by text,
  reason text CHECK (length(reason) BETWEEN 1 AND 2000),        -- a person's, where a person decided
  due_at timestamptz,                                           -- when its order should be looked for (again)
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  CONSTRAINT withdrawal_waits_for_a_reason CHECK ((state = 'waiting') = (why IS NOT NULL)),
  CONSTRAINT withdrawal_matched_has_a_return CHECK ((state = 'matched') = (rma_id IS NOT NULL)),
  CONSTRAINT withdrawal_closed_by_a_person CHECK (state <> 'closed' OR (decided_by IS NOT NULL AND reason IS NOT NULL))
);
CREATE UNIQUE INDEX withdrawal_of_return ON withdrawal (tenant_id, rma_id) WHERE rma_id IS NOT NULL;
CREATE INDEX withdrawal_by_state ON withdrawal (tenant_id, state, since);
CREATE INDEX withdrawal_due ON withdrawal (due_at) WHERE due_at IS NOT NULL;

-- What was stated, and when, never changes; a statement is never deleted (erasing its person makes it unreadable).
CREATE FUNCTION withdrawal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a withdrawal is kept', CONSTRAINT = 'withdrawal_fixed';
  END IF;
  IF (NEW.content_sha256, NEW.received_at, NEW.stated_on, NEW.store_id, NEW.channel) IS DISTINCT FROM
     (OLD.content_sha256, OLD.received_at, OLD.stated_on, OLD.store_id, OLD.channel) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'what was stated does not change', CONSTRAINT = 'withdrawal_fixed';
  END IF;
  IF OLD.state = 'matched' AND NEW.state <> 'matched' THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a matched withdrawal stays matched', CONSTRAINT = 'withdrawal_move';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER withdrawal_guard BEFORE UPDATE OR DELETE ON withdrawal FOR EACH ROW EXECUTE FUNCTION withdrawal_guard();

ALTER TABLE withdrawal ENABLE ROW LEVEL SECURITY;
ALTER TABLE withdrawal FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON withdrawal USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());

GRANT SELECT (tenant_id, id, due_at) ON withdrawal TO retour_router;
CREATE POLICY router_reads ON withdrawal FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_due_withdrawals(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT w.tenant_id, w.id FROM withdrawal w WHERE w.due_at <= clock_timestamp() - overdue ORDER BY w.due_at LIMIT most $$;
ALTER FUNCTION route_due_withdrawals(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_due_withdrawals(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_due_withdrawals(int, interval) TO retour_app, retour_executor;

-- The kinds of mail are the program's; here only their shape is checked.
ALTER TABLE mail DROP CONSTRAINT IF EXISTS mail_kind_check;
ALTER TABLE mail ADD CONSTRAINT mail_kind_check CHECK (kind ~ '^[a-z_]{3,40}$');

-- Whoever got the goods as a gift returns them: the giver is not told, and the money becomes the receiver's credit.
ALTER TABLE rma ADD COLUMN gift boolean NOT NULL DEFAULT false;
CREATE INDEX rma_by_kind ON rma (tenant_id, kind, requested_at DESC) WHERE kind <> 'return';
