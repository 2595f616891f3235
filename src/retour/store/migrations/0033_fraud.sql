-- Signs of abuse: by what shoppers are recognised, which of them are on a list, what a store counts as a sign, the score.

-- Who has asked for a return, by salted hashes of what recognises them (store/fraud.py); nothing of it can be read back.
CREATE TABLE person_key (
  tenant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('email', 'phone', 'address', 'person')),
  key bytea NOT NULL CHECK (length(key) = 32),
  person_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, kind, key, person_id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id)
);
CREATE INDEX person_key_by_person ON person_key (tenant_id, person_id);

CREATE TABLE shopper_list (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  list text NOT NULL CHECK (list IN ('block', 'allow')),
  kind text NOT NULL CHECK (kind IN ('email', 'phone', 'address', 'person')),
  key bytea NOT NULL CHECK (length(key) = 32),
  hint text NOT NULL CHECK (length(hint) BETWEEN 1 AND 40),     -- enough to tell entries apart, too little to know whom
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  actor text NOT NULL,
  at timestamptz NOT NULL,
  removed_by text,
  removed_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  CHECK ((removed_by IS NULL) = (removed_at IS NULL))
);
CREATE UNIQUE INDEX a_shopper_is_listed_once ON shopper_list (tenant_id, list, kind, key) WHERE removed_at IS NULL;

CREATE TABLE fraud_limit (
  tenant_id uuid NOT NULL,
  store_id uuid NOT NULL,
  returns int NOT NULL CHECK (returns BETWEEN 1 AND 1000),
  share_bp int NOT NULL CHECK (share_bp BETWEEN 0 AND 10000),
  worn int NOT NULL CHECK (worn BETWEEN 1 AND 1000),
  swapped int NOT NULL CHECK (swapped BETWEEN 1 AND 1000),
  without_goods int NOT NULL CHECK (without_goods BETWEEN 1 AND 1000),
  others int NOT NULL CHECK (others BETWEEN 1 AND 1000),
  review_from int CHECK (review_from BETWEEN 1 AND 100),            -- none: only a rule or a list sends to a person
  appeal text CHECK (length(appeal) BETWEEN 1 AND 1000),        -- what a shopper reads who is looked at by a person
  PRIMARY KEY (tenant_id, store_id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id)
);

ALTER TABLE rma
  ADD COLUMN risk_score int CHECK (risk_score BETWEEN 0 AND 100),
  ADD COLUMN risk_signals jsonb,                                -- [{sign, points, facts, threshold}]
  ADD COLUMN risk_at timestamptz,
  ADD COLUMN fraud_review boolean NOT NULL DEFAULT false;       -- a person looks at it because of them

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['person_key', 'shopper_list', 'fraud_limit'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
  END LOOP;
END $$;
GRANT DELETE ON person_key TO retour_app;
REVOKE INSERT, UPDATE ON shopper_list, fraud_limit FROM retour_executor;
