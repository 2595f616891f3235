-- Authorisations of cards that instant exchanges stand on. A provider's ids of a person and a card are dropped with the person.

CREATE TABLE card_hold (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  connection_id uuid NOT NULL,                                  -- to the provider of card payments
  state text NOT NULL CHECK (state IN ('asked', 'offered', 'authorised', 'reauthorising', 'capturing', 'releasing', 'dunning',
                                       'failed', 'captured', 'released', 'lapsed')),
  currency text NOT NULL,
  line_ids uuid[] NOT NULL CHECK (cardinality(line_ids) > 0),
  units jsonb NOT NULL,                                         -- [[line ref, first, last]]
  days int NOT NULL CHECK (days BETWEEN 1 AND 60),
  arrive_days int NOT NULL CHECK (arrive_days BETWEEN 0 AND 60),
  since timestamptz NOT NULL,                                   -- of the state
  amount_minor bigint CHECK (amount_minor > 0),
  captured_minor bigint NOT NULL DEFAULT 0 CHECK (captured_minor BETWEEN 0 AND coalesce(amount_minor, 0)),
  owed_minor bigint CHECK (owed_minor BETWEEN 1 AND amount_minor),
  owes text CHECK (owes IN ('confirm', 'pay')),
  problem text CHECK (length(problem) BETWEEN 1 AND 200),
  effect_id uuid,                                               -- the effect that is awaited
  page_ref text,
  page_url text,
  page_until timestamptz,
  intent_ref text,
  customer_ref text,
  method_ref text,
  authorised_at timestamptz,
  lapses_at timestamptz,
  send_by timestamptz,
  arrive_by timestamptz,
  reminded int NOT NULL DEFAULT 0,
  dunning_since timestamptz,
  dunned int NOT NULL DEFAULT 0,
  back_url text,
  wants_page boolean NOT NULL DEFAULT false,
  decided text CHECK (decided IN ('capture', 'release')),
  decided_minor bigint CHECK (decided_minor > 0),
  due_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, id),
  FOREIGN KEY (tenant_id, effect_id) REFERENCES effect (tenant_id, id),
  CONSTRAINT standing_knows_its_end CHECK (state <> 'authorised' OR (intent_ref IS NOT NULL AND lapses_at IS NOT NULL)),
  CONSTRAINT open_is_looked_at CHECK (state IN ('captured', 'released', 'lapsed') OR due_at IS NOT NULL),
  CONSTRAINT captured_has_an_amount CHECK (state <> 'captured' OR captured_minor > 0)
);
-- A return stands on one authorisation at a time.
CREATE UNIQUE INDEX card_hold_open ON card_hold (tenant_id, rma_id) WHERE state NOT IN ('captured', 'released', 'lapsed');
CREATE INDEX card_hold_by_rma ON card_hold (tenant_id, rma_id, since);
CREATE INDEX card_hold_due ON card_hold (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX card_hold_by_effect ON card_hold (tenant_id, effect_id) WHERE effect_id IS NOT NULL;

ALTER TABLE card_hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE card_hold FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON card_hold USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON card_hold TO retour_app, retour_executor;

GRANT SELECT (tenant_id, id, due_at) ON card_hold TO retour_router;
CREATE POLICY router_reads ON card_hold FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_due_card_holds(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT h.tenant_id, h.id FROM card_hold h
         WHERE h.due_at <= clock_timestamp() - overdue ORDER BY h.due_at LIMIT most $$;
ALTER FUNCTION route_due_card_holds(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_due_card_holds(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_due_card_holds(int, interval) TO retour_app, retour_executor;
