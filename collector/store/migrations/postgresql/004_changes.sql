-- What became different in what is said, in the order in which it was said. Distribute all by country.
CREATE TABLE changes (
  country    TEXT   NOT NULL,
  change_seq BIGINT NOT NULL,
  change     BYTEA  NOT NULL,
  PRIMARY KEY (country, change_seq)
);

-- What was last said of each target.
CREATE TABLE statements (
  country   TEXT   NOT NULL,
  target_id TEXT COLLATE "C" NOT NULL,
  statement BYTEA  NOT NULL,
  PRIMARY KEY (country, target_id)
);

-- When each window was last written, for those who keep a copy.
CREATE TABLE window_revisions (
  country         TEXT   NOT NULL,
  window_start_ms BIGINT NOT NULL,
  revision        BIGINT NOT NULL,
  PRIMARY KEY (country, window_start_ms)
);
CREATE INDEX window_revisions_by_revision ON window_revisions (country, revision);

-- Dated notes for readers.
CREATE TABLE annotations (
  country       TEXT   NOT NULL,
  annotation_id TEXT COLLATE "C" NOT NULL,
  time_ms       BIGINT NOT NULL,
  annotation    BYTEA  NOT NULL,
  PRIMARY KEY (country, annotation_id)
);
