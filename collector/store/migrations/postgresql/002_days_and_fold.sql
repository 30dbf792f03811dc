-- The log in days. What was there becomes the partition of all days that have none of their own;
-- nothing is moved. Collectors make a partition for each day ahead (batches_d20000 and so on).
ALTER TABLE batches RENAME TO batches_other;
ALTER INDEX batches_pkey RENAME TO batches_other_pkey;
ALTER INDEX batches_by_node RENAME TO batches_other_by_node;
DROP INDEX batches_by_day;
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
) PARTITION BY RANGE (day);
-- Partitions take this over.
ALTER TABLE batches ALTER COLUMN batch SET STORAGE EXTERNAL;
CREATE INDEX batches_by_node ON batches (node, node_seq);
ALTER TABLE batches ATTACH PARTITION batches_other DEFAULT;
-- Its rows are dropped one by one.
CREATE INDEX batches_other_by_day ON batches_other (day);

-- Days before this were dropped. One row, or none while nothing was. A small table, the same
-- everywhere.
CREATE TABLE log_start (
  id  BIGINT NOT NULL PRIMARY KEY,
  day BIGINT NOT NULL
);

-- Highest node_seq of each node when days were dropped, so that numbers are never given again.
-- A small table, the same everywhere.
CREATE TABLE nodes (
  node     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  node_seq BIGINT NOT NULL
);

-- Who does what only one collector may do. A small table, the same everywhere.
CREATE TABLE leases (
  name   TEXT   NOT NULL PRIMARY KEY,
  holder TEXT   NOT NULL,
  term   BIGINT NOT NULL,
  beat   BIGINT NOT NULL
);

-- Where the fold goes on. Small tables, the same everywhere.
CREATE TABLE fold_positions (
  node     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  node_seq BIGINT NOT NULL
);
CREATE TABLE fold_windows (
  window_start_ms BIGINT NOT NULL PRIMARY KEY,
  state           BYTEA  NOT NULL
);

-- What the fold found. Distribute both by target_id.
CREATE TABLE verdicts (
  target_id        TEXT   COLLATE "C" NOT NULL,
  country          TEXT   NOT NULL,
  window_start_ms  BIGINT NOT NULL,
  window_length_ms BIGINT NOT NULL,
  ruleset_version  TEXT   NOT NULL,
  verdict          BYTEA  NOT NULL,
  PRIMARY KEY (target_id, country, window_start_ms)
);
CREATE INDEX verdicts_by_window ON verdicts (country, window_start_ms);
CREATE TABLE cells (
  target_id       TEXT   COLLATE "C" NOT NULL,
  country         TEXT   NOT NULL,
  window_start_ms BIGINT NOT NULL,
  cells           BYTEA  NOT NULL,
  PRIMARY KEY (target_id, country, window_start_ms)
);
