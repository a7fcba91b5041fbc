import { DatabaseSync } from '@photostructure/sqlite';

import type { Database } from './database';
import { describeSqliteError, isBusy } from './errors';

export interface FileLock {
  /** Gives the lock back; a second call does nothing. The file stays. */
  release(): void;
}

/** Keeps the databases of held locks from being collected: that would free the locks. */
const held = new Set<Database>();

/**
 * Takes the lock of a file that one holder at a time can have, in this process or in any other: an SQLite database in an
 * exclusive transaction, which is a lock of the kernel's, freed when the process dies, in whatever way it dies. Nothing is
 * written to the file, so a full disk is no hindrance.
 *
 * @param patienceMs how long to wait for another holder, with the event loop standing still.
 * @returns null while another holds it.
 * @throws {StoreError} where the file cannot be used.
 */
export function lockFile(path: string, patienceMs: number): FileLock | null {
  let database: Database | undefined;
  try {
    database = new DatabaseSync(path, { timeout: patienceMs });
    // Without a journal beside it, as nothing is ever written.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (isBusy(error)) return null;
    throw describeSqliteError(error, path);
  }
  const locked = database;
  held.add(locked);
  return {
    release() {
      if (held.delete(locked)) locked.close();
    },
  };
}
