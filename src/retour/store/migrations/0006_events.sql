-- One event log, deliveries to those who listen, the inbox of those who speak, and the discrepancies people must see.

CREATE TABLE event (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  resource_kind text NOT NULL,
  resource_id uuid NOT NULL,
  seq bigint NOT NULL CHECK (seq > 0),                          -- gap-free per resource
  id uuid NOT NULL,
  store_id uuid,
  type text NOT NULL,
  actor text NOT NULL,
  cause text,
  data jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL,
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(),              -- readers page by it, so that a late commit is never skipped
  PRIMARY KEY (tenant_id, resource_kind, resource_id, seq),
  UNIQUE (tenant_id, id)
);
CREATE INDEX event_feed ON event (tenant_id, xact, id);

CREATE TABLE webhook_endpoint (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  url text NOT NULL,
  topics text[] NOT NULL DEFAULT '{}',                          -- none means every topic
  sealed_secrets bytea NOT NULL,                                -- opened by the worker to sign
  active boolean NOT NULL DEFAULT true,
  disabled_reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE delivery (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  event_id uuid NOT NULL,                                       -- also the webhook-id, the same on every try
  state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sending', 'delivered', 'failed')),
  tries int NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  lease_until timestamptz,
  last_status int,
  last_problem text,
  created_at timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, endpoint_id, event_id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id),
  FOREIGN KEY (tenant_id, event_id) REFERENCES event (tenant_id, id)
);
CREATE INDEX delivery_open ON delivery (due_at) WHERE state IN ('due', 'sending');

CREATE TABLE inbox (
  tenant_id uuid NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  topic text NOT NULL,
  object_ref text,
  occurred_at timestamptz,
  facts jsonb NOT NULL DEFAULT '{}',
  person_id uuid,                                               -- whose key seals the body, once it is known
  body_sealed bytea,
  received_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL DEFAULT now(),
  tries int NOT NULL DEFAULT 0,
  done_at timestamptz,
  problem text,
  PRIMARY KEY (tenant_id, source, event_id),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, id)
);
CREATE INDEX inbox_open ON inbox (due_at) WHERE done_at IS NULL;

CREATE TABLE discrepancy (
  tenant_id uuid NOT NULL REFERENCES account (tenant_id),
  id uuid NOT NULL,
  store_id uuid,
  kind text NOT NULL,
  resource_kind text NOT NULL,
  resource_id uuid NOT NULL,
  owner text NOT NULL CHECK (owner IN ('finance', 'warehouse', 'agent', 'operator')),
  next_step text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
  opened_at timestamptz NOT NULL,
  resolved_at timestamptz,
  resolved_by text,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX discrepancy_open ON discrepancy (tenant_id, resource_kind, resource_id, kind) WHERE state = 'open';
