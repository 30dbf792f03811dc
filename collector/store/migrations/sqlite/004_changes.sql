-- What became different in what is said, in the order in which it was said.
CREATE TABLE changes (
  country    TEXT    NOT NULL,
  change_seq INTEGER NOT NULL,
  change     BLOB    NOT NULL,
  PRIMARY KEY (country, change_seq)
) STRICT;

-- What was last said of each target.
CREATE TABLE statements (
  country   TEXT    NOT NULL,
  target_id TEXT NOT NULL,
  statement BLOB    NOT NULL,
  PRIMARY KEY (country, target_id)
) STRICT;

-- When each window was last written, for those who keep a copy.
CREATE TABLE window_revisions (
  country         TEXT    NOT NULL,
  window_start_ms INTEGER NOT NULL,
  revision        INTEGER NOT NULL,
  PRIMARY KEY (country, window_start_ms)
) STRICT;
CREATE INDEX window_revisions_by_revision ON window_revisions (country, revision);

-- Dated notes for readers.
CREATE TABLE annotations (
  country       TEXT    NOT NULL,
  annotation_id TEXT NOT NULL,
  time_ms       INTEGER NOT NULL,
  annotation    BLOB    NOT NULL,
  PRIMARY KEY (country, annotation_id)
) STRICT;
