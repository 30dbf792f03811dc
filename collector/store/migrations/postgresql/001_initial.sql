-- The registry. head is what the agent's next prev_hash must hold. Distribute by agent_id. Room is
-- left in each page, because last_seq and head change with every batch.
CREATE TABLE agents (
  agent_id       BYTEA   NOT NULL PRIMARY KEY,
  public_key     BYTEA   NOT NULL,
  role           BIGINT  NOT NULL,
  region         TEXT    NOT NULL,
  enroll_time_ms BIGINT  NOT NULL,
  revoked        BOOLEAN NOT NULL,
  equivocated    BOOLEAN NOT NULL,
  last_seq       BIGINT  NOT NULL,
  head           BYTEA   NOT NULL
) WITH (fillfactor = 70);

-- The log. Distribute by agent_id, together with agents. day is that of round_time_ms, which the
-- agent signed, so a resend gets the same one.
CREATE TABLE batches (
  agent_id        BYTEA  NOT NULL,
  batch_seq       BIGINT NOT NULL,
  day             BIGINT NOT NULL,
  node            TEXT   COLLATE "C" NOT NULL,
  node_seq        BIGINT NOT NULL,
  first_seq       BIGINT NOT NULL,
  prev_hash       BYTEA  NOT NULL,
  chain_hash      BYTEA  NOT NULL,
  round_time_ms   BIGINT NOT NULL,
  receive_time_ms BIGINT NOT NULL,
  country         TEXT   NOT NULL,
  asn             BIGINT NOT NULL,
  bucket          BYTEA  NOT NULL,
  signature       BYTEA  NOT NULL,
  batch           BYTEA  NOT NULL,
  PRIMARY KEY (agent_id, batch_seq, day)
);
-- Signed bytes do not compress: spare the attempt.
ALTER TABLE batches ALTER COLUMN batch SET STORAGE EXTERNAL;
-- Not unique: the key would have to hold agent_id.
CREATE INDEX batches_by_node ON batches (node, node_seq);
CREATE INDEX batches_by_day ON batches (node, day, node_seq);

-- A small table, the same everywhere. agent_id is empty until the invite is redeemed.
CREATE TABLE invites (
  token_hash     BYTEA  NOT NULL PRIMARY KEY,
  role           BIGINT NOT NULL,
  expire_time_ms BIGINT NOT NULL,
  agent_id       BYTEA  NOT NULL
);

-- A small table, the same everywhere.
CREATE TABLE plans (
  version   BIGINT NOT NULL PRIMARY KEY,
  plan      BYTEA  NOT NULL,
  signature BYTEA  NOT NULL,
  key_id    BYTEA  NOT NULL
);

-- A small table, the same everywhere.
CREATE TABLE bucket_keys (
  day        BIGINT NOT NULL PRIMARY KEY,
  bucket_key BYTEA  NOT NULL
);
