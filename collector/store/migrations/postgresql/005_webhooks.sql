-- Who is told of changes: up to which change_seq of the country, what was asked for, how it goes.
-- A small table, the same everywhere.
CREATE TABLE webhooks (
  webhook_id TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
  country    TEXT   NOT NULL,
  position   BIGINT NOT NULL,
  config     BYTEA  NOT NULL,
  state      BYTEA  NOT NULL
);

-- Attempts to tell them; of each webhook the newest are kept. A small table, the same everywhere.
CREATE TABLE deliveries (
  webhook_id   TEXT   COLLATE "C" NOT NULL,
  delivery_seq BIGINT NOT NULL,
  delivery     BYTEA  NOT NULL,
  PRIMARY KEY (webhook_id, delivery_seq)
);
