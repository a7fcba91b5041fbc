import type { QueuedCounts } from '../run-store';
import type { Database } from './database';

interface CountRow {
  project: string;
  owner: string;
  runs: number;
}

const COUNT = `
  SELECT project, owner, count(*) AS runs FROM runs
  WHERE state = 'queued' AND pool = ? AND id NOT IN (SELECT value FROM json_each(?))
  GROUP BY 1, 2`;

/** Read off an index that has the queued runs only. */
export function countQueued(database: Database, pool: string, except: readonly string[] = []): QueuedCounts {
  const rows = database.prepare(COUNT).all(pool, JSON.stringify(except)) as CountRow[];
  const byProject = new Map<string, number>();
  const byOwner = new Map<string, number>();
  for (const { project, owner, runs } of rows) {
    byProject.set(project, (byProject.get(project) ?? 0) + runs);
    byOwner.set(owner, (byOwner.get(owner) ?? 0) + runs);
  }
  return { total: rows.reduce((sum, { runs }) => sum + runs, 0), byProject, byOwner };
}
