-- What people may ask about their data: exports and erasures as requests, and how long each class of data is kept.

CREATE TABLE privacy_request (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('export', 'erasure', 'store_erasure')),
  person_id uuid,                                               -- whose; none for all people of a store
  connection_id uuid,                                           -- through which a store's people came
  actor text NOT NULL,
  far_ref text CHECK (length(far_ref) BETWEEN 1 AND 200),       -- the platform's own number of the request
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'erasing', 'done', 'cancelled')),
  why text CHECK (why ~ '^[a-z_]{1,40}$'),                      -- what it waits for, or why it was cancelled
  facts jsonb NOT NULL DEFAULT '{}',                            -- counts of what was found, never a value
  after uuid,                                                   -- how far the search through sealed messages has come
  asked_at timestamptz NOT NULL,
  answer_by timestamptz NOT NULL,                               -- by when the law wants an answer
  due_at timestamptz,                                           -- when it is to be worked on (again)
  finished_at timestamptz,
  expires_at timestamptz,                                       -- until when an export can be downloaded
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, id),
  CONSTRAINT a_request_is_about_somebody CHECK ((kind = 'store_erasure') = (person_id IS NULL)),
  CONSTRAINT only_an_erasure_erases CHECK (state <> 'erasing' OR kind = 'erasure'),
  CONSTRAINT what_waits_is_due CHECK ((state IN ('waiting', 'erasing')) = (due_at IS NOT NULL)),
  CONSTRAINT what_is_over_has_an_end CHECK ((state IN ('waiting', 'erasing')) = (finished_at IS NULL))
);
CREATE UNIQUE INDEX one_open_privacy_request ON privacy_request (tenant_id, kind, person_id, connection_id)
  NULLS NOT DISTINCT WHERE state IN ('waiting', 'erasing');
CREATE INDEX privacy_request_by_person ON privacy_request (tenant_id, person_id, id DESC);
CREATE INDEX privacy_request_due ON privacy_request (due_at) WHERE due_at IS NOT NULL;

-- An export in parts, each a whole zip file under the key of its person: erasure makes it unreadable too.
CREATE TABLE privacy_archive (
  tenant_id uuid NOT NULL,
  request_id uuid NOT NULL,
  n int NOT NULL CHECK (n > 0),
  sealed bytea NOT NULL,
  bytes int NOT NULL CHECK (bytes > 0),
  PRIMARY KEY (tenant_id, request_id, n),
  FOREIGN KEY (tenant_id, request_id) REFERENCES privacy_request (tenant_id, id)
);

