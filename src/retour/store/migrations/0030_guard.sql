-- What guards the money of a store, who gave the second approval, how long each blocker may last, and who was told.

CREATE TABLE money_guard (
  tenant_id uuid NOT NULL,
  store_id uuid NOT NULL,
  second_above_minor bigint CHECK (second_above_minor >= 0),    -- of the books' currency; none: nobody else is asked
  second_overrides boolean NOT NULL DEFAULT false,              -- whatever it is worth, if a person went beyond the rules
  second_by text NOT NULL DEFAULT 'owner' CHECK (second_by IN ('owner', 'desk')),
  window_minutes int NOT NULL DEFAULT 1 CHECK (window_minutes BETWEEN 1 AND 1440),
  window_refunds int CHECK (window_refunds > 0),
  window_minor bigint CHECK (window_minor > 0),
  day_minor bigint CHECK (day_minor > 0),
  norm_times int CHECK (norm_times BETWEEN 2 AND 100),
  counted_since timestamptz,                                    -- a person let payments go on; what left before counts no more
  tripped_at timestamptz,                                       -- the breaker paused the store, and nobody has resumed yet
  changed_at timestamptz NOT NULL,
  changed_by text NOT NULL,
  PRIMARY KEY (tenant_id, store_id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id)
);

-- Why, since when and at whose word a store's payments are paused.
ALTER TABLE store
  ADD COLUMN paused_at timestamptz,
  ADD COLUMN paused_by text,
  ADD COLUMN paused_because text CHECK (length(paused_because) BETWEEN 1 AND 1000);

-- A payment that waits for a second person, and what the persons said: append-only, as every word about money.
ALTER TABLE settlement
  ADD COLUMN second_at timestamptz,
  ADD COLUMN second_because text CHECK (second_because IN ('amount', 'override')),
  ADD CONSTRAINT waits_for_a_second_person CHECK ((second_at IS NULL) = (second_because IS NULL));
CREATE INDEX settlement_second ON settlement (tenant_id, second_at) WHERE second_at IS NOT NULL;
CREATE INDEX settlement_unsent ON settlement (tenant_id, rma_id) WHERE state IN ('quoted', 'due');
CREATE TABLE second_approval (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  settlement_id uuid NOT NULL,
  rma_id uuid NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('approved', 'refused')),
  plan_hash text NOT NULL,                                      -- what was seen: it holds for nothing else
  total_minor bigint NOT NULL,
  actor text NOT NULL,
  note text CHECK (length(note) BETWEEN 1 AND 1000),
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, settlement_id) REFERENCES settlement (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id)
);
CREATE INDEX second_approval_by_settlement ON second_approval (tenant_id, settlement_id);

-- Refunds in the currency of the books, so that those of one store can be added up.
ALTER TABLE effect ADD COLUMN shop_minor bigint CHECK (shop_minor >= 0);
CREATE INDEX effect_money_sent ON effect (tenant_id, connection_id, first_sent_at) WHERE moves_money AND first_sent_at IS NOT NULL;

-- What a person must be told about a store beyond its pages; told once for each subject.
CREATE TABLE alarm (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('payments_stopped', 'payments_resumed', 'guard_loosened', 'waits_too_long')),
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
  facts jsonb NOT NULL DEFAULT '{}',                            -- codes and figures, no personal data
  at timestamptz NOT NULL,
  due_at timestamptz,                                           -- none: it was told
  told_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, store_id, kind, subject),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id)
);
CREATE INDEX alarm_due ON alarm (due_at) WHERE due_at IS NOT NULL;

-- How many hours a return may wait for the same reason, where a store wants another limit than the usual one.
CREATE TABLE blocker_limit (
  tenant_id uuid NOT NULL,
  store_id uuid NOT NULL,
  code text NOT NULL CHECK (code ~ '^[a-z_]{1,60}$'),
  hours int CHECK (hours BETWEEN 1 AND 8760),                   -- none: it may wait for ever
  tell_staff_id uuid,                                           -- none: the owners are told
  PRIMARY KEY (tenant_id, store_id, code),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, tell_staff_id) REFERENCES staff (tenant_id, id)
);
-- Which wait of a return was escalated: once for each blocker and its beginning.
ALTER TABLE rma
  ADD COLUMN escalated_code text,
  ADD COLUMN escalated_since timestamptz,
  ADD COLUMN escalated_at timestamptz;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['money_guard', 'second_approval', 'alarm', 'blocker_limit'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
  END LOOP;
END $$;
GRANT DELETE ON blocker_limit TO retour_app;
REVOKE INSERT, UPDATE ON blocker_limit FROM retour_executor;
REVOKE UPDATE ON second_approval FROM retour_app, retour_executor;
REVOKE INSERT ON second_approval FROM retour_executor;
CREATE TRIGGER only_append BEFORE UPDATE OR DELETE ON second_approval FOR EACH ROW EXECUTE FUNCTION only_append();

-- Whatever the code believes: whoever had a hand in a return is not the second person for its money.
CREATE FUNCTION second_person_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM event v
              WHERE v.tenant_id = NEW.tenant_id AND v.resource_kind = 'return' AND v.resource_id = NEW.rma_id
                AND v.actor = NEW.actor AND NEW.verdict = 'approved'
                AND v.type IN ('return.requested', 'return.approved', 'return.received', 'return.inspected',
                               'return.edited', 'return.reopened', 'return.fees_waived', 'settlement.quoted')) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'the same person cannot be the second', CONSTRAINT = 'second_person';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER second_person_guard BEFORE INSERT ON second_approval FOR EACH ROW EXECUTE FUNCTION second_person_guard();

