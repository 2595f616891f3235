-- A return may have an address of its own: the sender of its labels, and where what is sent to the shopper goes.

ALTER TABLE rma ADD COLUMN address_sealed bytea;                -- under the key of the person; none: where the order went
