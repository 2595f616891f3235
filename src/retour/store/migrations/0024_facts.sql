-- What the platform tells about a customer as a whole, and how often an order could not be paid. Nothing: not told yet.
ALTER TABLE person
  ADD COLUMN home_country text,                                 -- of the person's own address, ISO 3166 alpha-2
  ADD COLUMN orders_placed int CHECK (orders_placed >= 0),
  ADD COLUMN spent_minor bigint,                                -- in the currency of the store's books
  ADD COLUMN known_since timestamptz;
ALTER TABLE sales_order ADD COLUMN failed_payments int CHECK (failed_payments >= 0);
