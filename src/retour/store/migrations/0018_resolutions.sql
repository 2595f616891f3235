-- no-transaction
-- The list of returns narrowed by what the shopper gets is counted from this index alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS return_line_by_resolution ON return_line (tenant_id, resolution, rma_id);
