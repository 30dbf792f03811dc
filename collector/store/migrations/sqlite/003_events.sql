-- What the windows come to over time: openings and closings.
CREATE TABLE events (
  target_id TEXT    NOT NULL,
  event_id  TEXT    NOT NULL,
  country   TEXT    NOT NULL,
  onset_ms  INTEGER NOT NULL,
  end_ms    INTEGER NOT NULL,
  event     BLOB    NOT NULL,
  PRIMARY KEY (target_id, event_id)
) STRICT;
CREATE INDEX events_by_end ON events (country, end_ms);

-- Where the history of each target goes on.
CREATE TABLE timelines (
  target_id       TEXT    NOT NULL,
  country         TEXT    NOT NULL,
  window_start_ms INTEGER NOT NULL,
  timeline        BLOB    NOT NULL,
  PRIMARY KEY (target_id, country)
) STRICT;

-- Windows are read by country.
CREATE INDEX cells_by_window ON cells (country, window_start_ms);
