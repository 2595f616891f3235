-- A return may have an address of its own: the sender of its labels, and where what is sent to the shopper goes.

ALTER TABLE rma ADD COLUMN address_sealed bytea;                -- under the key of the person; none: where the order went

-- Whoever says where goods are sent to had a hand in the return.
CREATE OR REPLACE FUNCTION second_person_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.verdict = 'approved' AND NEW.actor IN (
       SELECT hands_of(NEW.rma_id, ARRAY[
         'return.requested', 'return.approved', 'return.received', 'return.inspected', 'return.edited',
         'return.address_changed', 'return.reopened', 'return.merged', 'return.lost', 'return.fees_waived',
         'return.fee_withdrawn', 'return.exchange_wanted', 'return.exchange_begun', 'return.exchange_given_up',
         'return.instant_exchange.decided', 'settlement.quoted'])) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'the same person cannot be the second', CONSTRAINT = 'second_person';
  END IF;
  RETURN NEW;
END $$;
