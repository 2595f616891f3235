-- A gift in the portal: a visit of whoever got the goods, who proves the order without being its shopper.
ALTER TABLE visit ADD COLUMN gift boolean NOT NULL DEFAULT false;

-- How often the page of gifts looks for one number, whether there is such an order or not.
ALTER TABLE visit_limit DROP CONSTRAINT visit_limit_kind_check;
ALTER TABLE visit_limit ADD CONSTRAINT visit_limit_kind_check CHECK (kind ~ '^[a-z_]{3,20}$');
