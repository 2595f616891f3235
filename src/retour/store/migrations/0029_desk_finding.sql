-- no-transaction
-- What the desk knows of a return beside its state: who looks after it, how urgent it is, tags, watchers, into which it
-- was merged; views that a team shares; and the words that returns and shoppers are found by.
-- Every statement can run again, and none keeps writers waiting.

ALTER TABLE rma
  ADD COLUMN IF NOT EXISTS assignee_id uuid,
  ADD COLUMN IF NOT EXISTS priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
  ADD COLUMN IF NOT EXISTS merged_into uuid;                     -- the return that took over what this one asked for
ALTER TABLE rma DROP CONSTRAINT IF EXISTS rma_assignee;
ALTER TABLE rma ADD CONSTRAINT rma_assignee
  FOREIGN KEY (tenant_id, assignee_id) REFERENCES staff (tenant_id, id) NOT VALID;
ALTER TABLE rma DROP CONSTRAINT IF EXISTS rma_merged;
ALTER TABLE rma ADD CONSTRAINT rma_merged FOREIGN KEY (tenant_id, merged_into) REFERENCES rma (tenant_id, id) NOT VALID;
CREATE INDEX CONCURRENTLY IF NOT EXISTS rma_by_assignee ON rma (tenant_id, assignee_id, number) WHERE assignee_id IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS rma_by_priority ON rma (tenant_id, priority, number) WHERE priority <> 'normal';
-- What counts read is narrow (few combinations, kept once each), what a shopper returned is found with its number alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS rma_by_standing ON rma (tenant_id, store_id, blocked_actor, blocked_code, status);
CREATE INDEX CONCURRENTLY IF NOT EXISTS rma_by_person_and_number ON rma (tenant_id, person_id, number);
DROP INDEX CONCURRENTLY IF EXISTS rma_by_person;
ALTER TABLE saved_view ADD COLUMN IF NOT EXISTS shared boolean NOT NULL DEFAULT false;

CREATE TABLE IF NOT EXISTS rma_tag (
  tenant_id uuid NOT NULL,
  rma_id uuid NOT NULL,
  tag text NOT NULL CHECK (length(tag) BETWEEN 1 AND 40),        -- in one case
  PRIMARY KEY (tenant_id, rma_id, tag),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id)
);
CREATE INDEX CONCURRENTLY IF NOT EXISTS rma_tag_by_tag ON rma_tag (tenant_id, tag, rma_id);

CREATE TABLE IF NOT EXISTS rma_watcher (
  tenant_id uuid NOT NULL,
  rma_id uuid NOT NULL,
  staff_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, rma_id, staff_id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)
);
CREATE INDEX CONCURRENTLY IF NOT EXISTS rma_watcher_by_staff ON rma_watcher (tenant_id, staff_id, rma_id);

-- Words in one case and without accents (core.search), compared byte by byte: a search is a range of an index that leads
-- with the tenant. Under row security no other operator that finds a part of a text may use one.
CREATE TABLE IF NOT EXISTS rma_word (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  word text COLLATE "C" NOT NULL,
  number bigint NOT NULL,                                        -- of the return
  PRIMARY KEY (tenant_id, word, number)
);
CREATE TABLE IF NOT EXISTS person_word (
  tenant_id uuid NOT NULL,
  word text COLLATE "C" NOT NULL,
  person_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, word, person_id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id)
);
CREATE INDEX CONCURRENTLY IF NOT EXISTS person_word_by_person ON person_word (tenant_id, person_id);

-- The words of what was there before. The owner sees the rows of all tenants while row security is not forced upon it.
CREATE OR REPLACE FUNCTION pg_temp.words_of(said text) RETURNS TABLE (word text) LANGUAGE sql IMMUTABLE AS $$
  WITH chunk AS (
    SELECT regexp_split_to_table(regexp_replace(normalize(lower(said), NFKD), '[\u0300-\u036f]', '', 'g'), '\s+') AS text)
  SELECT left(regexp_replace(text, '[^[:alnum:]]+', '', 'g'), 60) FROM chunk
   WHERE length(regexp_replace(text, '[^[:alnum:]]+', '', 'g')) > 1
  UNION
  SELECT left(part, 60) FROM chunk, regexp_split_to_table(split_part(text, '@', 1), '[^[:alnum:]]+') AS part
   WHERE length(part) > 1
