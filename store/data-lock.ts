import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { prepareDataFolder } from './data-folder';
import { DataFolderLockedError } from './errors';
import { lockFile } from './sqlite/file-lock';

export interface DataLock {
  /** Gives the lock back; a second call does nothing. */
  release(): void;
}

/** Two that start at the same moment can hinder each other for an instant; one of them gets it within this time. */
const PATIENCE_MS = 250;

/**
 * Takes a lock of the data folder that one process at a time can hold, see {@link lockFile}: the file is `<name>.lock`. Who
 * holds it stands beside it in `<name>.pid`, for people and for the error text only.
 *
 * @param name `server`, or `host-<name>` for the worker of a host.
 * @throws {DataFolderLockedError} while another holds it, in this process or in another one.
 * @throws {StoreError} where the folder cannot be used.
 */
export function lockDataFolder(dataFolder: string, name: string): DataLock {
  const folder = prepareDataFolder(dataFolder);
  const pidFile = join(folder, `${name}.pid`);

  const lock = lockFile(join(folder, `${name}.lock`), PATIENCE_MS);
  if (lock === null) throw new DataFolderLockedError(folder, name, readPid(pidFile));
  writeFileSync(pidFile, `${process.pid}\n`);

  let isHeld = true;
  return {
    release() {
      if (!isHeld) return;
      isHeld = false;
      rmSync(pidFile, { force: true });
      lock.release();
    },
  };
}

function readPid(pidFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || undefined;
  } catch {
    // The holder has not written it yet, or it is not ours to read: the lock counts, not the number.
    return undefined;
  }
}
