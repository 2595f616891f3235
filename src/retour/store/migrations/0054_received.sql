-- no-transaction
-- What was received from one connection is read in the order it came, the newest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS inbox_by_connection ON inbox (tenant_id, connection_id, id DESC);
