import { setTimeout as delay } from 'node:timers/promises';

import { DatabaseSync } from '@photostructure/sqlite';

import { isBusy } from './errors';

export type Database = InstanceType<typeof DatabaseSync>;

/** How long a statement waits for another process that writes. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens a database that several processes use at once: a write-ahead log, so that readers and the one writer do not wait
 * for each other. `synchronous` NORMAL loses at worst the newest transactions when power goes, never the database; the
 * workflows bring them again.
 */
export async function openDatabase(path: string): Promise<Database> {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    await switchToWriteAheadLog(database);
    database.exec('PRAGMA synchronous = NORMAL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Closes a database. The library keeps a connection open underneath until its statements are collected, and with it the
 * write-ahead log; so what is in that log is moved to the database here, as a last connection would do.
 */
export function closeDatabase(database: Database): void {
  if (!database.isOpen) return;
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  database.close();
}

/** Runs the work in a transaction that holds the write lock from its start, so that what it reads cannot change. */
export function inTransaction<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // Some failures, such as a full disk, have rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** SQLite does not wait for its busy timeout here where two processes open a new database at once. */
async function switchToWriteAheadLog(database: Database): Promise<void> {
  const giveUpAt = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() > giveUpAt) throw error;
      await delay(20);
    }
  }
}
