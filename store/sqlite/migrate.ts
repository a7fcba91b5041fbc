import { MIGRATIONS } from '../migrations';
import { StoreError } from '../errors';
import { inTransaction, type Database } from './database';

/**
 * Brings the tables up to date. The row of a migration is written before its statements, in a transaction that has the
 * write lock: of two processes at once, one migrates and the other finds the row.
 *
 * @throws {StoreError} where a newer Trainyard has been here.
 */
export function migrate(database: Database, path: string, migrations: readonly string[] = MIGRATIONS): void {
  database.exec('CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT');
  const applied = newestMigration(database);
  if (applied > migrations.length) {
    throw new StoreError(
      `the database ${path} was written by a newer Trainyard (its tables are of version ${applied}, this one knows ${migrations.length})`,
      'start the newer version again, or restore a copy of the data folder from before the upgrade',
    );
  }
  migrations.forEach((sql, index) => {
    if (index >= applied) applyMigration(database, index + 1, sql);
  });
}

function newestMigration(database: Database): number {
  const row = database.prepare('SELECT coalesce(max(number), 0) AS newest FROM migrations').get() as { newest: number };
  return row.newest;
}

function applyMigration(database: Database, number: number, sql: string): void {
  inTransaction(database, () => {
    const { changes } = database
      .prepare('INSERT INTO migrations (number, applied_at) VALUES (?, ?) ON CONFLICT DO NOTHING')
      .run(number, new Date().toISOString());
    if (changes === 1) database.exec(sql);
  });
}
