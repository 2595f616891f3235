-- Settlements, the effects that carry them out, and the double-entry ledger.

CREATE TABLE settlement (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  order_id uuid NOT NULL,
  seq int NOT NULL CHECK (seq > 0),
  batch_id uuid NOT NULL,                                       -- the inspections it pays for
  part int NOT NULL CHECK (part > 0),                           -- lines of a batch under other terms are settled apart
  resolution text NOT NULL,
  state text NOT NULL CHECK (state IN ('quoted', 'due', 'sending', 'pending', 'settled', 'failed', 'unknown', 'handed_over', 'reversed')),
  currency char(3) NOT NULL,
  total_minor bigint NOT NULL CHECK (total_minor >= 0),
  plan jsonb NOT NULL,                                          -- the plan that is paid, with every row
  plan_hash text NOT NULL,
  platform_quote jsonb,                                         -- the platform's own figures for the same units
  comparison text CHECK (comparison IN ('equal', 'rounded', 'differs', 'accepted_by_person')),
  reasons jsonb NOT NULL DEFAULT '[]',                          -- why it differs from what was promised
  effect_id uuid,
  created_at timestamptz NOT NULL,
  settled_at timestamptz,
  due_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, rma_id, seq),
  UNIQUE (tenant_id, rma_id, batch_id, part),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id)
);
CREATE INDEX settlement_due ON settlement (due_at) WHERE due_at IS NOT NULL;

-- What an order's lines and charges have been paid back by us: the ledger that the next quote starts from. The rows
-- stand for reserved or paid money; a refund that provably failed takes its rows along, the plan stays on the settlement.
CREATE TABLE settlement_line (
  tenant_id uuid NOT NULL,
  settlement_id uuid NOT NULL,
  n int NOT NULL,
  order_id uuid NOT NULL,
  ref text,                                                     -- of the order line or charge; none for the whole order
  ordinals int4range,                                           -- the units it pays for; none for a charge or goodwill
  kind text NOT NULL,                                           -- of the plan's row: units, money, shipping, damage, …
  paid_minor bigint NOT NULL,
  paid_shop_minor bigint NOT NULL,
  withheld_minor bigint NOT NULL DEFAULT 0,
  withheld_shop_minor bigint NOT NULL DEFAULT 0,
  basis_points int,
  taxes jsonb NOT NULL DEFAULT '[]',                            -- [{bucket, amount: {presentment, shop}}]
  PRIMARY KEY (tenant_id, settlement_id, n),
  FOREIGN KEY (tenant_id, settlement_id) REFERENCES settlement (tenant_id, id),
  CONSTRAINT a_unit_is_settled_once EXCLUDE USING gist (tenant_id WITH =, order_id WITH =, ref WITH =, ordinals WITH &&)
    WHERE (kind = 'units')
);
CREATE INDEX settlement_line_by_order ON settlement_line (tenant_id, order_id);

CREATE TABLE effect (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  order_id uuid NOT NULL,
  rma_id uuid,
  kind text NOT NULL,
  business_ref text NOT NULL,
  seq int NOT NULL DEFAULT 1 CHECK (seq > 0),
  reference text NOT NULL,
  target jsonb NOT NULL,
  amount_minor bigint CHECK (amount_minor > 0),
  currency char(3),
  request_hash bytea NOT NULL,
  idem_key text NOT NULL,
  key_generation int NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'intent' CHECK (state IN ('intent', 'sending', 'pending', 'confirmed', 'failed', 'unknown', 'cancelled')),
  moves_money boolean NOT NULL,
  serial_key text,                                              -- effects of one key are carried out one at a time
  repeat_harmless boolean NOT NULL DEFAULT false,               -- twice is the same as once (tags, notes)
  quiet_period interval NOT NULL,
  trusted_window interval NOT NULL,                             -- zero without keys
  first_sent_at timestamptz,
  last_sent_at timestamptz,
  readback_negative_at timestamptz,
  no_effect_proven_at timestamptz,
  guard_before jsonb NOT NULL DEFAULT '{}',
  parked_at timestamptz,                                        -- waits for a person
  lease_epoch bigint NOT NULL DEFAULT 0,
  lease_until timestamptz,
  due_at timestamptz NOT NULL,
  tries int NOT NULL DEFAULT 0,
  far_id text,
  far_code text,
  message text,
  result jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  settled_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, kind, business_ref, seq),
  UNIQUE (tenant_id, idem_key),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  CHECK ((amount_minor IS NULL) = (currency IS NULL))
);
CREATE INDEX effect_open ON effect (due_at) WHERE state IN ('intent', 'sending', 'pending', 'unknown') AND parked_at IS NULL;
CREATE INDEX effect_by_rma ON effect (tenant_id, rma_id);
CREATE UNIQUE INDEX effect_serial ON effect (tenant_id, serial_key) WHERE state IN ('sending', 'unknown') AND serial_key IS NOT NULL;
CREATE UNIQUE INDEX effect_far ON effect (tenant_id, kind, far_id) WHERE far_id IS NOT NULL AND kind = 'refund_tender';

