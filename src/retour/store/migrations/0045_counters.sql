-- Goods that are handed in at a counter go back into stock where the counter is.
ALTER TABLE return_address ADD COLUMN location_ref text CHECK (length(location_ref) BETWEEN 1 AND 200);
