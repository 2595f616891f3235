-- The order mirror: the platform stays the source of truth. People are kept apart from orders.

CREATE TABLE person (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  far_ref text,
  name text, email text, email_folded text, phone text, phone_digits text, postcode_folded text,
  tags text[] NOT NULL DEFAULT '{}',
  sealed_key bytea NOT NULL,                                    -- the person's own data key, sealed; erasure destroys it
  erased_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id)
);
CREATE UNIQUE INDEX person_by_far_ref ON person (tenant_id, store_id, far_ref) WHERE far_ref IS NOT NULL;

CREATE TABLE sales_order (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  person_id uuid NOT NULL,
  far_ref text NOT NULL,
  name text NOT NULL,
  name_folded text NOT NULL,
  currency char(3) NOT NULL,
  shop_currency char(3) NOT NULL,
  total_minor bigint NOT NULL,
  placed_at timestamptz NOT NULL,
  far_updated_at timestamptz NOT NULL,
  version int NOT NULL DEFAULT 1,                               -- rises whenever the settled figures change
  document jsonb NOT NULL,                                      -- the one shape of an order (core.order.Order)
  raw_sealed bytea,                                             -- the platform's own document under the person's key
  synced_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, connection_id, far_ref),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id)
);
CREATE INDEX sales_order_by_name ON sales_order (tenant_id, store_id, name_folded);
CREATE INDEX sales_order_by_person ON sales_order (tenant_id, person_id);

-- Invariant: fulfilled + cancelled <= ordered; in return + refunded without return <= fulfilled; inspected <= received.
-- What the platform shows beyond that is an observation (a discrepancy), never squeezed in here.
CREATE TABLE order_line_counter (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_ref text NOT NULL,
  ordered int NOT NULL,
  fulfilled int NOT NULL,
  cancelled int NOT NULL DEFAULT 0,
  in_return int NOT NULL DEFAULT 0,
  refunded_without_return int NOT NULL DEFAULT 0,
  received int NOT NULL DEFAULT 0,
  inspected int NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, order_id, line_ref),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  CONSTRAINT never_negative CHECK (least(ordered, fulfilled, cancelled, in_return, refunded_without_return, received, inspected) >= 0),
  CONSTRAINT not_more_than_ordered CHECK (fulfilled + cancelled <= ordered),
  CONSTRAINT not_more_than_fulfilled CHECK (in_return + refunded_without_return <= fulfilled),
  CONSTRAINT received_is_in_return CHECK (received <= in_return),
  CONSTRAINT inspected_is_received CHECK (inspected <= received)
);

-- Invariant: what goes back to a capture never exceeds what was taken.
CREATE TABLE payment_capture (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
  ref text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('card', 'gift_card', 'store_credit', 'other')),
  gateway text NOT NULL,
  currency char(3) NOT NULL,
  captured_at timestamptz NOT NULL,
  captured_minor bigint NOT NULL CHECK (captured_minor >= 0),
  reserved_minor bigint NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
  refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
  external_refunded_minor bigint NOT NULL DEFAULT 0 CHECK (external_refunded_minor >= 0),
  PRIMARY KEY (tenant_id, order_id, ref),
  FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order (tenant_id, id),
  CONSTRAINT no_over_refund CHECK (reserved_minor + refunded_minor + external_refunded_minor <= captured_minor)
);
