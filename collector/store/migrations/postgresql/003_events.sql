-- What the windows come to over time: openings and closings. Distribute both by target_id.
CREATE TABLE events (
  target_id TEXT   COLLATE "C" NOT NULL,
  event_id  TEXT   COLLATE "C" NOT NULL,
  country   TEXT   NOT NULL,
  onset_ms  BIGINT NOT NULL,
  end_ms    BIGINT NOT NULL,
  event     BYTEA  NOT NULL,
  PRIMARY KEY (target_id, event_id)
);
CREATE INDEX events_by_end ON events (country, end_ms);

-- Where the history of each target goes on.
CREATE TABLE timelines (
  target_id       TEXT   COLLATE "C" NOT NULL,
  country         TEXT   NOT NULL,
  window_start_ms BIGINT NOT NULL,
  timeline        BYTEA  NOT NULL,
  PRIMARY KEY (target_id, country)
);

-- Windows are read by country.
CREATE INDEX cells_by_window ON cells (country, window_start_ms);
