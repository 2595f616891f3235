-- no-transaction
-- A telephone number is found whether it was kept with its country or without: by its last nine digits.
CREATE INDEX CONCURRENTLY IF NOT EXISTS person_by_phone_ending ON person (tenant_id, right(phone_digits, 9))
  WHERE phone_digits IS NOT NULL;
