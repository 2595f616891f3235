-- no-transaction
-- The list of customers with returns reads this index alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS rma_by_person_and_day ON rma (tenant_id, person_id, requested_at) INCLUDE (store_id);