-- No refund above the amount of its store becomes an effect without a second person's word on exactly its figures. What
-- the order has been paid before counts in, so that nobody splits a payment to stay below.
CREATE FUNCTION refund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE s settlement; most bigint; worth bigint;
BEGIN
  IF NEW.kind <> 'refund_tender' OR NEW.business_ref !~ '^refund:[0-9a-f-]{36}$' THEN RETURN NEW; END IF;
  SELECT g.second_above_minor INTO most
    FROM connection k JOIN money_guard g ON g.tenant_id = k.tenant_id AND g.store_id = k.store_id
   WHERE k.tenant_id = NEW.tenant_id AND k.id = NEW.connection_id;
  IF most IS NULL THEN RETURN NEW; END IF;
  SELECT * INTO s FROM settlement WHERE tenant_id = NEW.tenant_id AND id = substr(NEW.business_ref, 8)::uuid;
  SELECT coalesce(sum((o.plan->'total'->>'shop')::bigint + coalesce((o.plan->>'bonus_shop')::bigint, 0)), 0) INTO worth
    FROM settlement o
   WHERE o.tenant_id = NEW.tenant_id AND o.order_id = NEW.order_id
     AND (o.id = s.id OR o.state NOT IN ('quoted', 'failed', 'reversed'));
  IF worth > most AND NOT EXISTS (
      SELECT FROM second_approval a
       WHERE a.tenant_id = NEW.tenant_id AND a.settlement_id = s.id AND a.verdict = 'approved'
         AND a.plan_hash = s.plan_hash AND a.total_minor = s.total_minor) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a second person has to approve', CONSTRAINT = 'second_person';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refund_guard BEFORE INSERT ON effect FOR EACH ROW WHEN (NEW.moves_money) EXECUTE FUNCTION refund_guard();

-- Between the claim and the send somebody may have stopped the money: it is read once more where the send is written down.
CREATE FUNCTION stop_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM effect e
               JOIN connection k ON k.tenant_id = e.tenant_id AND k.id = e.connection_id
               JOIN store s ON s.tenant_id = k.tenant_id AND s.id = k.store_id
               JOIN account a ON a.tenant_id = e.tenant_id
              CROSS JOIN instance i
              WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.effect_id
                AND (i.quarantined OR i.kill_switch OR e.moves_money AND (s.payments_paused OR a.payments_paused))) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'effects are stopped', CONSTRAINT = 'effects_stopped';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stop_guard BEFORE INSERT ON effect_attempt FOR EACH ROW EXECUTE FUNCTION stop_guard();

-- The code knows the kinds of mail; a list here would have to change with each of them.
ALTER TABLE mail DROP CONSTRAINT IF EXISTS mail_kind_check;
ALTER TABLE mail ADD CONSTRAINT mail_kind_check CHECK (kind ~ '^[a-z_]{3,60}$');

GRANT SELECT (tenant_id, id, due_at) ON alarm TO retour_router;
CREATE POLICY router_reads ON alarm FOR SELECT TO retour_router USING (true);
GRANT SELECT (tenant_id, id, store_id, blocked_code, blocked_since, escalated_code, escalated_since) ON rma TO retour_router;
GRANT SELECT (tenant_id, store_id, code, hours) ON blocker_limit TO retour_router;
CREATE POLICY router_reads ON blocker_limit FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_due_alarms(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT a.tenant_id, a.id FROM alarm a
         WHERE a.due_at <= clock_timestamp() - overdue ORDER BY a.due_at LIMIT most $$;
-- `usual` are the hours of each blocker where its store says nothing else: {code: hours}.
CREATE FUNCTION route_due_escalations(most int, overdue interval, usual jsonb) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT r.tenant_id, r.id FROM rma r
          LEFT JOIN blocker_limit l ON l.tenant_id = r.tenant_id AND l.store_id = r.store_id AND l.code = r.blocked_code
         WHERE r.blocked_code IS NOT NULL
           AND (r.escalated_code, r.escalated_since) IS DISTINCT FROM (r.blocked_code, r.blocked_since)
           AND r.blocked_since + make_interval(hours => CASE WHEN l.code IS NOT NULL THEN l.hours
                                                             ELSE (usual->>r.blocked_code)::int END)
               <= clock_timestamp() - overdue
         ORDER BY r.blocked_since LIMIT most $$;
DO $$
DECLARE f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY['route_due_alarms(int, interval)', 'route_due_escalations(int, interval, jsonb)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO retour_router', f);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO retour_app, retour_executor', f);
  END LOOP;
END $$;