CREATE TABLE effect_leg (
  tenant_id uuid NOT NULL,
  effect_id uuid NOT NULL,
  n int NOT NULL,
  order_id uuid NOT NULL,
  capture_ref text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (tenant_id, effect_id, n),
  FOREIGN KEY (tenant_id, effect_id) REFERENCES effect (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id, capture_ref) REFERENCES payment_capture (tenant_id, order_id, ref)
);

CREATE TABLE effect_attempt (
  tenant_id uuid NOT NULL,
  effect_id uuid NOT NULL,
  n int NOT NULL CHECK (n > 0),
  lease_epoch bigint NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, effect_id, n),
  FOREIGN KEY (tenant_id, effect_id) REFERENCES effect (tenant_id, id)
);

-- Everything that was seen about an effect: answers, read-backs, late answers of an executor that lost its lease.
CREATE TABLE effect_observation (
  tenant_id uuid NOT NULL,
  effect_id uuid NOT NULL,
  id uuid NOT NULL,
  attempt int NOT NULL,
  lease_epoch bigint NOT NULL,
  what text NOT NULL CHECK (what IN ('answer', 'readback', 'late_answer', 'person')),
  verdict text NOT NULL,
  far_code text,
  message text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, effect_id) REFERENCES effect (tenant_id, id)
);
CREATE INDEX effect_observation_by_effect ON effect_observation (tenant_id, effect_id);

CREATE FUNCTION attempt_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE e effect; last effect_attempt;
BEGIN
  SELECT * INTO e FROM effect WHERE tenant_id = NEW.tenant_id AND id = NEW.effect_id FOR UPDATE;
  SELECT * INTO last FROM effect_attempt WHERE tenant_id = NEW.tenant_id AND effect_id = NEW.effect_id ORDER BY n DESC LIMIT 1;
  IF e.state IS DISTINCT FROM 'sending' OR NEW.lease_epoch <> e.lease_epoch OR NEW.n <> coalesce(last.n, 0) + 1 THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'attempt without a valid lease', CONSTRAINT = 'attempt_needs_a_lease';
  END IF;
  IF last.n IS NOT NULL
     AND NOT coalesce(clock_timestamp() < e.first_sent_at + e.trusted_window, false)
     AND NOT coalesce(e.no_effect_proven_at >= last.sent_at, false)
     AND NOT coalesce(e.readback_negative_at >= last.sent_at + e.quiet_period, false)
     AND NOT e.repeat_harmless THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'blind re-send refused', CONSTRAINT = 'no_blind_resend';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER attempt_guard BEFORE INSERT ON effect_attempt FOR EACH ROW EXECUTE FUNCTION attempt_guard();

