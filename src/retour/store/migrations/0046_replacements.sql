-- Another one in place of goods that a claim is about; like a repair it moves no money.
ALTER TABLE resolution DROP CONSTRAINT resolution_kind_check;
ALTER TABLE resolution ADD CONSTRAINT resolution_kind_check CHECK (kind IN (
  'refund_original', 'refund_service', 'gift_card', 'store_credit', 'exchange', 'keep_item', 'repair', 'replacement'));
