/** What is known of how attempts went, where runs come from, and their first failure; objects as JSON. */
export const sql = `
ALTER TABLE attempts ADD COLUMN changes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE attempts ADD COLUMN evidence TEXT;
ALTER TABLE attempts ADD COLUMN machine TEXT;
ALTER TABLE runs ADD COLUMN rerun_of TEXT;
ALTER TABLE runs ADD COLUMN policy TEXT;
ALTER TABLE runs ADD COLUMN first_failure TEXT;

CREATE INDEX runs_by_rerun ON runs (rerun_of, created_at, id) WHERE rerun_of IS NOT NULL;
`;
