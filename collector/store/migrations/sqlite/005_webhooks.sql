-- Who is told of changes: up to which change_seq of the country, what was asked for, how it goes.
CREATE TABLE webhooks (
  webhook_id TEXT    NOT NULL PRIMARY KEY,
  country    TEXT    NOT NULL,
  position   INTEGER NOT NULL,
  config     BLOB    NOT NULL,
  state      BLOB    NOT NULL
) STRICT;

-- Attempts to tell them; of each webhook the newest are kept.
CREATE TABLE deliveries (
  webhook_id   TEXT    NOT NULL,
  delivery_seq INTEGER NOT NULL,
  delivery     BLOB    NOT NULL,
  PRIMARY KEY (webhook_id, delivery_seq)
) STRICT;
