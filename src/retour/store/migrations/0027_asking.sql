-- What a shopper is asked and sends along: reasons of the merchant's own, pictures and videos with a request or a note.

-- A picture is kept as we make it, a video as it was received; only a picture has a size in pixels.
ALTER TABLE photo ADD COLUMN media text NOT NULL DEFAULT 'image/webp';
ALTER TABLE photo ADD CONSTRAINT photo_media
  CHECK (media IN ('image/webp', 'video/mp4', 'video/webm', 'video/quicktime')) NOT VALID;
ALTER TABLE photo ALTER COLUMN width DROP NOT NULL;
ALTER TABLE photo ALTER COLUMN height DROP NOT NULL;
ALTER TABLE photo ADD CONSTRAINT only_a_picture_has_pixels
  CHECK ((media = 'image/webp') = (width IS NOT NULL AND height IS NOT NULL)) NOT VALID;
-- What goes with a note is seen by those who read the note.
ALTER TABLE photo ADD COLUMN note_id uuid;
ALTER TABLE photo ADD CONSTRAINT photo_note
  FOREIGN KEY (tenant_id, note_id) REFERENCES rma_note (tenant_id, id) NOT VALID;
ALTER TABLE photo DROP CONSTRAINT photo_kind_check;
ALTER TABLE photo ADD CONSTRAINT photo_kind_check CHECK (kind IN ('inspection', 'shopper', 'note')) NOT VALID;
ALTER TABLE photo ADD CONSTRAINT a_note_has_its_photos CHECK (kind <> 'note' OR rma_id IS NOT NULL) NOT VALID;
-- What a program sends beforehand belongs to its order alone, until a request or a note names it.
ALTER TABLE photo DROP CONSTRAINT a_photo_is_of_something;
DROP INDEX a_photo_is_kept_once;
CREATE UNIQUE INDEX a_photo_is_kept_once ON photo
  (tenant_id, order_id, rma_id, visit_id, return_line_id, line_ref, note_id, sha256) NULLS NOT DISTINCT;
CREATE INDEX photo_by_note ON photo (tenant_id, note_id) WHERE note_id IS NOT NULL;
CREATE INDEX photo_unused ON photo (at, tenant_id, order_id) WHERE rma_id IS NULL;
-- Who has visits to forget, or files that nothing came of.
GRANT SELECT (tenant_id, rma_id, at) ON photo TO retour_router;
CREATE POLICY router_reads ON photo FOR SELECT TO retour_router USING (true);
CREATE OR REPLACE FUNCTION route_expired_visits(most int, overdue interval) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT v.tenant_id FROM visit v WHERE v.expires_at <= clock_timestamp() - overdue - interval '1 hour'
        UNION SELECT p.tenant_id FROM photo p
               WHERE p.rma_id IS NULL AND p.at <= clock_timestamp() - overdue - interval '25 hours' LIMIT most $$;

-- Each file costs a process of its own, so a visit may send so many in a while.
ALTER TABLE visit_limit DROP CONSTRAINT visit_limit_kind_check;
ALTER TABLE visit_limit ADD CONSTRAINT visit_limit_kind_check
  CHECK (kind IN ('address', 'order', 'store', 'number', 'upload')) NOT VALID;

-- Why something goes back, in the merchant's words and in two levels: a group holds reasons, or is one itself.
CREATE TABLE reason (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  code text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  parent_id uuid,
  standard_group text NOT NULL CHECK (standard_group IN ('fit', 'quality', 'mistake', 'preference', 'other')),
  texts jsonb NOT NULL CHECK (jsonb_typeof(texts) = 'object'),           -- {language: name}
  applies jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(applies) = 'object'),
  questions jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(questions) = 'array'),
  note_required boolean NOT NULL DEFAULT false,
  platform_reason text CHECK (length(platform_reason) BETWEEN 1 AND 100),
  position int NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  archived_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, store_id, code),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, parent_id) REFERENCES reason (tenant_id, id)
);
CREATE INDEX reason_by_store ON reason (tenant_id, store_id, position, id);

-- Every store begins with the same reasons, under the codes that policies and returns know already.
CREATE FUNCTION add_standard_reasons(tenant uuid, store uuid, at timestamptz) RETURNS void LANGUAGE sql AS $$
  WITH said (place, code, parent, standard_group, en, de, ar) AS (VALUES
    (1, 'fit', NULL, 'fit', 'It does not fit', 'Passt nicht', 'المقاس غير مناسب'),
    (2, 'too_small', 'fit', 'fit', 'Too small', 'Zu klein', 'صغير جدًا'),
    (3, 'too_large', 'fit', 'fit', 'Too large', 'Zu groß', 'كبير جدًا'),
    (4, 'quality', NULL, 'quality', 'Something is wrong with it', 'Damit stimmt etwas nicht', 'فيه مشكلة'),
    (5, 'not_as_described', 'quality', 'quality', 'Not as described', 'Anders als beschrieben', 'مختلف عن الوصف'),
    (6, 'damaged', 'quality', 'quality', 'Arrived damaged', 'Beschädigt angekommen', 'وصل تالفًا'),
    (7, 'defective', 'quality', 'quality', 'Does not work', 'Funktioniert nicht', 'لا يعمل'),
    (8, 'wrong_item', NULL, 'mistake', 'Not what I ordered', 'Nicht das, was ich bestellt habe', 'ليس ما طلبته'),
    (9, 'changed_mind', NULL, 'preference', 'Changed my mind', 'Gefällt mir nicht mehr', 'غيّرت رأيي'),
    (10, 'other', NULL, 'other', 'Something else', 'Etwas anderes', 'سبب آخر')),
  named AS (SELECT said.*, gen_random_uuid() AS id FROM said)
  INSERT INTO reason (tenant_id, id, store_id, code, parent_id, standard_group, texts, position, created_at, changed_at)
  SELECT tenant, n.id, store, n.code, (SELECT p.id FROM named p WHERE p.code = n.parent), n.standard_group,
         jsonb_build_object('en', n.en, 'de', n.de, 'ar', n.ar), n.place, at, at
    FROM named n
$$;
CREATE FUNCTION store_has_reasons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM add_standard_reasons(NEW.tenant_id, NEW.id, NEW.created_at);
  RETURN NEW;
END $$;
CREATE TRIGGER store_has_reasons AFTER INSERT ON store FOR EACH ROW EXECUTE FUNCTION store_has_reasons();

-- The stores made before: the owner sees them all while their row security is not forced upon it.
ALTER TABLE store NO FORCE ROW LEVEL SECURITY;
DO $$
BEGIN
  PERFORM add_standard_reasons(s.tenant_id, s.id, s.created_at) FROM store s;
END $$;
ALTER TABLE store FORCE ROW LEVEL SECURITY;

ALTER TABLE reason ENABLE ROW LEVEL SECURITY;
ALTER TABLE reason FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON reason USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
REVOKE INSERT, UPDATE ON reason FROM retour_executor;
