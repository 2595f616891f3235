-- Every way that money leaves by is stopped and counted; a hand is a hand through a key, and in a return that was merged.

-- What a settlement was worth when it was handed over (minor units of the books' currency); the breaker counts it.
ALTER TABLE settlement ADD COLUMN handed_shop_minor bigint CHECK (handed_shop_minor >= 0);
CREATE INDEX settlement_handed ON settlement (tenant_id, handed_at) WHERE handed_shop_minor > 0;

-- Who did one of these to a return, or to one that was merged into it; and whoever made the key it was done with.
CREATE FUNCTION hands_of(return_id uuid, kinds text[]) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  WITH RECURSIVE one (id) AS (
    SELECT return_id
     UNION
    SELECT r.id
      FROM one JOIN rma r ON r.merged_into = one.id
     WHERE r.tenant_id = current_tenant()
       AND r.order_id = (SELECT o.order_id FROM rma o WHERE o.tenant_id = current_tenant() AND o.id = return_id)),
  hand (actor) AS (
    SELECT v.actor
      FROM one JOIN event v ON v.tenant_id = current_tenant() AND v.resource_kind = 'return' AND v.resource_id = one.id
     WHERE v.type = ANY (kinds))
  SELECT actor FROM hand
   UNION
  SELECT k.actor
    FROM hand JOIN event k ON k.tenant_id = current_tenant() AND k.resource_kind = 'api_key' AND k.type = 'key.created'
     AND k.resource_id = CASE WHEN hand.actor ~ '^key:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                              THEN substr(hand.actor, 5)::uuid END
$$;

-- Who let goods count as delivered, or said where to send them, had a hand as well.
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

-- An order that is completed for nothing gives goods away, and a card that is charged takes money: both stop with the rest.
CREATE OR REPLACE FUNCTION stop_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM effect e
               JOIN connection k ON k.tenant_id = e.tenant_id AND k.id = e.connection_id
               JOIN store s ON s.tenant_id = k.tenant_id AND s.id = k.store_id
               JOIN account a ON a.tenant_id = e.tenant_id
              CROSS JOIN instance i
              WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.effect_id
                AND (i.quarantined OR i.kill_switch
                     OR (e.moves_money OR e.kind IN ('release_exchange', 'capture_card'))
                        AND (s.payments_paused OR a.payments_paused))) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'effects are stopped', CONSTRAINT = 'effects_stopped';
  END IF;
  RETURN NEW;
END $$;

-- What the merchant pays by another way is handed over only while payments go on.
CREATE FUNCTION hand_over_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM rma r
               JOIN store s ON s.tenant_id = r.tenant_id AND s.id = r.store_id
               JOIN account a ON a.tenant_id = r.tenant_id
              WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.rma_id AND (s.payments_paused OR a.payments_paused)) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'payments are paused', CONSTRAINT = 'effects_stopped';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hand_over_guard BEFORE UPDATE OF state ON settlement FOR EACH ROW
  WHEN (OLD.state = 'quoted' AND NEW.state = 'handed_over' AND NEW.handed_shop_minor > 0)
  EXECUTE FUNCTION hand_over_guard();

-- What a report says, whatever its message is called; the same said again under another id is known by it.
ALTER TABLE inbox ADD COLUMN content_sha256 bytea;
CREATE INDEX inbox_content ON inbox (tenant_id, connection_id, content_sha256) WHERE content_sha256 IS NOT NULL;
