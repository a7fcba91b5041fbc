import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { DatabaseSync } from '@photostructure/sqlite';

import { prepareDataFolder } from './data-folder';
import { DataFolderLockedError } from './errors';
import type { Database } from './sqlite/database';
import { describeSqliteError, isBusy } from './sqlite/errors';

export interface DataLock {
  /** Gives the lock back; a second call does nothing. */
  release(): void;
}

/** Two that start at the same moment can hinder each other for an instant; one of them gets it within this time. */
const PATIENCE_MS = 250;

/** Keeps the databases of held locks from being collected: that would free the locks. */
const held = new Set<Database>();

/**
 * Takes a lock of the data folder that one process at a time can hold: an SQLite file `<name>.lock` in an exclusive
 * transaction, which is a lock of the kernel's on the file, freed when the process dies, in whatever way it dies. Who
 * holds it stands beside it in `<name>.pid`, for people and for the error text only.
 *
 * @param name `server`, or `host-<name>` for the worker of a host.
 * @throws {DataFolderLockedError} while another holds it, in this process or in another one.
 * @throws {StoreError} where the folder cannot be used.
 */
export function lockDataFolder(dataFolder: string, name: string): DataLock {
  const folder = prepareDataFolder(dataFolder);
  const lockFile = join(folder, `${name}.lock`);
  const pidFile = join(folder, `${name}.pid`);

  const database = takeLock(lockFile, () => new DataFolderLockedError(folder, name, readPid(pidFile)));
  held.add(database);
  writeFileSync(pidFile, `${process.pid}\n`);

  return {
    release() {
      if (!held.delete(database)) return;
      rmSync(pidFile, { force: true });
      database.close();
    },
  };
}

function takeLock(lockFile: string, whenLocked: () => DataFolderLockedError): Database {
  let database: Database | undefined;
  try {
    database = new DatabaseSync(lockFile, { timeout: PATIENCE_MS });
    // Nothing is ever written to the file, so that it needs no journal beside it.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    throw isBusy(error) ? whenLocked() : describeSqliteError(error, lockFile);
  }
}

function readPid(pidFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || undefined;
  } catch {
    // The holder has not written it yet, or it is not ours to read: the lock counts, not the number.
    return undefined;
  }
}
