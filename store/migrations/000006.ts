/** Gangs: their nodes are runs of their own, which lists and statistics leave out. */
export const sql = `
ALTER TABLE attempts ADD COLUMN nodes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN gang_of TEXT;
ALTER TABLE runs ADD COLUMN rank INTEGER;

CREATE INDEX runs_by_gang ON runs (gang_of, created_at, id) WHERE gang_of IS NOT NULL;

DROP TRIGGER runs_counted_on_insert;
DROP TRIGGER runs_counted_on_update;
DROP TRIGGER runs_counted_on_delete;

CREATE TRIGGER runs_counted_on_insert AFTER INSERT ON runs WHEN NEW.gang_of IS NULL BEGIN
  INSERT INTO run_counts VALUES (NEW.state, coalesce(NEW.reason, ''), 1)
    ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER runs_counted_on_update AFTER UPDATE OF state, reason ON runs
WHEN NEW.gang_of IS NULL AND (OLD.state IS NOT NEW.state OR OLD.reason IS NOT NEW.reason) BEGIN
  UPDATE run_counts SET runs = runs - 1 WHERE state = OLD.state AND reason = coalesce(OLD.reason, '');
  INSERT INTO run_counts VALUES (NEW.state, coalesce(NEW.reason, ''), 1)
    ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER runs_counted_on_delete AFTER DELETE ON runs WHEN OLD.gang_of IS NULL BEGIN
  UPDATE run_counts SET runs = runs - 1 WHERE state = OLD.state AND reason = coalesce(OLD.reason, '');
END;
`;