-- How many days a class is kept where the merchant chose; none: until somebody asks.
CREATE TABLE retention (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  class text NOT NULL CHECK (class ~ '^[a-z_]{1,40}$'),
  days int CHECK (days BETWEEN 0 AND 3650),
  PRIMARY KEY (tenant_id, class)
);
-- When the account's old data is to be forgotten next.
ALTER TABLE account ADD COLUMN forget_due_at timestamptz NOT NULL DEFAULT now();

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['privacy_request', 'privacy_archive', 'retention'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('REVOKE INSERT, UPDATE ON %I FROM retour_executor', t);
  END LOOP;
END $$;
GRANT DELETE ON privacy_archive, shopper_list TO retour_app;

-- Append-only with one exception: where somebody is erased, words of a text become the word that says so, and nothing else
-- of the row changes: leaf by leaf, the same keys, types, figures, and every other letter of the text as it was.
CREATE FUNCTION only_erased(said jsonb, was jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF said IS NOT DISTINCT FROM was THEN
    RETURN true;
  END IF;
  IF said IS NULL OR was IS NULL OR jsonb_typeof(said) <> jsonb_typeof(was) THEN
    RETURN false;
  END IF;
  CASE jsonb_typeof(said)
    WHEN 'string' THEN
      RETURN said #>> '{}' LIKE '%[erased]%'
         AND was #>> '{}' LIKE replace(regexp_replace(said #>> '{}', '([\\%_])', '\\\1', 'g'), '[erased]', '%');
    WHEN 'object' THEN
      RETURN NOT EXISTS (SELECT FROM jsonb_each(said) s FULL JOIN jsonb_each(was) w USING (key)
                          WHERE s.key IS NULL OR w.key IS NULL OR NOT only_erased(s.value, w.value));
    WHEN 'array' THEN
      RETURN jsonb_array_length(said) = jsonb_array_length(was)
         AND NOT EXISTS (SELECT FROM jsonb_array_elements(said) WITH ORDINALITY s (value, n)
                           JOIN jsonb_array_elements(was) WITH ORDINALITY w (value, n) USING (n)
                          WHERE NOT only_erased(s.value, w.value));
    ELSE
      RETURN false;
  END CASE;
END $$;
CREATE FUNCTION only_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE may text := TG_ARGV[0]; said jsonb; was jsonb;
BEGIN
  IF TG_OP = 'UPDATE' AND current_setting('app.erasing', true) = 'on' THEN
    said := to_jsonb(NEW); was := to_jsonb(OLD);
    IF said - may = was - may AND only_erased(said -> may, was -> may) THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE integrity_constraint_violation USING MESSAGE = format('%s is append-only', TG_TABLE_NAME), CONSTRAINT = 'only_append';
END $$;
DO $$
DECLARE pair text[];
BEGIN
  FOREACH pair SLICE 1 IN ARRAY ARRAY[['rma_note', 'body'], ['inspection', 'note'], ['event', 'data'], ['fee_waiver', 'reason'],
                                      ['second_approval', 'note'], ['effect_observation', 'message']] LOOP
    EXECUTE format('DROP TRIGGER only_append ON %I', pair[1]);
    EXECUTE format('CREATE TRIGGER only_append BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION only_erasure(%L)',
                   pair[1], pair[2]);
    EXECUTE format('GRANT UPDATE (%I) ON %I TO retour_app', pair[2], pair[1]);
  END LOOP;
END $$;

-- What an effect does never changes while it can still be done; once it is over, a name in its texts can be taken out.
DROP TRIGGER effect_guard ON effect;
CREATE TRIGGER effect_guard BEFORE UPDATE OR DELETE ON effect FOR EACH ROW
  WHEN (current_setting('app.erasing', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION effect_guard();
CREATE FUNCTION effect_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE may text[] := '{target,message,result}';
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state IN ('confirmed', 'failed', 'cancelled') AND to_jsonb(NEW) - may = to_jsonb(OLD) - may
     AND only_erased(NEW.target, OLD.target) AND only_erased(NEW.result, OLD.result)
     AND only_erased(to_jsonb(NEW.message), to_jsonb(OLD.message)) THEN
    RETURN NEW;
  END IF;
  RAISE integrity_constraint_violation USING MESSAGE = 'an effect never changes what it does', CONSTRAINT = 'effect_is_immutable';
END $$;
CREATE TRIGGER effect_erasure BEFORE UPDATE OR DELETE ON effect FOR EACH ROW
  WHEN (current_setting('app.erasing', true) = 'on') EXECUTE FUNCTION effect_erasure();
GRANT UPDATE (target, message, result) ON effect TO retour_app;

-- A mail keeps its state and moves; what a server said about an address goes, and what was not sent is not sent any more.
DROP TRIGGER mail_guard ON mail;
CREATE TRIGGER mail_guard BEFORE UPDATE OR DELETE ON mail FOR EACH ROW
  WHEN (current_setting('app.erasing', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION mail_guard();
CREATE FUNCTION mail_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE may text[] := '{last_problem,sealed_data,sealed_address,lease_until,state}';
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - may = to_jsonb(OLD) - may AND NEW.last_problem IS NULL
     AND (NEW.sealed_data IS NULL OR NEW.sealed_data = OLD.sealed_data)
     AND (NEW.sealed_address IS NULL OR NEW.sealed_address = OLD.sealed_address)
     AND (NEW.lease_until IS NULL OR NEW.lease_until = OLD.lease_until)
     AND (NEW.state = OLD.state OR (OLD.state, NEW.state) = ('due', 'failed')) THEN
    RETURN NEW;
  END IF;
  RAISE integrity_constraint_violation USING MESSAGE = 'a mail stays what it is', CONSTRAINT = 'mail_fixed';
END $$;
CREATE TRIGGER mail_erasure BEFORE UPDATE OR DELETE ON mail FOR EACH ROW
  WHEN (current_setting('app.erasing', true) = 'on') EXECUTE FUNCTION mail_erasure();

-- A file of a return goes where its person is erased, or where its time is over: a transaction that forgets by time says so
-- with a word of its own, which opens nothing else.
DROP POLICY only_drafts_go ON photo;
CREATE POLICY only_drafts_go ON photo AS RESTRICTIVE FOR DELETE
  USING (rma_id IS NULL OR 'on' IN (current_setting('app.erasing', true), current_setting('app.forgetting', true)));

GRANT SELECT (tenant_id, id, due_at) ON privacy_request TO retour_router;
CREATE POLICY router_reads ON privacy_request FOR SELECT TO retour_router USING (true);
GRANT SELECT (tenant_id, forget_due_at) ON account TO retour_router;
CREATE FUNCTION route_due_privacy(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT r.tenant_id, r.id FROM privacy_request r
         WHERE r.due_at <= clock_timestamp() - overdue ORDER BY r.due_at LIMIT most $$;
CREATE FUNCTION route_due_retention(most int, overdue interval) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT a.tenant_id FROM account a WHERE a.forget_due_at <= clock_timestamp() - overdue
         ORDER BY a.forget_due_at LIMIT most $$;
DO $$
DECLARE f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY['route_due_privacy(int, interval)', 'route_due_retention(int, interval)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO retour_router', f);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO retour_app, retour_executor', f);
  END LOOP;
END $$;
