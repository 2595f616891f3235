-- Policies are versions: drafted, published, immutable from then on.

CREATE TABLE policy_version (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  version int NOT NULL CHECK (version > 0),
  state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'published', 'retired')),
  document jsonb NOT NULL,
  author text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, store_id, version),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id)
);
CREATE UNIQUE INDEX policy_version_published ON policy_version (tenant_id, store_id) WHERE state = 'published';

CREATE FUNCTION policy_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'policy versions are kept';
  END IF;
  IF OLD.state <> 'draft' AND NEW.document IS DISTINCT FROM OLD.document THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a published policy is immutable';
  END IF;
  IF (OLD.state, NEW.state) NOT IN (('draft', 'draft'), ('draft', 'published'), ('published', 'published'), ('published', 'retired'), ('retired', 'retired')) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'policy state cannot move like that';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_version_guard BEFORE UPDATE OR DELETE ON policy_version
  FOR EACH ROW EXECUTE FUNCTION policy_version_guard();
