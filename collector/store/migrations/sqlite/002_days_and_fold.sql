-- The log is dropped by days; where the fold starts is found by node_seq.
DROP INDEX batches_by_day;
CREATE INDEX batches_by_day ON batches (day);

-- Days before this were dropped. One row, or none while nothing was.
CREATE TABLE log_start (
  id  INTEGER NOT NULL PRIMARY KEY,
  day INTEGER NOT NULL
) STRICT;

-- Highest node_seq of each node when days were dropped, so that numbers are never given again.
CREATE TABLE nodes (
  node     TEXT    NOT NULL PRIMARY KEY,
  node_seq INTEGER NOT NULL
) STRICT;

-- Who does what only one collector may do.
CREATE TABLE leases (
  name   TEXT    NOT NULL PRIMARY KEY,
  holder TEXT    NOT NULL,
  term   INTEGER NOT NULL,
  beat   INTEGER NOT NULL
) STRICT;

-- Where the fold goes on.
CREATE TABLE fold_positions (
  node     TEXT    NOT NULL PRIMARY KEY,
  node_seq INTEGER NOT NULL
) STRICT;
CREATE TABLE fold_windows (
  window_start_ms INTEGER NOT NULL PRIMARY KEY,
  state           BLOB    NOT NULL
) STRICT;

-- What the fold found.
CREATE TABLE verdicts (
  target_id        TEXT    NOT NULL,
  country          TEXT    NOT NULL,
  window_start_ms  INTEGER NOT NULL,
  window_length_ms INTEGER NOT NULL,
  ruleset_version  TEXT    NOT NULL,
  verdict          BLOB    NOT NULL,
  PRIMARY KEY (target_id, country, window_start_ms)
) STRICT;
CREATE INDEX verdicts_by_window ON verdicts (country, window_start_ms);
CREATE TABLE cells (
  target_id       TEXT    NOT NULL,
  country         TEXT    NOT NULL,
  window_start_ms INTEGER NOT NULL,
  cells           BLOB    NOT NULL,
  PRIMARY KEY (target_id, country, window_start_ms)
) STRICT;
