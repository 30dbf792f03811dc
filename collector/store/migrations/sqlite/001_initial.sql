-- The registry. head is what the agent's next prev_hash must hold.
CREATE TABLE agents (
  agent_id       BLOB    NOT NULL PRIMARY KEY,
  public_key     BLOB    NOT NULL,
  role           INTEGER NOT NULL,
  region         TEXT    NOT NULL,
  enroll_time_ms INTEGER NOT NULL,
  revoked        INTEGER NOT NULL,
  equivocated    INTEGER NOT NULL,
  last_seq       INTEGER NOT NULL,
  head           BLOB    NOT NULL
) STRICT;

-- The log. day is that of round_time_ms, which the agent signed, so a resend gets the same one.
CREATE TABLE batches (
  agent_id        BLOB    NOT NULL,
  batch_seq       INTEGER NOT NULL,
  day             INTEGER NOT NULL,
  node            TEXT    NOT NULL,
  node_seq        INTEGER NOT NULL,
  first_seq       INTEGER NOT NULL,
  prev_hash       BLOB    NOT NULL,
  chain_hash      BLOB    NOT NULL,
  round_time_ms   INTEGER NOT NULL,
  receive_time_ms INTEGER NOT NULL,
  country         TEXT    NOT NULL,
  asn             INTEGER NOT NULL,
  bucket          BLOB    NOT NULL,
  signature       BLOB    NOT NULL,
  batch           BLOB    NOT NULL,
  PRIMARY KEY (agent_id, batch_seq, day)
) STRICT;
CREATE UNIQUE INDEX batches_by_node ON batches (node, node_seq);
CREATE INDEX batches_by_day ON batches (node, day, node_seq);

-- agent_id is empty until the invite is redeemed.
CREATE TABLE invites (
  token_hash     BLOB    NOT NULL PRIMARY KEY,
  role           INTEGER NOT NULL,
  expire_time_ms INTEGER NOT NULL,
  agent_id       BLOB    NOT NULL
) STRICT;

CREATE TABLE plans (
  version   INTEGER NOT NULL PRIMARY KEY,
  plan      BLOB    NOT NULL,
  signature BLOB    NOT NULL,
  key_id    BLOB    NOT NULL
) STRICT;

CREATE TABLE bucket_keys (
  day        INTEGER NOT NULL PRIMARY KEY,
  bucket_key BLOB    NOT NULL
) STRICT;
