-- Parcels that never arrive: a carrier says so, and a line of goods that somebody treats as lost waits for none of them.

ALTER TABLE shipment DROP CONSTRAINT shipment_status_check;
ALTER TABLE shipment ADD CONSTRAINT shipment_status_check
  CHECK (status IN ('label_created', 'in_transit', 'delivered', 'exception', 'returned_to_sender', 'lost'));

ALTER TABLE return_line ADD COLUMN lost_at timestamptz;         -- since when its units count as here although they are not
