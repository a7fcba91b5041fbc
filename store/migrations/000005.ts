/** The place that a run asks for: its pool, whose it is, and how much it matters. The defaults are those of a spec. */
export const sql = `
ALTER TABLE runs ADD COLUMN pool TEXT NOT NULL DEFAULT 'default';
ALTER TABLE runs ADD COLUMN project TEXT NOT NULL DEFAULT 'default';
ALTER TABLE runs ADD COLUMN owner TEXT NOT NULL DEFAULT 'nobody';
ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 50;
ALTER TABLE runs ADD COLUMN gpus INTEGER NOT NULL DEFAULT 0;

CREATE INDEX runs_by_pool ON runs (pool, created_at, id);
CREATE INDEX runs_by_project ON runs (project, created_at, id);
CREATE INDEX runs_by_owner ON runs (owner, created_at, id);
-- Small, as only what waits is in it: queues are counted before each submission.
CREATE INDEX runs_queued ON runs (pool, project, owner) WHERE state = 'queued';
`;
