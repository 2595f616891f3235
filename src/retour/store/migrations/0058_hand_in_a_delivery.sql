-- Whoever says that a parcel nobody announced is that of a return lets it count as delivered: that is a hand in what it pays.

CREATE OR REPLACE FUNCTION second_person_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.verdict = 'approved' AND NEW.actor IN (
       SELECT hands_of(NEW.rma_id, ARRAY[
         'return.requested', 'return.approved', 'return.delivered', 'return.received', 'return.inspected',
         'return.edited', 'return.address_changed', 'return.reopened', 'return.merged', 'return.lost',
         'return.fees_waived', 'return.fee_withdrawn', 'return.exchange_wanted', 'return.exchange_begun',
         'return.exchange_given_up', 'return.instant_exchange.decided', 'settlement.quoted'])) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'the same person cannot be the second', CONSTRAINT = 'second_person';
  END IF;
  RETURN NEW;
END $$;
