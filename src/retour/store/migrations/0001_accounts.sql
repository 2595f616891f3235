-- Accounts (tenants), their stores, staff, API keys and connections.

CREATE TABLE account (
  tenant_id uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  payments_paused boolean NOT NULL DEFAULT false,               -- the account's kill switch
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE store (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  shop_name text NOT NULL CHECK (length(shop_name) BETWEEN 1 AND 200),   -- X-Shop-Name
  timezone text NOT NULL DEFAULT 'UTC',
  currency char(3) NOT NULL,
  return_master text NOT NULL DEFAULT 'retour' CHECK (return_master IN ('retour', 'platform')),
  refund_master text NOT NULL DEFAULT 'retour' CHECK (refund_master IN ('retour', 'platform')),
  restock_master text NOT NULL DEFAULT 'retour' CHECK (restock_master IN ('retour', 'warehouse', 'platform')),
  tag_on text NOT NULL DEFAULT 'order' CHECK (tag_on IN ('order', 'customer', 'nothing')),
  location_ref text,                                            -- where restocked units go unless the inspection says otherwise
  payments_paused boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, shop_name)
);

CREATE TABLE staff (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  email text NOT NULL,
  email_folded text NOT NULL,                                   -- casefold() of the address, made by the application
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'agent', 'warehouse')),
  password_hash text,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, email_folded)
);

CREATE TABLE api_key (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'agent', 'warehouse')),
  secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE connection (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  store_id uuid NOT NULL,
  platform text NOT NULL,
  far_name text NOT NULL,                                       -- the platform's name of the shop, e.g. its domain
  base_url text NOT NULL,
  settings jsonb NOT NULL DEFAULT '{}',
  sealed_read bytea,                                            -- sealed to the worker's key
  sealed_write bytea,                                           -- sealed to the executor's key
  sealed_webhook_secrets bytea,                                 -- opened by the web process to verify signatures
  state text NOT NULL DEFAULT 'connected' CHECK (state IN ('connected', 'needs_reconnect', 'disconnected')),
  health jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, store_id) REFERENCES store (tenant_id, id),
  UNIQUE (tenant_id, platform, far_name)
);
CREATE INDEX connection_by_store ON connection (tenant_id, store_id);

CREATE TABLE sync_cursor (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  subject text NOT NULL,
  changed_since timestamptz NOT NULL,
  cursor text,
  due_at timestamptz NOT NULL DEFAULT now(),
  ran_at timestamptz,
  problem text,
  PRIMARY KEY (tenant_id, connection_id, subject),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, id)
);
CREATE INDEX sync_cursor_due ON sync_cursor (due_at);

CREATE TABLE idempotency (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  request_hash bytea NOT NULL,
  status smallint,
  body bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