CREATE FUNCTION effect_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'effects are kept', CONSTRAINT = 'effects_are_kept';
  END IF;
  IF (NEW.kind, NEW.business_ref, NEW.seq, NEW.target, NEW.request_hash, NEW.reference, NEW.order_id, NEW.connection_id)
     IS DISTINCT FROM (OLD.kind, OLD.business_ref, OLD.seq, OLD.target, OLD.request_hash, OLD.reference, OLD.order_id, OLD.connection_id)
     OR (NEW.amount_minor, NEW.currency) IS DISTINCT FROM (OLD.amount_minor, OLD.currency)
     OR (NEW.trusted_window, NEW.quiet_period, NEW.repeat_harmless) IS DISTINCT FROM (OLD.trusted_window, OLD.quiet_period, OLD.repeat_harmless) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'an effect never changes what it does', CONSTRAINT = 'effect_is_immutable';
  END IF;
  IF NEW.lease_epoch < OLD.lease_epoch OR NEW.first_sent_at IS DISTINCT FROM coalesce(OLD.first_sent_at, NEW.first_sent_at)
     AND NEW.key_generation = OLD.key_generation THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a lease never goes backwards', CONSTRAINT = 'effect_lease';
  END IF;
  IF NEW.idem_key <> OLD.idem_key OR NEW.key_generation <> OLD.key_generation THEN
    IF NOT (NEW.idem_key <> OLD.idem_key AND NEW.key_generation = OLD.key_generation + 1
            AND NEW.no_effect_proven_at > coalesce(OLD.no_effect_proven_at, '-infinity')) THEN
      RAISE integrity_constraint_violation USING MESSAGE = 'a new key needs proof that the old one did nothing', CONSTRAINT = 'effect_key';
    END IF;
  END IF;
  IF NEW.state <> OLD.state THEN
    IF NOT ((OLD.state, NEW.state) IN (
        ('intent', 'sending'), ('intent', 'cancelled'),
        ('sending', 'intent'), ('sending', 'pending'), ('sending', 'confirmed'), ('sending', 'failed'), ('sending', 'unknown'),
        ('pending', 'confirmed'), ('pending', 'failed'),
        ('unknown', 'sending'), ('unknown', 'pending'), ('unknown', 'confirmed'), ('unknown', 'failed'))) THEN
      RAISE integrity_constraint_violation USING MESSAGE = format('an effect cannot move from %s to %s', OLD.state, NEW.state), CONSTRAINT = 'effect_move';
    END IF;
    IF (OLD.state, NEW.state) = ('sending', 'intent')
       AND NOT coalesce(NEW.no_effect_proven_at > coalesce(OLD.no_effect_proven_at, '-infinity'), false) THEN
      RAISE integrity_constraint_violation USING MESSAGE = 'back to intent only with proof', CONSTRAINT = 'effect_move';
    END IF;
    IF (OLD.state, NEW.state) = ('unknown', 'failed')
       AND NOT coalesce(NEW.readback_negative_at >= NEW.last_sent_at + NEW.quiet_period, false) THEN
      RAISE integrity_constraint_violation USING MESSAGE = 'unknown fails only after a negative read-back', CONSTRAINT = 'effect_move';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER effect_guard BEFORE UPDATE OR DELETE ON effect FOR EACH ROW EXECUTE FUNCTION effect_guard();

CREATE TABLE ledger_account (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  path text NOT NULL,
  currency char(3) NOT NULL,
  posted_minor bigint NOT NULL DEFAULT 0,
  reserved_minor bigint NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
  may_be_negative boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, path, currency),
  UNIQUE (tenant_id, id, currency),
  CONSTRAINT never_below_zero CHECK (may_be_negative OR posted_minor - reserved_minor >= 0)
);

CREATE TABLE ledger_entry (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  reference text NOT NULL,
  effect_id uuid,
  reverses uuid,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, reference),
  UNIQUE (tenant_id, effect_id),
  UNIQUE (tenant_id, reverses),
  FOREIGN KEY (tenant_id, effect_id) REFERENCES effect (tenant_id, id)
);

CREATE TABLE posting (
  tenant_id uuid NOT NULL,
  entry_id uuid NOT NULL,
  n int NOT NULL,
  currency char(3) NOT NULL,
  source uuid NOT NULL,
  destination uuid NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (tenant_id, entry_id, n),
  CHECK (source <> destination),
  FOREIGN KEY (tenant_id, entry_id) REFERENCES ledger_entry (tenant_id, id),
  FOREIGN KEY (tenant_id, source, currency) REFERENCES ledger_account (tenant_id, id, currency),
  FOREIGN KEY (tenant_id, destination, currency) REFERENCES ledger_account (tenant_id, id, currency)
);
