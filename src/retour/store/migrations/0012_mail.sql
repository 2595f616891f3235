-- Mail: a delivery that tells one person. What a store mails, and every mail on its way.

-- A store without a row here mails nothing about its returns. Name and language of its mail are those of its look.
CREATE TABLE mail_sender (
  tenant_id uuid NOT NULL,
  store_id uuid NOT NULL,
  address text CHECK (length(address) BETWEEN 3 AND 254),       -- none: the installation's own
  reply_to text CHECK (length(reply_to) BETWEEN 3 AND 254),
  silent text[] NOT NULL DEFAULT '{}',                          -- kinds that this store does not send
  active boolean NOT NULL DEFAULT true,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, store_id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id)
);

-- The language a shopper chose for a return; without one its store's default is spoken.
ALTER TABLE rma ADD COLUMN language text CONSTRAINT rma_language CHECK (language ~ '^[a-z]{2,3}$');

CREATE TABLE mail (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  store_id uuid,
  kind text NOT NULL CHECK (kind IN ('return_requested', 'return_approved', 'return_rejected', 'return_received',
                                     'return_refunded', 'one_time_code', 'staff_invited')),
  resource_kind text NOT NULL,
  resource_id uuid NOT NULL,
  subject_id uuid NOT NULL,                                     -- what this kind of mail goes out once for
  event_id uuid,
  person_id uuid,                                               -- to whom, or to the sealed address
  sealed_address bytea,
  language text CHECK (language ~ '^[a-z]{2,3}$'),
  sealed_data bytea,                                            -- what is secret (a code, a link), until it is sent
  state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sending', 'delivered', 'failed', 'unknown')),
  tries int NOT NULL DEFAULT 0 CHECK (tries >= 0),
  due_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,                              -- not sent any more from then on
  lease_until timestamptz,
  handed_at timestamptz,                                        -- set just before the message itself leaves
  message_id text,
  last_code int,
  last_problem text,
  created_at timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, kind, subject_id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, event_id) REFERENCES event (tenant_id, id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),
  CONSTRAINT mail_goes_to_one CHECK (person_id IS NULL OR sealed_address IS NULL),
  CONSTRAINT mail_goes_to_somebody CHECK (person_id IS NOT NULL OR sealed_address IS NOT NULL
                                          OR state IN ('delivered', 'failed', 'unknown')),
  CONSTRAINT mail_secret_is_forgotten CHECK (state IN ('due', 'sending') OR (sealed_data IS NULL AND sealed_address IS NULL)),
  CONSTRAINT mail_delivered CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
);
CREATE INDEX mail_open ON mail (due_at) WHERE state IN ('due', 'sending');
CREATE INDEX mail_of_resource ON mail (tenant_id, resource_kind, resource_id);

-- Whatever the code believes: what may have been accepted is not sent again unless a person asks for it.
CREATE FUNCTION mail_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'mail is kept', CONSTRAINT = 'mail_move';
  END IF;
  IF (NEW.kind, NEW.subject_id, NEW.resource_kind, NEW.resource_id) IS DISTINCT FROM
     (OLD.kind, OLD.subject_id, OLD.resource_kind, OLD.resource_id)
     OR NEW.person_id IS DISTINCT FROM OLD.person_id
     OR (OLD.message_id IS NOT NULL AND NEW.message_id IS DISTINCT FROM OLD.message_id) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a mail stays what it is', CONSTRAINT = 'mail_fixed';
  END IF;
  IF NOT ((OLD.state, NEW.state) IN (
      ('due', 'due'), ('due', 'sending'), ('due', 'failed'), ('due', 'unknown'),
      ('sending', 'sending'), ('sending', 'due'), ('sending', 'delivered'), ('sending', 'failed'), ('sending', 'unknown'),
      ('failed', 'due'), ('unknown', 'due'), ('unknown', 'delivered'))) THEN
    RAISE integrity_constraint_violation USING MESSAGE = format('a mail cannot move from %s to %s', OLD.state, NEW.state), CONSTRAINT = 'mail_move';
  END IF;
  IF NEW.state = 'sending' AND OLD.handed_at IS NOT NULL THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a mail that may have been accepted is not sent again', CONSTRAINT = 'mail_move';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER mail_guard BEFORE UPDATE OR DELETE ON mail FOR EACH ROW EXECUTE FUNCTION mail_guard();

ALTER TABLE mail_sender ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_sender FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON mail_sender USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
ALTER TABLE mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON mail USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());

-- The executor plans mail with the events it writes; only the worker and the web change any.
REVOKE INSERT, UPDATE ON mail_sender FROM retour_executor;
REVOKE UPDATE ON mail FROM retour_executor;

GRANT SELECT (tenant_id, id, state, due_at, lease_until) ON mail TO retour_router;
CREATE POLICY router_reads ON mail FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_due_mail(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT m.tenant_id, m.id FROM mail m
         WHERE m.state IN ('due', 'sending') AND m.due_at <= clock_timestamp() - overdue
           AND (m.lease_until IS NULL OR m.lease_until < clock_timestamp()) ORDER BY m.due_at LIMIT most $$;
ALTER FUNCTION route_due_mail(int, interval) OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_due_mail(int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_due_mail(int, interval) TO retour_app, retour_executor;
