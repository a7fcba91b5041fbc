import { join } from 'node:path';

import { prepareDataFolder } from './data-folder';
import type { PolicyStore } from './policy-store';
import { closeDatabase, openDatabase, type Database } from './sqlite/database';
import { describeSqliteError } from './sqlite/errors';
import { migrate } from './sqlite/migrate';
import { createPolicyReader } from './sqlite/read-policies';
import { createPolicyWriter } from './sqlite/write-policies';
import { DATABASE_FILE } from './sqlite-run-store';

/**
 * Opens the named policies of one machine; they are in the database of the read model, on a connection of their own.
 *
 * @throws {StoreError} where the data folder or the database cannot be used, or a newer Trainyard has written it.
 */
export async function openPolicyStore(dataFolder: string): Promise<PolicyStore> {
  const path = join(prepareDataFolder(dataFolder), DATABASE_FILE);
  let database: Database | undefined;
  try {
    database = await openDatabase(path);
    migrate(database, path);
    return createPolicyStore(database, path);
  } catch (error) {
    database?.close();
    throw describeSqliteError(error, path);
  }
}

function createPolicyStore(database: Database, path: string): PolicyStore {
  const reader = createPolicyReader(database);
  const writer = createPolicyWriter(database, reader);
  const answer = <Arguments extends unknown[], Result>(work: (...parameters: Arguments) => Result) =>
    async function (...parameters: Arguments): Promise<Result> {
      try {
        return work(...parameters);
      } catch (error) {
        throw describeSqliteError(error, path);
      }
    };
  return {
    put: answer(writer.put),
    importFiles: answer(writer.importFiles),
    find: answer(reader.find),
    list: answer(reader.list),
    versions: answer(reader.versions),
    delete: answer(writer.remove),
    close: answer(() => closeDatabase(database)),
  };
}
