-- Turns that a return can take: a question to its shopper, a time by which the parcel is sent, a second decision.

-- What staff asked the shopper of an undecided return; one question at a time, each closed for one reason.
CREATE TABLE info_request (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rma_id uuid NOT NULL,
  question text NOT NULL CHECK (length(question) BETWEEN 1 AND 10000),
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  answer_by timestamptz,                                        -- none: the return waits as long as it takes
  reminded_at timestamptz,
  answer text CHECK (length(answer) BETWEEN 1 AND 10000),
  outcome text CHECK (outcome IN ('answered', 'overtaken', 'expired')),
  closed_by text,
  closed_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id),
  CONSTRAINT a_closed_question_says_how CHECK ((outcome IS NULL) = (closed_at IS NULL) AND (outcome IS NULL) = (closed_by IS NULL)),
  CONSTRAINT an_answer_was_given CHECK ((answer IS NOT NULL) = (coalesce(outcome, '') = 'answered'))
);
CREATE UNIQUE INDEX one_question_at_a_time ON info_request (tenant_id, rma_id) WHERE closed_at IS NULL;
CREATE INDEX info_request_by_rma ON info_request (tenant_id, rma_id, asked_at);
ALTER TABLE info_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE info_request FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON info_request USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
REVOKE INSERT, UPDATE ON info_request FROM retour_executor;

ALTER TABLE rma
  ADD COLUMN send_by timestamptz,                               -- when an approved return of which nothing was sent is over
  ADD COLUMN send_reminded_at timestamptz,
  ADD COLUMN turn int NOT NULL DEFAULT 0 CHECK (turn >= 0);     -- how often it went back to a decision it already had

-- How long this store waits, in days; none: for ever. Reminders go out this many days before the end.
ALTER TABLE store
  ADD COLUMN unsent_days int CHECK (unsent_days BETWEEN 1 AND 365),
  ADD COLUMN unanswered_days int CHECK (unanswered_days BETWEEN 1 AND 365),
  ADD COLUMN remind_days int[] NOT NULL DEFAULT '{7,2}' CHECK (cardinality(remind_days) <= 5 AND 0 < ALL (remind_days) AND 365 >= ALL (remind_days));

-- The kinds of mail are the code's own list; here they are only kept to the shape of a name.
ALTER TABLE mail DROP CONSTRAINT mail_kind_check;
ALTER TABLE mail ADD CONSTRAINT mail_kind_is_a_name CHECK (kind ~ '^[a-z_]{1,40}$') NOT VALID;
