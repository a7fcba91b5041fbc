import { join } from 'node:path';

import { prepareDataFolder } from './data-folder';
import type { FeedEvent, RunHead, RunStore, StoredRun } from './run-store';
import { closeRunIn } from './sqlite/close-run';
import { closeDatabase, openDatabase, type Database } from './sqlite/database';
import { describeSqliteError } from './sqlite/errors';
import { createHostTable } from './sqlite/host-table';
import { listRuns } from './sqlite/list-runs';
import { countQueued } from './sqlite/count-queued';
import { migrate } from './sqlite/migrate';
import { ATTEMPT_COLUMNS, attemptFromRow, type AttemptRow } from './sqlite/attempt-rows';
import { eventFromRow, RUN_COLUMNS, runFromRow } from './sqlite/rows';
import type { EventRow, RunRow } from './sqlite/rows';
import { readStats } from './sqlite/stats';
import { createRunWriter } from './sqlite/write-runs';

/** File name of the database in the data folder. */
export const DATABASE_FILE = 'trainyard.db';

export interface SqliteRunStoreOptions {
  /** Default: the clock of the machine. */
  now?: () => Date;
}

/**
 * Opens the read model of one machine: an SQLite database in the data folder, which any number of processes may have open
 * at once. It is made, or its tables brought up to date, where needed.
 *
 * @throws {StoreError} where the data folder or the database cannot be used, or a newer Trainyard has written it.
 */
export async function openRunStore(dataFolder: string, options: SqliteRunStoreOptions = {}): Promise<RunStore> {
  const path = join(prepareDataFolder(dataFolder), DATABASE_FILE);
  let database: Database | undefined;
  try {
    database = await openDatabase(path);
    migrate(database, path);
    return createRunStore(database, path, options.now ?? (() => new Date()));
  } catch (error) {
    database?.close();
    throw describeSqliteError(error, path);
  }
}

function createRunStore(database: Database, path: string, now: () => Date): RunStore {
  const writer = createRunWriter(database);
  const reader = createReader(database);
  const hosts = createHostTable(database);

  // SQLite answers at once, from this thread; the promises are for the stores that do not.
  const answer = <Arguments extends unknown[], Result>(work: (...parameters: Arguments) => Result) =>
    function (...parameters: Arguments): Promise<Result> {
      return new Promise((resolve, reject) => {
        try {
          resolve(work(...parameters));
        } catch (error) {
          reject(describeSqliteError(error, path) as Error);
        }
      });
    };

  return {
    insertQueued: answer(writer.insertQueued),
    applyUpdate: answer(writer.applyUpdate),
    closeRun: answer(closeRunIn(database)),
    getRun: answer(reader.getRun),
    headOf: answer(reader.headOf),
    listRuns: answer((query) => listRuns(database, query)),
    listEvents: answer(reader.listEvents),
    readFeed: answer(reader.readFeed),
    feedEnd: answer(reader.feedEnd),
    stats: answer(() => readStats(database, now())),
    countQueued: answer((pool, except) => countQueued(database, pool, except)),
    reportHost: answer(hosts.reportHost),
    listHosts: answer(hosts.listHosts),
    removeHost: answer(hosts.removeHost),
    close: answer(() => closeDatabase(database)),
  };
}

function createReader(database: Database) {
  const run = database.prepare(`SELECT ${RUN_COLUMNS.join(', ')}, spec FROM runs WHERE id = ?`);
  const head = database.prepare('SELECT state, revision, execution FROM runs WHERE id = ?');
  const attempts = database.prepare(
    `SELECT ${ATTEMPT_COLUMNS.join(', ')} FROM attempts WHERE run_id = ? ORDER BY number`,
  );
  const events = database.prepare('SELECT * FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?');
  const feed = database.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?');
  const feedEnd = database.prepare('SELECT coalesce(max(position), 0) AS position FROM events');

  return {
    getRun: (id: string): StoredRun | null => {
      const row = run.get(id) as (RunRow & { spec: string | null }) | undefined;
      if (row === undefined) return null;
      return {
        run: runFromRow(row),
        attempts: (attempts.all(id) as AttemptRow[]).map((attempt) => attemptFromRow(attempt)),
        spec: row.spec === null ? null : (JSON.parse(row.spec) as StoredRun['spec']),
      };
    },
    headOf: (id: string): RunHead | null => {
      const row = head.get(id) as RunHead | undefined;
      return row === undefined ? null : { ...row };
    },
    listEvents: (runId: string, after: number, limit: number) =>
      (events.all(runId, after, limit) as EventRow[]).map((row) => eventFromRow(row)),
    readFeed: (after: number, limit: number): FeedEvent[] =>
      (feed.all(after, limit) as EventRow[]).map((row) => ({ position: row.position, event: eventFromRow(row) })),
    feedEnd: () => (feedEnd.get() as { position: number }).position,
  };
}
