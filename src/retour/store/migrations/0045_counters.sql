-- Goods that are handed in at a counter go back into stock where the counter is.
ALTER TABLE return_address ADD COLUMN location_ref text CHECK (length(location_ref) BETWEEN 1 AND 200);

-- A repair on its way to an end: when it began, how it ended, and by which parcel the goods are on their way back.
ALTER TABLE settlement
  ADD COLUMN begun_at timestamptz,
  ADD COLUMN outcome text CHECK (outcome IN ('sent_back', 'replaced', 'refunded')),
  ADD COLUMN sent_carrier text CHECK (length(sent_carrier) BETWEEN 1 AND 60),
  ADD COLUMN sent_number text CHECK (length(sent_number) BETWEEN 1 AND 60),
  ADD CONSTRAINT sent_under_a_number CHECK ((sent_carrier IS NULL) = (sent_number IS NULL));
