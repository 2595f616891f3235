-- Mail that comes in, mail to the staff about what shoppers do, and withdrawals that wait too long.

-- A mail answers one of ours: found by the id that ours bore.
CREATE INDEX mail_by_message ON mail (tenant_id, message_id) WHERE message_id IS NOT NULL;

-- Pictures that came with what waits for a person; they move to the return once there is one.
CREATE TABLE intake_photo (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  intake_id uuid NOT NULL,
  sealed bytea NOT NULL,                                        -- made anew, sealed for the house
  sha256 bytea NOT NULL CHECK (length(sha256) = 32),            -- of the picture as it is shown
  width int NOT NULL CHECK (width > 0),
  height int NOT NULL CHECK (height > 0),
  bytes int NOT NULL CHECK (bytes > 0),
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, intake_id, sha256),
  FOREIGN KEY (tenant_id, intake_id) REFERENCES intake (tenant_id, id)
);
GRANT DELETE ON intake_photo TO retour_app;

-- What the staff is to be mailed about a return: one mail for all that happened since, and a pause after each.
CREATE TABLE staff_notice (
  tenant_id uuid NOT NULL,
  rma_id uuid NOT NULL,
  told_seq int NOT NULL,                                        -- of the last event of the return that was told
  due_at timestamptz,                                           -- none: everything is told
  told_at timestamptz,                                          -- of the last mail
  PRIMARY KEY (tenant_id, rma_id),
  FOREIGN KEY (tenant_id, rma_id) REFERENCES rma (tenant_id, id)
);
CREATE INDEX staff_notice_due ON staff_notice (due_at) WHERE due_at IS NOT NULL;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['intake_photo', 'staff_notice'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
  END LOOP;
END $$;

-- Whether a member of the staff is mailed about returns, and who is where nobody looks after one.
ALTER TABLE staff ADD COLUMN notices boolean NOT NULL DEFAULT true;
ALTER TABLE mail_sender ADD COLUMN staff_address text CHECK (length(staff_address) BETWEEN 3 AND 254);

-- Which waits of a statement were escalated, and whether the shop's own pages lead to the function.
ALTER TABLE withdrawal ADD COLUMN escalated text[] NOT NULL DEFAULT '{}';
ALTER TABLE look ADD COLUMN withdrawal_link boolean NOT NULL DEFAULT true;
-- Two statements of one order may go on as one return.
DROP INDEX withdrawal_of_return;
CREATE INDEX withdrawal_of_return ON withdrawal (tenant_id, rma_id) WHERE rma_id IS NOT NULL;

GRANT SELECT (tenant_id, rma_id, due_at) ON staff_notice TO retour_router;
CREATE POLICY router_reads ON staff_notice FOR SELECT TO retour_router USING (true);
CREATE FUNCTION route_due_notices(most int, overdue interval) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT n.tenant_id, n.rma_id FROM staff_notice n
         WHERE n.due_at <= clock_timestamp() - overdue ORDER BY n.due_at LIMIT most $$;

GRANT SELECT (store_id, state, since, received_at, rma_id, escalated) ON withdrawal TO retour_router;
GRANT SELECT (resolved_at, status, in_transit_at, received_at) ON rma TO retour_router;
GRANT SELECT (rma_id, state) ON settlement TO retour_router;
-- A statement that waits for a person, by when it began to wait; and one that is not repaid, by when it was stated. The
-- shop may keep the money until the goods are sent, so a return counts from then on. `usual` as for returns.
CREATE FUNCTION route_due_withdrawal_waits(most int, overdue interval, usual jsonb) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT DISTINCT w.tenant_id, w.id FROM withdrawal w
          LEFT JOIN rma r ON r.tenant_id = w.tenant_id AND r.id = w.rma_id
         CROSS JOIN LATERAL (VALUES
           ('withdrawal_waiting', w.since, w.state = 'waiting'),
           ('withdrawal_unpaid', w.received_at,
            w.state = 'waiting' OR w.state = 'matched' AND r.resolved_at IS NULL
              AND r.status IN ('requested', 'in_review', 'approved', 'reopened')
              AND (r.in_transit_at IS NOT NULL OR r.received_at IS NOT NULL)
              AND NOT EXISTS (SELECT FROM settlement s WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id
                                 AND s.state IN ('settled', 'handed_over')))) AS wait (code, since, is_on)
          LEFT JOIN blocker_limit l ON l.tenant_id = w.tenant_id AND l.store_id = w.store_id AND l.code = wait.code
         WHERE w.state IN ('waiting', 'matched') AND wait.is_on AND NOT wait.code = ANY (w.escalated)
           AND wait.since + make_interval(hours => CASE WHEN l.code IS NOT NULL THEN l.hours
                                                        ELSE (usual->>wait.code)::int END) <= clock_timestamp() - overdue
         LIMIT most $$;
DO $$
DECLARE f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY['route_due_notices(int, interval)', 'route_due_withdrawal_waits(int, interval, jsonb)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO retour_router', f);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO retour_app, retour_executor', f);
  END LOOP;
END $$;
