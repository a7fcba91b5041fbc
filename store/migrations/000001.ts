/** Runs, their attempts, events and labels, and the hosts. */
export const sql = `
CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  -- Of the newest update; -1 until the workflow has reported.
  revision INTEGER NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  message TEXT,
  attempt INTEGER NOT NULL,
  host TEXT,
  exit_code INTEGER,
  -- UTC with milliseconds, so that text order is time order.
  created_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT,
  image TEXT NOT NULL,
  image_digest TEXT,
  recipe TEXT,
  schedule TEXT,
  labels TEXT NOT NULL,
  params TEXT NOT NULL,
  -- JSON; null where the submission was refused before there was a spec.
  spec TEXT
) STRICT;

CREATE INDEX runs_by_time ON runs (created_at, id);
CREATE INDEX runs_by_state ON runs (state, created_at, id);
CREATE INDEX runs_by_recipe ON runs (recipe, created_at, id) WHERE recipe IS NOT NULL;
CREATE INDEX runs_by_schedule ON runs (schedule, created_at, id) WHERE schedule IS NOT NULL;

-- Repeats the time of the run, so that the runs with a label are found in the order of the list.
CREATE TABLE labels (
  run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX labels_by_value ON labels (key, value, created_at, run_id);

CREATE TABLE attempts (
  run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  number INTEGER NOT NULL,
  host TEXT,
  container_id TEXT,
  image_digest TEXT,
  reason TEXT,
  message TEXT,
  exit_code INTEGER,
  started_at TEXT,
  ended_at TEXT,
  log_lines INTEGER,
  log_gaps INTEGER,
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a position of the feed is never given twice, even after the newest events were deleted.
CREATE TABLE events (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  message TEXT NOT NULL,
  UNIQUE (run_id, seq)
) STRICT;

-- The report is JSON; it is read and written whole.
CREATE TABLE hosts (
  name TEXT PRIMARY KEY,
  reported_at TEXT NOT NULL,
  report TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How many runs there are by state and reason, kept by the triggers below: counting costs the same at any number of runs.
CREATE TABLE run_counts (
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  runs INTEGER NOT NULL,
  PRIMARY KEY (state, reason)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER runs_counted_on_insert AFTER INSERT ON runs BEGIN
  INSERT INTO run_counts VALUES (NEW.state, coalesce(NEW.reason, ''), 1)
    ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER runs_counted_on_update AFTER UPDATE OF state, reason ON runs
WHEN OLD.state IS NOT NEW.state OR OLD.reason IS NOT NEW.reason BEGIN
  UPDATE run_counts SET runs = runs - 1 WHERE state = OLD.state AND reason = coalesce(OLD.reason, '');
  INSERT INTO run_counts VALUES (NEW.state, coalesce(NEW.reason, ''), 1)
    ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER runs_counted_on_delete AFTER DELETE ON runs BEGIN
  UPDATE run_counts SET runs = runs - 1 WHERE state = OLD.state AND reason = coalesce(OLD.reason, '');
END;
`;