$$;
ALTER TABLE person NO FORCE ROW LEVEL SECURITY;
ALTER TABLE rma NO FORCE ROW LEVEL SECURITY;
ALTER TABLE rma_note NO FORCE ROW LEVEL SECURITY;
ALTER TABLE return_line NO FORCE ROW LEVEL SECURITY;
ALTER TABLE sales_order NO FORCE ROW LEVEL SECURITY;
ALTER TABLE person_word NO FORCE ROW LEVEL SECURITY;
ALTER TABLE rma_word NO FORCE ROW LEVEL SECURITY;
INSERT INTO person_word (tenant_id, word, person_id)
SELECT p.tenant_id, w.word, p.id FROM person p, pg_temp.words_of(concat_ws(' ', p.name, p.email)) w
 WHERE p.erased_at IS NULL
ON CONFLICT DO NOTHING;
INSERT INTO rma_word (tenant_id, word, number)
SELECT r.tenant_id, w.word, r.number
  FROM rma r
  JOIN return_line l ON l.tenant_id = r.tenant_id AND l.rma_id = r.id
  JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
  JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id AND p.erased_at IS NULL
 CROSS JOIN LATERAL (
   SELECT concat_ws(' ', d.line ->> 'sku', d.line ->> 'title', l.note) AS said
     FROM jsonb_array_elements(o.document -> 'lines') AS d (line) WHERE d.line ->> 'ref' = l.line_ref LIMIT 1) AS s
 CROSS JOIN LATERAL pg_temp.words_of(s.said) w
UNION
SELECT r.tenant_id, w.word, r.number
  FROM rma r
  JOIN rma_note n ON n.tenant_id = r.tenant_id AND n.rma_id = r.id
  JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id AND p.erased_at IS NULL
 CROSS JOIN LATERAL pg_temp.words_of(n.body) w
ON CONFLICT DO NOTHING;
ALTER TABLE person FORCE ROW LEVEL SECURITY;
ALTER TABLE rma FORCE ROW LEVEL SECURITY;
ALTER TABLE rma_note FORCE ROW LEVEL SECURITY;
ALTER TABLE return_line FORCE ROW LEVEL SECURITY;
ALTER TABLE sales_order FORCE ROW LEVEL SECURITY;

-- Whoever is erased is found by no word any more, whatever wrote it.
CREATE OR REPLACE FUNCTION forget_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM person_word WHERE tenant_id = NEW.tenant_id AND person_id = NEW.id; --
  DELETE FROM rma_word USING rma
   WHERE rma.tenant_id = NEW.tenant_id AND rma.person_id = NEW.id
     AND rma_word.tenant_id = rma.tenant_id AND rma_word.number = rma.number; --
  RETURN NULL; --
END $$;
CREATE OR REPLACE TRIGGER words_are_forgotten AFTER UPDATE OF erased_at ON person FOR EACH ROW
  WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION forget_words();

ALTER TABLE rma_tag ENABLE ROW LEVEL SECURITY;
ALTER TABLE rma_tag FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON rma_tag;
CREATE POLICY own_tenant ON rma_tag USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
ALTER TABLE rma_watcher ENABLE ROW LEVEL SECURITY;
ALTER TABLE rma_watcher FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON rma_watcher;
CREATE POLICY own_tenant ON rma_watcher USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
ALTER TABLE rma_word ENABLE ROW LEVEL SECURITY;
ALTER TABLE rma_word FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON rma_word;
CREATE POLICY own_tenant ON rma_word USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
ALTER TABLE person_word ENABLE ROW LEVEL SECURITY;
ALTER TABLE person_word FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON person_word;
CREATE POLICY own_tenant ON person_word USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, DELETE ON rma_tag, rma_watcher, rma_word, person_word TO retour_app;
REVOKE UPDATE ON rma_tag, rma_watcher, rma_word, person_word FROM retour_app, retour_executor;
