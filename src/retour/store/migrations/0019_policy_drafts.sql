-- Drafts of a policy are saved again and again, published, or put aside; a version that was published never changes.

ALTER TABLE policy_version
  ADD COLUMN revision int NOT NULL DEFAULT 1 CHECK (revision > 0),  -- counts the saves of a draft
  ADD COLUMN origin_version int,                                          -- the version whose content it began with
  ADD COLUMN changed_by text,
  ADD COLUMN changed_at timestamptz,
  ADD COLUMN published_by text;
ALTER TABLE policy_version DROP CONSTRAINT policy_version_state_check;
ALTER TABLE policy_version ADD CONSTRAINT policy_version_state_check
  CHECK (state IN ('draft', 'published', 'retired', 'discarded'));

CREATE OR REPLACE FUNCTION policy_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'policy versions are kept';
  END IF;
  IF OLD.state <> 'draft' AND to_jsonb(NEW) - 'state' IS DISTINCT FROM to_jsonb(OLD) - 'state' THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a published policy is immutable';
  END IF;
  IF (NEW.tenant_id, NEW.id, NEW.store_id, NEW.author, NEW.created_at)
     IS DISTINCT FROM (OLD.tenant_id, OLD.id, OLD.store_id, OLD.author, OLD.created_at) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'where a policy version comes from never changes';
  END IF;
  IF (OLD.state, NEW.state) NOT IN (('draft', 'draft'), ('draft', 'published'), ('draft', 'discarded'),
                                    ('published', 'published'), ('published', 'retired'), ('retired', 'retired'),
                                    ('discarded', 'discarded')) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'policy state cannot move like that';
  END IF;
  RETURN NEW;
END $$;
